/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fork that fails early, on kernels without "bpf,fork: wipe ->bpf_storage before bailouts that
 * access it" (Debian's 6.1.0-50 is one): there the child is a copy of its parent, storage
 * and all, until after a new user namespace was refused or RLIMIT_NPROC was met. Freeing that child
 * frees its parent's storage, and the parent would go on without a fence.
 *
 * Nothing can be saved of it, so the caller is killed before it runs again. Where the kernel is
 * mended, child and parent never have the same storage, and these do nothing.
 */
#include "lsm/bpf/leave.bpf.h"

static __always_inline int check_failed(const struct task_struct *child)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rf_task self = {};
	struct rf_work *w;

	if (!task->bpf_storage || (__u64)child == (__u64)task ||
	    (__u64)BPF_CORE_READ(child, bpf_storage) != (__u64)task->bpf_storage ||
	    rf_self(&self) == 0)
		return 0;
	bpf_send_signal(RF_SIG_KILL);
	rf_begin_telling(&w, RF_SEC_KERNEL, RF_H_TASK_ALLOC, RF_OP_CLONE, 0);
	rf_leave(task);
	if (!w)
		return 0;
	rf_refuse(w, 1, RF_RULE_SELF, 0);
	w->kill = 1;
	rf_end(w);
	return 0;
}

SEC("fexit/copy_creds")
int BPF_PROG(rf_fork_creds, struct task_struct *child, unsigned long flags, int ret)
{
	return ret ? check_failed(child) : 0;
}

/* Of a child that came further; other callers' tasks have a storage of their own, or none. */
SEC("fentry/exit_creds")
int BPF_PROG(rf_fork_failed, struct task_struct *child)
{
	return check_failed(child);
}
