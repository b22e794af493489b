/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who made a POSIX message queue; see mqueue.bpf.c. Inline, because inode storage takes only the
 * pointers that the hook itself was given.
 */
#ifndef RF_BPF_MQUEUE_H
#define RF_BPF_MQUEUE_H

#include "lsm/bpf/path.bpf.h"

/* The maker's own open, right after the creation: from now on the inode tells. */
static __always_inline void rf_mq_note_maker(struct inode *inode, __u64 dentry, __u64 sandbox)
{
	__u64 *maker, *begun = bpf_map_lookup_elem(&rf_mq_begun, &dentry);

	if (!begun || *begun != sandbox)
		return;
	maker = bpf_inode_storage_get(&rf_mq_maker, inode, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (maker && !*maker)
		*maker = sandbox;
	bpf_map_delete_elem(&rf_mq_begun, &dentry);
}

static __always_inline int rf_mq_is_own(struct inode *inode, __u64 sandbox)
{
	__u64 *maker = bpf_inode_storage_get(&rf_mq_maker, inode, NULL, 0);

	return maker && *maker == sandbox;
}

/* Asks for kernel.ipc if the file that is opened is a queue. */
static __always_inline void rf_mq_open_ask(struct rf_work *w, struct file *file)
{
	if (file->f_inode->i_sb->s_magic != RF_MAGIC_MQUEUE ||
	    (BPF_CORE_READ(file, f_inode, i_mode) & RF_S_IFMT) != RF_S_IFREG)
		return;
	rf_mq_note_maker(file->f_inode, (__u64)file->f_path.dentry, w->sandbox);
	rf_kernel_ask(w, RF_K_IPC, rf_mq_is_own(file->f_inode, w->sandbox));
}

#endif
