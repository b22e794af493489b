/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of /proc/PID that are opened to be written: oom_score_adj, timerslack_ns, autogroup and
 * others change what the kernel does with a process, and ask no more than whose it is. They are
 * what limits and scheduling are: a question of `signals`.
 */
#include "lsm/bpf/others.bpf.h"

/* The task behind a file of /proc; NULL: none is, or it has ended. */
static __always_inline struct task_struct *task_behind(struct inode *inode)
{
	struct proc_inode *proc;
	struct pid *pid;

	proc = (void *)((__u64)inode - bpf_core_field_offset(struct proc_inode, vfs_inode));
	pid = BPF_CORE_READ(proc, pid);
	return pid ? rf_task_called(pid) : NULL;
}

int rf_proc_ask(struct rf_work *w)
{
	struct inode *inode;
	struct rf_task other = {};
	struct task_struct *task;
	bool starting = false;

	if (!w)
		return -1;
	inode = (void *)w->at_object;
	if (w->missing || BPF_CORE_READ(inode, i_sb, s_magic) != RF_MAGIC_PROC)
		return 0;
	task = task_behind(inode);
	if (!task)
		return 0;
	if (rf_storage_walk(&other, (__u64)task) == 1)
		starting = rf_is_starting(&other, task);
	if (!starting && other.sandbox == w->sandbox)
		return 0;
	rf_kernel_ask(w, RF_K_SIGNALS, 0);
	if (starting || (!w->missing && rf_is_ours((__u64)task)))
		rf_spare_ours(w);
	else if (w->rec.obj != RF_OBJ_KERNEL)
		return 0;
	rf_describe_other(w, task);
	return 0;
}
