/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * POSIX message queues: whoever made one may use it, others are outside (kernel.ipc).
 *
 * mq_open reaches a queue through a mount of the IPC namespace that no path leads to, so no name
 * decides. The maker is kept in the queue's own inode. At inode_create that does not exist yet: the
 * dentry stands in until the maker's open, which the same system call goes on to. A creation that
 * fails in between leaves the dentry's address behind; every later creation at that address, by
 * whomever, sets or clears it, and nothing else makes a queue.
 */
#include "lsm/bpf/mqueue.bpf.h"

SEC("lsm/inode_create")
int BPF_PROG(rf_mq_create, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	struct rf_task self = {};
	__u64 key = (__u64)dentry;
	int r;

	if (ret || dir->i_sb->s_magic != RF_MAGIC_MQUEUE)
		return ret;
	r = rf_self(&self);
	if (r == 0)
		bpf_map_delete_elem(&rf_mq_begun, &key);
	else if (r < 0 || bpf_map_update_elem(&rf_mq_begun, &key, &self.sandbox, BPF_ANY))
		return -RF_E_NOMEM;
	return 0;
}

SEC("lsm/inode_unlink")
int BPF_PROG(rf_mq_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	struct rf_work *w;
	int r;

	if (ret || dir->i_sb->s_magic != RF_MAGIC_MQUEUE)
		return ret;
	r = rf_begin(&w, RF_SEC_KERNEL, RF_H_INODE_UNLINK, RF_OP_IPC);
	if (!w)
		return r;
	rf_kernel_ask(w, RF_K_IPC, rf_mq_is_own(dentry->d_inode, w->sandbox));
	return rf_end(w);
}
