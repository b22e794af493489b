/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the cgroup programs tell: the record, or one more of a denial that was told already.
 *
 * Nothing here can change the verdict.
 */
#ifndef RF_BPF_CGROUP_RECORD_H
#define RF_BPF_CGROUP_RECORD_H

#include "lsm/bpf/cgroup.bpf.h"
#include "lsm/bpf/wake.bpf.h"

#include "lsm/match_fold.h"

/* The record, and what is answered where no rule names an errno. Whoever asks fills in the object,
 * and what rf_cg_about takes. */
struct rf_cg_note {
	__u32 errno_default;
	__u32 pad;
	struct rf_record rec;
};

static __always_inline void rf_cg_about(struct rf_cg_note *note, __u8 layer, __u8 hook,
					__u8 operation, __u8 obj, __u32 access)
{
	note->rec.layer = layer;
	note->rec.hook = hook;
	note->rec.operation = operation;
	note->rec.obj = obj;
	note->rec.access = access;
	note->errno_default = layer == RF_SEC_NETWORK ? RF_E_ACCES : RF_E_PERM;
}

static __always_inline void rf_cg_fill_process(struct rf_record *rec)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 ids = bpf_get_current_pid_tgid(), owner = bpf_get_current_uid_gid();

	rec->time = bpf_ktime_get_boot_ns();
	rec->pid = ids >> 32;
	rec->tid = (__u32)ids;
	rec->uid = (__u32)owner;
	rec->gid = owner >> 32;
	rec->ppid = BPF_CORE_READ(task, real_parent, tgid);
	rec->start = BPF_CORE_READ(task, group_leader, start_boottime);
	bpf_get_current_comm(rec->comm, sizeof(rec->comm));
}

static __noinline int rf_cg_fill(struct rf_cg_note *note, const struct rf_cg_scope *s,
				 const struct rf_answer *a)
{
	struct rf_record *rec = &note->rec;

	rec->size = sizeof(*rec);
	rec->version = RF_ABI_VERSION;
	rec->type = RF_REC_ACCESS;
	rec->sandbox = s->bind->sandbox;
	rec->policy_gen = s->gen;
	rec->missing = a->missing ? a->missing : a->would;
	rec->verdict = a->verdict;
	rec->rule = a->rule;
	rec->count = 1;
	if (a->missing)
		rec->errno_value = a->errno_value ? a->errno_value : note->errno_default;
	rf_cg_fill_process(rec);
	return 0;
}

/* The sandbox's table of repeats; NULL: there is none. */
static __always_inline struct rf_folds *rf_cg_folds(const struct rf_cg_scope *s)
{
	__u32 slot = s->slot, zero = 0;
	void *inner = bpf_map_lookup_elem(&rf_fold, &slot);

	return inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
}

/* Functions, so that what one needs of the stack is free for the next. */
static __noinline __u32 fold_find(const struct rf_folds *folds, const struct rf_fold_sum *sum)
{
	return rf_fold_find(folds, sum);
}

static __noinline __u32 fold_begin(struct rf_folds *folds, const struct rf_fold_sum *sum, __u64 now,
				   __u64 period)
{
	return rf_fold_begin(folds, sum, now, period);
}

/* Is the record only one more of a kind that was told? As rf_fold_count on the LSM side. */
static __always_inline bool rf_cg_is_repeat(const struct rf_cg_scope *s, struct rf_record *rec,
					    struct rf_folds *folds)
{
	__u64 period = s->head->dedupe_ns;
	struct rf_sandbox *sb = s->sb;
	struct rf_fold_sum sum;

	if (!folds || !period || rec->verdict == RF_V_ALLOWED)
		return false;
	sum.a = folds->seed[0];
	sum.b = folds->seed[1];
	rf_fold_add_record(&sum, rec);
	rec->fold = fold_find(folds, &sum);
	if (!rec->fold) {
		rec->fold = fold_begin(folds, &sum, rec->time, period);
		if (!rec->fold)
			sb->fold_dirty = 1; /* the owner makes room, if some process is gone */
		return false;
	}
	rec->count =
		rf_fold_repeat(&folds->at[(rec->fold - 1) & (RF_FOLDS - 1)], rec->time, period);
	return !rec->count;
}

/*
 * The number is taken before there is room, so that one without a record is a counted loss. Whether
 * the reader waits is looked at when the record is as good as there: all but its commit.
 */
static __always_inline void rf_cg_send(struct rf_sandbox *sb, struct rf_record *rec, void *ring,
				       struct rf_folds *folds)
{
	__u64 flags = BPF_RB_NO_WAKEUP;
	struct rf_record *out = NULL;

	rec->seq = __sync_fetch_and_add(&sb->seq, 1) + 1;
	if (ring)
		out = bpf_ringbuf_reserve(ring, sizeof(*out), 0);
	if (out) {
		__builtin_memcpy(out, rec, sizeof(*out));
		if (sb->reader_waiting && __sync_lock_test_and_set(&sb->reader_waiting, 0))
			flags = BPF_RB_FORCE_WAKEUP;
		bpf_ringbuf_submit(out, flags);
		__sync_fetch_and_add(&sb->submitted, 1);
		rf_wake(ring, sb);
		return;
	}
	if (folds && rec->fold && rec->count > 1) {
		__sync_fetch_and_add(&folds->at[(rec->fold - 1) & (RF_FOLDS - 1)].pending,
				     rec->count - 1);
		sb->fold_dirty = 1;
	}
	__sync_fetch_and_add(&sb->lost, 1);
}

/* Records what deserves it. */
static __noinline int rf_cg_record(const struct rf_cg_scope *s, const struct rf_answer *a,
				   struct rf_cg_note *note)
{
	struct rf_sandbox *sb = s->sb;
	struct rf_folds *folds;
	__u32 slot = s->slot;
	void *ring;

	if (!a->missing && !a->would && !a->audit)
		return 0;
	if (a->missing)
		__sync_fetch_and_add(&sb->denied, 1);
	rf_cg_fill(note, s, a);
	ring = bpf_map_lookup_elem(&rf_ring, &slot);
	folds = rf_cg_folds(s);
	if (!rf_cg_is_repeat(s, &note->rec, folds)) {
		rf_cg_send(sb, &note->rec, ring, folds);
		return 0;
	}
	__sync_fetch_and_add(&sb->folded, 1);
	/* The stream's owner has something to tell later: it is woken once, to set its clock. */
	if (!sb->fold_dirty && !__sync_lock_test_and_set(&sb->fold_dirty, 1) && ring)
		rf_wake(ring, sb);
	return 0;
}

/* The answer where the image itself is damaged. */
static __always_inline void rf_cg_unjudged(struct rf_answer *a, struct rf_cg_note *note)
{
	__builtin_memset(a, 0, sizeof(*a));
	a->missing = note->rec.access;
	a->rule = RF_RULE_UNJUDGED;
	a->verdict = RF_V_DENIED;
	note->rec.code = RF_CODE_IMAGE;
}

/* What a cgroup program returns: 1 goes on; 0 refuses, with the rule's errno or the hook's. */
static __always_inline int rf_cg_verdict(const struct rf_answer *a, const struct rf_cg_note *note)
{
	if (!a->missing)
		return 1;
	bpf_set_retval(-(int)(a->errno_value && a->errno_value <= RF_ERRNO_MAX
				      ? a->errno_value
				      : note->errno_default));
	return 0;
}

#endif
