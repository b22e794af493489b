/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of a sandbox that the service keeps for us: they come as lines that are ready.
 */
#ifndef RF_CLI_RUN_LINES_H
#define RF_CLI_RUN_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "sandbox/audit/event.h"
#include "sandbox/base/err.h"

struct rf_run_lines {
	int fd;
	struct rf_subject
		subject; /* with `syscall`: the service does not know the policy's calls */
	/* As rf_stream_sink.event. */
	int (*event)(void *data, const char *line, size_t len, const struct rf_record *record,
		     struct rf_err *err);
	void *data;
	bool ended; /* "sandbox_end" has come */
};

/*
 * Hands on every event that is there; last: tells the service that the command has ended, and hands
 * on everything until it has said its last. 0; negative when nothing more will come.
 */
int rf_run_lines_read(struct rf_run_lines *lines, bool last, struct rf_err *err) RF_MUST_CHECK;

#endif
