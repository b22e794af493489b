/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what was used to a minimal policy, written for a reviewer.
 *
 * The policy extends a base and grants only what the base does not: each use is asked of base and
 * skeleton (every section denied by default) with the code that `why` asks with. What a deny rule,
 * self-protection or another part of the base that cannot be widened refuses is never granted: it
 * is listed, with the reason, under "x-withheld". The text is loaded and asked again before it is
 * given out. The same uses in any order make the same text.
 */
#ifndef RF_LAUNCH_LEARN_H
#define RF_LAUNCH_LEARN_H

#include "sandbox/launch/learn_name.h"
#include "sandbox/launch/learn_use.h"

/* Most bytes of a learned policy; what a policy file may have. */
#define RF_LEARN_TEXT_MAX (8u << 20)

/* Something that no policy can grant; sorted, counted. */
struct rf_ungrantable {
	char *what, *why; /* owned */
	struct rf_tally tally;
};

RF_VEC_DEFINE(rf_ungrantable_vec, struct rf_ungrantable);

/* An object that got a second name, by rename or link. */
struct rf_renaming {
	char *from, *to; /* owned */
};

RF_VEC_DEFINE(rf_renamings, struct rf_renaming);

/* Zeroes are a start; released with rf_learn_done. All but uses and ungrantable borrowed. */
struct rf_learn {
	const char *name;	  /* of the policy */
	const char *const *bases; /* entries of "extends" */
	size_t n_bases;
	const struct rf_load_options *load;
	bool complete;	  /* all that was used is in the events, so what is not in them is denied */
	uint32_t unseen;  /* bit per enum rf_section that this recording cannot show */
	bool only_denied; /* sections without records stay as the base has them */
	const char *source; /* for "$comment": what was recorded */

	struct rf_uses uses;
	struct rf_ungrantable_vec ungrantable;
	struct rf_renamings renamings;
};

/*
 * The policy must not give the new name rights that the old one lacks: the rename would be refused
 * (POLICY.md 13), so the old name gets them, too.
 */
int rf_learn_renaming(struct rf_learn *learn, const char *from, const char *to, struct rf_err *err)
	RF_MUST_CHECK;

/* What cannot be asked: socket families without rules, self-protection, damaged records. */
int rf_learn_ungrantable(struct rf_learn *learn, const char *what, const char *why, uint64_t count,
			 const char *by, struct rf_err *err) RF_MUST_CHECK;

/* Does that for all renames that were added; rf_learn_policy begins with it. */
int rf_learn_spread(struct rf_learn *learn, struct rf_err *err) RF_MUST_CHECK;

/* Judges everything and writes the policy. ret_withheld: uses that it does not grant. */
int rf_learn_policy(struct rf_learn *learn, struct rf_str *ret, size_t *ret_withheld,
		    struct rf_err *err) RF_MUST_CHECK;

void rf_learn_done(struct rf_learn *learn);

#endif
