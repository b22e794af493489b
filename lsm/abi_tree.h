/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * How paths are judged: by a walk to the namespace's root, or from what is kept about directories.
 * Part of lsm/abi.h.
 *
 * The walk is always right and costs by depth. What is kept saves it where the answer is "allowed,
 * nothing to record". docs/decisions/0040-directory-states.md says why it cannot be stale.
 */
#ifndef RF_LSM_ABI_TREE_H
#define RF_LSM_ABI_TREE_H

#ifndef __bpf__
#include <assert.h>
#include <linux/types.h>
#endif

#define RF_TREE_WALK  0 /* every path is walked */
#define RF_TREE_KEEP  1 /* what is kept answers first */
#define RF_TREE_CHECK 2 /* both answer; a difference is counted and denied */

/* Array "rf_tree", one element, memory-mappable. User space writes the mode, programs the rest. */
struct rf_tree {
	/* Raised before and after each move of a directory, anywhere; odd: one is being moved. */
	__u64 generation;
	__u64 mismatches; /* RF_TREE_CHECK: kept answers that the walk did not confirm */
	__u64 spare_before;
	__u32 mode; /* RF_TREE_* */
	__u32 spare[9];
};

/* What the program rf_look answers: the sequence of mount_lock as hooks read it; see path.bpf.h. */
struct rf_look {
	__u32 mount_seq;
	__u32 spare;
};

#ifndef __cplusplus
_Static_assert(sizeof(struct rf_tree) == 64, "tree value");
#endif

#endif
