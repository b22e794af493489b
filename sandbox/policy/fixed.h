/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns without a wildcard: the few names that they stand for.
 *
 * Objects that deny rules name so are known beforehand, and are denied under every name they have
 * (POLICY.md 13).
 */
#ifndef RF_POLICY_FIXED_H
#define RF_POLICY_FIXED_H

#include "sandbox/policy/policy.h"

/* No star, no question mark, no class of more than one byte. Alternatives in braces are names. */
bool rf_pattern_is_fixed(const struct rf_pattern *pattern);

/*
 * Calls fn for each name of a fixed pattern until it answers other than 0, which is returned then.
 * -ENOMEM: no memory.
 */
int rf_pattern_each_name(const struct rf_pattern *pattern, int (*fn)(void *data, const char *name),
			 void *data) RF_MUST_CHECK;

/* Names of all fixed patterns of deny rules about files. -E2BIG: more than max; *ret is more then.
 */
int rf_fixed_count(const struct rf_policy *policy, size_t max, size_t *ret) RF_MUST_CHECK;

#endif
