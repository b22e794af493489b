/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executing: the task is counted, and the stream learns what runs. The right to execute is judged
 * where the kernel opens script, interpreter and loader (file_open), and where it maps them.
 */
#include "lsm/bpf/leave.bpf.h"
#include "lsm/bpf/path.bpf.h"

/*
 * The first task of a sandbox is counted here: its storage was written from user space, which may
 * have died since. A fence without its own storage at hand is not left uncounted: no exec.
 */
SEC("lsm/bprm_creds_for_exec")
int BPF_PROG(rf_exec_count, struct linux_binprm *bprm, int ret)
{
	struct rf_task self = {}, *mine;
	struct rf_sandbox *sb;
	int r;

	if (ret)
		return ret;
	r = rf_self(&self);
	if (r == 0)
		return 0;
	sb = r < 0 ? NULL : rf_sandbox_of(self.slot);
	if (!sb || sb->id != self.sandbox)
		return -RF_E_ACCES;
	if ((self.flags & (RF_TASK_COUNTED | RF_TASK_STARTING)) == RF_TASK_COUNTED)
		return 0;
	mine = bpf_task_storage_get(&rf_task, bpf_get_current_task_btf(), NULL, 0);
	if (!mine) {
		rf_tell_unjudged(&self, RF_SEC_PROCESS, RF_H_BPRM_CREDS_FOR_EXEC, RF_OP_EXEC,
				 RF_CODE_STORAGE, RF_E_NOMEM);
		return -RF_E_NOMEM;
	}
	mine->flags = RF_TASK_COUNTED | (self.flags & RF_TASK_BECOMING);
	if (!(self.flags & RF_TASK_COUNTED))
		__sync_fetch_and_add(&sb->tasks, 1);
	return 0;
}

int rf_emit(struct rf_work *w);

static __always_inline void note_exec(__u64 seq)
{
	struct rf_task *mine = bpf_task_storage_get(&rf_task, bpf_get_current_task_btf(), NULL, 0);

	if (!mine)
		return; /* others of the sandbox go on to be kept from it */
	mine->exec_id = seq;
	mine->flags &= ~(__u64)RF_TASK_BECOMING;
}

/* The record of an executable that now runs; its number goes with what the process does. */
SEC("lsm/bprm_committed_creds")
int BPF_PROG(rf_exec_tell, const struct linux_binprm *bprm)
{
	struct rf_work *w;
	__u64 lost;

	lost = rf_begin_telling(&w, RF_SEC_PROCESS, RF_H_BPRM_COMMITTED, RF_OP_EXEC, 1);
	if (!w) {
		if (lost)
			note_exec(lost);
		return 0;
	}
	rf_path_at(w, bprm->file->f_path.dentry, bprm->file->f_path.mnt);
	rf_path_describe(w);
	rf_path_tell(w);
	w->unjudged = 1;
	rf_path_judge(w);
	w->rec.type = RF_REC_EXEC;
	w->rec.verdict = RF_V_ALLOWED;
	w->rec.access = RF_A_EXEC;
	w->rec.missing = 0;
	w->rec.rule = RF_RULE_NONE;
	w->rec.code = 0;
	w->rec.errno_value = 0;
	w->rec.o.file.path_len = w->path_len;
	if (w->text_cut)
		w->rec.o.file.flags |= RF_OF_CUT;
	rf_emit(w);
	note_exec(w->rec.seq);
	rf_work_put(w);
	return 0;
}

static __always_inline void tell_exit(const struct task_struct *task)
{
	struct rf_work *w;

	rf_begin_telling(&w, RF_SEC_PROCESS, RF_H_SCHED_PROCESS_EXIT, RF_OP_EXIT, 1);
	if (!w)
		return;
	w->rec.type = RF_REC_EXIT;
	w->rec.verdict = RF_V_ALLOWED;
	w->rec.access = 0;
	w->rec.missing = 0;
	w->rec.rule = RF_RULE_NONE;
	w->rec.code = 0;
	w->rec.errno_value = 0;
	w->rec.key = task->exit_code;
	if (task->signal->flags & RF_SIGNAL_GROUP_EXIT)
		w->rec.key = task->signal->group_exit_code;
	rf_emit(w);
	rf_work_put(w);
}

/*
 * A thread goes; with the last one of a process, the record that it did. That is telemetry: a
 * tracepoint may be missed, and nothing depends on it.
 */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(rf_exit_tell, struct task_struct *task)
{
	if (!task->bpf_storage)
		return 0;
	if (task->signal->live.counter <= 0)
		tell_exit(task);
	rf_leave(task);
	return 0;
}
