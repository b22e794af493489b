/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics for whoever debugs ringfence: levels and one replaceable sink.
 *
 * Libraries return errors and log at debug only; the command line installs the sink. Nothing is
 * logged between fork and exec. Audit events are data with their own stream and never pass here.
 */
#ifndef RF_BASE_LOG_H
#define RF_BASE_LOG_H

#include "sandbox/base/cleanup.h"

enum rf_log_level {
	RF_LOG_DEBUG,
	RF_LOG_INFO,
	RF_LOG_WARN,
	RF_LOG_COUNT,
};

/* Receives one line of text without its newline; text is borrowed for the call. */
typedef void rf_log_sink_fn(void *data, enum rf_log_level level, const char *text);

/*
 * Replaces the sink and the lowest level that reaches it. NULL restores silence. Not thread-safe:
 * call it before threads start.
 */
void rf_log_set_sink(rf_log_sink_fn *sink, void *data, enum rf_log_level lowest);

/* A sink that writes "ringfence: LEVEL: text" to standard error in one write. */
void rf_log_to_stderr(void *data, enum rf_log_level level, const char *text);

/* True if a record of this level reaches a sink; spares the work of preparing one. */
int rf_log_enabled(enum rf_log_level level);

void rf_log_at(enum rf_log_level level, const char *fmt, ...) RF_PRINTF(2, 3);

#define rf_log_debug(...) rf_log_at(RF_LOG_DEBUG, __VA_ARGS__)
#define rf_log_info(...)  rf_log_at(RF_LOG_INFO, __VA_ARGS__)
#define rf_log_warn(...)  rf_log_at(RF_LOG_WARN, __VA_ARGS__)

#endif
