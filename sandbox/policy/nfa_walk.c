/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the patterns themselves, set by set, for one name. */
#include <string.h>

#include "sandbox/policy/nfa.h"

struct walk {
	const struct rf_nfa *nfa;
	uint32_t *now, *next; /* nodes, each with room for all */
	size_t n_now, n_next;
	bool *in_next;
};

static void done(struct walk *w)
{
	free(w->now);
	free(w->next);
	free(w->in_next);
}

/* Adds a node and what it reaches without a byte. */
static void put(struct walk *w, uint32_t node)
{
	size_t at = w->n_next;

	if (w->in_next[node])
		return;
	w->in_next[node] = true;
	w->next[w->n_next++] = node;
	for (; at < w->n_next; at++) {
		uint32_t i = w->nfa->nodes.data[w->next[at]].edges;

		for (; i != RF_NFA_END; i = w->nfa->edges.data[i].next) {
			const struct rf_nfa_edge *edge = &w->nfa->edges.data[i];

			if (edge->kind != RF_NFA_EMPTY || w->in_next[edge->to])
				continue;
			w->in_next[edge->to] = true;
			w->next[w->n_next++] = edge->to;
		}
	}
}

static bool takes(const struct rf_nfa *nfa, const struct rf_nfa_edge *edge, uint8_t byte)
{
	switch ((enum rf_nfa_kind)edge->kind) {
	case RF_NFA_BYTE:
		return edge->byte == byte;
	case RF_NFA_TREE:
		return byte == '/';
	case RF_NFA_SET:
		return rf_byte_set_has(&nfa->sets.data[edge->set], byte);
	case RF_NFA_EMPTY:
	default:
		return false;
	}
}

static void turn(struct walk *w)
{
	uint32_t *old = w->now;

	w->now = w->next;
	w->n_now = w->n_next;
	w->next = old;
	w->n_next = 0;
	for (size_t i = 0; i < w->n_now; i++)
		w->in_next[w->now[i]] = false;
}

static void step(struct walk *w, uint8_t byte)
{
	for (size_t k = 0; k < w->n_now; k++) {
		const struct rf_nfa_node *node = &w->nfa->nodes.data[w->now[k]];

		if (node->loop == RF_NFA_LOOP_ANY ||
		    (node->loop == RF_NFA_LOOP_NAME && byte != '/'))
			put(w, w->now[k]);
		for (uint32_t i = node->edges; i != RF_NFA_END; i = w->nfa->edges.data[i].next)
			if (takes(w->nfa, &w->nfa->edges.data[i], byte))
				put(w, w->nfa->edges.data[i].to);
	}
	turn(w);
}

int rf_nfa_walk(const struct rf_nfa *nfa, const char *bytes, size_t len, uint32_t **ret,
		size_t *ret_n, struct rf_err *err)
{
	RF_CLEANUP(done) struct walk w = {.nfa = nfa};

	w.now = calloc(nfa->nodes.len, sizeof(*w.now));
	w.next = calloc(nfa->nodes.len, sizeof(*w.next));
	w.in_next = calloc(nfa->nodes.len, sizeof(*w.in_next));
	if (!w.now || !w.next || !w.in_next)
		return rf_err_set(err, -ENOMEM, "no memory to ask the patterns of the policy");
	put(&w, 0);
	turn(&w);
	for (size_t i = 0; i < len; i++)
		step(&w, (uint8_t)bytes[i]);
	*ret = RF_TAKE_PTR(w.now);
	*ret_n = w.n_now;
	return 0;
}
