/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What deny rules name without a wildcard is denied under every name it has (POLICY.md 13): finds
 * those objects now and nails them. What gets such a name later is nailed by the kernel side.
 */
#ifndef RF_LAUNCH_NAILS_H
#define RF_LAUNCH_NAILS_H

#include "lsm/rules.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/world.h"

/*
 * The names that deny rules fix, and where the automaton of one image stands after each. It depends
 * on the policy and the image alone. Zeroed is empty; the bytes are the maker's to free.
 */
struct rf_nail_list {
	uint64_t image;	   /* its id */
	uint64_t n;	   /* names, with those that an exception took away: room is made for all */
	const char *bytes; /* of the others: the state, 32 bits, and the name with its NUL */
	size_t len;
};

/* *ret_bytes is what the list's bytes are: to be freed. */
int rf_nail_list_make(struct rf_nail_list *ret, char **ret_bytes, const struct rf_policy *policy,
		      const struct rf_image *image, struct rf_err *err) RF_MUST_CHECK;

/* Are the bytes whole entries? They are checked so before they are used. */
bool rf_nail_list_is_whole(const struct rf_nail_list *list);

/*
 * For the sandbox of the slot, whose names lead where `world` says. keep: the nails of its present
 * policy stay, too (policy replace). Names that lead nowhere are skipped; an object that cannot be
 * nailed is an error.
 */
int rf_nails_put(struct rf_lsm *lsm, uint32_t slot, const struct rf_world *world,
		 const struct rf_nail_list *list, bool keep, struct rf_err *err) RF_MUST_CHECK;

/* Both, one after the other. */
int rf_nails_set(struct rf_lsm *lsm, uint32_t slot, const struct rf_world *world,
		 const struct rf_policy *policy, const struct rf_image *image, bool keep,
		 struct rf_err *err) RF_MUST_CHECK;

#endif
