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

/* Attaches the programs of one part (RF_CG_*) to the sandbox's cgroup, and prepares the guard. */
int rf_cgroup_fence_new(struct rf_cgroup_fence **ret, struct rf_launch *launch, uint32_t part,
			struct rf_err *err) RF_MUST_CHECK;

/* The child's part; and the descriptors that it needs, ended by -1. */
int rf_cgroup_fence_child(const struct rf_cgroup_fence *fence, struct rf_err *err) RF_MUST_CHECK;
const int *rf_cgroup_fence_fds(const struct rf_cgroup_fence *fence);

/* Takes everything back, or (`leave`) only closes what is ours. NULL is fine. */
void rf_cgroup_fence_end(struct rf_cgroup_fence *fence, struct rf_launch *launch, bool leave);

/* Frees what a sandbox kept whose supervisor is gone. */
void rf_cgroup_fence_reclaim(uint64_t sandbox_id);

#endif
