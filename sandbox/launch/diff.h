/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What two policies decide differently, by meaning: each difference with an example.
 *
 * Names are compared by walking both automata at once, addresses and devices by the parts into
 * which both policies divide them, system calls by the models that filters are made from. Every
 * example is then asked of both policies with the decision code that `why` uses, so no difference
 * is told that `why` would not confirm. A section that a policy does not have is not enforced and
 * counts as allowing everything; a note says so.
 */
#ifndef RF_LAUNCH_DIFF_H
#define RF_LAUNCH_DIFF_H

#include "sandbox/base/arena.h"
#include "sandbox/base/vec.h"
#include "sandbox/launch/why.h"
#include "sandbox/policy/syscalls.h"

#define RF_DIFF_EXAMPLES  5    /* kept of one difference */
#define RF_DIFF_ITEMS_MAX 2000 /* more are only counted */

/* Accesses that the same rules of both policies decide, differently. */
struct rf_diff_item {
	enum rf_why_kind kind;
	uint32_t rights;
	uint32_t sessions; /* bit per RF_SESS_* */
	struct rf_finding side[2];
	const char *access; /* names of the rights, or "" */
	const char *examples[RF_DIFF_EXAMPLES];
	size_t n_examples;
	size_t count; /* places, calls, … that differ so; at least n_examples */
};

/* A value that is not an access: both as JSON, NULL where the policy has none. */
struct rf_diff_setting {
	const char *layer;
	const char *key;
	const char *side[2];
};

RF_VEC_DEFINE(rf_diff_items, struct rf_diff_item);
RF_VEC_DEFINE(rf_diff_settings, struct rf_diff_setting);
RF_VEC_DEFINE(rf_diff_notes, const char *);

struct rf_diff {
	struct rf_diff_items items;
	struct rf_diff_settings settings;
	struct rf_diff_notes notes; /* what is no difference by itself, one sentence each */
	size_t left_out;	    /* items beyond the limit */
	struct rf_arena *arena;
};

/*
 * Compares. Findings in the result point into the policies, which must outlive it. -E2BIG: too
 * large to be compared to the end and no difference found so far.
 */
int rf_diff_make(struct rf_diff **ret, const struct rf_policy *a, const struct rf_policy *b,
		 struct rf_err *err) RF_MUST_CHECK;

/* What is not to be compared: calls that skip() answers true for. */
struct rf_diff_skip {
	bool (*skip)(const void *data, const struct rf_abi *abi, const char *call);
	const void *data;
};

/* System calls only. */
int rf_diff_make_calls(struct rf_diff **ret, const struct rf_policy *a, const struct rf_policy *b,
		       const struct rf_diff_skip *skip, struct rf_err *err) RF_MUST_CHECK;

static inline bool rf_diff_is_same(const struct rf_diff *diff)
{
	return diff->items.len == 0 && diff->settings.len == 0;
}

/* Accepts NULL; returns NULL. */
struct rf_diff *rf_diff_free(struct rf_diff *diff);

RF_DEFINE_CLEANUP(struct rf_diff, rf_diff_freep, rf_diff_free)

#endif
