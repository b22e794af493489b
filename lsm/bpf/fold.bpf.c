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
static __always_inline void note_pending(struct rf_work *w, struct rf_sandbox *sb)
{
	__u32 slot = w->slot;
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

static __always_inline int repeat(struct rf_work *w, struct rf_folds *folds, __u64 period)
{
	struct rf_sandbox *sb = rf_sandbox_of(w->slot);
	struct rf_fold *fold = &folds->at[(w->rec.fold - 1) & (RF_FOLDS - 1)];

	w->rec.count = rf_fold_repeat(fold, w->rec.time, period);
	if (w->rec.count)
		return 0;
	if (sb) {
		__sync_fetch_and_add(&sb->folded, 1);
		note_pending(w, sb);
	}
	return 1;
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
	if (w->rec.fold)
		return repeat(w, folds, head->dedupe_ns);
	w->rec.fold = rf_fold_begin(folds, &t.sum, w->rec.time, head->dedupe_ns);
	return 0;
}

int rf_fold_return(struct rf_work *w)
{
	struct rf_sandbox *sb;
	struct rf_folds *folds;

	if (!w || !w->rec.fold || w->rec.count < 2)
		return 0;
	folds = folds_of(w->slot);
	sb = rf_sandbox_of(w->slot);
	if (!folds || !sb)
		return 0;
	__sync_fetch_and_add(&folds->at[(w->rec.fold - 1) & (RF_FOLDS - 1)].pending,
			     w->rec.count - 1);
	sb->fold_dirty = 1;
	return 0;
}
