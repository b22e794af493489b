/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a set of nodes can no longer change, so that it need not be followed.
 *
 * A pattern that ends in a `**` matches for ever once it matched. If its rule denies and nothing is
 * excepted from it, the rights it denies are decided for everything below; nodes that speak of no
 * other right can be dropped. Without this the states of k such patterns are all 2^k sets of them.
 * The price is a definition: of several rules that deny a right for ever, the one decides that
 * matched outermost, then the one with the lowest index.
 */
#ifndef RF_POLICY_DFA_DECIDED_H
#define RF_POLICY_DFA_DECIDED_H

#include "sandbox/policy/dfa.h"
#include "sandbox/policy/nfa.h"

/* One node: masks of rights by session (bits 0-6, 7-13), and the same again for self-protection
 * and for rules that kill, for which no other rule stands in. */
struct rf_dfa_reach {
	uint64_t need;	  /* of all rules that can still match from here */
	uint64_t decides; /* denied for ever from here on; 0: not such a node */
	uint32_t rule;	  /* lowest rule that decides */
};

/* By node number; the caller frees it. NULL: no memory. */
struct rf_dfa_reach *rf_dfa_reach_make(const struct rf_nfa *nfa, const struct rf_dfa_input *input);

#endif
