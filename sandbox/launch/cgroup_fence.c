/* SPDX-License-Identifier: Apache-2.0 */
/* Slot, ring, programs and guard of one launch. See cgroup_fence.h. */
#include "sandbox/launch/cgroup_fence.h"

#include "sandbox/base/str.h"
#include "sandbox/launch/cgroup_guard.h"
#include "sandbox/launch/image.h"
#include "sandbox/policy/netfacts.h"

/* About two thousand records; what finds no room is counted and told. */
#define RING_BYTES (512u * 1024)

struct rf_cgroup_fence {
	struct rf_cg *cg;
	uint32_t parts;
	bool shared;  /* the LSM side has the sandbox */
	bool claimed; /* the slot is ours to free */
	int ring_fd, folds_fd;
	int child_fds[2];
};

/* Does any rule refuse? Then IP sockets that pass our hooks must not be made. */
static bool refuses_addresses(const struct rf_policy *policy)
{
	if (!policy->sections[RF_SECTION_NETWORK].present)
		return false;
	if (policy->network_default == RF_DEFAULT_DENY)
		return true;
	for (size_t i = 0; i < policy->n_network; i++)
		if (policy->network[i].rule.deny && !policy->network[i].is_unix &&
		    policy->network[i].rule.mode != RF_MODE_AUDIT)
			return true;
	return false;
}

uint32_t rf_cgroup_network_parts(const struct rf_policy *policy)
{
	uint32_t parts = refuses_addresses(policy) ? RF_CG_SOCKETS : 0;
	struct rf_net_facts facts;

	rf_net_facts(&facts, policy);
	if (facts.inet_judged & (RF_NET_CONNECT | RF_NET_SEND))
		parts |= RF_CG_CONNECT;
	if (facts.inet_judged & (RF_NET_BIND | RF_NET_LISTEN))
		parts |= RF_CG_BIND;
	return parts;
}

/* The programs ask nothing about files: their patterns would only cost time. */
static int make_image(struct rf_image **ret, const struct rf_policy *policy, struct rf_err *err)
{
	struct rf_policy view = *policy;

	view.n_files = 0;
	view.sections[RF_SECTION_FILES].present = false;
	return rf_image_make(ret, &view, err);
}

static int claim(struct rf_cgroup_fence *fence, struct rf_launch *launch, uint32_t *slot,
		 struct rf_err *err)
{
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL;
	struct rf_cg_slot mine = {.ring_fd = -1, .folds_fd = -1};
	int r = make_image(&image, launch->policy, err);

	if (r == 0)
		r = rf_cg_claim(fence->cg, launch->sandbox_id, launch->cgroup_id, image->pages,
				image->n_pages, RING_BYTES, &mine, err);
	if (r < 0)
		return r;
	fence->claimed = true;
	*slot = mine.slot;
	launch->counters = mine.counters;
	launch->ring_fd = fence->ring_fd = mine.ring_fd;
	launch->folds_fd = fence->folds_fd = mine.folds_fd;
	return 0;
}

static int open_slot(struct rf_cgroup_fence *fence, struct rf_launch *launch, uint32_t *slot,
		     struct rf_err *err)
{
	int r;

	fence->shared = launch->state[RF_CELL_BPF_LSM] != NULL;
	r = rf_cg_open(&fence->cg, fence->shared, err);
	if (r < 0)
		return r;
	if (fence->shared) {
		*slot = launch->slot;
		return rf_cg_has(fence->cg, *slot, launch->sandbox_id)
			       ? 0
			       : rf_err_set(err, -ENOENT, "the LSM side does not know the sandbox");
	}
	r = rf_cg_find(fence->cg, launch->sandbox_id, slot);
	return r == -ENOENT ? claim(fence, launch, slot, err) : r;
}

static bool other_has_guard(const struct rf_launch *launch)
{
	return launch->state[RF_CELL_SOCKADDR] || launch->state[RF_CELL_DEVCGROUP];
}

static int set_up(struct rf_cgroup_fence *fence, struct rf_launch *launch, struct rf_err *err)
{
	struct rf_cg_bind bind = {.sandbox = launch->sandbox_id};
	int r;

	if (launch->joins) {
		/* The programs are on the cgroup already; they hold whoever enters it. */
		fence->shared = launch->state[RF_CELL_BPF_LSM] != NULL;
		return fence->shared || other_has_guard(launch)
			       ? 0
			       : rf_cgroup_guard_make(launch, &fence->child_fds[0], err);
	}
	r = open_slot(fence, launch, &bind.slot, err);
	if (r < 0)
		return r;
	if (fence->shared)
		bind.flags |= RF_CGB_BOTH_SESSIONS;
	if (refuses_addresses(launch->policy))
		bind.flags |= RF_CGB_PLAIN_SOCKETS;
	if (fence->parts)
		r = rf_cg_attach(fence->cg, launch->cgroup_fd, launch->cgroup_id, fence->parts,
				 &bind, err);
	if (r == 0 && !fence->shared && !other_has_guard(launch))
		r = rf_cgroup_guard_make(launch, &fence->child_fds[0], err);
	return r;
}

int rf_cgroup_fence_new(struct rf_cgroup_fence **ret, struct rf_launch *launch, uint32_t parts,
			struct rf_err *err)
{
	struct rf_cgroup_fence *fence;
	int r;

	if (launch->cgroup_fd < 0)
		return rf_err_set(err, -EOPNOTSUPP, "the sandbox has no cgroup");
	fence = calloc(1, sizeof(*fence));
	if (!fence)
		return rf_err_sys(err, -ENOMEM, "cannot prepare the cgroup programs");
	fence->parts = parts;
	fence->ring_fd = fence->folds_fd = fence->child_fds[0] = fence->child_fds[1] = -1;
	r = set_up(fence, launch, err);
	if (r < 0) {
		rf_cgroup_fence_end(fence, launch, false);
		return r;
	}
	*ret = fence;
	return 0;
}

int rf_cgroup_fence_child(const struct rf_cgroup_fence *fence, struct rf_err *err)
{
	if (!fence || fence->child_fds[0] < 0)
		return 0;
	return rf_cgroup_guard_enter(fence->child_fds[0], err);
}

const int *rf_cgroup_fence_fds(const struct rf_cgroup_fence *fence)
{
	static const int none = -1;

	return fence ? fence->child_fds : &none;
}

void rf_cgroup_fence_end(struct rf_cgroup_fence *fence, struct rf_launch *launch, bool leave)
{
	if (!fence)
		return;
	if (fence->claimed && !leave)
		rf_cg_release(fence->cg, launch->sandbox_id);
	if (fence->ring_fd >= 0) {
		launch->ring_fd = launch->folds_fd = -1;
		launch->counters = NULL;
		(void)close(fence->ring_fd);
		(void)close(fence->folds_fd);
	}
	if (fence->child_fds[0] >= 0)
		(void)close(fence->child_fds[0]);
	(void)rf_cg_free(fence->cg);
	free(fence);
}

void rf_cgroup_fence_reclaim(uint64_t sandbox_id)
{
	struct rf_cg *cg = NULL;

	if (geteuid() != 0 || rf_cg_open_pinned(&cg) < 0)
		return;
	rf_cg_release(cg, sandbox_id);
	(void)rf_cg_free(cg);
}
