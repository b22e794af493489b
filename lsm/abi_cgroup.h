/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What user space and the cgroup programs share beside lsm/abi.h: which sandbox a cgroup is.
 *
 * The value lives in the cgroup's own storage, made of zeroes when a program is attached and freed
 * with the cgroup. No sandbox there means that nobody filled it in yet, and everything is refused.
 */
#ifndef RF_LSM_ABI_CGROUP_H
#define RF_LSM_ABI_CGROUP_H

#include "lsm/abi.h"

struct rf_cg_bind {
	__u64 sandbox; /* 0: not filled in, refuse */
	__u32 slot;
	__u32 flags;
#define RF_CGB_BOTH_SESSIONS 0x1 /* refuse only what neither session may do */
#define RF_CGB_SET_UP	     0x4 /* runtimes open null and pts here before the payload's exec */
#define RF_CGB_PLAIN_SOCKETS 0x2 /* no IP sockets but TCP and UDP: the others pass our hooks */
};

#ifndef __cplusplus
_Static_assert(sizeof(struct rf_cg_bind) == 16, "storage of a cgroup");
#endif

#endif
