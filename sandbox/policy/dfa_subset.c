/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subset construction on interned sets of nodes.
 *
 * Only bytes that some node of a set tells apart are looked at; the rest share the target of byte
 * 0, which no pattern names. A tree of ten thousand literal patterns so costs what it holds.
 */
#include <string.h>

#include "sandbox/base/str.h"
#include "sandbox/policy/dfa_decided.h"
#include "sandbox/policy/dfa_parts.h"

RF_VEC_DEFINE(u32_vec, uint32_t);

struct set_ref {
	size_t at; /* first node in pool */
	uint32_t len;
	uint32_t hash;
};

RF_VEC_DEFINE(set_refs, struct set_ref);

struct subset {
	struct rf_dfa *dfa;
	const struct rf_nfa *nfa;
	const struct rf_dfa_input *input;
	struct rf_err *err;
	struct u32_vec pool;	/* nodes of all sets */
	struct set_refs sets;	/* by state */
	uint32_t *table;	/* hash table of states + 1 */
	uint32_t table_size;	/* a power of two */
	uint32_t *stamp;	/* by node: last set it was put into */
	uint32_t now;		/* stamp of the set in the making */
	struct u32_vec next;	/* that set */
	struct u32_vec generic; /* edges and loops that look at a class of bytes */
	struct u32_vec lits;	/* edges of one byte, by byte: heads and chain */
	uint32_t lit_head[256];
	uint64_t special[4];	    /* bytes to look at singly */
	struct rf_dfa_reach *reach; /* by node */
	uint32_t *kept;		    /* by node: last set in which it decides */
	uint64_t decided;	    /* by the nodes of the set in the making */
	uint64_t steps;		    /* what was looked at so far */
};

/* An entry of `generic`: an edge number, or a looping node. */
#define GENERIC_LOOP 0x80000000u

static void done(struct subset *s)
{
	u32_vec_done(&s->pool);
	set_refs_done(&s->sets);
	free(s->table);
	free(s->stamp);
	free(s->kept);
	free(s->reach);
	u32_vec_done(&s->next);
	u32_vec_done(&s->generic);
	u32_vec_done(&s->lits);
}

static int no_memory(struct subset *s)
{
	return rf_err_set(s->err, -ENOMEM, "no memory to compile the patterns of the policy");
}

