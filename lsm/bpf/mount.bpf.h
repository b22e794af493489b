/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Places that no mount may change, for mounts (mount.bpf.c) and file systems (superblock.bpf.c).
 */
#ifndef RF_BPF_MOUNT_H
#define RF_BPF_MOUNT_H

#include "lsm/bpf/path.bpf.h"

/* Refuses to cover or uncover a directory that the fence protects, or one above it. */
static __always_inline void guard_place(struct rf_work *w, const void *dentry, const void *mnt)
{
	struct dentry *d = (void *)dentry;

	rf_path_at(w, dentry, mnt);
	rf_path_judge(w);
	if (w->missing)
		return;
	if (BPF_CORE_READ(d, d_sb, s_magic) != RF_MAGIC_BPFFS &&
	    (w->spot.kind != RF_KIND_PATH || w->spot.code ||
	     !(w->spot.accept & (RF_ACC_SELF | RF_ACC_SELF_BELOW))))
		return;
	w->rec.obj = RF_OBJ_KERNEL;
	w->rec.key = RF_K_MOUNT;
	rf_refuse(w, 1, RF_RULE_SELF, 0);
}

#endif
