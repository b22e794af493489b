/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rings of the sandboxes that run at this moment, read without disturbing their supervisors.
 */
#ifndef RF_AUDIT_RUNNING_H
#define RF_AUDIT_RUNNING_H

#include "sandbox/audit/live.h"
#include "sandbox/base/err.h"

struct rf_running;

/*
 * Finds the live sandboxes and opens their rings; without a kernel side there are none, which is no
 * failure. Needs CAP_SYS_ADMIN to open rings. follow: we stay, and may become the one who empties
 * the rings of containers, which have no supervisor.
 */
int rf_running_open(struct rf_running **ret, bool follow, rf_live_fn *fn, void *data,
		    struct rf_err *err) RF_MUST_CHECK;
struct rf_running *rf_running_close(struct rf_running *running);

/* Polls readable when there is something to drain. */
int rf_running_fd(const struct rf_running *running);

int rf_running_drain(struct rf_running *running, struct rf_err *err) RF_MUST_CHECK;

/* Somebody knocked: finds containers that were made since. */
int rf_running_renew(struct rf_running *running, struct rf_err *err) RF_MUST_CHECK;

#endif
