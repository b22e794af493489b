/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arming a container's cgroup, and taking it back.
 *
 * Armed, a container has: a sandbox in the kernel side's maps, an entry for its cgroup, a link of
 * the device program (where the policy has devices) pinned below RF_OCI_PIN_DIR, and a record as
 * every sandbox. All of it works without any process of ours. Whatever dies on the way leaves a
 * container that was refused; what it left, the next hook or `oci gc` takes away.
 */
#ifndef RF_LAUNCH_OCI_ARM_H
#define RF_LAUNCH_OCI_ARM_H

#include "sandbox/base/err.h"
#include "sandbox/launch/oci_cgroup.h"
#include "sandbox/launch/world.h"
#include "sandbox/policy/policy.h"

#define RF_OCI_PIN_DIR "/sys/fs/bpf/ringfence-oci"

struct rf_oci_container {
	const char *id;
	const char *pod; /* "" or NULL: none */
	const struct rf_oci_cgroup *cgroup;
	const struct rf_policy *policy;
	const char *bundle;    /* where its configuration is */
	struct rf_world world; /* where the names of its files lead */
};

/*
 * Arms it. A container that is armed already with this very policy is left as it is; with another,
 * -EEXIST. On failure nothing is left.
 */
int rf_oci_arm(const struct rf_oci_container *container, struct rf_err *err) RF_MUST_CHECK;

/*
 * Takes back what containers with this id have, but for those whose cgroup still holds processes,
 * and collects as below. *ret_busy counts these. Nothing to take back is no error.
 */
int rf_oci_disarm(const char *id, unsigned *ret_busy, struct rf_err *err) RF_MUST_CHECK;

/* What containers left that are gone. *ret counts them. Nothing loaded is no error. */
int rf_oci_collect(unsigned *ret, struct rf_err *err) RF_MUST_CHECK;

#endif
