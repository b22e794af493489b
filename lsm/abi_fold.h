/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Where identical denials of a sandbox are counted: shared by the BPF programs and the owner of the
 * sandbox's stream.
 *
 * The first denial of a kind goes out as a record and leaves an entry here; its repeats raise the
 * entry's `pending`. Whoever sends the next record of that kind (the kernel when a repeat comes
 * after `due`, else the owner, which looks once a period and at the end) swaps `pending` to 0 and
 * sends that count. A count is taken exactly once, and goes back if its record finds no room, so
 * what was delivered and what was lost add up to what happened.
 */
#ifndef RF_LSM_ABI_FOLD_H
#define RF_LSM_ABI_FOLD_H

#ifndef __bpf__
#include <assert.h>
#include <linux/types.h>
#endif

#define RF_FOLDS       1024 /* a power of two; with more kinds at once, repeats are sent unfolded */
#define RF_FOLD_PROBES 8    /* entries a kind may lie in, from its hash on */

#define RF_FOLD_FREE 0
#define RF_FOLD_BUSY 1 /* being filled */
#define RF_FOLD_LIVE 2

/* Freed by the owner alone, when the process is gone and nothing is pending. */
struct rf_fold {
	__u64 hash[2]; /* keyed, of everything that must be equal */
	__u64 due;     /* ns of CLOCK_BOOTTIME; a repeat after it is sent at once */
	__u64 last;    /* when the last repeat came */
	__u64 pending; /* repeats that no record has told yet */
	__u32 state;   /* RF_FOLD_* */
	__u32 pad;
};

/* The one value of a slot's map in "rf_fold". */
struct rf_folds {
	__u64 seed[2]; /* of the hashes, random for each sandbox: nobody inside can aim at an entry
			*/
	__u64 pad[6];
	struct rf_fold at[RF_FOLDS];
};

#ifndef __cplusplus
_Static_assert(sizeof(struct rf_fold) == 48, "fold entry");
_Static_assert(sizeof(struct rf_folds) == 64 + RF_FOLDS * 48, "table of folds");
#endif

#endif
