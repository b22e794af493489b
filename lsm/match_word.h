/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The DFA of a policy image over a name by words of eight bytes; see lsm/match_dfa.h.
 */
#ifndef RF_LSM_MATCH_WORD_H
#define RF_LSM_MATCH_WORD_H

#include "lsm/match_dfa.h"

#define RF_WORD 8 /* bytes of a name that are looked at at once */

/* The bytes of a word that are 0, as their highest bits; above the lowest there may be more. */
static __always_inline __u64 rf_word_zeros(__u64 word)
{
	return (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
}

/*
 * What a state that all but two bytes lead back to (RF_TAG_STAYS, `cell` its default) makes of a
 * word whose first `done` bytes are behind it. 0: it stays to the name's end; 1: to the word's; -1:
 * a byte leaves it, and *before has the highest bit of each byte in front of that one.
 */
static __always_inline int rf_dfa_skip(__u32 cell, __u64 word, __u32 done, __u64 *before)
{
	__u64 first = (cell & 0xff) * 0x0101010101010101ULL, leaves, ends;
	__u64 second = (cell >> 8 & 0xff) * 0x0101010101010101ULL;

	if (done)
		word = word >> (8 * done) | ~(~0ULL >> (8 * done));
	leaves = rf_word_zeros(word ^ first) | rf_word_zeros(word ^ second);
	ends = rf_word_zeros(word);
	if (!leaves)
		return !ends;
	leaves &= -leaves;
	if (ends && (ends & -ends) < leaves)
		return 0;
	*before = (leaves - 1) << (8 * done);
	return -1;
}

/*
 * As rf_dfa_text for RF_WORD bytes of a name, which are the word's, first lowest. A name is mostly
 * bytes that no pattern tells apart: these are not looked at one by one. `before`: the highest bit
 * of each byte that is behind the walk already; bytes behind which one is not are never so.
 */
static __always_inline int rf_dfa_word(const struct rf_img *img, struct rf_dfa_pos *pos, __u64 word,
				       __u64 before)
{
	RF_UNROLL
	for (__u32 k = 0; k < RF_WORD; k++) {
		__u32 want = (__u32)(word >> (8 * k) & 0xff) << 2, cell;

		if (before >> (8 * k + 7) & 1)
			continue;
		/* Where most names have come to such a state, if they do. */
		if (k < 2) {
			cell = rf_dfa_load(pos->page, pos->row - RF_ROW_DEFAULT);
			if ((cell >> RF_TAG_SHIFT & RF_TAG_STAYS) && (cell & 0xffff)) {
				int r = rf_dfa_skip(cell, word, k, &before);

				if (r >= 0)
					return r;
				if (before >> (8 * k + 7) & 1)
					continue;
			}
		}
		RF_OPAQUE(want);
		cell = rf_dfa_load(pos->page, pos->row + want);
		if (cell >> RF_TAG_SHIFT == want) {
			pos->row = cell;
			continue;
		}
		if (!want)
			return 0;
		if (rf_dfa_leave(img, pos, cell, want))
			return -1;
		if (rf_dfa_accept(pos) & RF_ACC_STICKY)
			return 0;
	}
	return 1;
}

#endif
