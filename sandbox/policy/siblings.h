/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that do what another one does: whoever refuses one of them means them all.
 */
#ifndef RF_POLICY_SIBLINGS_H
#define RF_POLICY_SIBLINGS_H

#include <stddef.h>

#include "sandbox/policy/policy.h"
#include "sandbox/policy/problem.h"

/* The family of a call, itself included, ending in NULL; NULL: it has none. */
const char *const *rf_call_siblings(const char *name);

/*
 * Warns of each deny rule of section seccomp that leaves a sibling of a refused call to be made:
 * the whole policy is asked, so a sibling that something else refuses is no matter. 0 or -ENOMEM.
 */
int rf_siblings_check(const struct rf_policy *policy, struct rf_problems *problems) RF_MUST_CHECK;

#endif
