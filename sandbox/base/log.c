/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostics: the one sink of the process. See log.h. */
#include "sandbox/base/log.h"

#include <stdarg.h>

#include "sandbox/base/str.h"

/* Longer records are cut: a log line is for a person. */
#define LINE_MAX_BYTES 1024

static struct {
	rf_log_sink_fn *sink;
	void *data;
	enum rf_log_level lowest;
} log_state;

void rf_log_set_sink(rf_log_sink_fn *sink, void *data, enum rf_log_level lowest)
{
	log_state.sink = sink;
	log_state.data = data;
	log_state.lowest = lowest;
}

int rf_log_enabled(enum rf_log_level level)
{
	return log_state.sink && level >= log_state.lowest;
}

void rf_log_at(enum rf_log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	int saved = errno;
	va_list args;

	if (!rf_log_enabled(level))
		return;
	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	log_state.sink(log_state.data, level, line);
	errno = saved;
}

void rf_log_to_stderr(void *data RF_UNUSED, enum rf_log_level level, const char *text)
{
	static const char *const names[] = {"debug", "info", "warning"};
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(8 * LINE_MAX_BYTES);

	_Static_assert(RF_ARRAY_LEN(names) == RF_LOG_COUNT, "a name for each level");
	rf_str_addf(&out, "ringfence: %s: ", names[level]);
	rf_str_add_printable(&out, text);
	rf_str_add(&out, "\n");
	if (!rf_str_error(&out))
		(void)!write(STDERR_FILENO, rf_str_text(&out), out.len);
}
