/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child's half of a launch: wait for leave to go, execute the child's steps, exec.
 *
 * Between clone and exec nothing is logged and nothing is printed: the first failure goes whole
 * into a pipe, and the child ends. If the parent dies while the child waits, the child ends too.
 */
#ifndef RF_LAUNCH_CHILD_H
#define RF_LAUNCH_CHILD_H

#include <stdint.h>

#include "sandbox/launch/plan.h"

/* What comes through the pipe; its end without a record means that exec succeeded. */
struct rf_child_record {
	struct rf_err err;
	int32_t status; /* 125, 126 or 127 */
	int32_t pad;
};

struct rf_child {
	const struct rf_request *request;
	const struct rf_plan *plan;
	struct rf_launch *launch;
	int go_fd;    /* one byte: go; end of file: the parent is gone */
	int error_fd; /* for struct rf_child_record */
};

_Noreturn void rf_child_run(struct rf_child *child);

/*
 * Executes argv[0], searched in the PATH of env as a shell would. Returns only on failure: 126 or
 * 127, and err tells.
 */
int rf_child_exec(char *const *argv, const struct rf_env *env, struct rf_err *err);

/*
 * Does what exec would have done to the fence, and runs the payload in a process below this one.
 * Returns only if that process could not be made.
 */
int rf_child_payload(struct rf_child *child, struct rf_err *err);

/* Closes every descriptor but 0-2 and those listed, which keep their flags. The list is sorted. */
int rf_close_others(int *kept, size_t n, struct rf_err *err) RF_MUST_CHECK;

#endif
