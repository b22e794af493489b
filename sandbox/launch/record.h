/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written down about a running sandbox, so that others find it and its leavings go away.
 *
 * One file per sandbox, RUNDIR/sandboxes/ID.json, locked (flock) by its supervisor for life: a file
 * whose lock can be had belongs to a supervisor that is gone, however it went and whatever process
 * has its number now. RUNDIR is /run/ringfence for root, $XDG_RUNTIME_DIR/ringfence or
 * /run/user/UID/ringfence for others. Where there is no such directory, or others can write to it,
 * sandboxes run all the same, unlisted: all that a killed supervisor can then leave is a cgroup.
 */
#ifndef RF_LAUNCH_RECORD_H
#define RF_LAUNCH_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/base/err.h"
#include "sandbox/launch/found.h"

struct rf_launch;

struct rf_record {
	int dir_fd;  /* RUNDIR/sandboxes; -1: no record is kept */
	int lock_fd; /* the file, locked */
	char file[32];
	off_t command_at; /* where the command's number is to be written */
};

#define RF_RECORD_INIT                                                                             \
	{                                                                                          \
		.dir_fd = -1, .lock_fd = -1                                                        \
	}

/*
 * Writes down launch, whose cgroup_path is where its cgroup will be, and recipe, a JSON object of
 * the command line's that says how the policy was loaded (NULL: none). 0 also where there is no
 * directory or no room for records; *ret then holds none.
 */
int rf_record_write(struct rf_record *ret, const struct rf_launch *launch, const char *recipe,
		    struct rf_err *err) RF_MUST_CHECK;

/* Notes the command's process, once there is one. Best effort: only `stop` without cgroup asks. */
void rf_record_command(const struct rf_record *record, pid_t pid);

/* Removes the file; releases what is held. Idempotent. */
void rf_record_remove(struct rf_record *record);

/* Releases the lock and leaves the file: processes live on, a later run removes it. */
void rf_record_leave(struct rf_record *record);

/*
 * Takes away what dead supervisors left of sandboxes that have no process any more: back-ends'
 * state, cgroup, file. Looks at a bounded number of files; silent, because the launch that happens
 * to clean up is somebody else's. own is the record of that launch and not looked at; NULL: none.
 */
void rf_record_collect(const struct rf_record *own);

#endif
