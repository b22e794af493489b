/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Which cgroups wait for a container's payload: hash map "rf_armed", by cgroup id.
 *
 * Written by the OCI hook before the payload's first exec, removed when the container is gone. Ids
 * of cgroups are not given out twice while the machine runs, so an entry that outlives its cgroup
 * arms nothing.
 */
#ifndef RF_LSM_ABI_ARMED_H
#define RF_LSM_ABI_ARMED_H

#include "lsm/abi.h"

/* Deepest cgroup that can be armed, counted from the root's 0. */
#define RF_ARMED_LEVEL_MAX 32

/* starttime of /proc/PID/stat counts these. */
#define RF_ARMED_NS_PER_TICK 10000000

struct rf_armed {
	__u64 sandbox;	  /* id; never 0 */
	__u64 init_start; /* when the container's first process began, in ticks since boot */
	__u32 init_pid;	  /* in the initial pid namespace */
	__u32 slot;
	__u32 flags;	  /* RF_ARMED_* */
#define RF_ARMED_MUST 0x1 /* whoever is in another fence already cannot exec here */
	__u32 adopted;	  /* tasks taken in by the kernel side */
};

#ifndef __cplusplus
_Static_assert(sizeof(struct rf_armed) == 32, "armed value");
#endif

#endif
