/* SPDX-License-Identifier: Apache-2.0 */
/* Where `oci install` writes and `oci install --check` looks. */
#ifndef RF_CLI_OCI_PLACES_H
#define RF_CLI_OCI_PLACES_H

#include <stdbool.h>

/* Read by podman and CRI-O by default; /etc/containers/oci/hooks.d is not. */
#define RF_OCI_HOOKS_DIR "/usr/share/containers/oci/hooks.d"
#define RF_OCI_HOOK_FILE "ringfence.json"

/* podman's own stage; sorted before the other. */
#define RF_OCI_PRECREATE_FILE "ringfence-precreate.json"

#define RF_OCI_CONF_DIR	 "/etc/containers/containers.conf.d"
#define RF_OCI_CONF_FILE "50-ringfence.conf"

#define RF_OCI_SPEC_DIR	 "/etc/ringfence"
#define RF_OCI_SPEC_FILE "containerd-base-spec.json"

/* Prints findings about what is installed below root ("" for the machine); true: none. */
bool rf_oci_check(const char *root);

#endif
