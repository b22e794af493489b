/* SPDX-License-Identifier: Apache-2.0 */
/* The pinned map of armed cgroups; see armed.h. */
#include "lsm/armed.h"

#include <bpf/bpf.h>
#include <string.h>

#include "lsm/loader.h"

int rf_armed_open(struct rf_err *err)
{
	int fd = bpf_obj_get(RF_LSM_PIN_DIR "/rf_armed");

	return fd < 0 ? rf_err_sys(err, -errno, "cannot open %s", RF_LSM_PIN_DIR "/rf_armed") : fd;
}

int rf_armed_put(int fd, __u64 cgroup, const struct rf_armed *armed, struct rf_err *err)
{
	struct rf_armed seen;

	if (bpf_map_update_elem(fd, &cgroup, armed, BPF_NOEXIST) < 0)
		return rf_err_sys(err, -errno, "cannot arm the container's cgroup");
	if (rf_armed_get(fd, cgroup, &seen) < 0 || seen.sandbox != armed->sandbox ||
	    seen.slot != armed->slot)
		return rf_err_set(err, -EUCLEAN, "the container's cgroup is not armed after all");
	return 0;
}

int rf_armed_get(int fd, __u64 cgroup, struct rf_armed *ret)
{
	return bpf_map_lookup_elem(fd, &cgroup, ret) < 0 ? -errno : 0;
}

void rf_armed_remove(int fd, __u64 cgroup)
{
	(void)bpf_map_delete_elem(fd, &cgroup);
}

int rf_armed_next(int fd, __u64 before, __u64 *ret)
{
	return bpf_map_get_next_key(fd, before ? &before : NULL, ret) < 0 ? -errno : 0;
}
