/* SPDX-License-Identifier: Apache-2.0 */
/* What libbpf prints, line by line into our log; see libbpf_log.h. */
#include "lsm/libbpf_log.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/base/cleanup.h"
#include "sandbox/base/log.h"

static int print_to_log(enum libbpf_print_level level, const char *fmt, va_list args)
	RF_PRINTF(2, 0);

static int print_to_log(enum libbpf_print_level level RF_UNUSED, const char *fmt, va_list args)
{
	char line[1024];

	if (!rf_log_enabled(RF_LOG_DEBUG))
		return 0;
	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = 0;
	rf_log_debug("%s", line);
	return 0;
}

void rf_libbpf_log(void)
{
	(void)libbpf_set_print(print_to_log);
}
