/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One launch's use of the cgroup programs, by the back-ends for devices and for the network.
 *
 * Beside the LSM side they take its slot, ring and counters. Without it the first of the two takes
 * a slot for the sandbox, with a ring that `run` reads, and the other finds it.
 */
#ifndef RF_LAUNCH_CGROUP_FENCE_H
#define RF_LAUNCH_CGROUP_FENCE_H

#include "lsm/cgroup.h"
#include "sandbox/launch/backend.h"

struct rf_cgroup_fence;

/*
 * Attaches the programs of some parts (RF_CG_*; 0: none are needed) to the sandbox's cgroup, and
 * prepares the guard.
 */
int rf_cgroup_fence_new(struct rf_cgroup_fence **ret, struct rf_launch *launch, uint32_t parts,
			struct rf_err *err) RF_MUST_CHECK;

/*
 * Those that section `network` needs. The first program of its kind on a machine makes the kernel
 * rewrite code on all processors, so each that has nothing to say costs a launch time.
 */
uint32_t rf_cgroup_network_parts(const struct rf_policy *policy);

/* The child's part; and the descriptors that it needs, ended by -1. */
int rf_cgroup_fence_child(const struct rf_cgroup_fence *fence, struct rf_err *err) RF_MUST_CHECK;
const int *rf_cgroup_fence_fds(const struct rf_cgroup_fence *fence);

/*
 * Takes everything back but the programs, which go with the cgroup, or (`leave`) only closes what
 * is ours. NULL is fine.
 */
void rf_cgroup_fence_end(struct rf_cgroup_fence *fence, struct rf_launch *launch, bool leave);

/* Frees what a sandbox kept whose supervisor is gone. */
void rf_cgroup_fence_reclaim(uint64_t sandbox_id);

#endif
