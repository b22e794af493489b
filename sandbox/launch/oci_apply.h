/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only a container's config.json can hold, written into it from the policy: the system call
 * filter, capabilities, no_new_privileges, limits and the device list. Everything is only ever
 * tightened: what the config forbids already stays forbidden.
 */
#ifndef RF_LAUNCH_OCI_APPLY_H
#define RF_LAUNCH_OCI_APPLY_H

#include <jansson.h>

#include "sandbox/base/err.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/policy.h"

/*
 * Changes config, a whole config.json. notes gets a line for each thing that is left as it was, or
 * made stricter than the policy, because the format cannot say it. -EOPNOTSUPP where such a thing
 * is a `must`; config is then to be thrown away.
 */
int rf_oci_apply(json_t *config, const struct rf_policy *policy, struct rf_str *notes,
		 struct rf_err *err) RF_MUST_CHECK;

/* The part for linux.seccomp; old may be NULL. *ret is a new object. */
int rf_oci_apply_seccomp(json_t **ret, const json_t *old, const struct rf_policy *policy,
			 struct rf_str *notes, struct rf_err *err) RF_MUST_CHECK;

#endif
