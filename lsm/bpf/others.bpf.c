/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals, tracing, limits and scheduling of other processes.
 */
#include "lsm/bpf/others.bpf.h"

#define RF_PTRACE_NOAUDIT 4

/* Also process_vm_*, pidfd_getfd, kcmp and most of /proc/PID. The kernel skips the own group. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(rf_ptrace, struct task_struct *child, unsigned int mode, int ret)
{
	return ret ? ret
		   : rf_other_check(RF_K_PTRACE, RF_H_PTRACE_ACCESS_CHECK, RF_OP_PTRACE, child);
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(rf_traceme, struct task_struct *parent, int ret)
{
	return ret ? ret : rf_other_check(RF_K_PTRACE, RF_H_PTRACE_TRACEME, RF_OP_PTRACE, parent);
}

/* `info` may be a small number and `cred` NULL: neither is looked at. */
SEC("lsm/task_kill")
int BPF_PROG(rf_task_kill, struct task_struct *p, void *info, int sig, const struct cred *cred,
	     int ret)
{
	return ret ? ret : rf_other_check(RF_K_SIGNALS, RF_H_TASK_KILL, RF_OP_SIGNAL, p);
}

/*
 * A signal for a descriptor, whose sender nobody knows any more (signal.bpf.c). No process of ours
 * asks for any, so none is delivered to one, whoever it is from.
 */
SEC("lsm/file_send_sigiotask")
int BPF_PROG(rf_sigio, struct task_struct *task, void *fown, int sig, int ret)
{
	if (ret)
		return ret;
	return rf_runs_ours(rf_address_of(task)) ? -RF_E_PERM : 0;
}

SEC("lsm/task_setrlimit")
int BPF_PROG(rf_setrlimit, struct task_struct *p, unsigned int resource, void *limit, int ret)
{
	if (ret || p->tgid == (int)(bpf_get_current_pid_tgid() >> 32))
		return ret;
	return rf_other_check(RF_K_SIGNALS, RF_H_TASK_PRLIMIT, RF_OP_PRLIMIT, p);
}

static __always_inline int check_sched(__u32 hook, struct task_struct *p)
{
	if (p->tgid == (int)(bpf_get_current_pid_tgid() >> 32))
		return 0;
	return rf_other_check(RF_K_SIGNALS, hook, RF_OP_SCHED, p);
}

SEC("lsm/task_setscheduler")
int BPF_PROG(rf_setsched, struct task_struct *p, int ret)
{
	return ret ? ret : check_sched(RF_H_TASK_SETSCHEDULER, p);
}

SEC("lsm/task_setnice")
int BPF_PROG(rf_setnice, struct task_struct *p, int nice, int ret)
{
	return ret ? ret : check_sched(RF_H_TASK_SETNICE, p);
}

SEC("lsm/task_setioprio")
int BPF_PROG(rf_setioprio, struct task_struct *p, int ioprio, int ret)
{
	return ret ? ret : check_sched(RF_H_TASK_SETIOPRIO, p);
}

SEC("lsm/task_movememory")
int BPF_PROG(rf_movememory, struct task_struct *p, int ret)
{
	return ret ? ret : check_sched(RF_H_TASK_MOVEMEMORY, p);
}
