/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Identical denials are counted instead of sent one by one; see lsm/abi_fold.h. In doubt (no table,
 * no free entry, no period) a denial is sent as it is.
 */
#include "lsm/bpf/scope.bpf.h"
#include "lsm/bpf/wake.bpf.h"

#include "lsm/match_fold.h"

struct text_sum {
	struct rf_fold_sum sum;
	struct rf_work *w;
	__u32 len;
};

static long add_word(__u64 i, struct text_sum *t)
{
	__u32 at = (__u32)i * 8, left = t->len - at;
	__u64 word;

	if (at >= t->len)
		return 1;
	RF_PIN(at);
	if (at > sizeof(t->w->text) - 8)
		return 1;
	word = *(__u64 *)(t->w->text + at);
	if (left < 8)
		word &= (1ULL << (left * 8)) - 1;
	rf_fold_add(&t->sum, word);
	return 0;
}

/* The owner of the stream has something to tell later: it is woken once, to set its clock. */
static __always_inline void note_pending(__u32 slot, struct rf_sandbox *sb)
{
	void *ring;

	if (sb->fold_dirty || __sync_lock_test_and_set(&sb->fold_dirty, 1))
		return;
	ring = bpf_map_lookup_elem(&rf_ring, &slot);
	if (ring)
		rf_wake(ring, sb);
}

static __always_inline struct rf_folds *folds_of(__u32 slot)
{
	void *inner = bpf_map_lookup_elem(&rf_fold, &slot);
	__u32 zero = 0;

	return inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
}

/* The denials that a record is to tell of; 0: none is to be sent. */
static __always_inline __u32 repeat(__u32 slot, struct rf_folds *folds, __u32 fold, __u64 now,
				    __u64 period)
{
	struct rf_sandbox *sb = rf_sandbox_of(slot);
	__u32 count = rf_fold_repeat(&folds->at[(fold - 1) & (RF_FOLDS - 1)], now, period);

	if (!count && sb) {
		__sync_fetch_and_add(&sb->folded, 1);
		note_pending(slot, sb);
	}
	return count;
}

int rf_fold_count(struct rf_work *w)
{
	const struct rf_image_head *head;
	struct rf_folds *folds;
	struct text_sum t = {};
	struct rf_img img;

	if (!w)
		return 0;
	head = rf_head_of(w->image, &img);
	folds = folds_of(w->slot);
	if (!head || !folds || !head->dedupe_ns)
		return 0;
	t.sum.a = folds->seed[0];
	t.sum.b = folds->seed[1];
	t.w = w;
	t.len = w->rec.size - sizeof(w->rec);
	rf_fold_add_record(&t.sum, &w->rec);
	if (t.len)
		bpf_loop(sizeof(w->text) / 8, add_word, &t, 0);
	w->rec.fold = rf_fold_find(folds, &t.sum);
	if (w->rec.fold) {
		w->rec.count = repeat(w->slot, folds, w->rec.fold, w->rec.time, head->dedupe_ns);
		return !w->rec.count;
	}
	w->rec.fold = rf_fold_begin(folds, &t.sum, w->rec.time, head->dedupe_ns);
	return 0;
}

/* The sum of its record, which user space makes of that again. The record itself is in registers.
 */
static __always_inline void add_bare(struct rf_fold_sum *sum, union rf_bare bare, __u64 exec_id,
				     __u32 policy_gen)
{
	__u64 owner = bpf_get_current_uid_gid();
	struct rf_record rec;

	rf_bare_fill(&rec, bare);
	rec.exec_id = exec_id;
	rec.policy_gen = policy_gen;
	rec.pid = bpf_get_current_pid_tgid() >> 32;
	rec.uid = (__u32)owner;
	rec.gid = owner >> 32;
	rec.start = bpf_get_current_task_btf()->group_leader->start_boottime;
	rf_fold_add_record(sum, &rec);
}

__u64 rf_fold_bare(__u64 bare, __u64 exec_id, __u32 slot, __u32 policy_gen)
{
	__u64 now = bpf_ktime_get_boot_ns();
	const struct rf_image_head *head;
	struct rf_fold_sum sum;
	struct rf_folds *folds;
	struct rf_img img;
	__u32 fold;

	head = rf_head_of(rf_image_at(slot, policy_gen), &img);
	folds = folds_of(slot);
	if (!head || !folds || !head->dedupe_ns)
		return RF_FOLD_OF(0, 1);
	sum.a = folds->seed[0];
	sum.b = folds->seed[1];
	add_bare(&sum, (union rf_bare){.word = bare}, exec_id, policy_gen);
	fold = rf_fold_find(folds, &sum);
	if (fold)
		return RF_FOLD_OF(fold, repeat(slot, folds, fold, now, head->dedupe_ns));
	return RF_FOLD_OF(rf_fold_begin(folds, &sum, now, head->dedupe_ns), 1);
}

int rf_fold_return(__u32 slot, __u32 fold, __u32 count)
{
	struct rf_folds *folds = folds_of(slot);
	struct rf_sandbox *sb = rf_sandbox_of(slot);

	if (!fold || count < 2 || !folds || !sb)
		return 0;
	__sync_fetch_and_add(&folds->at[(fold - 1) & (RF_FOLDS - 1)].pending, count - 1);
	sb->fold_dirty = 1;
	return 0;
}
