/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each node can still say, found from the ends backwards; see dfa_decided.h.
 */
#include "sandbox/policy/dfa_decided.h"

#include <stdlib.h>

#define SELF_SHIFT 14
#define KILL_SHIFT 32
#define NEED_NAIL  0x10000000u /* no rule decides what a nail says */

static uint64_t mask_of(const struct rf_dfa_rule *rule)
{
	uint32_t mask = 0;

	if (rule->self || rule->session != RF_SESSION_EXEC)
		mask |= rule->rights;
	if (rule->self || rule->session != RF_SESSION_INIT)
		mask |= rule->rights << RF_FILE_RIGHTS;
	return mask;
}

/*
 * Self-protection holds in audit mode too, so only itself stands in for it; for a rule that kills
 * another that kills, or self-protection, which is told before it.
 */
static uint64_t need_of(const struct rf_dfa_rule *rule)
{
	if (rule->nail)
		return NEED_NAIL;
	if (rule->self)
		return mask_of(rule) << SELF_SHIFT;
	return mask_of(rule) | (rule->kill ? mask_of(rule) << KILL_SHIFT : 0);
}

static uint64_t decides_of(const struct rf_dfa_rule *rule)
{
	uint64_t mask = mask_of(rule);

	if (rule->self)
		return mask | mask << SELF_SHIFT | mask << KILL_SHIFT;
	if (!rule->deny || rule->nail || rule->would || rule->n_except > 0)
		return 0;
	return mask | (rule->kill ? mask << KILL_SHIFT : 0);
}

static void take_ends(struct rf_dfa_reach *reach, const struct rf_nfa *nfa, uint32_t node,
		      const struct rf_dfa_input *input)
{
	uint32_t a = nfa->nodes.data[node].accepts;

	reach->rule = UINT32_MAX;
	for (; a != RF_NFA_END; a = nfa->accepts.data[a].next)
		reach->need |= need_of(&input->rules[nfa->accepts.data[a].rule]);
}

static void take_deciders(struct rf_dfa_reach *reach, const struct rf_nfa *nfa, uint32_t a,
			  const struct rf_dfa_input *input)
{
	for (; a != RF_NFA_END; a = nfa->accepts.data[a].next) {
		const struct rf_nfa_accept *end = &nfa->accepts.data[a];
		uint64_t decides = end->except ? 0 : decides_of(&input->rules[end->rule]);

		if (decides == 0)
			continue;
		reach->decides |= decides;
		if (end->rule < reach->rule)
			reach->rule = end->rule;
	}
}

/*
 * `**` at the end of a pattern: its loop is the end, or leads to it without a byte, so it matches
 * for ever.
 */
static void take_loop(struct rf_dfa_reach *reach, const struct rf_nfa *nfa, uint32_t node,
		      const struct rf_dfa_input *input)
{
	const struct rf_nfa_node *n = &nfa->nodes.data[node];

	take_deciders(reach, nfa, n->accepts, input);
	for (uint32_t e = n->edges; e != RF_NFA_END; e = nfa->edges.data[e].next)
		if (nfa->edges.data[e].kind == RF_NFA_EMPTY)
			take_deciders(reach, nfa, nfa->nodes.data[nfa->edges.data[e].to].accepts,
				      input);
}

struct rf_dfa_reach *rf_dfa_reach_make(const struct rf_nfa *nfa, const struct rf_dfa_input *input)
{
	struct rf_dfa_reach *reach = calloc(nfa->nodes.len ? nfa->nodes.len : 1, sizeof(*reach));
	bool changed = true;

	if (!reach)
		return NULL;
	for (size_t i = 0; i < nfa->nodes.len; i++)
		take_ends(&reach[i], nfa, (uint32_t)i, input);
	for (size_t i = 0; i < nfa->nodes.len; i++)
		if (nfa->nodes.data[i].loop == RF_NFA_LOOP_ANY)
			take_loop(&reach[i], nfa, (uint32_t)i, input);
	/* Nodes are made from the start outwards, so backwards one pass does nearly all. */
	while (changed) {
		changed = false;
		for (size_t i = nfa->nodes.len; i-- > 0;) {
			uint64_t need = reach[i].need;

			for (uint32_t e = nfa->nodes.data[i].edges; e != RF_NFA_END;
			     e = nfa->edges.data[e].next)
				need |= reach[nfa->edges.data[e].to].need;
			changed |= need != reach[i].need;
			reach[i].need = need;
		}
	}
	return reach;
}
