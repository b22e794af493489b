/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replacing the policy of a running sandbox; see rules.h.
 *
 * The new policy goes into the slot's other place of "rf_image" (lsm/abi.h), where nobody looks
 * yet. Program rf_swap then raises the generation. Whoever dies before that step leaves the old
 * policy in force, whoever dies after it the new one; what is left of the other is overwritten by
 * the next replacement or with the next sandbox of the slot.
 */
#include <bpf/bpf.h>

#include "lsm/rules_parts.h"

/*
 * Says so first and looks for another owner after; whoever claims the slot (rules.c) does it the
 * other way round. So one of the two sees the other, and only a sandbox that lives is replaced.
 */
int rf_fence_hold(struct rf_lsm *lsm, uint32_t slot, uint64_t id, uint32_t *ret_gen,
		  struct rf_err *err)
{
	struct rf_sandbox *sb = rf_fence_at(lsm, slot);
	uint64_t owner;

	if (!sb)
		return rf_err_set(err, -ENOENT, "there is no such sandbox");
	__atomic_store_n(&sb->replacer, id << 32 | (uint32_t)getpid(), __ATOMIC_SEQ_CST);
	owner = __atomic_load_n(&sb->self_tgid, __ATOMIC_SEQ_CST);
	if (sb->id != id || sb->state != RF_SB_LIVE || owner >> 32 != (id & UINT32_MAX)) {
		rf_fence_let_go(lsm, slot);
		return rf_err_set(err, -ENOENT, "the sandbox has ended");
	}
	*ret_gen = sb->policy_gen + 1;
	return 0;
}

void rf_fence_let_go(struct rf_lsm *lsm, uint32_t slot)
{
	__atomic_store_n(&rf_fence_at(lsm, slot)->replacer, 0, __ATOMIC_RELEASE);
}

/* Makes it count. */
static int swap(const struct rf_lsm *lsm, uint32_t slot, const struct rf_sandbox *sb,
		struct rf_err *err)
{
	struct rf_swap ask = {
		.sandbox = sb->id, .slot = slot, .from = sb->policy_gen, .to = sb->policy_gen + 1};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &ask, .ctx_size_in = sizeof(ask));

	if (bpf_prog_test_run_opts(lsm->swap_fd, &opts) < 0)
		return rf_err_sys(err, -errno, "cannot ask the kernel to replace the policy");
	if (!ask.done)
		return rf_err_set(err, -ESTALE,
				  "the sandbox has ended, or the kernel side is busy");
	return 0;
}

/*
 * The old policy's memory. Calls that began before the swap still look at it: putting a map into a
 * map of maps waits for them (kernel/bpf/syscall.c: maybe_wait_bpf_programs), so the new one is put
 * once more where it is. If that fails, those calls find no policy and are refused, which
 * is better than to be judged by the one that the next replacement puts there.
 */
static void drop_old(const struct rf_lsm *lsm, uint32_t slot, struct rf_sandbox *sb, int fd)
{
	uint32_t at = rf_image_at(slot, sb->policy_gen);
	uint32_t old = rf_image_at(slot, sb->policy_gen - 1);

	(void)bpf_map_update_elem(lsm->image_fd, &at, &fd, BPF_ANY);
	if (old == slot) {
		sb->image_key = 0; /* the slot keeps no map for its next sandbox */
		sb->image_pages = 0;
	}
	(void)bpf_map_delete_elem(lsm->image_fd, &old);
}

int rf_fence_replace(struct rf_lsm *lsm, uint32_t slot, const struct rf_page *pages, size_t n_pages,
		     struct rf_err *err)
{
	struct rf_sandbox *sb = rf_fence_at(lsm, slot);
	RF_AUTOCLOSE int fd = -1;
	uint32_t room = 0, at;
	int r;

	if (!n_pages || n_pages > RF_IMAGE_MAX_PAGES)
		return rf_err_set(err, -EFBIG, "a policy of %zu pages is not possible", n_pages);
	at = rf_image_at(slot, sb->policy_gen + 1);
	fd = rf_image_map(pages, n_pages, &room, err);
	if (fd < 0)
		return fd;
	if (at == slot) {
		sb->image_key = 0;
		sb->image_pages = room;
	}
	if (bpf_map_update_elem(lsm->image_fd, &at, &fd, BPF_ANY) < 0)
		return rf_err_sys(err, -errno, "cannot put the policy into its place");
	r = swap(lsm, slot, sb, err);
	if (r == 0)
		drop_old(lsm, slot, sb, fd);
	return r;
}
