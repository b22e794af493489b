/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Other processes: are they of the caller's sandbox, or ringfence's own?
 */
#ifndef RF_BPF_OTHERS_H
#define RF_BPF_OTHERS_H

#include "lsm/bpf/scope.bpf.h"

/* Of ours.bpf.c, by the address of a task. */
int rf_is_ours(__u64 address);
int rf_runs_ours(__u64 address);

/* Where another task stands, seen from the caller. */
enum rf_side {
	RF_SIDE_OUTSIDE,
	RF_SIDE_INSIDE,
	RF_SIDE_OURS,
};

/*
 * A launcher's child that has its identity but not executed the command yet: it still has the
 * launcher's files, memory and rights, so to all others of the sandbox it is ringfence's own.
 */
static __always_inline bool rf_is_starting(const struct rf_task *other, struct task_struct *target)
{
	return (other->flags & RF_TASK_BECOMING) &&
	       (__u32)BPF_CORE_READ(target, tgid) != (__u32)(bpf_get_current_pid_tgid() >> 32);
}

/*
 * `target` is the hook's own argument. Unknown counts as outside. The storage is
 * read by hand: the helper may answer NULL for a fenced task on 6.1.
 */
static __always_inline enum rf_side rf_side_of(struct rf_work *w, struct task_struct *target)
{
	struct rf_sandbox *sb = rf_sandbox_of(w->slot);
	struct rf_task other = {};

	if (sb && (__u32)sb->self_tgid && (__u32)sb->self_tgid == (__u32)target->tgid)
		return RF_SIDE_OURS;
	if (rf_storage_walk(&other, rf_address_of(target)) != 1)
		return RF_SIDE_OUTSIDE;
	if (rf_is_starting(&other, target))
		return RF_SIDE_OURS;
	return other.sandbox == w->sandbox ? RF_SIDE_INSIDE : RF_SIDE_OUTSIDE;
}

static __always_inline void rf_describe_task(struct rf_work *w, struct task_struct *target)
{
	w->rec.obj = RF_OBJ_PROCESS;
	w->rec.o.process.pid = target->tgid;
	bpf_probe_read_kernel_str(w->rec.o.process.comm, sizeof(w->rec.o.process.comm),
				  &target->comm);
}

/* The process that is called so; NULL: it has ended. */
static __always_inline struct task_struct *rf_task_called(struct pid *pid)
{
	__u64 link = (__u64)BPF_CORE_READ(pid, tasks[0].first);

	return link ? (void *)(link - bpf_core_field_offset(struct task_struct, pid_links)) : NULL;
}

/* As rf_describe_task, of one that only its address is known of: the record is about it. */
static __always_inline void rf_describe_other(struct rf_work *w, struct task_struct *task)
{
	w->rec.layer = RF_SEC_PROCESS;
	w->rec.obj = RF_OBJ_PROCESS;
	w->rec.o.process.pid = BPF_CORE_READ(task, tgid);
	bpf_probe_read_kernel_str(w->rec.o.process.comm, sizeof(w->rec.o.process.comm),
				  &task->comm);
}

/* What no policy allows: any of ringfence's processes, whichever sandbox they serve. */
static __always_inline void rf_spare_ours(struct rf_work *w)
{
	w->rec.layer = RF_SEC_PROCESS;
	w->would = 0;
	w->audit = 0;
	rf_refuse(w, 1, RF_RULE_SELF, 0);
}

/* The question of every hook about another process. */
static __always_inline int rf_other_check(__u32 key, __u32 hook, __u32 op,
					  struct task_struct *target)
{
	enum rf_side side;
	struct rf_work *w;
	int r = rf_begin(&w, RF_SEC_KERNEL, hook, op);

	if (!w)
		return r;
	side = rf_side_of(w, target);
	if (side != RF_SIDE_OURS)
		rf_kernel_ask(w, key, side == RF_SIDE_INSIDE);
	if (w->missing || w->would)
		w->rec.layer = RF_SEC_PROCESS;
	if (side == RF_SIDE_OURS ||
	    (side == RF_SIDE_OUTSIDE && !w->missing && rf_is_ours(rf_address_of(target))))
		rf_spare_ours(w);
	rf_describe_task(w, target);
	return rf_end(w);
}

#endif
