/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of a container: loaded with the variables and the root of its own process, from places
 * that only root can write.
 */
#ifndef RF_CLI_OCI_POLICY_H
#define RF_CLI_OCI_POLICY_H

#include "sandbox/launch/oci_config.h"

int rf_oci_policy_load(struct rf_policy **ret, const char *name, const struct rf_oci_config *config,
		       struct rf_err *err) RF_MUST_CHECK;

#endif
