/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Landlock of a given ABI holds of a policy, item by item. Reads the file system (which paths
 * exist decides), changes nothing. `abi` is a parameter so that tests judge for any kernel.
 */
#ifndef RF_LAUNCH_LANDLOCK_JUDGE_H
#define RF_LAUNCH_LANDLOCK_JUDGE_H

#include "sandbox/launch/backend.h"

#define RF_LL_NAME "landlock"

/* Items of section files, and one more where rights exist that Landlock does not see at all. */
int rf_ll_judge_files(const struct rf_policy *policy, int abi, struct rf_report *report,
		      struct rf_err *err) RF_MUST_CHECK;

/* The kernel keys; ptrace and signals "inside" are what a Landlock domain is good for. */
int rf_ll_judge_kernel(const struct rf_policy *policy, int abi, struct rf_report *report,
		       struct rf_err *err) RF_MUST_CHECK;

/* RF_LL_SCOPE_* that the policy asks for and this ABI has. */
uint64_t rf_ll_scopes(const struct rf_policy *policy, int abi);

/* Answers for one item; an empty fmt leaves `why` empty. */
void rf_ll_answer(struct rf_coverage *item, enum rf_hold hold, const char *fmt, ...)
	RF_PRINTF(3, 4);

#endif
