/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of everything below a state: flags, and which state adds nothing to which.
 *
 * "Below" is a continuation that begins with '/'. The relation is about rights only, not about who
 * decided, so it is kept for the classes that rights alone tell apart; those are few even where
 * rules are many.
 */
#include <string.h>

#include "sandbox/policy/dfa_parts.h"

static int no_memory(struct rf_err *err)
{
	return rf_err_set(err, -ENOMEM, "no memory to relate the states of the policy");
}

/* After minimisation a state that has one verdict for all that follows is its own successor. */
static bool is_uniform(const struct rf_dfa *dfa, uint32_t q)
{
	return dfa->states.data[q].fallback == q && dfa->states.data[q].n_edges == 0;
}

static bool is_sticky(const struct rf_dfa *dfa, uint32_t q)
{
	const struct rf_dfa_state *state = &dfa->states.data[q];

	return state->fallback == q &&
	       (state->n_edges == 0 ||
		(state->n_edges == 1 && dfa->edges.data[state->edges].byte == '/'));
}

/* States from which one with self-protection can be reached, itself included. */
static int reach_self(const struct rf_dfa *dfa, bool *reach, struct rf_err *err)
{
	size_t n = dfa->states.len;
	bool changed = true;

	(void)err;
	for (size_t q = 0; q < n; q++)
		reach[q] = dfa->verdicts.data[dfa->states.data[q].verdict].self;
	/* Numbers grow away from the start, so going backwards most is settled in one pass. */
	while (changed) {
		changed = false;
		for (size_t q = n; q-- > 0;) {
			const struct rf_dfa_state *state = &dfa->states.data[q];
			bool any = reach[state->fallback];

			for (uint32_t e = 0; e < state->n_edges && !any; e++)
				any = reach[dfa->edges.data[state->edges + e].to];
			if (any && !reach[q])
				reach[q] = changed = true;
		}
	}
	return 0;
}

int rf_dfa_mark(struct rf_dfa *dfa, struct rf_err *err)
{
	RF_AUTOFREE bool *reach = calloc(dfa->states.len, sizeof(*reach));
	int r;

	if (!reach)
		return no_memory(err);
	r = reach_self(dfa, reach, err);
	if (r < 0)
		return r;
	for (uint32_t q = 0; q < dfa->states.len; q++) {
		struct rf_dfa_state *state = &dfa->states.data[q];
		uint32_t below = rf_dfa_next(dfa, q, '/');

		state->universal =
			is_uniform(dfa, below) && dfa->states.data[below].verdict == state->verdict;
		state->sticky = is_sticky(dfa, q);
		state->self_below = dfa->verdicts.data[state->verdict].self || reach[below];
	}
	return 0;
}

struct relate {
	uint32_t n;	    /* classes */
	uint32_t words;	    /* of a row of the relation */
	uint32_t n_columns; /* bytes that no state tells apart share one */
	uint16_t *to;	    /* by column and class: where it leads */
	uint16_t *from;	    /* by column: its classes, ordered by where it leads them */
	uint16_t *from_at;  /* by column and class: how many of `from` are led to smaller ones */
	uint64_t *rows;	    /* n * words: "adds nothing, whatever bytes follow" */
	uint64_t *told;	    /* rows as they were when those before were told */
	uint64_t *before;   /* by class: classes that column 0 leads to what it adds nothing to */
	uint64_t *other;    /* a row: the same by another column, see find_before() */
	uint16_t *odd;	    /* by column: classes that it leads elsewhere than column 0 does */
	uint32_t *n_odd;    /* by column */
	bool *changed;	    /* by class: its row changed since others were told */
	uint64_t *allowed;  /* by class: rights of both sessions */
	uint32_t slash;	    /* column of '/' */
	uint64_t steps;	    /* pairs of states that were looked at */
};

static void relate_done(struct relate *r)
{
	free(r->to);
	free(r->from);
	free(r->from_at);
	free(r->rows);
	free(r->told);
	free(r->before);
	free(r->other);
	free(r->odd);
	free(r->n_odd);
	free(r->changed);
	free(r->allowed);
}

/* exec may be added where reading is allowed (POLICY.md 13). */
static bool adds_nothing(uint64_t new, uint64_t old)
{
	uint64_t added = new & ~old;

	for (int half = 0; half < 2; half++)
		if (old >> (8 * half) & RF_FILE_READ)
			added &= ~((uint64_t)RF_FILE_EXEC << (8 * half));
	return !added;
}

static uint64_t rights_of(const struct rf_dfa *dfa, uint32_t q)
{
	const struct rf_dfa_verdict *v = &dfa->verdicts.data[dfa->states.data[q].verdict];

	return v->allowed[0] | (uint64_t)v->allowed[1] << 8;
}

/* Classes by rights alone; the number of classes or a negative errno. */
static int classify(const struct rf_dfa *dfa, uint32_t *class_of, struct rf_err *err)
{
	for (uint32_t q = 0; q < dfa->states.len; q++)
		class_of[q] = (uint32_t)rights_of(dfa, q);
	return rf_dfa_refine(dfa, class_of, 1u << 16, err);
}

