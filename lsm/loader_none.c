/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for the loader and the sandboxes of BPF LSM where the build has no clang or bpftool.
 * Every function that could be reached before a sandbox exists says so; the others have no sandbox.
 */
#include "lsm/loader.h"
#include "lsm/rules.h"
#include "lsm/tree.h"

static int not_built(struct rf_err *err)
{
	return rf_err_set(err, -EOPNOTSUPP, "this build has no BPF programs (meson -Dbpf=enabled)");
}

int rf_lsm_supported(struct rf_err *err)
{
	return not_built(err);
}

const char *rf_lsm_build(void)
{
	return "";
}

int rf_lsm_each_hook(void (*fn)(void *data, const char *section, bool present, bool optional)
			     RF_UNUSED,
		     void *data RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

int rf_lsm_state(enum rf_lsm_state *ret RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

int rf_lsm_load(bool replace RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

int rf_tree_read(struct rf_tree *ret RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

int rf_tree_set(uint32_t mode RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

int rf_tree_try(struct rf_err *err)
{
	return not_built(err);
}

int rf_lsm_verify(struct rf_err *err)
{
	return not_built(err);
}

int rf_lsm_unload(bool force RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

int rf_lsm_open(struct rf_lsm **ret RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

struct rf_lsm *rf_lsm_close(struct rf_lsm *lsm RF_UNUSED)
{
	return NULL;
}

int rf_fence_new(struct rf_lsm *lsm RF_UNUSED, const struct rf_fence_spec *spec RF_UNUSED,
		 uint32_t *ret_slot RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

int rf_fence_task(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED, int pidfd RF_UNUSED,
		  uint32_t session RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

void rf_fence_plain(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED)
{
}

int rf_fence_of(struct rf_lsm *lsm RF_UNUSED, int pidfd RF_UNUSED, struct rf_task *ret RF_UNUSED)
{
	return -EOPNOTSUPP;
}

uint32_t rf_fence_owned(struct rf_lsm *lsm RF_UNUSED, uint64_t owner RF_UNUSED)
{
	return 0;
}

void rf_fence_keep(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED)
{
}

bool rf_fence_in_use(const struct rf_sandbox *sb RF_UNUSED)
{
	return false;
}

int rf_fence_hold(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED, uint64_t id RF_UNUSED,
		  uint32_t *ret_gen RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

void rf_fence_let_go(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED)
{
}

int rf_fence_replace(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED,
		     const struct rf_page *pages RF_UNUSED, size_t n_pages RF_UNUSED,
		     struct rf_err *err)
{
	return not_built(err);
}

int rf_fence_nail_room(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED, size_t n RF_UNUSED,
		       bool keep RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

int rf_fence_nail(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED, int fd RF_UNUSED,
		  uint64_t image RF_UNUSED, uint32_t state RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

void rf_fence_end(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED)
{
}

struct rf_sandbox *rf_fence_at(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED)
{
	return NULL;
}

int rf_fence_about(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED,
		   struct rf_about *ret RF_UNUSED)
{
	return -ENOENT;
}

int rf_fence_find(struct rf_lsm *lsm RF_UNUSED, uint64_t id RF_UNUSED, uint32_t *ret_slot RF_UNUSED)
{
	return -ENOENT;
}

uint32_t rf_fence_limit(struct rf_lsm *lsm RF_UNUSED)
{
	return 0;
}

int rf_fence_ring(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

int rf_fence_folds(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED, struct rf_err *err)
{
	return not_built(err);
}

size_t rf_fence_ring_size(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED)
{
	return 0;
}

int rf_fence_ring_used(struct rf_lsm *lsm RF_UNUSED, uint32_t slot RF_UNUSED,
		       uint64_t *ret RF_UNUSED)
{
	return -ENOSYS;
}

uint64_t rf_lsm_loaded(const struct rf_lsm *lsm RF_UNUSED)
{
	return 0;
}
