/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Identity: children inherit their parent's fence, and every holder is counted.
 */
#include "lsm/bpf/scope.bpf.h"

#define RF_STORAGE_MAX 64 /* storages of one task; other tools have a handful */

struct storage_search {
	__u64 elem;  /* cursor: struct bpf_local_storage_elem, by its list node */
	__u64 found; /* address of the value */
	__u32 id;    /* of rf_task */
	__u32 ended;
};

static long search_step(__u64 i, struct storage_search *s)
{
	struct bpf_local_storage_elem *elem = (void *)s->elem;
	__u32 id = 0;

	if (!s->elem) {
		s->ended = 1;
		return 1;
	}
	elem = (void *)(s->elem - bpf_core_field_offset(struct bpf_local_storage_elem, snode));
	if (BPF_CORE_READ_INTO(&id, elem, sdata.smap, map.id))
		return 1;
	if (id == s->id) {
		s->found = (__u64)elem +
			   bpf_core_field_offset(struct bpf_local_storage_elem, sdata.data);
		s->ended = 1;
		return 1;
	}
	s->elem = (__u64)BPF_CORE_READ(elem, snode.next);
	return 0;
}

/* Address of the task's value; 0: none; 1: the list could not be followed to its end. */
__u64 rf_storage_addr(__u64 task)
{
	struct task_struct *t = (void *)task;
	struct storage_search s = {};
	struct bpf_local_storage *storage = BPF_CORE_READ(t, bpf_storage);

	if (!storage)
		return 0;
	s.id = ((struct bpf_map *)&rf_task)->id;
	s.elem = (__u64)BPF_CORE_READ(storage, list.first);
	bpf_loop(RF_STORAGE_MAX, search_step, &s, 0);
	return s.ended ? s.found : 1;
}

int rf_storage_walk(struct rf_task *ret, __u64 task)
{
	__u64 addr = rf_storage_addr(task);

	if (!ret || addr == 1)
		return -1;
	if (!addr)
		return 0;
	return bpf_probe_read_kernel(ret, sizeof(*ret), (void *)addr) ? -1 : 1;
}

/* NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWPID, NEWNET, NEWTIME; a user namespace has its own hook. */
#define RF_CLONE_NAMESPACES  0x6e020080UL
#define RF_CLONE_INTO_CGROUP 0x200000000UL

/* A child that is born in another cgroup left the sandbox's without a write to cgroup.procs. */
static __always_inline int check_clone(unsigned long flags)
{
	struct rf_work *w;
	int r = rf_begin(&w, RF_SEC_KERNEL, RF_H_TASK_ALLOC, RF_OP_CLONE);

	if (!w)
		return r;
	if (flags & RF_CLONE_NAMESPACES)
		rf_kernel_ask(w, RF_K_NAMESPACES, 0);
	if (!w->missing && (flags & RF_CLONE_INTO_CGROUP)) {
		w->rec.obj = RF_OBJ_KERNEL;
		w->rec.key = RF_K_NAMESPACES;
		rf_refuse(w, 1, RF_RULE_SELF, 0);
	}
	return rf_end(w);
}

/*
 * The child of a fenced task is fenced before it can run. A child whose storage cannot be had is
 * not born.
 */
SEC("lsm/task_alloc")
int BPF_PROG(rf_task_alloc, struct task_struct *task, unsigned long clone_flags, int ret)
{
	struct rf_task self = {}, *child;
	struct rf_sandbox *sb;
	int r;

	if (ret)
		return ret;
	r = rf_self(&self);
	if (r == 0)
		return 0;
	if (r < 0)
		return -RF_E_NOMEM;
	sb = rf_sandbox_of(self.slot);
	if (!sb || sb->id != self.sandbox)
		return -RF_E_ACCES;
	if (clone_flags & (RF_CLONE_NAMESPACES | RF_CLONE_INTO_CGROUP)) {
		r = check_clone(clone_flags);
		if (r)
			return r;
	}
	child = bpf_task_storage_get(&rf_task, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!child) {
		rf_tell_unjudged(&self, RF_SEC_PROCESS, RF_H_TASK_ALLOC, RF_OP_CLONE,
				 RF_CODE_STORAGE, RF_E_NOMEM);
		return -RF_E_NOMEM;
	}
	/* Another build's program, which this one is to replace, was here already. */
	if (child->flags & RF_TASK_COUNTED)
		return 0;
	*child = self;
	child->flags = RF_TASK_COUNTED;
	__sync_fetch_and_add(&sb->tasks, 1);
	return 0;
}

const volatile __u32 rf_era = 0;   /* see struct rf_meta */
const volatile __u32 rf_casts = 0; /* see read.bpf.h */

static __always_inline bool is_counting(void)
{
	__u32 zero = 0;
	struct rf_meta *meta = bpf_map_lookup_elem(&rf_meta, &zero);

	return !meta || meta->era == rf_era;
}

/*
 * A slot is given out again only when nobody holds it. Most tasks left when they ended
 * (exec.bpf.c); here go those that never ran, and those that could not be counted then.
 */
SEC("lsm/task_free")
int BPF_PROG(rf_task_free, struct task_struct *task)
{
	struct rf_task gone = {};
	struct rf_sandbox *sb;

	if (!task->bpf_storage || rf_storage_walk(&gone, rf_address_of(task)) != 1 ||
	    !(gone.flags & RF_TASK_COUNTED) || !is_counting())
		return 0;
	sb = rf_sandbox_of(gone.slot);
	if (sb && sb->id == gone.sandbox)
		__sync_fetch_and_sub(&sb->tasks, 1);
	return 0;
}
