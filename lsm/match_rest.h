/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What the names of one directory have in common: most are not told apart by any pattern, and that
 * a name is one of them is seen without a look at the image. See lsm/match.h.
 */
#ifndef RF_LSM_MATCH_REST_H
#define RF_LSM_MATCH_REST_H

#include "lsm/match_word.h"

/*
 * RF_REST_KNOWN: a name whose first byte is none of `firsts` (a bit for each below 128; the others
 * count as being there) and that has neither of two bytes (as in RF_TAG_STAYS) is one of the rest:
 * it leads from the state behind the directory's slash to `state`.
 *
 * RF_REST_AFTER: nor does one of the two lead elsewhere if the byte after it is none of `after`,
 * which are kept in the same way: with a rule about "*.key" a dot matters that is followed by "k",
 * by another dot, or by the name's end.
 */
struct rf_rest {
	__u64 firsts[2];
	__u64 after[2];
	__u32 state;
	__u32 accept;
	__u32 bytes;
	__u32 flags; /* RF_REST_*; the kernel side adds its own */
};

#define RF_REST_KNOWN 0x1
#define RF_REST_AFTER 0x4

#define RF_REST_SPECIALS 3 /* such bytes of a word that are looked at */

#define RF_REST_STEP 32 /* bytes of which rf_rest_own tells */

/* A bit for each of RF_REST_STEP bytes that has a transition of its own, whatever page it leads to.
 */
static __always_inline __u32 rf_rest_own(const struct rf_dfa_pos *pos, __u32 from)
{
	__u32 want = from << 1, at = pos->row + (from << 2), bits = 0;

	RF_UNROLL
	for (__u32 i = 0; i < RF_REST_STEP; i++, want += 2, at += 4) {
		__u64 differs;

		/* One after the other: a stack of BPF is small. */
		RF_OPAQUE(at);
		RF_OPAQUE(want);
		differs = rf_dfa_load(pos->page, at) >> (RF_TAG_SHIFT + 1) ^ want;
		bits |= (__u32)((differs - 1) >> 63) << i;
		RF_OPAQUE(bits);
	}
	return bits;
}

/* Does the state lead back to itself but for own transitions? Else rest->firsts has to be found. */
static __always_inline __u32 rf_rest_stays(const struct rf_dfa_pos *pos)
{
	return rf_dfa_load(pos->page, pos->row - RF_ROW_DEFAULT) >> RF_TAG_SHIFT & RF_TAG_STAYS;
}

static __always_inline void rf_rest_add(__u64 *bytes, __u32 byte)
{
	if (byte < 128)
		bytes[byte >> 6 & 1] |= 1ULL << (byte & 63);
}

static __always_inline __u32 rf_rest_has(const __u64 *bytes, __u32 byte)
{
	return byte & 0x80 || bytes[byte >> 6 & 1] >> (byte & 63) & 1;
}

/*
 * The rest of the names behind the slash that led to `pos`, which is moved; where rf_rest_stays is
 * 0, its own bytes are in rest->firsts. 0 (known or not, rest->flags), or -1: the image is damaged.
 */
static __always_inline int rf_rest_find(const struct rf_img *img, struct rf_dfa_pos *pos,
					struct rf_rest *rest)
{
	__u32 cell = rf_dfa_load(pos->page, pos->row - RF_ROW_DEFAULT);

	rest->flags = 0;
	if (!(cell >> RF_TAG_SHIFT & RF_TAG_STAYS)) {
		if (rf_dfa_follow(img, pos, cell))
			return -1;
		cell = rf_dfa_load(pos->page, pos->row - RF_ROW_DEFAULT);
	}
	rest->bytes = cell & 0xffff;
	if (!(cell >> RF_TAG_SHIFT & RF_TAG_STAYS) || !rest->bytes)
		return 0;
	rf_rest_add(rest->firsts, rest->bytes & 0xff);
	rf_rest_add(rest->firsts, rest->bytes >> 8);
	rest->state = rf_dfa_state(pos);
	rest->accept = rf_dfa_accept(pos);
	rest->flags = RF_REST_KNOWN;
	return 0;
}

/*
 * From the state of the rest, `pos`, by one of its two bytes: 1 and *pos the state that is left by
 * its own transitions (rf_rest_own, which go to rest->after) and else leads back; 0: it does not.
 */
static __always_inline int rf_rest_special(const struct rf_img *img, struct rf_dfa_pos *pos,
					   const struct rf_rest *rest, __u32 byte)
{
	struct rf_dfa_pos back;
	__u32 cell;

	if (rf_dfa_byte(img, pos, byte))
		return -1;
	cell = rf_dfa_load(pos->page, pos->row - RF_ROW_DEFAULT);
	if ((cell >> RF_TAG_SHIFT & RF_TAG_STAYS) || (rf_dfa_accept(pos) & RF_ACC_STICKY))
		return 0;
	back = *pos;
	return rf_dfa_follow(img, &back, cell) ? -1 : rf_dfa_state(&back) == rest->state;
}

/* The ends of rest->after: the name's, and the two bytes themselves, which are not looked at twice.
 */
static __always_inline void rf_rest_ends(struct rf_rest *rest)
{
	rf_rest_add(rest->after, 0);
	rf_rest_add(rest->after, rest->bytes & 0xff);
	rf_rest_add(rest->after, rest->bytes >> 8);
}

/* May a name that begins like this be one of the rest? */
static __always_inline __u32 rf_rest_begins(const struct rf_rest *rest, __u64 word)
{
	return !rf_rest_has(rest->firsts, word & 0xff);
}

/*
 * Word number k of a name of which all before was of the rest. 0: the name ends here, and is one of
 * the rest; 1: on with the next word; -1: it is not, and may be stepped from here: by rf_dfa_word
 * with *before, in rest->state.
 */
static __always_inline int rf_rest_word(const struct rf_rest *rest, __u32 k, __u64 word,
					__u64 *before)
{
	/* The first byte was looked at, and is no end; taken for one of the two it is stepped. */
	return rf_dfa_skip(rest->bytes, k ? word : word | 0xff, 0, before);
}

/*
 * What rf_rest_word answers with -1, asked again: of the two bytes only those count that are
 * followed by one of rest->after. `next`: the byte behind the word, or 0. Answers as rf_rest_word.
 */
static __always_inline int rf_rest_after(const struct rf_rest *rest, __u64 word, __u64 next,
					 __u64 *before)
{
	__u64 first = (rest->bytes & 0xff) * 0x0101010101010101ULL, specials, ends;
	__u64 second = (rest->bytes >> 8 & 0xff) * 0x0101010101010101ULL;

	if (!(rest->flags & RF_REST_AFTER))
		return -1;
	specials = rf_word_zeros(word ^ first) | rf_word_zeros(word ^ second);
	ends = rf_word_zeros(word);
	if (ends)
		specials &= (ends & -ends) - 1;
	RF_UNROLL
	for (__u32 i = 0; i < RF_REST_SPECIALS; i++) {
		__u64 special = specials & -specials, at = special << 1, byte = next & 0xff;

		if (!special)
			return !ends;
		if (at) { /* bit 0 of the byte behind it */
			byte = word & at * 0xff;
			byte |= byte >> 32;
			byte |= byte >> 16;
			byte = (byte | byte >> 8) & 0xff;
		}
		*before = special - 1;
		if (rf_rest_has(rest->after, (__u32)byte))
			return -1;
		specials ^= special;
	}
	if (!specials)
		return !ends;
	*before = (specials & -specials) - 1;
	return -1;
}

#endif
