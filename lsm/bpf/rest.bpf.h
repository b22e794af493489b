/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the names of a directory have in common (lsm/match_rest.h), found from the state behind its
 * slash; for who keeps it.
 */
#ifndef RF_BPF_REST_H
#define RF_BPF_REST_H

#include "lsm/bpf/scope.bpf.h"

#include "lsm/match_rest.h"

struct rest_search {
	struct rf_img img;
	struct rf_rest rest;
	__u32 state; /* whose own bytes go to rest.after */
	__u32 known; /* that was done */
};

static long find_firsts(__u64 turn, struct rest_search *search)
{
	struct rf_rest *rest = &search->rest;
	struct rf_dfa_pos pos;

	if (rf_dfa_enter(&search->img, &pos, rest->state)) {
		rest->flags = 0;
		return 1;
	}
	rest->firsts[turn >> 1 & 1] |= (__u64)rf_rest_own(&pos, (__u32)turn * RF_REST_STEP & 0x7f)
				       << (turn & 1) * RF_REST_STEP;
	return 0;
}

static long find_after(__u64 turn, struct rest_search *search)
{
	struct rf_dfa_pos pos;

	if (rf_dfa_enter(&search->img, &pos, search->state)) {
		search->known = 0;
		return 1;
	}
	search->rest.after[turn >> 1 & 1] |=
		(__u64)rf_rest_own(&pos, (__u32)turn * RF_REST_STEP & 0x7f)
		<< (turn & 1) * RF_REST_STEP;
	return 0;
}

static __noinline int find_special(struct rest_search *search, __u32 byte)
{
	struct rf_dfa_pos pos;
	int r;

	if (rf_dfa_enter(&search->img, &pos, search->rest.state))
		return -1;
	r = rf_rest_special(&search->img, &pos, &search->rest, byte);
	if (r != 1)
		return r;
	search->state = rf_dfa_state(&pos);
	search->known = 1;
	bpf_loop(128 / RF_REST_STEP, find_after, search, 0);
	return search->known ? 1 : -1;
}

/* What matters behind the two bytes, where they lead back but for some. 0, or -1. */
static __always_inline int find_specials(struct rest_search *search)
{
	struct rf_rest *rest = &search->rest;
	__u32 first = rest->bytes & 0xff, second = rest->bytes >> 8 & 0xff;
	int r;

	if (!(rest->flags & RF_REST_KNOWN))
		return 0;
	r = find_special(search, first);
	if (r == 1 && second != first)
		r = find_special(search, second);
	if (r != 1)
		return r;
	rf_rest_ends(rest);
	rest->flags |= RF_REST_AFTER;
	return 0;
}

/* From the state behind the slash, search->rest.state. */
static __noinline int find_rest(struct rest_search *search)
{
	struct rf_rest *rest = &search->rest;
	struct rf_dfa_pos pos;

	if (rf_dfa_enter(&search->img, &pos, rest->state))
		return -1;
	if (!rf_rest_stays(&pos)) {
		rest->flags = RF_REST_KNOWN;
		bpf_loop(128 / RF_REST_STEP, find_firsts, search, 0);
		if (!rest->flags)
			return -1;
	}
	return rf_rest_find(&search->img, &pos, rest) ? -1 : find_specials(search);
}

#endif
