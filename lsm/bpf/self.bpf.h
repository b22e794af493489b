/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose fence is the caller in? For the short ways, which need no more than where to look.
 */
#ifndef RF_BPF_SELF_H
#define RF_BPF_SELF_H

#include "lsm/bpf/maps.bpf.h"

struct rf_quick_self {
	__u64 sandbox;
	__u32 slot;
	__u32 session;
};

/*
 * From the storage's own cache, as bpf_task_storage_get would but without its locks: a pointer for
 * each of 16 numbers that maps share, to the value and before it its map. 0: not there.
 */
static __always_inline int rf_self_cached(struct rf_quick_self *ret, struct task_struct *task)
{
	struct bpf_local_storage_map *map = (void *)&rf_task;
	__u64 at = (__u64)task->bpf_storage + map->cache_idx * sizeof(void *) +
		   bpf_core_field_offset(struct bpf_local_storage, cache),
	      sandbox, last;
	/* Words: the map and the value, as the loader has made sure (lsm/kernel_btf.c). */
	struct itimerspec64 *found =
		RF_CAST(struct itimerspec64, RF_CAST(struct timespec64, at)->tv_sec);

	if ((__u64)found->it_interval.tv_sec != (__u64)map)
		return 0;
	sandbox = found->it_interval.tv_nsec;
	RF_PIN(sandbox); /* not one load for both kinds of pointers */
	last = found->it_value.tv_sec;
	ret->sandbox = sandbox;
	ret->slot = (__u32)last;
	ret->session = last >> 32 & 1;
	return 1;
}

/* 1 and *ret, or 0: it has to be found out the long way. `casts` as in rf_lock_seq. */
static __always_inline int rf_quick_self(struct rf_quick_self *ret, struct task_struct *task,
					 bool casts)
{
	struct rf_task *mine;

	if (casts && rf_self_cached(ret, task))
		return 1;
	mine = bpf_task_storage_get(&rf_task, task, NULL, 0);
	if (!mine)
		return 0;
	ret->sandbox = mine->sandbox;
	ret->slot = mine->slot;
	ret->session = mine->session & 1;
	return 1;
}

_Static_assert(__builtin_offsetof(struct rf_task, sandbox) == 0 &&
		       __builtin_offsetof(struct rf_task, slot) == 8 &&
		       __builtin_offsetof(struct rf_task, session) == 12,
	       "two words");

#endif
