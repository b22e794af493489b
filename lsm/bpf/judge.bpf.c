/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One object judged by the walk: what kind it is, up and down until the answer holds, and what of
 * it may be kept for its directory.
 */
#include "lsm/bpf/path.bpf.h"
#include "lsm/bpf/tree.bpf.h"

#define RF_CLIMB_TRIES 8

/* Anonymous: made by open_tree or fsmount for what is attached nowhere (is_anon_ns, fs/mount.h). */
static __always_inline bool nobodys(__u64 ns)
{
	struct mnt_namespace *n = (void *)ns;

	return bpf_core_field_exists(n->seq) && !RF_READ(n, seq);
}

/* What is it, before its name matters? Sets spot.kind or spot.code. */
static __always_inline void classify(struct rf_work *w)
{
	struct mount *m = (void *)rf_mount_of(w->at_mnt);
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 ns = (__u64)RF_READ(m, mnt_ns);
	__u64 mine = (__u64)RF_READ(task, nsproxy, mnt_ns);

	w->spot.kind = RF_KIND_PATH;
	w->up_ns = ns;
	if (ns == mine && ns)
		return;
	if (ns >= RF_ERR_PTR_MIN) {
		__u64 flags = RF_READ(m, mnt.mnt_sb, s_flags);

		w->spot.kind = flags & RF_SB_KERNMOUNT ? RF_KIND_NONE : RF_KIND_INNER;
		return;
	}
	/* hugetlbfs's own mount, of anonymous memory in huge pages, is in no namespace at all. */
	if (!ns && (RF_READ(m, mnt.mnt_sb, s_flags) & RF_SB_KERNMOUNT)) {
		w->spot.kind = RF_KIND_NONE;
		return;
	}
	w->spot.code = ns && !nobodys(ns) ? RF_CODE_FOREIGN_NS : RF_CODE_DETACHED;
}

/* May the state before the last name be kept for the directory? All of it was true at once. */
static __always_inline void learn(struct rf_work *w)
{
	struct vfsmount *mnt = (void *)w->at_mnt;
	struct dentry *dentry = (void *)w->at_dentry;

	/* The root of a mount is no name in this mount, though it may be one where that is mounted.
	 */
	if (RF_READ(mnt, mnt_root) == dentry)
		return;
	if (w->spot.code || w->walk_code || w->up_unsure || (w->tree_generation & 1) ||
	    !w->n_hops || w->hop[0].dentry != w->at_dentry ||
	    rf_generation_now() != w->tree_generation ||
	    !rf_may_keep(RF_READ(dentry, d_sb, s_magic)))
		return;
	w->up_known = 1;
}

__noinline int rf_path_judge(struct rf_work *w)
{
	__u32 base, settled = 0, beforehand;

	if (!w)
		return -1;
	base = w->text_base + w->text_len;
	w->text_base = base;
	w->text_len = 0;
	w->up_known = 0;
	__builtin_memset(&w->spot, 0, sizeof(w->spot));
	classify(w);
	if (w->spot.kind != RF_KIND_PATH)
		return 0;
	beforehand = w->spot.code; /* each walk has its own */
	for (int i = 0; i < RF_CLIMB_TRIES && !settled; i++) {
		w->dentry = w->at_dentry;
		w->mnt = w->at_mnt;
		w->text_len = 0;
		rf_path_climb(w);
		rf_path_descend(w);
		settled = rf_path_settled(w);
	}
	if (!base)
		w->path_len = w->text_len;
	else
		w->new_len = w->text_len;
	if (beforehand)
		w->spot.code = beforehand;
	if (!w->spot.code && w->walk_code)
		w->spot.code = w->walk_code;
	if (!w->spot.code && !settled)
		w->spot.code = RF_CODE_RACED;
	/* There is no state to answer from: who asked all the same is refused. */
	if (w->unjudged)
		w->spot.code = RF_CODE_LOOKUP;
	learn(w);
	return 0;
}
