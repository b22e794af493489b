/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is allowed to be in a policy and yet is likely a mistake, or a hole that its author should
 * know of.
 */
#ifndef RF_POLICY_CHECK_H
#define RF_POLICY_CHECK_H

#include "sandbox/policy/policy.h"

/* Adds warnings about a composed policy, in order of place. Returns 0 or -ENOMEM. */
RF_MUST_CHECK int rf_policy_check(const struct rf_policy *policy, struct rf_problems *ret);

#endif