/* Bytes that no state tells apart share a column; byte 0 is in column 0. */
static void make_columns(const struct rf_dfa *dfa, uint8_t *column_of, uint32_t *ret)
{
	uint32_t n = 1;

	memset(column_of, 0, 256);
	for (size_t e = 0; e < dfa->edges.len; e++) {
		uint32_t byte = dfa->edges.data[e].byte;

		if (!column_of[byte])
			column_of[byte] = (uint8_t)n++;
	}
	*ret = n;
}

/* Orders the classes of each column by where it leads them. */
static void invert(struct relate *r)
{
	for (uint32_t c = 0; c < r->n_columns; c++) {
		const uint16_t *to = &r->to[(size_t)c * r->n];
		uint16_t *from = &r->from[(size_t)c * r->n];
		uint16_t *at = &r->from_at[(size_t)c * (r->n + 1)];

		for (uint32_t q = 0; q < r->n; q++)
			at[to[q] + 1]++;
		for (uint32_t s = 0; s < r->n; s++)
			at[s + 1] = (uint16_t)(at[s + 1] + at[s]);
		for (uint32_t q = 0; q < r->n; q++)
			from[at[to[q]]++] = (uint16_t)q;
		/* Each is where the next one begins now. */
		memmove(at + 1, at, r->n * sizeof(*at));
		at[0] = 0;
	}
}

static int init(struct relate *r, const struct rf_dfa *dfa, const uint32_t *class_of)
{
	uint8_t column_of[256];

	make_columns(dfa, column_of, &r->n_columns);
	r->slash = column_of['/'];
	r->words = (r->n + 63) / 64;
	r->to = calloc((size_t)r->n * r->n_columns, sizeof(*r->to));
	r->from = calloc((size_t)r->n * r->n_columns, sizeof(*r->from));
	r->from_at = calloc((size_t)(r->n + 1) * r->n_columns, sizeof(*r->from_at));
	r->rows = calloc((size_t)r->n * r->words, sizeof(*r->rows));
	r->told = calloc((size_t)r->n * r->words, sizeof(*r->told));
	r->before = calloc((size_t)r->n * r->words, sizeof(*r->before));
	r->other = calloc(r->words, sizeof(*r->other));
	r->odd = calloc((size_t)r->n * r->n_columns, sizeof(*r->odd));
	r->n_odd = calloc(r->n_columns, sizeof(*r->n_odd));
	r->changed = calloc(r->n, sizeof(*r->changed));
	r->allowed = calloc(r->n, sizeof(*r->allowed));
	if (!r->to || !r->from || !r->from_at || !r->rows || !r->told || !r->before || !r->other ||
	    !r->odd || !r->n_odd || !r->changed || !r->allowed)
		return -ENOMEM;
	for (uint32_t q = 0; q < dfa->states.len; q++) {
		const struct rf_dfa_state *state = &dfa->states.data[q];
		uint16_t *to = &r->to[class_of[q]];

		r->allowed[class_of[q]] = rights_of(dfa, q);
		for (uint32_t c = 0; c < r->n_columns; c++)
			to[(size_t)c * r->n] = (uint16_t)class_of[state->fallback];
		for (uint32_t e = 0; e < state->n_edges; e++) {
			const struct rf_dfa_edge *edge = &dfa->edges.data[state->edges + e];

			to[(size_t)column_of[edge->byte] * r->n] = (uint16_t)class_of[edge->to];
		}
	}
	for (uint32_t c = 1; c < r->n_columns; c++)
		for (uint32_t q = 0; q < r->n; q++)
			if (r->to[(size_t)c * r->n + q] != r->to[q])
				r->odd[(size_t)c * r->n + r->n_odd[c]++] = (uint16_t)q;
	invert(r);
	return 0;
}

/* Who adds nothing here; rows of equal rights are equal, and rights are few. */
static void compare_rights(struct relate *r)
{
	for (uint32_t p = 0; p < r->n; p++) {
		uint64_t *row = &r->rows[(size_t)p * r->words];
		uint32_t like = p;

		for (uint32_t i = p; i-- > 0 && p - i < 64 && like == p;)
			if (r->allowed[i] == r->allowed[p])
				like = i;
		if (like != p) {
			memcpy(row, &r->rows[(size_t)like * r->words], r->words * sizeof(*row));
			continue;
		}
		for (uint32_t q = 0; q < r->n; q++)
			if (adds_nothing(r->allowed[p], r->allowed[q]))
				row[q / 64] |= UINT64_C(1) << (q % 64);
	}
}

static bool related(const struct relate *r, uint32_t p, uint32_t q)
{
	return r->rows[(size_t)p * r->words + q / 64] >> (q % 64) & 1;
}

