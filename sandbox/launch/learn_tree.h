/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many names to few patterns: siblings that were used alike become "dir/" and a star, whole
 * subtrees become "dir/" and two.
 *
 * What is only read, what is executed and what is written are never mixed: one written file does
 * not make its neighbours writable. Directories that belong to many (the roots of the system, a
 * home) are never given away whole, however much of them was used.
 */
#ifndef RF_LAUNCH_LEARN_TREE_H
#define RF_LAUNCH_LEARN_TREE_H

#include "sandbox/launch/learn_use.h"

/* So many used names in one directory stand for the directory's names... */
#define RF_LEARN_SIBLINGS 8
/* ...and so many, in so many of its directories, for all below. */
#define RF_LEARN_BELOW	    16
#define RF_LEARN_BELOW_DIRS 2

/* A pattern, its rights, and who used what it covers. */
struct rf_learned {
	char *pattern; /* owned by the vector's user */
	uint32_t rights;
	struct rf_tally tally;
};

RF_VEC_DEFINE(rf_learned_vec, struct rf_learned);

void rf_learned_done(struct rf_learned_vec *vec);

/* Adds a copy of pattern. */
int rf_learned_add(struct rf_learned_vec *vec, const char *pattern, uint32_t rights,
		   const struct rf_tally *tally) RF_MUST_CHECK;

/* Unites equal patterns, collapses what may be, and sorts. exec, write: bits of rights that keep
 * patterns apart. */
int rf_learned_collapse(struct rf_learned_vec *vec, uint32_t exec, uint32_t write) RF_MUST_CHECK;

#endif
