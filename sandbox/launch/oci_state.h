/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container runtime tells a hook on its standard input: the state of one container.
 *
 * Written by runc, crun and podman, but parts of it (annotations, name) by whoever starts the
 * container. Bounded and strict: what is not understood refuses the container.
 */
#ifndef RF_LAUNCH_OCI_STATE_H
#define RF_LAUNCH_OCI_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sandbox/base/err.h"

/* Engines put hundreds of kilobytes into annotations; nobody needs more than this. */
#define RF_OCI_STATE_MAX (1u << 20)

#define RF_OCI_ID_MAX 71

struct rf_oci_state {
	json_t *root; /* owns everything below */
	const char *id;
	const char *bundle; /* absolute */
	const char *status;
	pid_t pid; /* 0: not told; valid in the initial pid namespace only */
};

/* Released with rf_oci_state_done whatever the answer; err names the member that is wrong. */
int rf_oci_state_parse(struct rf_oci_state *ret, const char *text, size_t len, struct rf_err *err)
	RF_MUST_CHECK;
void rf_oci_state_done(struct rf_oci_state *state);

/* An annotation's text, or NULL. */
const char *rf_oci_annotation(const struct rf_oci_state *state, const char *key);

/*
 * The policy that the container asks for: annotation ringfence.policy.NAME of the container NAME in
 * a pod, else ringfence.policy, else fallback. *ret NULL: none. -EINVAL for annotations that are
 * empty or misspelt, or for one container of a pod where nothing tells which one this is; -EPERM
 * for those of crun that would take the container's seccomp filter away or run its payload without
 * an exec.
 */
int rf_oci_state_policy(const struct rf_oci_state *state, const char *fallback, const char **ret,
			struct rf_err *err) RF_MUST_CHECK;

/* What the engine calls it in its pod, and what it is there; NULL: nothing says. */
const char *rf_oci_state_container(const struct rf_oci_state *state);
const char *rf_oci_state_type(const struct rf_oci_state *state);

/* The name of the container that an annotation of this key is for; NULL: it is another key. */
const char *rf_oci_policy_for(const char *key);

/* The engine says that its pod is in this namespace, and nothing says another. */
bool rf_oci_state_in_namespace(const struct rf_oci_state *state, const char *space);

/* "NAMESPACE/NAME" of the pod in ret; empty where it is in none. */
void rf_oci_state_pod(const struct rf_oci_state *state, char *ret, size_t size);

#endif
