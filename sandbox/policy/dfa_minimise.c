/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging states that no continuation tells apart.
 *
 * Partition refinement in rounds: only states with a successor whose class changed are looked at
 * again, and of a class that splits the largest part keeps the number, so that a state is looked
 * at O(log n) times. A state's signature is its default's class and the edges that lead to another
 * class than that, so it does not depend on how a row happens to be written down.
 */
#include <string.h>

#include "sandbox/policy/dfa_parts.h"

struct refine {
	const struct rf_dfa *dfa;
	uint32_t n;
	uint32_t *class_of;
	uint32_t n_classes;
	uint32_t *pred_at; /* n + 1 starts into pred */
	uint32_t *pred;
	uint32_t *order; /* states, class by class */
	uint32_t *place; /* where in order a state is */
	uint32_t *first; /* by class: its part of order */
	uint32_t *size;
	uint32_t *dirty; /* states to look at in this round, then those of the next */
	uint32_t n_dirty;
	bool *is_dirty;
	uint64_t *sign; /* hash of the signature, by state */
};

static void done(struct refine *r)
{
	free(r->pred_at);
	free(r->pred);
	free(r->order);
	free(r->place);
	free(r->first);
	free(r->size);
	free(r->dirty);
	free(r->is_dirty);
	free(r->sign);
}

static int no_memory(struct rf_err *err)
{
	return rf_err_set(err, -ENOMEM, "no memory to minimise the patterns of the policy");
}

static int init(struct refine *r)
{
	size_t n = r->n, m = r->dfa->edges.len + n;
	uint32_t *fill = NULL;

	r->pred_at = calloc(n + 2, sizeof(uint32_t));
	r->pred = calloc(m + 1, sizeof(uint32_t));
	r->order = calloc(n, sizeof(uint32_t));
	r->place = calloc(n, sizeof(uint32_t));
	r->first = calloc(n + 1, sizeof(uint32_t));
	r->size = calloc(n + 1, sizeof(uint32_t));
	r->dirty = calloc(n, sizeof(uint32_t));
	r->is_dirty = calloc(n, sizeof(bool));
	r->sign = calloc(n, sizeof(uint64_t));
	if (!r->pred_at || !r->pred || !r->order || !r->place || !r->first || !r->size ||
	    !r->dirty || !r->is_dirty || !r->sign)
		return -ENOMEM;
	/* Counting sort of the edges by target. pred_at is shifted by one while filling. */
	fill = r->pred_at + 1;
	for (size_t q = 0; q < n; q++) {
		const struct rf_dfa_state *state = &r->dfa->states.data[q];

		fill[state->fallback + 1]++;
		for (uint32_t e = 0; e < state->n_edges; e++)
			fill[r->dfa->edges.data[state->edges + e].to + 1]++;
	}
	for (size_t q = 0; q < n; q++)
		fill[q + 1] += fill[q];
	for (uint32_t q = 0; q < n; q++) {
		const struct rf_dfa_state *state = &r->dfa->states.data[q];

		r->pred[fill[state->fallback]++] = q;
		for (uint32_t e = 0; e < state->n_edges; e++)
			r->pred[fill[r->dfa->edges.data[state->edges + e].to]++] = q;
	}
	return 0;
}

/* Lays the states out class by class. */
static void lay_out(struct refine *r)
{
	uint32_t at = 0;

	for (uint32_t q = 0; q < r->n; q++)
		r->size[r->class_of[q]]++;
	for (uint32_t c = 0; c < r->n_classes; c++) {
		r->first[c] = at;
		at += r->size[c];
		r->size[c] = 0;
	}
	for (uint32_t q = 0; q < r->n; q++) {
		uint32_t c = r->class_of[q];

		r->place[q] = r->first[c] + r->size[c]++;
		r->order[r->place[q]] = q;
	}
}

static uint64_t mix(uint64_t h, uint64_t value)
{
	h ^= value + UINT64_C(0x9e3779b97f4a7c15);
	h *= UINT64_C(0xff51afd7ed558ccd);
	return h ^ h >> 29;
}

static uint64_t signature(const struct refine *r, uint32_t q)
{
	const struct rf_dfa_state *state = &r->dfa->states.data[q];
	uint32_t fallback = r->class_of[state->fallback];
	uint64_t h = mix(0, fallback);

	for (uint32_t e = 0; e < state->n_edges; e++) {
		const struct rf_dfa_edge *edge = &r->dfa->edges.data[state->edges + e];
		uint32_t c = r->class_of[edge->to];

		if (c != fallback)
			h = mix(h, (uint64_t)c << 8 | edge->byte);
	}
	return h;
}

