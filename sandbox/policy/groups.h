/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named sets of system calls, by purpose, for `allow`, `deny` and `rules` of section seccomp.
 */
#ifndef RF_POLICY_GROUPS_H
#define RF_POLICY_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "sandbox/base/cleanup.h"
#include "sandbox/policy/syscalls.h"

struct rf_group {
	const char *name;	  /* without the '@' */
	const char *purpose;	  /* half a sentence, for documentation and `policy show` */
	const char *const *calls; /* sorted names */
	size_t n_calls;
};

/* The set with this name (written without '@'), or NULL. Static data. */
const struct rf_group *rf_group_find(const char *name);

/* For listing: sets 0, 1, … in order of name; NULL after the last. */
const struct rf_group *rf_group_at(size_t index);

#endif
