/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Another tool, which keeps storage of tasks and allocates it where that may sleep. On Linux 6.1
 * whoever looks up any storage of tasks on the same processor meanwhile is told that there is none.
 *
 * The second program looks as ours do, in the same call, and counts how often that was so.
 */
#include "lsm/bpf/kernel.bpf.h"

char rf_license[] SEC("license") = "GPL";

/* Large, so that its memory takes long to get. */
struct mark {
	__u64 is;
	__u8 rest[32 * 1024];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct mark);
} mark SEC(".maps");

__u32 watched = 0; /* the process whose opens and forks are looked at; it has a mark */
__u64 held = 0, lookups = 0, open_nulls = 0, fork_nulls = 0;

SEC("lsm.s/task_alloc")
int BPF_PROG(busy_hold, struct task_struct *task, unsigned long clone_flags, int ret)
{
	if (ret)
		return ret;
	if (bpf_get_current_pid_tgid() >> 32 != watched &&
	    bpf_task_storage_get(&mark, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE))
		__sync_fetch_and_add(&held, 1);
	return 0;
}

static __always_inline int looks_unmarked(void)
{
	if (bpf_get_current_pid_tgid() >> 32 != watched)
		return 0;
	__sync_fetch_and_add(&lookups, 1);
	return !bpf_task_storage_get(&mark, bpf_get_current_task_btf(), NULL, 0);
}

SEC("lsm/file_open")
int BPF_PROG(busy_open, struct file *file, int ret)
{
	if (looks_unmarked())
		__sync_fetch_and_add(&open_nulls, 1);
	return ret;
}

SEC("lsm/task_alloc")
int BPF_PROG(busy_fork, struct task_struct *task, unsigned long clone_flags, int ret)
{
	if (looks_unmarked())
		__sync_fetch_and_add(&fork_nulls, 1);
	return ret;
}
