/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a loaded policy to the words that its events carry.
 */
#ifndef RF_CLI_RUN_WORDS_H
#define RF_CLI_RUN_WORDS_H

#include "sandbox/audit/history.h"
#include "sandbox/policy/policy.h"

/* Fills an empty book with words borrowed from the policy. */
int rf_words_fill(struct rf_wordbook *book, const struct rf_policy *policy, struct rf_err *err)
	RF_MUST_CHECK;

/*
 * Leaves the book where other readers of the sandbox's events find it, named by the policy's
 * SHA-256, and with it what `policy replace` needs to know of the policy (launch/fixed_part.h). A
 * book that is there already stays. Root only; for others nothing is written.
 */
int rf_words_publish(const struct rf_wordbook *book, const struct rf_policy *policy,
		     struct rf_err *err) RF_MUST_CHECK;

#endif