/* Adds a node and all that it reaches without a byte. */
static int put(struct subset *s, uint32_t node)
{
	size_t at = s->next.len;

	if (s->stamp[node] == s->now)
		return 0;
	s->stamp[node] = s->now;
	if (u32_vec_push(&s->next, node) < 0)
		return no_memory(s);
	for (; at < s->next.len; at++) {
		uint32_t i = s->nfa->nodes.data[s->next.data[at]].edges;

		for (; i != RF_NFA_END; i = s->nfa->edges.data[i].next) {
			const struct rf_nfa_edge *edge = &s->nfa->edges.data[i];

			if (edge->kind != RF_NFA_EMPTY || s->stamp[edge->to] == s->now)
				continue;
			s->stamp[edge->to] = s->now;
			if (u32_vec_push(&s->next, edge->to) < 0)
				return no_memory(s);
		}
	}
	return 0;
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t hash_nodes(const uint32_t *nodes, size_t n)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ n;

	for (size_t i = 0; i < n; i++) {
		h ^= nodes[i];
		h *= UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	return (uint32_t)h;
}

static int grow_table(struct subset *s)
{
	uint32_t size = s->table_size ? s->table_size * 2 : 1024;
	uint32_t *table = calloc(size, sizeof(*table));

	if (!table)
		return no_memory(s);
	for (size_t i = 0; i < s->sets.len; i++) {
		uint32_t at = s->sets.data[i].hash & (size - 1);

		while (table[at])
			at = (at + 1) & (size - 1);
		table[at] = (uint32_t)i + 1;
	}
	free(s->table);
	s->table = table;
	s->table_size = size;
	return 0;
}

/* Tells whose nodes fill the sets. */
static int too_complex(struct subset *s, uint32_t limit, const char *what)
{
	RF_AUTOFREE uint32_t *cost = calloc(s->input->n_rules + 1, sizeof(*cost));
	RF_AUTOSTR struct rf_str names = RF_STR_INIT(256);

	for (size_t i = 0; cost && i < s->pool.len + s->next.len; i++) {
		uint32_t at = i < s->pool.len ? s->pool.data[i] : s->next.data[i - s->pool.len];
		const struct rf_nfa_node *node = &s->nfa->nodes.data[at];

		if (node->owner < s->input->n_rules)
			cost[node->owner]++;
	}
	for (int k = 0; cost && k < 3; k++) {
		size_t best = 0;

		for (size_t i = 0; i < s->input->n_rules; i++)
			if (cost[i] > cost[best])
				best = i;
		if (s->input->n_rules == 0 || cost[best] == 0)
			break;
		cost[best] = 0;
		if (s->input->policy && s->input->rules[best].index < s->input->policy->n_rules) {
			const struct rf_rule *rule =
				s->input->policy->rules[s->input->rules[best].index];

			rf_str_addf(&names, "%s%s (%s:%u)", names.len ? ", " : "", rule->id,
				    rule->place.file ? rule->place.file : "?", rule->place.line);
		}
	}
	return rf_err_set(s->err, -E2BIG,
			  "the patterns of the policy need more than %u %s; the costliest rules "
			  "are %s",
			  limit, what, names.len ? rf_str_text(&names) : "unknown");
}

int rf_dfa_matching(const struct rf_nfa *nfa, const uint32_t *nodes, size_t n_nodes, uint32_t **ret,
		    size_t *ret_n, struct rf_err *err)
{
	struct rf_nfa_accepts const *accepts = &nfa->accepts;
	RF_AUTOFREE uint32_t *rules = NULL;
	size_t n = 0, kept = 0;

	*ret_n = 0;
	for (size_t i = 0; i < n_nodes; i++)
		for (uint32_t a = nfa->nodes.data[nodes[i]].accepts; a != RF_NFA_END;
		     a = accepts->data[a].next)
			n++;
	if (n == 0)
		return 0;
	rules = calloc(n, sizeof(*rules));
	if (!rules)
		return rf_err_set(err, -ENOMEM, "no memory to compile the patterns of the policy");
	/* Rule and exception in one number, so that sorting brings them together. */
	n = 0;
	for (size_t i = 0; i < n_nodes; i++)
		for (uint32_t a = nfa->nodes.data[nodes[i]].accepts; a != RF_NFA_END;
		     a = accepts->data[a].next)
			rules[n++] = accepts->data[a].rule << 1 | !accepts->data[a].except;
	qsort(rules, n, sizeof(*rules), compare_u32);
	for (size_t i = 0; i < n; i++) {
		bool excepted = !(rules[i] & 1);
		uint32_t rule = rules[i] >> 1;

		if (!excepted && (kept == 0 || rules[kept - 1] != rule))
			rules[kept++] = rule;
		while (excepted && i + 1 < n && rules[i + 1] >> 1 == rule)
			i++;
	}
	*ret = RF_TAKE_PTR(rules);
	*ret_n = kept;
	return 0;
}

/* What sorting and judging an end takes, in looks at a node. */
#define JUDGE_STEPS 64

/* The verdict of the state whose set is in `next`. */
static int judge(struct subset *s, uint32_t *ret)
{
	RF_AUTOFREE uint32_t *rules = NULL;
	size_t n;
	int r = rf_dfa_matching(s->nfa, s->next.data, s->next.len, &rules, &n, s->err);

	if (r < 0)
		return r;
	s->steps += n * JUDGE_STEPS;
	if (s->input->uses)
		rf_dfa_mark_uses(s->input, rules, n);
	return rf_dfa_judge(s->dfa, s->input, rules, n, ret, s->err);
}

/* The state of the set in `next`, made if it is new. */
static int intern(struct subset *s, uint32_t *ret)
{
	struct rf_dfa_state state = {.related = UINT32_MAX};
	struct set_ref ref = {.at = s->pool.len};
	uint32_t at;
	int r;

	ref.len = (uint32_t)s->next.len;
	if (s->next.len > 1)
		qsort(s->next.data, s->next.len, sizeof(uint32_t), compare_u32);
	ref.hash = hash_nodes(s->next.data, s->next.len);
	for (at = ref.hash & (s->table_size - 1); s->table[at];
	     at = (at + 1) & (s->table_size - 1)) {
		const struct set_ref *other = &s->sets.data[s->table[at] - 1];

		if (other->hash == ref.hash && other->len == ref.len &&
		    (ref.len == 0 || memcmp(&s->pool.data[other->at], s->next.data,
					    ref.len * sizeof(uint32_t)) == 0)) {
			*ret = s->table[at] - 1;
			return 0;
		}
	}
	if (s->sets.len >= RF_DFA_MAX_STATES)
		return too_complex(s, RF_DFA_MAX_STATES, "states");
	if (s->pool.len + ref.len > RF_DFA_MAX_WORK)
		return too_complex(s, RF_DFA_MAX_WORK, "pieces of patterns in their states");
	r = judge(s, &state.verdict);
	if (r < 0)
		return r;
	if (u32_vec_reserve(&s->pool, s->pool.len + ref.len) < 0 ||
	    set_refs_push(&s->sets, ref) < 0 || rf_dfa_states_push(&s->dfa->states, state) < 0)
		return no_memory(s);
	if (ref.len)
		memcpy(&s->pool.data[s->pool.len], s->next.data, ref.len * sizeof(uint32_t));
	s->pool.len += ref.len;
	s->table[at] = (uint32_t)s->sets.len;
	*ret = (uint32_t)s->sets.len - 1;
	return s->sets.len * 2 > s->table_size ? grow_table(s) : 0;
}

static void mark_special(struct subset *s, unsigned int byte)
{
	s->special[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

static int collect_edge(struct subset *s, uint32_t i)
{
	const struct rf_nfa_edge *edge = &s->nfa->edges.data[i];
	const struct rf_byte_set *set;
	uint64_t flip;

	switch ((enum rf_nfa_kind)edge->kind) {
	case RF_NFA_BYTE:
	case RF_NFA_TREE: {
		uint8_t byte = edge->kind == RF_NFA_BYTE ? edge->byte : '/';

		mark_special(s, byte);
		if (u32_vec_push(&s->lits, edge->to) < 0 ||
		    u32_vec_push(&s->lits, s->lit_head[byte]) < 0)
			return no_memory(s);
		s->lit_head[byte] = (uint32_t)s->lits.len - 2;
		return 0;
	}
	case RF_NFA_SET:
		set = &s->nfa->sets.data[edge->set];
		flip = rf_byte_set_has(set, 0) ? ~UINT64_C(0) : 0;
		for (size_t k = 0; k < 4; k++)
			s->special[k] |= set->bits[k] ^ flip;
		return u32_vec_push(&s->generic, i) < 0 ? no_memory(s) : 0;
	case RF_NFA_EMPTY:
	default:
		return 0;
	}
}

/* Reads off a set what leads out of it. */
static int collect(struct subset *s, const struct set_ref *ref)
{
	s->generic.len = s->lits.len = 0;
	memset(s->lit_head, 0xff, sizeof(s->lit_head));
	memset(s->special, 0, sizeof(s->special));
	for (uint32_t k = 0; k < ref->len; k++) {
		uint32_t node = s->pool.data[ref->at + k];
		const struct rf_nfa_node *n = &s->nfa->nodes.data[node];

		if (n->loop != RF_NFA_NO_LOOP && u32_vec_push(&s->generic, GENERIC_LOOP | node) < 0)
			return no_memory(s);
		if (n->loop == RF_NFA_LOOP_NAME)
			mark_special(s, '/');
		s->steps += 1 + n->n_edges;
		for (uint32_t i = n->edges; i != RF_NFA_END; i = s->nfa->edges.data[i].next) {
			int r = collect_edge(s, i);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* The loop that decides, and the end that it leads to. */
static void keep(struct subset *s, uint32_t node)
{
	uint32_t e = s->nfa->nodes.data[node].edges;

	s->kept[node] = s->now;
	for (; e != RF_NFA_END; e = s->nfa->edges.data[e].next)
		if (s->nfa->edges.data[e].kind == RF_NFA_EMPTY)
			s->kept[s->nfa->edges.data[e].to] = s->now;
	s->decided |= s->reach[node].decides;
}

/* Of the nodes that begin to decide with this set, in the order of their rules, those that add. */
static void keep_new(struct subset *s)
{
	for (;;) {
		uint32_t best = UINT32_MAX;

		for (size_t i = 0; i < s->next.len; i++) {
			uint32_t node = s->next.data[i];

			if ((s->reach[node].decides & ~s->decided) != 0 &&
			    (best == UINT32_MAX || s->reach[node].rule < s->reach[best].rule ||
			     (s->reach[node].rule == s->reach[best].rule && node < best)))
				best = node;
		}
		if (best == UINT32_MAX)
			return;
		keep(s, best);
	}
}

/* Drops what speaks only of decided rights. */
static void prune(struct subset *s)
{
	size_t n = 0;

	keep_new(s);
	if (s->decided == 0)
		return;
	for (size_t i = 0; i < s->next.len; i++) {
		uint32_t node = s->next.data[i];

		if (s->kept[node] == s->now || (s->reach[node].need & ~s->decided) != 0)
			s->next.data[n++] = node;
	}
	s->next.len = n;
}

/* The state that `byte` leads to. */
static int target(struct subset *s, unsigned int byte, uint32_t *ret)
{
	int r = 0;

	s->next.len = 0;
	s->decided = 0;
	s->now++;
	for (uint32_t i = s->lit_head[byte]; i != UINT32_MAX && r == 0; i = s->lits.data[i + 1])
		r = put(s, s->lits.data[i]);
	for (size_t k = 0; k < s->generic.len && r == 0; k++) {
		uint32_t item = s->generic.data[k];

		if (item & GENERIC_LOOP) {
			uint32_t node = item & ~GENERIC_LOOP;

			if (byte == '/' && s->nfa->nodes.data[node].loop != RF_NFA_LOOP_ANY)
				continue;
			r = put(s, node);
			if (s->reach[node].decides) /* since an outer directory */
				keep(s, node);
		} else {
			const struct rf_nfa_edge *edge = &s->nfa->edges.data[item];

			if (rf_byte_set_has(&s->nfa->sets.data[edge->set], byte))
				r = put(s, edge->to);
		}
	}
	if (r < 0)
		return r;
	s->steps += s->generic.len + s->next.len;
	if (s->steps > RF_DFA_MAX_STEPS)
		return too_complex(s, RF_DFA_MAX_STEPS, "steps to compile");
	prune(s);
	return intern(s, ret);
}

static int expand(struct subset *s, uint32_t state)
{
	struct set_ref ref = s->sets.data[state];
	uint32_t fallback, first = (uint32_t)s->dfa->edges.len;
	int r = collect(s, &ref);

	if (r == 0)
		r = target(s, 0, &fallback);
	if (r < 0)
		return r;
	for (unsigned int byte = 1; byte < 256; byte++) {
		struct rf_dfa_edge edge = {.byte = byte};

		if (!(s->special[byte >> 6] >> (byte & 63) & 1))
			continue;
		r = target(s, byte, &edge.to);
		if (r < 0)
			return r;
		if (edge.to == fallback)
			continue;
		if (s->dfa->edges.len >= RF_DFA_MAX_EDGES)
			return too_complex(s, RF_DFA_MAX_EDGES, "transitions");
		if (rf_dfa_edges_push(&s->dfa->edges, edge) < 0)
			return no_memory(s);
	}
	s->dfa->states.data[state].fallback = fallback;
	s->dfa->states.data[state].edges = first;
	s->dfa->states.data[state].n_edges = (uint32_t)s->dfa->edges.len - first;
	return 0;
}

int rf_dfa_determinise(struct rf_dfa *dfa, const struct rf_nfa *nfa,
		       const struct rf_dfa_input *input, struct rf_err *err)
{
	RF_CLEANUP(done)
	struct subset s = {.dfa = dfa, .nfa = nfa, .input = input, .err = err, .now = 1};
	uint32_t start;
	int r;

	s.stamp = calloc(nfa->nodes.len, sizeof(*s.stamp));
	s.kept = calloc(nfa->nodes.len, sizeof(*s.kept));
	s.reach = rf_dfa_reach_make(nfa, input);
	if (!s.stamp || !s.kept || !s.reach)
		return no_memory(&s);
	r = grow_table(&s);
	if (r == 0)
		r = put(&s, 0);
	if (r == 0)
		r = intern(&s, &start);
	for (uint32_t i = 0; r == 0 && i < dfa->states.len; i++)
		r = expand(&s, i);
	dfa->n_raw_states = dfa->states.len;
	dfa->n_raw_edges = dfa->edges.len;
	dfa->n_nodes = s.pool.len;
	dfa->n_steps = s.steps;
	return r;
}
