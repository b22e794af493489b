/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that make container engines call the hook: hooks.d and containers.conf for podman and
 * CRI-O, a base spec for containerd. Each is replaced whole or not at all.
 *
 * Engines drop a hook whose program is missing and start the container without it; so the program
 * is /usr/bin/env, which is always there, and a missing ringfence fails the container's start.
 */
#ifndef RF_CLI_OCI_FILES_H
#define RF_CLI_OCI_FILES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "sandbox/base/err.h"

/* Namespaces of Kubernetes that a policy for all is not for. */
#define RF_OCI_EXEMPT_MAX 32

struct rf_oci_files {
	const char *root;   /* "", or a folder that takes the place of / */
	const char *binary; /* ringfence, as engines will call it */
	const char *policy; /* for every container; NULL: only where an annotation asks */
	const char *exempt[RF_OCI_EXEMPT_MAX];
	size_t n_exempt;
	const char *spec; /* a base spec to write with the hooks (-: standard input); NULL: none */
	bool precreate;
	bool only_spec; /* nothing for podman and CRI-O */
};

/* The base spec first, hooks.d last. Prints the names. On failure files may be missing, never half.
 */
int rf_oci_files_write(const struct rf_oci_files *files, struct rf_err *err) RF_MUST_CHECK;

/*
 * Takes them away, hooks.d first. The base spec only loses its hooks: containerd, whose
 * configuration names it, would not start without it. *ret_spec: there is one.
 */
int rf_oci_files_remove(const char *root, bool *ret_spec, struct rf_err *err) RF_MUST_CHECK;

/* An entry of hooks that calls `ringfence oci hook`. */
bool rf_oci_hook_is_ours(const json_t *hook);

#endif
