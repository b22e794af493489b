/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the cgroup programs where the build has no clang or bpftool. */
#include "lsm/cgroup.h"

static int not_built(struct rf_err *err)
{
	return rf_err_set(err, -EOPNOTSUPP, "this build has no BPF programs (meson -Dbpf=enabled)");
}

int rf_cg_available(struct rf_err *err)
{
	return not_built(err);
}

int rf_cg_open(struct rf_cg **ret RF_UNUSED, bool shared RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

int rf_cg_open_pinned(struct rf_cg **ret RF_UNUSED)
{
	return -ENOENT;
}

struct rf_cg *rf_cg_free(struct rf_cg *cg RF_UNUSED)
{
	return NULL;
}

int rf_cg_claim(struct rf_cg *cg RF_UNUSED, uint64_t sandbox RF_UNUSED, uint64_t cgroup RF_UNUSED,
		const struct rf_page *pages RF_UNUSED, size_t n_pages RF_UNUSED,
		size_t ring_bytes RF_UNUSED, struct rf_cg_slot *ret RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

void rf_cg_release(struct rf_cg *cg RF_UNUSED, uint64_t sandbox RF_UNUSED)
{
}

bool rf_cg_has(const struct rf_cg *cg RF_UNUSED, uint32_t slot RF_UNUSED,
	       uint64_t sandbox RF_UNUSED)
{
	return false;
}

int rf_cg_find(struct rf_cg *cg RF_UNUSED, uint64_t sandbox RF_UNUSED, uint32_t *ret_slot RF_UNUSED)
{
	return -ENOENT;
}

int rf_cg_attach(struct rf_cg *cg RF_UNUSED, int cgroup_fd RF_UNUSED, uint64_t cgroup RF_UNUSED,
		 uint32_t parts RF_UNUSED, const struct rf_cg_bind *bind RF_UNUSED,
		 struct rf_err *err)
{
	return not_built(err);
}

void rf_cg_detach(struct rf_cg *cg RF_UNUSED, int cgroup_fd RF_UNUSED, uint32_t parts RF_UNUSED)
{
}

int rf_cg_unload(bool force RF_UNUSED, struct rf_err *err RF_UNUSED)
{
	return 0;
}

int rf_cg_link_devices(struct rf_cg *cg RF_UNUSED, int cgroup_fd RF_UNUSED,
		       uint64_t cgroup RF_UNUSED, const struct rf_cg_bind *bind RF_UNUSED,
		       const char *pin RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

int rf_cg_link_cgroup(const char *pin RF_UNUSED, uint64_t *ret RF_UNUSED)
{
	return -ENOENT;
}
