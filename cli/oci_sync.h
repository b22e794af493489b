/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policies of a cluster, from a folder that a ConfigMap is mounted on to a node's
 * /etc/ringfence.
 */
#ifndef RF_CLI_OCI_SYNC_H
#define RF_CLI_OCI_SYNC_H

#include <stddef.h>

#include "sandbox/base/err.h"

/*
 * Makes ROOT/etc/ringfence hold the *.json of `from` (all of one version), and no others that an
 * earlier call wrote. All are loaded first, together: where one is wrong nothing changes. Each file
 * is replaced whole; a policy of the machine's own with the same name is an error. *ret counts what
 * changed.
 */
int rf_oci_sync(const char *from, const char *root, size_t *ret, struct rf_err *err) RF_MUST_CHECK;

/* Takes away what rf_oci_sync wrote. */
int rf_oci_sync_remove(const char *root, struct rf_err *err) RF_MUST_CHECK;

#endif
