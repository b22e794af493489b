/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One condition on an argument as comparisons that an OCI profile has, any of which suffices.
 */
#ifndef RF_POLICY_OCI_ALTERNATIVES_H
#define RF_POLICY_OCI_ALTERNATIVES_H

#include "sandbox/base/vec.h"
#include "sandbox/policy/sysmodel.h"

/* One comparison as a runtime is told it. */
struct rf_oci_test {
	uint32_t index;
	const char *op;
	uint64_t value, mask; /* mask: SCMP_CMP_MASKED_EQ only */
};

RF_VEC_DEFINE(rf_oci_tests, struct rf_oci_test);

/* Adds the alternatives under which a condition holds, or does not. 0 or -ENOMEM. */
RF_MUST_CHECK int rf_oci_alternatives(struct rf_oci_tests *to, const struct rf_sys_cond *c,
				      bool negate);

#endif
