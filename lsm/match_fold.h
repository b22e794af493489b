/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Counting identical denials (EVENTS.md 7): one text for the kernel side and for what user space
 * hears itself. The table and who does what with it: lsm/abi_fold.h.
 *
 * Which denials are identical is decided by two hashes of 64 bits over all that makes them so,
 * under a key that the inside does not know. Where there is no free entry a denial is sent as it
 * is.
 */
#ifndef RF_LSM_MATCH_FOLD_H
#define RF_LSM_MATCH_FOLD_H

#include "lsm/abi.h"
#include "lsm/match_dfa.h"

#define RF_FOLD_COUNT_MAX 0xffffffffULL /* a record's count has 32 bits */

struct rf_fold_sum {
	__u64 a, b;
};

static __always_inline void rf_fold_add(struct rf_fold_sum *sum, __u64 word)
{
	sum->a = (sum->a ^ word) * 0x9e3779b97f4a7c15ULL;
	sum->a ^= sum->a >> 32;
	sum->b = (sum->b + word) * 0xc2b2ae3d27d4eb4fULL;
	sum->b ^= sum->b >> 29;
}

/* Everything but when, which thread, and the number. Text and stack are added by the caller. */
static __always_inline void rf_fold_add_record(struct rf_fold_sum *sum, const struct rf_record *rec)
{
	const __u64 *object = (const __u64 *)(const void *)&rec->o;

	rf_fold_add(sum, (__u64)rec->layer << 56 | (__u64)rec->hook << 48 |
				 (__u64)rec->operation << 40 | (__u64)rec->verdict << 32 |
				 (__u64)rec->session << 24 | (__u64)rec->obj << 16 | rec->rule);
	rf_fold_add(sum, (__u64)rec->policy_gen << 32 | rec->pid);
	rf_fold_add(sum, (__u64)rec->uid << 32 | rec->gid);
	rf_fold_add(sum, (__u64)rec->access << 32 | rec->missing);
	rf_fold_add(sum, (__u64)rec->code << 48 | (__u64)rec->errno_value << 32 | rec->key);
	rf_fold_add(sum, rec->start);
	rf_fold_add(sum, rec->exec_id);
	rf_fold_add(sum, rec->size);
	for (unsigned int i = 0; i < sizeof(rec->o) / 8; i++)
		rf_fold_add(sum, object[i]);
}

/* Entries are told as in a record: one more than their place; 0: none. */
static __always_inline __u32 rf_fold_find(const struct rf_folds *folds,
					  const struct rf_fold_sum *sum)
{
	for (__u32 i = 0; i < RF_FOLD_PROBES; i++) {
		__u32 at = ((__u32)sum->a + i) & (RF_FOLDS - 1);
		const struct rf_fold *fold = &folds->at[at];

		if (fold->state == RF_FOLD_LIVE && fold->hash[0] == sum->a &&
		    fold->hash[1] == sum->b)
			return at + 1;
	}
	return 0;
}

/* Makes an entry for the first denial of a kind, if there is room. */
static __always_inline __u32 rf_fold_begin(struct rf_folds *folds, const struct rf_fold_sum *sum,
					   __u64 now, __u64 period)
{
	for (__u32 i = 0; i < RF_FOLD_PROBES; i++) {
		__u32 at = ((__u32)sum->a + i) & (RF_FOLDS - 1);
		struct rf_fold *fold = &folds->at[at];

		if (fold->state != RF_FOLD_FREE ||
		    __sync_val_compare_and_swap(&fold->state, RF_FOLD_FREE, RF_FOLD_BUSY) !=
			    RF_FOLD_FREE)
			continue;
		fold->hash[0] = sum->a;
		fold->hash[1] = sum->b;
		fold->due = now + period;
		fold->last = now;
		__sync_lock_test_and_set(&fold->state, RF_FOLD_LIVE);
		return at + 1;
	}
	return 0;
}

/* Takes what is pending, as much as one record can tell. */
static __always_inline __u32 rf_fold_take(struct rf_fold *fold)
{
	__u64 n = __sync_lock_test_and_set(&fold->pending, 0);

	if (n > RF_FOLD_COUNT_MAX) {
		__sync_fetch_and_add(&fold->pending, n - RF_FOLD_COUNT_MAX);
		n = RF_FOLD_COUNT_MAX;
	}
	return (__u32)n;
}

/* One repeat more. How many denials the caller's record is to tell; 0: it is not to be sent. */
static __always_inline __u32 rf_fold_repeat(struct rf_fold *fold, __u64 now, __u64 period)
{
	__u64 due = fold->due;

	__sync_fetch_and_add(&fold->pending, 1);
	fold->last = now;
	if (now < due || __sync_val_compare_and_swap(&fold->due, due, now + period) != due)
		return 0;
	return rf_fold_take(fold);
}

#endif
