/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for armed cgroups where the build has no BPF programs. */
#include "lsm/armed.h"

int rf_armed_open(struct rf_err *err)
{
	return rf_err_set(err, -EOPNOTSUPP, "this build has no BPF programs (meson -Dbpf=enabled)");
}

int rf_armed_put(int fd RF_UNUSED, __u64 cgroup RF_UNUSED, const struct rf_armed *armed RF_UNUSED,
		 struct rf_err *err)
{
	return rf_err_set(err, -EOPNOTSUPP, "this build has no BPF programs (meson -Dbpf=enabled)");
}

int rf_armed_get(int fd RF_UNUSED, __u64 cgroup RF_UNUSED, struct rf_armed *ret RF_UNUSED)
{
	return -ENOENT;
}

void rf_armed_remove(int fd RF_UNUSED, __u64 cgroup RF_UNUSED)
{
}

int rf_armed_next(int fd RF_UNUSED, __u64 before RF_UNUSED, __u64 *ret RF_UNUSED)
{
	return -ENOENT;
}
