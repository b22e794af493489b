/* SPDX-License-Identifier: Apache-2.0 */
/* What libbpf prints, line by line into our log; see libbpf_log.h. */
#include "lsm/libbpf_log.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/base/cleanup.h"
#include "sandbox/base/log.h"

#define LINES_MAX 40 /* of one message */

static int print_to_log(enum libbpf_print_level level, const char *fmt, va_list args)
	RF_PRINTF(2, 0);

/* The last lines of the text: a verifier's reason stands at the end of what it says. */
static const char *tail_of(const char *text)
{
	const char *at = text + strlen(text);

	for (int n = 0; at > text; at--)
		if (at[-1] == '\n' && at[0] && ++n == LINES_MAX)
			return at;
	return text;
}

static int print_to_log(enum libbpf_print_level level RF_UNUSED, const char *fmt, va_list args)
{
	RF_AUTOFREE char *text = NULL;
	const char *line;
	size_t len;

	if (!rf_log_enabled(RF_LOG_DEBUG))
		return 0;
	if (vasprintf(&text, fmt, args) < 0) {
		text = NULL;
		return 0;
	}
	line = tail_of(text);
	if (line != text)
		rf_log_debug("libbpf said more than the last %d lines of this", LINES_MAX);
	for (; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		rf_log_debug("%.*s", (int)len, line);
	}
	return 0;
}

void rf_libbpf_log(void)
{
	(void)libbpf_set_print(print_to_log);
}