/* The next edge at or after *e that leads to another class than the default; NULL at the end. */
static const struct rf_dfa_edge *next_edge(const struct refine *r, const struct rf_dfa_state *state,
					   uint32_t *e)
{
	while (*e < state->n_edges) {
		const struct rf_dfa_edge *edge = &r->dfa->edges.data[state->edges + (*e)++];

		if (r->class_of[edge->to] != r->class_of[state->fallback])
			return edge;
	}
	return NULL;
}

/* Orders states of one class by signature; equal only if the signatures are, not just hashes. */
static int compare(const struct refine *r, uint32_t a, uint32_t b)
{
	const struct rf_dfa_state *x = &r->dfa->states.data[a], *y = &r->dfa->states.data[b];
	uint32_t i = 0, j = 0, cx = r->class_of[x->fallback], cy = r->class_of[y->fallback];

	if (r->sign[a] != r->sign[b])
		return r->sign[a] < r->sign[b] ? -1 : 1;
	if (cx != cy)
		return cx < cy ? -1 : 1;
	for (;;) {
		const struct rf_dfa_edge *p = next_edge(r, x, &i), *q = next_edge(r, y, &j);

		if (!p || !q)
			return !!p - !!q;
		if (p->byte != q->byte)
			return p->byte < q->byte ? -1 : 1;
		cx = r->class_of[p->to];
		cy = r->class_of[q->to];
		if (cx != cy)
			return cx < cy ? -1 : 1;
	}
}

static int compare_dirty(const void *a, const void *b, void *data)
{
	const struct refine *r = data;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint32_t cx = r->class_of[x], cy = r->class_of[y];
	int c = cx != cy ? (cx < cy ? -1 : 1) : compare(r, x, y);

	return c ? c : x < y ? -1 : x > y;
}

static void swap_places(struct refine *r, uint32_t a, uint32_t b)
{
	uint32_t qa = r->order[a], qb = r->order[b];

	r->order[a] = qb;
	r->order[b] = qa;
	r->place[qb] = a;
	r->place[qa] = b;
}

/*
 * Splits one class whose dirty members are dirty[0..n), sorted. Members that are not dirty are one
 * group more: their signature is the old one, which no dirty member can have. The new class of
 * each state goes to `renamed`, applied when the round is over: signatures must not mix rounds.
 */
static void split(struct refine *r, const uint32_t *dirty, uint32_t n, uint32_t *renamed)
{
	uint32_t c = r->class_of[dirty[0]], clean = r->size[c] - n, best = 0, best_size = clean;
	uint32_t at;
	bool keep_clean = true;

	/* The dirty ones go to the end of the class's part, group by group. */
	for (uint32_t i = 0; i < n; i++)
		swap_places(r, r->place[dirty[i]], r->first[c] + clean + i);
	for (uint32_t i = 0, from = 0; i < n; i++) {
		if (i + 1 < n && compare(r, dirty[i], dirty[i + 1]) == 0)
			continue;
		if (i + 1 - from > best_size) {
			best = from;
			best_size = i + 1 - from;
			keep_clean = false;
		}
		from = i + 1;
	}
	if (best_size == r->size[c])
		return;
	at = r->first[c];
	if (clean && !keep_clean) {
		r->first[r->n_classes] = at;
		r->size[r->n_classes] = clean;
		for (uint32_t i = 0; i < clean; i++)
			renamed[r->order[at + i]] = r->n_classes;
		r->n_classes++;
	}
	at += clean;
	for (uint32_t i = 0, from = 0; i < n; i++) {
		if (i + 1 < n && compare(r, dirty[i], dirty[i + 1]) == 0)
			continue;
		if (keep_clean || from != best) {
			r->first[r->n_classes] = at + from;
			r->size[r->n_classes] = i + 1 - from;
			for (uint32_t k = from; k <= i; k++)
				renamed[r->order[at + k]] = r->n_classes;
			r->n_classes++;
		}
		from = i + 1;
	}
	if (!keep_clean)
		r->first[c] = at + best;
	r->size[c] = best_size;
}

/* Collects whose successors changed class since the last round and applies the new classes. */
static void next_round(struct refine *r, uint32_t *renamed, uint32_t old_classes)
{
	r->n_dirty = 0;
	for (uint32_t c = old_classes; c < r->n_classes; c++) {
		for (uint32_t i = 0; i < r->size[c]; i++) {
			uint32_t q = r->order[r->first[c] + i];

			r->class_of[q] = renamed[q];
			for (uint32_t p = r->pred_at[q]; p < r->pred_at[q + 1]; p++) {
				uint32_t from = r->pred[p];

				if (!r->is_dirty[from]) {
					r->is_dirty[from] = true;
					r->dirty[r->n_dirty++] = from;
				}
			}
		}
	}
}

