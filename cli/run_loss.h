/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `run --on-loss`: what happens to a sandbox whose records get lost.
 *
 * report: the loss is told on the stream, nothing else. kill: as soon as a loss is known, every
 * process of the sandbox is killed. freeze: the sandbox stands still while its records are more
 * than the reader keeps up with, and while nobody takes the events, so that nothing gets lost; what
 * is lost all the same (the freezer needs a moment) is told.
 */
#ifndef RF_CLI_RUN_LOSS_H
#define RF_CLI_RUN_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/base/err.h"
#include "sandbox/launch/launch.h"

enum rf_on_loss {
	RF_ON_LOSS_REPORT,
	RF_ON_LOSS_FREEZE,
	RF_ON_LOSS_KILL,
	RF_ON_LOSS_COUNT
};

/* A ring for who must not lose: killing and freezing take a moment, and it holds that long. */
#define RF_LOSS_RING_BYTES ((size_t)4 << 20)

struct rf_loss {
	enum rf_on_loss how;
	int cgroup_fd; /* borrowed from the launch; -1: not begun, or over */
	bool frozen;
	bool killed;
};

/* Refuses what cannot be kept here: no cgroup, or nobody who counts every loss. */
int rf_loss_start(struct rf_loss *loss, enum rf_on_loss how, const struct rf_launch *launch,
		  struct rf_err *err) RF_MUST_CHECK;

/* Records were lost, or could not be delivered. */
void rf_loss_happened(struct rf_loss *loss);

/* With freeze: stop it now, and let it go on. Both may be called at any time. */
void rf_loss_hold(struct rf_loss *loss);
void rf_loss_release(struct rf_loss *loss);

/* The command ended: nothing is held any more. */
void rf_loss_end(struct rf_loss *loss);

#endif
