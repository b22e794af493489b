/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pool of work spaces; see work.bpf.h.
 */
#ifndef RF_BPF_POOL_H
#define RF_BPF_POOL_H

#include "lsm/bpf/maps.bpf.h"

/* Takes this element of the pool for `mark`; NULL: another program has it. */
static __always_inline struct rf_work *rf_work_take(__u32 at, __u32 mark)
{
	__u32 index = at & (RF_WORK_SPACES - 1);
	struct rf_work *w = bpf_map_lookup_elem(&rf_work, &index);

	return w && !w->busy && __sync_val_compare_and_swap(&w->busy, 0, mark) == 0 ? w : NULL;
}

struct rf_work_search {
	struct rf_work *w;
	__u32 at;
	__u32 mark;
	__u32 mine; /* that the same sandbox has */
	__u32 free;
};

static long rf_work_try(__u64 i, struct rf_work_search *search)
{
	search->w = rf_work_take(search->at + (__u32)i, search->mark);
	return !!search->w;
}

static long rf_work_count(__u64 i, struct rf_work_search *search)
{
	__u32 index = (__u32)i & (RF_WORK_SPACES - 1);
	const struct rf_work *w = bpf_map_lookup_elem(&rf_work, &index);
	__u32 busy = w ? w->busy : search->mark;

	search->free += !busy;
	search->mine += busy == search->mark;
	return 0;
}

/*
 * The rest of the search, with a frame of its own: those of hooks are full. Beyond its processor's
 * elements a sandbox may have as many as are free: so one that has many, in threads that were
 * preempted here, leaves as many to others, and it is that one which is refused.
 */
static __noinline struct rf_work *rf_work_search(__u32 at, __u32 mark)
{
	struct rf_work_search search = {.at = at, .mark = mark};

	bpf_loop(RF_WORK_NEAR - 1, rf_work_try, &search, 0);
	if (search.w)
		return search.w;
	bpf_loop(RF_WORK_SPACES, rf_work_count, &search, 0);
	if (search.mine < search.free)
		bpf_loop(RF_WORK_SPACES, rf_work_try, &search, 0);
	return search.w;
}

/* Takes an element of the pool for the sandbox of this slot; NULL: there is none for it. */
static __always_inline struct rf_work *rf_work_get(__u32 slot)
{
	__u32 at = bpf_get_smp_processor_id() * RF_WORK_NEAR, mark = slot + 1;
	struct rf_work *w = rf_work_take(at, mark);

	return w ? w : rf_work_search(at + 1, mark);
}

static __always_inline void rf_work_put(struct rf_work *w)
{
	__sync_lock_test_and_set(&w->busy, 0);
}

#endif
