/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of one `run`: from the sandbox's ring to --events and to the summary.
 *
 * It joins what the layers may not: the launcher's rings, the policy's words for rules, and the
 * audit layer's stream. A failure to deliver never changes a verdict; it is told at the end, unless
 * not even the first event can be delivered: then nothing runs.
 */
#ifndef RF_CLI_RUN_EVENTS_H
#define RF_CLI_RUN_EVENTS_H

#include <stdbool.h>

#include "cli/run_loss.h"
#include "sandbox/base/err.h"
#include "sandbox/launch/launch.h"

enum rf_summary_mode {
	RF_SUMMARY_AUTO,
	RF_SUMMARY_ALWAYS,
	RF_SUMMARY_NEVER,
	RF_SUMMARY_COUNT
};

struct rf_run_events;

/*
 * Before the launch. target: --events (a file's name, "-" or "fd:N"), NULL for none; it is opened
 * here, so that a bad one refuses the launch. policy is borrowed.
 */
int rf_run_events_new(struct rf_run_events **ret, const struct rf_policy *policy,
		      const char *target, enum rf_summary_mode summary, enum rf_on_loss on_loss,
		      struct rf_err *err) RF_MUST_CHECK;

/* The words of the policy's rules as JSON (rf_request.words); the caller frees *ret. */
int rf_run_events_words(const struct rf_run_events *events, char **ret, struct rf_err *err)
	RF_MUST_CHECK;

struct rf_run_events *rf_run_events_free(struct rf_run_events *events);

RF_DEFINE_CLEANUP(struct rf_run_events, rf_run_events_freep, rf_run_events_free)

/* rf_request.started: opens the stream of the sandbox that is now up and adds its watch. */
int rf_run_events_start(void *data, const struct rf_launch *launch, struct rf_watch *watches,
			size_t *n_watches, struct rf_err *err) RF_MUST_CHECK;

/*
 * After the command ended: prints the summary and what went wrong with delivery on standard error.
 * quiet_default: nothing was run, so "auto" and "always" have nothing to say.
 */
void rf_run_events_report(struct rf_run_events *events, const struct rf_selection *selection,
			  bool ran);

#endif
