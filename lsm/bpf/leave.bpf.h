/* SPDX-License-Identifier: GPL-2.0-only */
/* A task is counted in its sandbox no longer. */
#ifndef RF_BPF_LEAVE_H
#define RF_BPF_LEAVE_H

#include "lsm/bpf/scope.bpf.h"

/*
 * A task that ends runs nothing any more, so it holds its sandbox no longer: who does not reap it,
 * and a kernel that frees it late, must not keep the slot. Its storage still names the sandbox;
 * whoever has the slot by then has another id, and to that it is not let in. What is missed here
 * (6.1's busy storage) task_free counts.
 */
static __always_inline void rf_leave(struct task_struct *task)
{
	struct rf_task *mine = bpf_task_storage_get(&rf_task, task, NULL, 0);
	struct rf_sandbox *sb;

	if (!mine || !(mine->flags & RF_TASK_COUNTED))
		return;
	mine->flags &= ~RF_TASK_COUNTED;
	sb = rf_sandbox_of(mine->slot);
	if (sb && sb->id == mine->sandbox)
		__sync_fetch_and_sub(&sb->tasks, 1);
}

#endif