/* Gives the classes that hold a state the numbers from 0; `number` has room for all. */
static uint32_t drop_empty(uint32_t *class_of, uint32_t n, uint32_t *number)
{
	uint32_t used = 0;

	for (uint32_t q = 0; q < n; q++) {
		if (!number[class_of[q]])
			number[class_of[q]] = ++used;
		class_of[q] = number[class_of[q]] - 1;
	}
	return used;
}

int rf_dfa_refine(const struct rf_dfa *dfa, uint32_t *class_of, uint32_t n_classes,
		  struct rf_err *err)
{
	RF_CLEANUP(done)
	struct refine r = {.dfa = dfa, .n = (uint32_t)dfa->states.len, .class_of = class_of};
	RF_AUTOFREE uint32_t *renamed = calloc(r.n + 1, sizeof(*renamed));
	RF_AUTOFREE uint32_t *number = calloc(n_classes + 1, sizeof(*number));

	if (!renamed || !number || init(&r) < 0)
		return no_memory(err);
	r.n_classes = drop_empty(class_of, r.n, number);
	lay_out(&r);
	r.n_dirty = r.n;
	for (uint32_t q = 0; q < r.n; q++)
		r.dirty[q] = q;
	while (r.n_dirty) {
		uint32_t old_classes = r.n_classes;

		for (uint32_t i = 0; i < r.n_dirty; i++) {
			r.sign[r.dirty[i]] = signature(&r, r.dirty[i]);
			r.is_dirty[r.dirty[i]] = false;
		}
		qsort_r(r.dirty, r.n_dirty, sizeof(uint32_t), compare_dirty, &r);
		for (uint32_t i = 0, from = 0; i < r.n_dirty; i++) {
			if (i + 1 < r.n_dirty && class_of[r.dirty[i]] == class_of[r.dirty[i + 1]])
				continue;
			split(&r, &r.dirty[from], i + 1 - from, renamed);
			from = i + 1;
		}
		next_round(&r, renamed, old_classes);
	}
	return (int)r.n_classes;
}

/* The state that stands for its class becomes the class's row, edges that agree with it dropped. */
static int copy_row(struct rf_dfa *to, const struct rf_dfa *from, uint32_t q,
		    const uint32_t *number)
{
	struct rf_dfa_state state = from->states.data[q];
	uint32_t first = state.edges, n = state.n_edges;

	state.fallback = number[state.fallback];
	state.edges = (uint32_t)to->edges.len;
	for (uint32_t e = 0; e < n; e++) {
		struct rf_dfa_edge edge = from->edges.data[first + e];

		edge.to = number[edge.to];
		if (edge.to != state.fallback && rf_dfa_edges_push(&to->edges, edge) < 0)
			return -ENOMEM;
	}
	state.n_edges = (uint32_t)to->edges.len - state.edges;
	return rf_dfa_states_push(&to->states, state);
}

/* Numbers classes in the order in which a walk by bytes, breadth first, meets them. */
static void number_classes(const struct rf_dfa *dfa, const uint32_t *class_of, uint32_t *queue,
			   uint32_t *seen)
{
	uint32_t n = 1;

	queue[0] = 0;
	seen[class_of[0]] = 1;
	for (uint32_t i = 0; i < n; i++) {
		const struct rf_dfa_state *state = &dfa->states.data[queue[i]];

		for (uint32_t e = 0; e <= state->n_edges; e++) {
			uint32_t to = e < state->n_edges ? dfa->edges.data[state->edges + e].to
							 : state->fallback;

			if (!seen[class_of[to]]) {
				queue[n++] = to;
				seen[class_of[to]] = n;
			}
		}
	}
}

int rf_dfa_merge(struct rf_dfa *dfa, const uint32_t *class_of, uint32_t n_classes,
		 struct rf_err *err)
{
	RF_AUTOFREE uint32_t *seen = calloc(n_classes, sizeof(*seen));
	RF_AUTOFREE uint32_t *queue = calloc(n_classes, sizeof(*queue));
	RF_AUTOFREE uint32_t *number = calloc(dfa->states.len, sizeof(*number));
	struct rf_dfa small = {0};
	int r = 0;

	if (!seen || !queue || !number)
		return no_memory(err);
	number_classes(dfa, class_of, queue, seen);
	for (size_t q = 0; q < dfa->states.len; q++)
		number[q] = seen[class_of[q]] - 1;
	for (uint32_t c = 0; c < n_classes && r == 0; c++)
		r = copy_row(&small, dfa, queue[c], number);
	rf_dfa_states_done(r < 0 ? &small.states : &dfa->states);
	rf_dfa_edges_done(r < 0 ? &small.edges : &dfa->edges);
	if (r < 0)
		return no_memory(err);
	dfa->states = small.states;
	dfa->edges = small.edges;
	return 0;
}
