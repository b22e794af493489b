/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Containers: whoever execs in an armed cgroup, or in any cgroup below it, is in that fence from
 * this exec on, however it came there: as the runtime's init, by clone3, by a late write to
 * cgroup.procs. Before it, it runs the runtime's own code, which still mounts and drops rights.
 */
#include "lsm/bpf/path.bpf.h"

#include "lsm/abi_armed.h"

struct rf_armed_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RF_MAX_SANDBOXES);
	__type(key, __u64);
	__type(value, struct rf_armed);
};

struct rf_armed_map rf_armed SEC(".maps");

/* The outermost armed cgroup around the caller: what is nested in a fence does not replace it. */
static __always_inline struct rf_armed *find_armed(void)
{
	for (int level = 1; level <= RF_ARMED_LEVEL_MAX; level++) {
		__u64 id = bpf_get_current_ancestor_cgroup_id(level);
		struct rf_armed *armed;

		if (!id)
			return NULL;
		armed = bpf_map_lookup_elem(&rf_armed, &id);
		if (armed)
			return armed;
	}
	return NULL;
}

static __always_inline bool is_init(const struct task_struct *task, const struct rf_armed *armed)
{
	__u64 start = BPF_CORE_READ(task, group_leader, start_boottime);

	return (__u32)BPF_CORE_READ(task, tgid) == armed->init_pid &&
	       start / RF_ARMED_NS_PER_TICK == armed->init_start;
}

/* init, and what it starts itself before its own exec, are the payload; the others came later. */
static __always_inline __u32 session_of(const struct task_struct *task,
					const struct rf_armed *armed)
{
	if (is_init(task, armed) || is_init(BPF_CORE_READ(task, real_parent), armed))
		return RF_SESS_INIT;
	return RF_SESS_EXEC;
}

/* A fence is never replaced: the task keeps its own, and the container's may not bear that. */
static __always_inline int meet_fenced(const struct rf_task *self, const struct rf_armed *armed)
{
	struct rf_work *w;
	int r;

	if (self->sandbox == armed->sandbox || !(armed->flags & RF_ARMED_MUST))
		return 0;
	r = rf_begin(&w, RF_SEC_PROCESS, RF_H_BPRM_CREDS_FOR_EXEC, RF_OP_EXEC);
	if (!w)
		return r;
	rf_refuse(w, RF_A_EXEC, RF_RULE_SELF, 0);
	return rf_end(w);
}

/* The file was opened before its task had a fence, so the right to execute it is asked for here. */
static __always_inline int check_file(const struct linux_binprm *bprm)
{
	struct file *file = bprm->file;
	struct rf_work *w;
	int r = rf_begin(&w, RF_SEC_FILES, RF_H_BPRM_CREDS_FOR_EXEC, RF_OP_EXEC);

	if (!w)
		return r;
	rf_path_check(w, file->f_path.dentry, file->f_path.mnt, RF_A_EXEC);
	if (w->spot.kind != RF_KIND_INNER &&
	    (w->spot.kind == RF_KIND_NONE || !BPF_CORE_READ(file, f_inode, i_nlink)))
		rf_kernel_ask(w, RF_K_FILELESS, 0);
	return rf_end(w);
}

SEC("lsm/bprm_creds_for_exec")
int BPF_PROG(rf_exec_adopt, struct linux_binprm *bprm, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rf_task self = {}, *mine;
	struct rf_armed *armed;
	struct rf_sandbox *sb;
	int r;

	if (ret)
		return ret;
	armed = find_armed();
	if (!armed)
		return 0;
	r = rf_self(&self);
	if (r)
		return r < 0 ? -RF_E_ACCES : meet_fenced(&self, armed);
	sb = rf_sandbox_of(armed->slot);
	if (!sb || sb->id != armed->sandbox || sb->state != RF_SB_LIVE)
		return -RF_E_ACCES;
	mine = bpf_task_storage_get(&rf_task, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!mine) {
		__sync_fetch_and_add(&sb->errors, 1);
		return -RF_E_NOMEM;
	}
	mine->slot = armed->slot;
	mine->session = session_of(task, armed);
	mine->flags = RF_TASK_COUNTED;
	mine->sandbox = armed->sandbox;
	__sync_fetch_and_add(&sb->tasks, 1);
	__sync_fetch_and_add(&armed->adopted, 1);
	return check_file(bprm);
}
