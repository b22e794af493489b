/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mounts: the key `mount`, and what holds even where the policy allows them.
 *
 * A bind, a move, a new root, an overlay or one more mount of a file system gives files names that
 * the rules do not know, and the hooks see the source only as an unresolved string: so they are
 * refused as aliases. Nothing may be mounted over, or unmounted from above, what the fence
 * protects, and no file system that the kernel is controlled by has a second place.
 */
#include "lsm/bpf/mount.bpf.h"

#define RF_MS_REMOUNT 0x20
#define RF_MS_BIND    0x1000
#define RF_MS_MOVE    0x2000

/*
 * Without a files section there are still our own files, which are protected by name. A container
 * has none of them in sight.
 */
int rf_topology_ask(struct rf_work *w)
{
	const struct rf_sandbox *sb;

	if (!w)
		return -1;
	w->rec.obj = RF_OBJ_KERNEL;
	w->rec.key = RF_K_MOUNT;
	if (rf_has_files(w)) {
		rf_refuse(w, 1, RF_RULE_UNJUDGED, RF_CODE_ALIAS);
	} else {
		sb = rf_sandbox_of(w->slot);
		if (sb && (sb->flags & RF_SBF_CONTAINER))
			return 0;
		rf_refuse(w, 1, RF_RULE_SELF, 0);
	}
	w->errno_value = RF_E_PERM;
	return 0;
}

SEC("lsm/sb_mount")
int BPF_PROG(rf_sb_mount, const char *dev, const struct path *path, const char *type,
	     unsigned long flags, void *data, int ret)
{
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	r = rf_begin(&w, RF_SEC_KERNEL, RF_H_SB_MOUNT, RF_OP_MOUNT);
	if (!w)
		return r;
	rf_kernel_ask(w, RF_K_MOUNT, 0);
	if (!w->missing && !(flags & RF_MS_REMOUNT) && (flags & (RF_MS_BIND | RF_MS_MOVE)))
		rf_topology_ask(w);
	guard_place(w, path->dentry, path->mnt);
	return rf_end(w);
}

SEC("lsm/sb_umount")
int BPF_PROG(rf_sb_umount, struct vfsmount *mnt, int flags, int ret)
{
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	r = rf_begin(&w, RF_SEC_KERNEL, RF_H_SB_UMOUNT, RF_OP_UMOUNT);
	if (!w)
		return r;
	rf_kernel_ask(w, RF_K_MOUNT, 0);
	guard_place(w, mnt->mnt_root, mnt);
	return rf_end(w);
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(rf_pivotroot, const struct path *old, const struct path *new, int ret)
{
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	r = rf_begin(&w, RF_SEC_KERNEL, RF_H_SB_PIVOTROOT, RF_OP_PIVOT_ROOT);
	if (!w)
		return r;
	rf_kernel_ask(w, RF_K_MOUNT, 0);
	if (!w->missing)
		rf_topology_ask(w);
	return rf_end(w);
}

/* A file system made with fsmount may be attached; what has a place already may not move. */
SEC("lsm/move_mount")
int BPF_PROG(rf_move_mount, const struct path *from, const struct path *to, int ret)
{
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	r = rf_begin(&w, RF_SEC_KERNEL, RF_H_MOVE_MOUNT, RF_OP_MOUNT);
	if (!w)
		return r;
	rf_kernel_ask(w, RF_K_MOUNT, 0);
	rf_path_at(w, from->dentry, from->mnt);
	rf_path_judge(w);
	if (!w->missing && w->spot.kind == RF_KIND_PATH && w->spot.code != RF_CODE_FOREIGN_NS)
		rf_topology_ask(w);
	w->text_base = 0;
	w->text_len = 0;
	guard_place(w, to->dentry, to->mnt);
	return rf_end(w);
}
