/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pool of work spaces; see work.bpf.h.
 */
#ifndef RF_BPF_POOL_H
#define RF_BPF_POOL_H

#include "lsm/bpf/maps.bpf.h"

/* Takes this element of the pool; NULL: another program has it. */
static __always_inline struct rf_work *rf_work_take(__u32 at)
{
	__u32 index = at & (RF_WORK_SPACES - 1);
	struct rf_work *w = bpf_map_lookup_elem(&rf_work, &index);

	return w && !w->busy && __sync_val_compare_and_swap(&w->busy, 0, 1) == 0 ? w : NULL;
}

struct rf_work_search {
	struct rf_work *w;
	__u32 at;
};

static long rf_work_try(__u64 i, struct rf_work_search *search)
{
	search->w = rf_work_take(search->at + (__u32)i);
	return !!search->w;
}

/* The rest of the search, with a frame of its own: those of hooks are full. */
static __noinline struct rf_work *rf_work_search(__u32 at)
{
	struct rf_work_search search = {.at = at};

	bpf_loop(RF_WORK_TRIES - 1, rf_work_try, &search, 0);
	return search.w;
}

/* Takes an element of the pool; NULL: none free. */
static __always_inline struct rf_work *rf_work_get(void)
{
	__u32 at = bpf_get_smp_processor_id() * 4;
	struct rf_work *w = rf_work_take(at);

	return w ? w : rf_work_search(at + 1);
}

static __always_inline void rf_work_put(struct rf_work *w)
{
	__sync_lock_test_and_set(&w->busy, 0);
}

#endif
