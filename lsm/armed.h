/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Armed cgroups: where a container's payload is taken into its fence at its first exec.
 *
 * Every function takes the descriptor that rf_armed_open gave.
 */
#ifndef RF_LSM_ARMED_H
#define RF_LSM_ARMED_H

#include "lsm/abi_armed.h"
#include "sandbox/base/err.h"

/* The pinned map; the caller closes it. */
int rf_armed_open(struct rf_err *err) RF_MUST_CHECK;

/* -EEXIST if that cgroup is armed already. Reads the entry back: what is not there is an error. */
int rf_armed_put(int fd, __u64 cgroup, const struct rf_armed *armed, struct rf_err *err)
	RF_MUST_CHECK;

/* 0, or -ENOENT. */
int rf_armed_get(int fd, __u64 cgroup, struct rf_armed *ret) RF_MUST_CHECK;

void rf_armed_remove(int fd, __u64 cgroup);

/* The armed cgroup after `before` (0: the first), in no order; -ENOENT after the last. */
int rf_armed_next(int fd, __u64 before, __u64 *ret) RF_MUST_CHECK;

#endif
