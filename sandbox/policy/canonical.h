/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The composed policy as JSON: what its version is made of, and what `policy show --json` prints.
 */
#ifndef RF_POLICY_CANONICAL_H
#define RF_POLICY_CANONICAL_H

#include <jansson.h>

#include "sandbox/policy/policy.h"

/*
 * A new tree, or NULL without memory. places: rules carry `source`, and the policy its sources and
 * version; without, the tree is the canonical form.
 */
json_t *rf_policy_to_json(const struct rf_policy *policy, bool places);

/* Sets policy->sha256 from the canonical form: sorted keys, no blanks. Returns 0 or -ENOMEM. */
RF_MUST_CHECK int rf_policy_hash(struct rf_policy *policy, struct rf_err *err);

#endif
