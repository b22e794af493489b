/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals that the kernel sends for a descriptor: whoever is its owner gets SIGIO, or with F_SETSIG
 * any signal, SIGKILL too, when it becomes ready. No hook of kill(2) sees that, and when it is sent
 * nobody knows any more who asked for it. So it is asked for where an owner is named.
 */
#include "lsm/bpf/scope.bpf.h"

/* What the task is called in its own pid namespace. */
static __always_inline int number_of(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u64 at = (__u64)pid + bpf_core_field_offset(struct pid, numbers) +
		   (__u64)BPF_CORE_READ(pid, level) * bpf_core_type_size(struct upid) +
		   bpf_core_field_offset(struct upid, nr);
	int nr = 0;

	bpf_probe_read_kernel(&nr, sizeof(nr), (void *)at);
	return nr;
}

/*
 * Oneself, or nobody. Others of the same sandbox cannot be told from the outside by a number here:
 * refused, too.
 */
static __always_inline bool is_own(int owner)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return owner == 0 || (owner > 0 && (owner == number_of(task) ||
					    owner == number_of(BPF_CORE_READ(task, group_leader))));
}

int rf_owner_ask(struct rf_work *w, int owner, int known)
{
	if (!w)
		return -1;
	return known && is_own(owner) ? 0 : rf_kernel_ask(w, RF_K_SIGNALS, 0);
}
