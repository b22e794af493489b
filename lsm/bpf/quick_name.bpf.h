/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The short way's last step: a name, from what is kept about its directory. Only where the kernel's
 * memory is read by casts; see casts.bpf.c.
 */
#ifndef RF_BPF_QUICK_NAME_H
#define RF_BPF_QUICK_NAME_H

#include "lsm/bpf/quick.bpf.h"

/* Eight bytes of the name, read by a cast; 0 where there is nothing. */
static __always_inline __u64 word_at(__u64 name)
{
	return RF_CAST(struct timespec64, name)->tv_sec;
}

/* How a name is read; a constant wherever it is asked for. */
enum rf_reading {
	RF_FAR,	   /* in a function for all hooks: by casts, or by a call where there are none */
	RF_NEAR,   /* by casts */
	RF_WITHIN, /* without casts, of a short name, which is in its dentry: a hook's own pointer
		    */
};

/* Word k, a constant, of the name without a call. */
static __always_inline __u64 near_word(const struct dentry *dentry, __u64 name, __u32 k,
				       enum rf_reading how)
{
	__u64 word;

	if (how != RF_WITHIN)
		return word_at(name + k * RF_WORD);
	/* The compiler would read it byte by byte. */
	asm volatile("%0 = *(u64 *)(%1 + 0)" : "=r"(word) : "r"(&dentry->d_iname[k * RF_WORD]));
	return word;
}

/* A name's accept word, and above it its state. */
static __always_inline __s64 judged(__u32 state, __u32 accept)
{
	return (__s64)((__u64)state << 32 | accept);
}

/*
 * Steps over the name from its word `done`, behind the bytes that `before` tells of as rf_dfa_word
 * wants it (only with casts), where the DFA is in `state`. As judged, or -1: it cannot be read, or
 * the image is damaged.
 */
__noinline __s64 rf_quick_step(__u64 name, __u32 done, __u64 before, __u32 state, __u32 image);

#define RF_REST_WORDS 3 /* of a name that are looked at without the image */

/*
 * Most names are one of the rest (struct rf_rest), which is seen by words, without a look at the
 * image; the others are stepped from the byte on that shows it. `word` is the name's first.
 */
static __always_inline __s64 judge_name(const struct rf_way *way, const struct dentry *dentry,
					__u64 name, __u64 word, __u32 image, enum rf_reading how)
{
	const bool by_words = how != RF_FAR || rf_casts;
	const struct rf_rest *rest = &way->rest;
	__u64 text[RF_REST_WORDS], before = 0;
	__u32 state = way->state, done = 0;

	if (!(rest->flags & RF_REST_KNOWN))
		return rf_quick_step(name, 0, 0, state, image);
	if (!by_words) {
		if (bpf_probe_read_kernel(text, sizeof(text), (void *)name))
			return -1;
		word = text[0];
	}
	if (!(word & 0xff))
		return -1;
	if (rf_rest_begins(rest, word)) {
		RF_UNROLL
		for (__u32 k = 0; k < RF_REST_WORDS; k++) {
			int r;

			if (k)
				word = by_words ? near_word(dentry, name, k, how) : text[k];
			r = rf_rest_word(rest, k, word, &before);
			if (r < 0) {
				__u64 next = 0;

				if (by_words)
					next = near_word(dentry, name, k + 1, how);
				else if (k + 1 < RF_REST_WORDS)
					next = text[k + 1];
				r = rf_rest_after(rest, word, next, &before);
			}
			if (!r)
				return judged(rest->state, rest->accept);
			if (r < 0) {
				if (how == RF_NEAR || (how == RF_FAR && rf_casts))
					state = rest->state;
				else
					before = 0; /* from the word's begin */
				break;
			}
			done = k + 1;
			state = rest->state;
		}
	}
	RF_FORGET(done);
	return rf_quick_step(name, done, before, state, image);
}

#endif
