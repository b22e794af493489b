/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent's wait: from letting the child go to the command's end.
 *
 * One poll loop over the child's error pipe, its pidfd, a signalfd and the watches. The command is
 * in our own process group, as if the shell had started it itself, so the terminal's signals reach
 * it without us; what is sent to us alone is passed on through the pidfd.
 */
#ifndef RF_LAUNCH_SUPERVISE_H
#define RF_LAUNCH_SUPERVISE_H

#include "sandbox/launch/launch.h"

struct rf_supervision {
	const struct rf_request *request;
	const struct rf_launch *launch;
	int error_fd; /* read end of the child's pipe; owned */
	struct rf_watch watches[RF_WATCH_MAX];
	size_t n_watches;
};

/*
 * Returns when the command has ended and was reaped: ret says how. The time given by --timeout
 * kills the whole sandbox. A negative answer means that the supervisor itself failed; the child is
 * then still the caller's to kill.
 */
int rf_supervise(struct rf_supervision *s, struct rf_outcome *ret, struct rf_err *err)
	RF_MUST_CHECK;

/*
 * Stops this process as the command was stopped, so that the shell above takes the terminal back;
 * returns when we are continued. deadline_ns (CLOCK_MONOTONIC, 0: none) continues us by itself.
 */
void rf_stop_like_child(uint64_t deadline_ns);

/*
 * After being continued: if we are in the foreground and the command is a shell that made a process
 * group of its own, the terminal is handed on to that group, as the shell above did with ours.
 */
void rf_terminal_lend(int terminal, pid_t command);

/* Takes the terminal's foreground back if the group that has it is dead. */
void rf_terminal_reclaim(int terminal);

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t rf_now_ns(void);

#endif
