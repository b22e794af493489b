/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps root inside its cgroup, where only cgroup programs fence it.
 *
 * A process leaves its cgroup by writing a cgroup.procs file (root may write all of them) or by
 * clone3 with CLONE_INTO_CGROUP. The second is refused by the system-call filter; against the first
 * stands a Landlock domain that lets everything be written but cgroup v2. Others than root, without
 * CAP_DAC_OVERRIDE, cannot write the directories above their cgroup and need no guard.
 */
#ifndef RF_LAUNCH_CGROUP_GUARD_H
#define RF_LAUNCH_CGROUP_GUARD_H

#include "sandbox/launch/backend.h"

/* Can a sandbox of this caller be kept in its cgroup? -EOPNOTSUPP with why not. */
int rf_cgroup_guard_available(struct rf_err *err) RF_MUST_CHECK;

/*
 * A ruleset for the child to enter, or -1 where none is needed: another user, or a Landlock fence
 * over files that grants no writing below cgroup v2. The caller closes *ret_fd.
 */
int rf_cgroup_guard_make(const struct rf_launch *launch, int *ret_fd, struct rf_err *err)
	RF_MUST_CHECK;

/* In the child. */
int rf_cgroup_guard_enter(int fd, struct rf_err *err) RF_MUST_CHECK;

#endif
