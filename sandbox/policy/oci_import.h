/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what container runtimes read to a policy: a seccomp profile (of a runtime or of an engine)
 * or a whole config.json.
 */
#ifndef RF_POLICY_OCI_IMPORT_H
#define RF_POLICY_OCI_IMPORT_H

#include <jansson.h>

#include "sandbox/policy/policy.h"

/* Most bytes of a file that is imported. */
#define RF_IMPORT_MAX (4u << 20)

/*
 * Reads `text` and writes a policy called `name`. What the file says and a policy has no word for
 * is told in problems, as warnings. -EINVAL: it is neither of the two, or says what cannot be kept.
 */
RF_MUST_CHECK int rf_oci_import(json_t **ret, const char *name, const char *text, size_t len,
				struct rf_problems *problems, struct rf_err *err);

#endif
