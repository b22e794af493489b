/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a policy a running process cannot be given any more: its system call filter, its
 * capabilities, its limits and environment, its cgroup's resources.
 *
 * The fixed part of the policy that a sandbox began with is kept beside its words; a policy that is
 * to replace it is held against that, item by item, as a launch holds one against a kernel.
 */
#ifndef RF_LAUNCH_FIXED_PART_H
#define RF_LAUNCH_FIXED_PART_H

#include <jansson.h>

#include "sandbox/launch/select.h"
#include "sandbox/policy/policy.h"

/* As JSON, the caller's; NULL without memory. Equal parts make equal JSON. */
json_t *rf_fixed_part(const struct rf_policy *policy);

/*
 * Fills the selection's report with an item for all that the policy asks for. Exact is what the
 * programs in the kernel hold by themselves, and what a process that began with `began` has
 * already; the rest stays as it was, which is more strict or not what was asked for.
 */
int rf_fixed_judge(struct rf_selection *ret, const struct rf_policy *policy, const json_t *began,
		   struct rf_err *err) RF_MUST_CHECK;

#endif