/* Takes out of s's `before` what its row lost since; each class is taken out once. */
static void keep_before(struct relate *r, uint32_t s)
{
	const uint64_t *row = &r->rows[(size_t)s * r->words];
	uint64_t *told = &r->told[(size_t)s * r->words];
	uint64_t *before = &r->before[(size_t)s * r->words];

	for (uint32_t w = 0; w < r->words; w++) {
		for (uint64_t lost = told[w] & ~row[w]; lost; lost &= lost - 1) {
			uint32_t t = w * 64 + (uint32_t)__builtin_ctzll(lost);

			if (t >= r->n)
				break;
			for (uint32_t i = r->from_at[t]; i < r->from_at[t + 1]; i++)
				before[r->from[i] / 64] &= ~(UINT64_C(1) << (r->from[i] % 64));
			r->steps += 1 + r->from_at[t + 1] - r->from_at[t];
		}
		told[w] = row[w];
	}
}

/*
 * The classes that column c leads to one that s adds nothing to. Most bytes lead most classes where
 * byte 0 does: what column 0 answers is kept, the others differ in few.
 */
static const uint64_t *find_before(struct relate *r, uint32_t c, uint32_t s)
{
	const uint64_t *row = &r->rows[(size_t)s * r->words];
	const uint64_t *before = &r->before[(size_t)s * r->words];
	const uint16_t *to = &r->to[(size_t)c * r->n];
	const uint16_t *odd = &r->odd[(size_t)c * r->n];

	if (c == 0)
		return before;
	memcpy(r->other, before, r->words * sizeof(*before));
	for (uint32_t i = 0; i < r->n_odd[c]; i++) {
		uint32_t q = odd[i];
		uint64_t bit = UINT64_C(1) << (q % 64);
		bool is = row[to[q] / 64] >> (to[q] % 64) & 1;

		r->other[q / 64] = (r->other[q / 64] & ~bit) | (is ? bit : 0);
	}
	r->steps += r->n_odd[c] + r->words;
	return r->other;
}

/* A class adds nothing to those alone whose successors its own successors add nothing to. */
static void tell_those_before(struct relate *r, uint32_t s)
{
	keep_before(r, s);
	for (uint32_t c = 0; c < r->n_columns; c++) {
		const uint16_t *at = &r->from_at[(size_t)c * (r->n + 1) + s];
		const uint16_t *from = &r->from[(size_t)c * r->n];
		const uint64_t *before;

		r->steps++;
		if (at[0] == at[1])
			continue;
		before = find_before(r, c, s);
		for (uint32_t i = at[0]; i < at[1]; i++) {
			uint64_t *row = &r->rows[(size_t)from[i] * r->words], lost = 0;

			for (uint32_t w = 0; w < r->words; w++) {
				lost |= row[w] & ~before[w];
				row[w] &= before[w];
			}
			if (lost)
				r->changed[from[i]] = true;
			r->steps += r->words;
		}
	}
}

/* The greatest relation that holds whatever bytes follow; false: too much work. */
static bool settle(struct relate *r)
{
	bool any = true;

	memset(r->changed, true, r->n);
	memset(r->told, 0xff, (size_t)r->n * r->words * sizeof(*r->told));
	memset(r->before, 0xff, (size_t)r->n * r->words * sizeof(*r->before));
	while (any) {
		any = false;
		/* Numbers grow away from the start: those that others wait for come first. */
		for (uint32_t s = r->n; s-- > 0;) {
			if (!r->changed[s])
				continue;
			if (r->steps > RF_DFA_RELATION_STEPS)
				return false;
			r->changed[s] = false;
			any = true;
			tell_those_before(r, s);
		}
	}
	return true;
}

/* From "whatever bytes follow" to "here and below": the next byte of a path is '/'. */
static int keep_paths(struct rf_dfa *dfa, const struct relate *r)
{
	size_t bits = (size_t)r->n * r->n;
	uint64_t *relation = calloc(bits / 64 + 1, sizeof(*relation));

	if (!relation)
		return -ENOMEM;
	for (uint32_t p = 0; p < r->n; p++) {
		uint32_t below = r->to[(size_t)r->slash * r->n + p];

		for (uint32_t q = 0; q < r->n; q++) {
			uint32_t other = r->to[(size_t)r->slash * r->n + q];
			size_t bit = (size_t)p * r->n + q;

			if (adds_nothing(r->allowed[p], r->allowed[q]) && related(r, below, other))
				relation[bit / 64] |= UINT64_C(1) << (bit % 64);
		}
	}
	dfa->relation = relation;
	dfa->n_related = r->n;
	return 0;
}

int rf_dfa_relate(struct rf_dfa *dfa, struct rf_err *err)
{
	RF_AUTOFREE uint32_t *class_of = calloc(dfa->states.len, sizeof(*class_of));
	RF_CLEANUP(relate_done) struct relate r = {0};
	int n;

	if (!class_of)
		return no_memory(err);
	n = classify(dfa, class_of, err);
	if (n < 0)
		return n;
	if (n > RF_DFA_RELATION_STATES)
		return 0;
	r.n = (uint32_t)n;
	if (init(&r, dfa, class_of) < 0)
		return no_memory(err);
	compare_rights(&r);
	/* As with too many states: renames are then judged more strictly. */
	if (!settle(&r))
		return 0;
	for (uint32_t q = 0; q < dfa->states.len; q++)
		dfa->states.data[q].related = class_of[q];
	return keep_paths(dfa, &r) < 0 ? no_memory(err) : 0;
}
