/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This installation, copied below a folder of a node: PREFIX/releases/NAME is one whole copy, the
 * link PREFIX/current names the one in use. It moves from copy to copy in one step, so whoever
 * follows it finds a whole installation at every moment.
 */
#ifndef RF_CLI_OCI_TREE_H
#define RF_CLI_OCI_TREE_H

#include "sandbox/base/err.h"

/* Where `current` is below PREFIX, and ringfence below that. */
#define RF_OCI_TREE_BINARY "/current/bin/ringfence"

/*
 * Copies and switches; the copy before stays, older ones and those of a killed copy go. A folder
 * that others than root can write is refused. Whatever fails, `current` is the old one or the new.
 */
int rf_oci_tree_install(const char *prefix, struct rf_err *err) RF_MUST_CHECK;

/* The link first. A prefix that is not there is fine; what is not ours in it stays, and so does it.
 */
int rf_oci_tree_remove(const char *prefix, struct rf_err *err) RF_MUST_CHECK;

#endif
