/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ending a running sandbox from outside: politely, or at once.
 */
#ifndef RF_LAUNCH_STOP_H
#define RF_LAUNCH_STOP_H

#include "sandbox/launch/record.h"

enum rf_stop {
	RF_STOPPED = 0,
	RF_STOP_RUNNING = 1 /* processes are still there */
};

/*
 * Asks every process of the sandbox to end (SIGTERM) and waits, at most wait_ms; kill ends them
 * without asking. Without a cgroup only the command can be reached. An enum rf_stop, or a negative
 * errno.
 */
int rf_stop(const struct rf_found *found, bool kill, int wait_ms, struct rf_err *err) RF_MUST_CHECK;

#endif
