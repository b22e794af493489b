/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of rf_diff_make, one file each. Private to sandbox/launch/diff*.c.
 */
#ifndef RF_LAUNCH_DIFF_PARTS_H
#define RF_LAUNCH_DIFF_PARTS_H

#include "sandbox/launch/diff.h"
#include "sandbox/policy/dfa.h"

struct rf_diff_side {
	const struct rf_policy *policy;
	struct rf_image *image;
	struct rf_dfa *files, *names;
	struct rf_asker *asker;
};

struct rf_differ {
	struct rf_diff_side side[2];
	uint32_t n_sessions; /* 1 where no rule tells them apart */
	struct rf_diff *diff;
	struct rf_err *err;
	const struct rf_diff_skip *skip; /* calls that are not compared; NULL: none */
	bool unfinished;		 /* something was too large to be compared to the end */
};

/*
 * Asks both policies and takes down what differs, right by right. Returns how many differences
 * there were, or a negative errno. *ret_item: number of the item of the last one, -1 if none.
 */
int rf_differ_ask(struct rf_differ *differ, struct rf_question *question, long *ret_item)
	RF_MUST_CHECK;

/* The same for an example that was found to differ: none is an error, the two ways disagree. */
int rf_differ_confirm(struct rf_differ *differ, struct rf_question *question) RF_MUST_CHECK;

int rf_differ_note(struct rf_differ *differ, const char *fmt, ...) RF_PRINTF(2, 3) RF_MUST_CHECK;

int rf_differ_no_memory(struct rf_differ *differ) RF_MUST_CHECK;

int rf_diff_files(struct rf_differ *differ) RF_MUST_CHECK;
int rf_diff_unix(struct rf_differ *differ) RF_MUST_CHECK;
int rf_diff_inet(struct rf_differ *differ) RF_MUST_CHECK;
int rf_diff_devices(struct rf_differ *differ) RF_MUST_CHECK;
int rf_diff_calls(struct rf_differ *differ) RF_MUST_CHECK;
int rf_diff_capabilities(struct rf_differ *differ) RF_MUST_CHECK;
int rf_diff_set(struct rf_differ *differ) RF_MUST_CHECK; /* settings and notes */

#endif
