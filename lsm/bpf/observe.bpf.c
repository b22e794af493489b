/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Denials that others decide: seccomp's and missing capabilities. They join the stream; nothing
 * here decides anything, and what a trampoline misses is counted by the kernel.
 */
#include "lsm/bpf/layer.bpf.h"
#include "lsm/bpf/scope.bpf.h"

int rf_emit(struct rf_work *w);

#define RF_RET_KILL_PROCESS 0x80000000U
#define RF_RET_KILL_THREAD  0x00000000U
#define RF_RET_LOG	    0x7ffc0000U
#define RF_CAP_OPT_NOAUDIT  2

#if defined(__TARGET_ARCH_x86)
#define RF_ARCH_NATIVE 0xc000003eU
#define RF_ARCH_COMPAT 0x40000003U
#define RF_TS_COMPAT   0x2
#else
#define RF_ARCH_NATIVE 0xc00000b7U
#endif

static __always_inline void fill_call(struct rf_obj_syscall *call, __u32 nr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);

	call->nr = nr;
	call->abi = RF_ARCH_NATIVE;
#if defined(__TARGET_ARCH_x86)
	call->ip = BPF_CORE_READ(regs, ip);
	if (BPF_CORE_READ(task, thread_info.status) & RF_TS_COMPAT) {
		call->abi = RF_ARCH_COMPAT;
		call->args[0] = (__u32)BPF_CORE_READ(regs, bx);
		call->args[1] = (__u32)BPF_CORE_READ(regs, cx);
		call->args[2] = (__u32)BPF_CORE_READ(regs, dx);
		call->args[3] = (__u32)BPF_CORE_READ(regs, si);
		call->args[4] = (__u32)BPF_CORE_READ(regs, di);
		call->args[5] = (__u32)BPF_CORE_READ(regs, bp);
		return;
	}
	call->args[0] = BPF_CORE_READ(regs, di);
	call->args[1] = BPF_CORE_READ(regs, si);
	call->args[2] = BPF_CORE_READ(regs, dx);
	call->args[3] = BPF_CORE_READ(regs, r10);
	call->args[4] = BPF_CORE_READ(regs, r8);
	call->args[5] = BPF_CORE_READ(regs, r9);
#else
	call->ip = BPF_CORE_READ(regs, pc);
	BPF_CORE_READ_INTO(&call->args, regs, regs);
#endif
}

static __always_inline void finish(struct rf_work *w, __u32 verdict)
{
	struct rf_sandbox *sb = rf_sandbox_of(w->slot);

	w->rec.verdict = verdict;
	w->rec.access = 0; /* these layers have no rights; user space keeps marks here */
	w->rec.missing = 0;
	w->rec.code = 0;
	w->rec.errno_value = 0;
	if (sb && verdict != RF_V_WOULD_DENY)
		__sync_fetch_and_add(&sb->denied, 1);
	rf_emit(w);
	rf_work_put(w);
}

/* Called for each verdict that is logged: all but allow, if the filter was loaded with the flag. */
SEC("fentry/audit_seccomp")
int BPF_PROG(rf_seccomp, unsigned long nr, long signr, int code)
{
	__u32 action = (__u32)code & 0xffff0000U;
	__u32 verdict = RF_V_DENIED;
	struct rf_work *w;

	rf_begin_telling(&w, RF_SEC_SECCOMP, RF_H_SECCOMP, RF_OP_SYSCALL, 0);
	if (!w)
		return 0;
	if (action == RF_RET_KILL_PROCESS || action == RF_RET_KILL_THREAD)
		verdict = RF_V_KILLED;
	else if (action == RF_RET_LOG)
		verdict = RF_V_WOULD_DENY;
	w->rec.obj = RF_OBJ_SYSCALL;
	w->rec.rule = RF_RULE_NONE;
	fill_call(&w->rec.o.syscall, nr);
	finish(w, verdict);
	return 0;
}

/* What was looked up without being needed (NOAUDIT), or for another's credentials, is no denial. */
SEC("fexit/cap_capable")
int BPF_PROG(rf_cap_missing, const struct cred *cred, void *ns, int cap, unsigned int opts, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rf_sandbox *sb;
	struct rf_work *w;

	if (!ret || (opts & RF_CAP_OPT_NOAUDIT) || (__u64)cred != (__u64)task->cred ||
	    rf_is_layer(task))
		return 0;
	rf_begin_telling(&w, RF_SEC_CAPABILITIES, RF_H_CAP_CAPABLE, RF_OP_CAPABLE, 0);
	if (!w)
		return 0;
	sb = rf_sandbox_of(w->slot);
	if (sb && (sb->flags & RF_SBF_PLAIN)) {
		rf_work_put(w);
		return 0;
	}
	w->rec.obj = RF_OBJ_CAPABILITY;
	w->rec.key = cap;
	w->rec.rule = RF_RULE_CAPS;
	finish(w, RF_V_DENIED);
	return 0;
}
