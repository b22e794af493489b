/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a policy back to what container runtimes read: a `linux.seccomp` object, or the parts of a
 * config.json that a policy speaks of.
 */
#ifndef RF_POLICY_OCI_EXPORT_H
#define RF_POLICY_OCI_EXPORT_H

#include <jansson.h>

#include "sandbox/policy/policy.h"

/*
 * What section seccomp says as an OCI object: a profile given as one is given back, anything else
 * is made out of the model. -EOPNOTSUPP: a runtime could not be told this, with the call that
 * stands in the way; the caller compares the result with the policy to be sure of the rest.
 */
RF_MUST_CHECK int rf_oci_export_seccomp(json_t **ret, const struct rf_policy *policy,
					struct rf_err *err);

/*
 * A config.json with nothing but what the policy decides. What has no place in one is told in
 * problems, as warnings.
 */
RF_MUST_CHECK int rf_oci_export_config(json_t **ret, const struct rf_policy *policy,
				       struct rf_problems *problems, struct rf_err *err);

#endif
