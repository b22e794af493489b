/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overlaying the sparse rows of automata in pages (lsm/abi_image.h).
 *
 * A row needs its header cells and one cell for each edge, at fixed distances from a base that no
 * other row of the page has. Free cells are bits; the bases where a row fits are the AND of the
 * free bits turned by each distance, 64 bases at a time. States that most bytes lead back to come
 * first, each in one page with what it leads to (RF_TAG_STAYS); the others are placed depth first,
 * so that a walk mostly stays in its page.
 */
#include <string.h>

#include "sandbox/launch/pack.h"

#define WORDS	   (RF_PAGE_CELLS / 64)
#define OPEN_PAGES 4

#define STAYS_EDGES 15 /* of states that are worth it to be placed with what they lead to */

struct sheet {
	uint32_t page;
	uint64_t used[WORDS]; /* cells */
	uint64_t bases[WORDS];
	uint32_t first_word; /* words before hold no base that was found to fit */
	uint32_t room;	     /* free cells */
};

struct overlay {
	struct rf_pack *pack;
	struct rf_err *err;
	struct sheet open[OPEN_PAGES];
	size_t n_open;
	uint32_t first_page, n_pages;
};

/* One row's distances from its base, circular. */
struct shape {
	uint32_t n;
	uint16_t at[RF_ROW_HEADERS + 256];
};

static uint64_t free_word(const struct sheet *sheet, uint32_t word, uint32_t distance)
{
	uint32_t from = (word * 64 + distance) & RF_PAGE_MASK, w = from / 64, shift = from % 64;
	uint64_t low = ~sheet->used[w] >> shift;

	if (shift)
		low |= ~sheet->used[(w + 1) % WORDS] << (64 - shift);
	return low;
}

/* The first base that takes the shape, or -1. */
static int find_base(struct sheet *sheet, const struct shape *shape)
{
	bool any = false;

	if (sheet->room < shape->n)
		return -1;
	for (uint32_t w = sheet->first_word; w < WORDS; w++) {
		uint64_t fits = ~sheet->bases[w];

		/* The headers first: they are all that small rows have in common. */
		for (uint32_t k = 0; k < RF_ROW_HEADERS && fits; k++)
			fits &= free_word(sheet, w, shape->at[k]);
		any |= fits != 0;
		if (!any)
			sheet->first_word = w + 1;
		for (uint32_t k = RF_ROW_HEADERS; k < shape->n && fits; k++)
			fits &= free_word(sheet, w, shape->at[k]);
		if (fits)
			return (int)(w * 64) + __builtin_ctzll(fits);
	}
	return -1;
}

static void take(struct sheet *sheet, const struct shape *shape, uint32_t base)
{
	sheet->bases[base / 64] |= UINT64_C(1) << (base % 64);
	for (uint32_t k = 0; k < shape->n; k++) {
		uint32_t at = (base + shape->at[k]) & RF_PAGE_MASK;

		sheet->used[at / 64] |= UINT64_C(1) << (at % 64);
	}
	sheet->room -= shape->n;
}

static int open_sheet(struct overlay *o, struct sheet **ret)
{
	struct sheet *sheet;
	uint32_t at;
	int r = rf_pack_room(o->pack, RF_PAGE_CELLS, RF_PAGE_CELLS, &at, o->err);

	if (r < 0)
		return r;
	if (o->n_open == OPEN_PAGES) {
		memmove(&o->open[0], &o->open[1], sizeof(o->open[0]) * (OPEN_PAGES - 1));
		o->n_open--;
	}
	sheet = &o->open[o->n_open++];
	memset(sheet, 0, sizeof(*sheet));
	sheet->page = at >> RF_PAGE_SHIFT;
	sheet->room = RF_PAGE_CELLS;
	if (!o->n_pages)
		o->first_page = sheet->page;
	o->n_pages++;
	*ret = sheet;
	return 0;
}

static void make_shape(struct shape *shape, const struct rf_dfa *dfa, uint32_t q)
{
	const struct rf_dfa_state *state = &dfa->states.data[q];

	shape->n = 0;
	for (uint32_t k = 1; k <= RF_ROW_HEADERS; k++)
		shape->at[shape->n++] = (uint16_t)(RF_PAGE_CELLS - k);
	for (uint32_t e = 0; e < state->n_edges; e++)
		shape->at[shape->n++] = (uint16_t)dfa->edges.data[state->edges + e].byte;
}

static bool place_in(struct sheet *sheet, const struct rf_dfa *dfa, uint32_t q, uint32_t *ret)
{
	struct shape shape;
	int base;

	make_shape(&shape, dfa, q);
	base = find_base(sheet, &shape);
	if (base < 0)
		return false;
	take(sheet, &shape, (uint32_t)base);
	*ret = sheet->page << RF_PAGE_SHIFT | (uint32_t)base;
	return true;
}

/* *ret is the cell number of the state's base. The newest page is tried first. */
static int place(struct overlay *o, const struct rf_dfa *dfa, uint32_t q, uint32_t *ret)
{
	struct sheet *sheet;
	int r;

	for (size_t k = o->n_open; k-- > 0;)
		if (place_in(&o->open[k], dfa, q, ret))
			return 0;
	r = open_sheet(o, &sheet);
	if (r < 0)
		return r;
	(void)place_in(sheet, dfa, q, ret); /* a page takes any row */
	return 0;
}

/* A state and all that it leads to in this page, or nothing is placed. */
static bool place_together(struct sheet *sheet, const struct rf_dfa *dfa, uint32_t q, bool *placed,
			   uint32_t *base_of)
{
	const struct rf_dfa_state *state = &dfa->states.data[q];
	struct sheet before = *sheet;
	uint32_t mine[STAYS_EDGES + 1], n = 0;

	for (uint32_t e = 0; e <= state->n_edges; e++) {
		uint32_t to = e ? dfa->edges.data[state->edges + e - 1].to : q;

		if (placed[to] ? base_of[to] >> RF_PAGE_SHIFT == sheet->page
			       : place_in(sheet, dfa, to, &base_of[to])) {
			if (!placed[to])
				mine[n++] = to;
			placed[to] = true;
			continue;
		}
		*sheet = before;
		while (n)
			placed[mine[--n]] = false;
		return false;
	}
	return true;
}

/*
 * A state that stays: the kernel side looks at the names there by words, which the border of a page
 * between such a state and the next one would forbid. Where that cannot be helped it is placed as
 * any other, later.
 */
static int place_staying(struct overlay *o, const struct rf_dfa *dfa, uint32_t q, bool *placed,
			 uint32_t *base_of)
{
	const struct rf_dfa_state *state = &dfa->states.data[q];
	struct sheet *sheet;
	bool some = placed[q];
	int r;

	if (state->fallback != q || state->universal || state->n_edges > STAYS_EDGES)
		return 0;
	for (size_t k = o->n_open; k-- > 0;)
		if (place_together(&o->open[k], dfa, q, placed, base_of))
			return 0;
	for (uint32_t e = 0; e < state->n_edges; e++)
		some |= placed[dfa->edges.data[state->edges + e].to];
	if (some)
		return 0; /* a new page would not have that one */
	r = open_sheet(o, &sheet);
	if (r == 0)
		(void)place_together(sheet, dfa, q, placed, base_of);
	return r;
}

/* The states in the order of a walk, depth first from the start. */
static int order_states(const struct rf_dfa *dfa, uint32_t *order, size_t *ret_n,
			struct rf_err *err)
{
	size_t n = dfa->states.len, top = 0;
	RF_AUTOFREE uint32_t *stack = calloc(n + 1, sizeof(*stack));
	RF_AUTOFREE bool *seen = calloc(n + 1, sizeof(*seen));

	if (!stack || !seen)
		return rf_err_set(err, -ENOMEM, "no memory to pack the policy");
	*ret_n = 0;
	stack[top++] = 0;
	seen[0] = true;
	while (top) {
		uint32_t q = stack[--top];
		const struct rf_dfa_state *state = &dfa->states.data[q];

		order[(*ret_n)++] = q;
		for (uint32_t e = 0; e <= state->n_edges; e++) {
			uint32_t to = e < state->n_edges ? dfa->edges.data[state->edges + e].to
							 : state->fallback;

			if (!seen[to]) {
				seen[to] = true;
				stack[top++] = to;
			}
		}
	}
	return 0;
}

/* Places every state: `staying` those that stay first. */
static int place_all(struct overlay *o, const struct rf_dfa *dfa, uint32_t *base_of, bool staying)
{
	RF_AUTOFREE uint32_t *order = calloc(dfa->states.len + 1, sizeof(*order));
	RF_AUTOFREE bool *placed = calloc(dfa->states.len + 1, sizeof(*placed));
	size_t n;
	int r;

	if (!order || !placed)
		return rf_err_set(o->err, -ENOMEM, "no memory to pack the policy");
	r = order_states(dfa, order, &n, o->err);
	for (size_t i = 0; r == 0 && staying && i < n; i++)
		r = place_staying(o, dfa, order[i], placed, base_of);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!placed[order[i]])
			r = place(o, dfa, order[i], &base_of[order[i]]);
	return r;
}

static uint32_t encode_target(uint32_t base)
{
	uint32_t page = base >> RF_PAGE_SHIFT;

	return (page & 0xff) << 14 | (base & RF_PAGE_MASK) << 2 | page >> 8;
}

static uint32_t accept_word(const struct rf_dfa *dfa, const struct rf_dfa_state *state)
{
	const struct rf_dfa_verdict *v = &dfa->verdicts.data[state->verdict];
	uint32_t word = v->allowed[0] | (uint32_t)v->allowed[1] << 7;
	bool would = false;

	for (unsigned int i = 0; i < RF_FILE_RIGHTS; i++)
		would |= v->would[0][i] != RF_RULE_NONE || v->would[1][i] != RF_RULE_NONE;
	if (would || v->audit[0] || v->audit[1])
		word |= RF_ACC_WATCH;
	if (state->universal)
		word |= RF_ACC_UNIVERSAL;
	if (state->sticky)
		word |= RF_ACC_STICKY;
	if (v->self)
		word |= RF_ACC_SELF;
	if (v->nail)
		word |= RF_ACC_NAIL;
	if (state->self_below)
		word |= RF_ACC_SELF_BELOW;
	return word;
}

/* See RF_TAG_STAYS. */
static bool stays(const struct rf_dfa *dfa, uint32_t q, const uint32_t *base_of)
{
	const struct rf_dfa_state *state = &dfa->states.data[q];

	for (uint32_t e = 0; e < state->n_edges; e++)
		if (base_of[dfa->edges.data[state->edges + e].to] >> RF_PAGE_SHIFT !=
		    base_of[q] >> RF_PAGE_SHIFT)
			return false;
	return state->fallback == q;
}

/* The payload of the default cell of a state that stays. */
static uint32_t leaving_bytes(const struct rf_dfa *dfa, const struct rf_dfa_state *state)
{
	uint32_t bytes[2] = {0}, n = 0;

	for (uint32_t e = 0; e < state->n_edges; e++) {
		uint32_t byte = dfa->edges.data[state->edges + e].byte;

		if (byte == '/')
			continue;
		if (n == 2)
			return 0;
		bytes[n++] = byte;
	}
	if (n == 0)
		bytes[0] = '/';
	return bytes[0] | (n == 2 ? bytes[1] : bytes[0]) << 8;
}

static void write_row(struct rf_pack *pack, const struct rf_dfa *dfa, uint32_t q,
		      const uint32_t *base_of, uint32_t info)
{
	const struct rf_dfa_state *state = &dfa->states.data[q];
	struct rf_page *page = &pack->pages.data[base_of[q] >> RF_PAGE_SHIFT];
	uint32_t base = base_of[q], none = RF_TAG_NONE << RF_TAG_SHIFT;

	page->cell[(base - 1) & RF_PAGE_MASK] = none | accept_word(dfa, state);
	page->cell[(base - 2) & RF_PAGE_MASK] =
		stays(dfa, q, base_of)
			? none | RF_TAG_STAYS << RF_TAG_SHIFT | leaving_bytes(dfa, state)
			: none | encode_target(base_of[state->fallback]);
	page->cell[(base - 3) & RF_PAGE_MASK] = none | info;
	for (uint32_t e = 0; e < state->n_edges; e++) {
		const struct rf_dfa_edge *edge = &dfa->edges.data[state->edges + e];
		uint32_t to = base_of[edge->to], tag = edge->byte << 2;

		if (to >> RF_PAGE_SHIFT != base >> RF_PAGE_SHIFT)
			tag |= RF_TAG_CROSS;
		page->cell[(base + edge->byte) & RF_PAGE_MASK] =
			tag << RF_TAG_SHIFT | encode_target(to);
	}
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The table that info words lead to: each pair of verdict and relation number once. */
static int write_infos(struct rf_pack *pack, const struct rf_dfa *dfa, struct rf_dfa_head *head,
		       uint32_t *info_of, struct rf_err *err)
{
	size_t n = dfa->states.len, kept = 0;
	RF_AUTOFREE uint64_t *pairs = calloc(n, sizeof(*pairs));
	int r;

	if (!pairs)
		return rf_err_set(err, -ENOMEM, "no memory to pack the policy");
	for (size_t q = 0; q < n; q++)
		pairs[q] =
			(uint64_t)dfa->states.data[q].related << 32 | dfa->states.data[q].verdict;
	qsort(pairs, n, sizeof(*pairs), compare_u64);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || pairs[i] != pairs[kept - 1])
			pairs[kept++] = pairs[i];
	r = rf_pack_room(pack, kept * 2, 2, &head->info_off, err);
	if (r < 0)
		return r;
	head->n_info = (uint32_t)kept;
	for (size_t i = 0; i < kept; i++) {
		*rf_pack_cell(pack, head->info_off + 2 * i) = (uint32_t)pairs[i];
		*rf_pack_cell(pack, head->info_off + 2 * i + 1) = (uint32_t)(pairs[i] >> 32);
	}
	for (size_t q = 0; q < n; q++) {
		uint64_t pair =
			(uint64_t)dfa->states.data[q].related << 32 | dfa->states.data[q].verdict;
		const uint64_t *at = bsearch(&pair, pairs, kept, sizeof(*pairs), compare_u64);

		info_of[q] = (uint32_t)(at - pairs);
	}
	return 0;
}

static int write_verdicts(struct rf_pack *pack, const struct rf_dfa *dfa, struct rf_dfa_head *head,
			  struct rf_err *err)
{
	int r = rf_pack_room(pack, dfa->verdicts.len * 16, 16, &head->verdict_off, err);

	if (r < 0)
		return r;
	head->n_verdicts = (uint32_t)dfa->verdicts.len;
	for (size_t i = 0; i < dfa->verdicts.len; i++) {
		const struct rf_dfa_verdict *from = &dfa->verdicts.data[i];
		struct rf_verdict to = {.self = from->self};

		memcpy(to.rule, from->rule, sizeof(to.rule));
		memcpy(to.would, from->would, sizeof(to.would));
		memcpy(to.audit, from->audit, sizeof(to.audit));
		rf_pack_write(pack, head->verdict_off + (uint32_t)i * 16, &to, sizeof(to));
	}
	return 0;
}

static int write_relation(struct rf_pack *pack, const struct rf_dfa *dfa, struct rf_dfa_head *head,
			  struct rf_err *err)
{
	size_t bits = (size_t)dfa->n_related * dfa->n_related, words = bits / 64 + 1;
	int r;

	if (!dfa->n_related)
		return 0;
	r = rf_pack_room(pack, words * 2, 2, &head->relation_off, err);
	if (r < 0)
		return r;
	head->n_related = dfa->n_related;
	rf_pack_write(pack, head->relation_off, dfa->relation, words * sizeof(uint64_t));
	return 0;
}

struct packed {
	const struct rf_dfa *dfa;
	struct rf_dfa_head head;
	uint32_t *base_of, *info_of;
};

static void packed_done(struct packed *p)
{
	free(p->base_of);
	free(p->info_of);
}

static int pack_tables(struct rf_pack *pack, struct packed *p, const struct rf_dfa *dfa,
		       struct rf_err *err)
{
	int r;

	p->dfa = dfa;
	p->head.n_states = (uint32_t)dfa->states.len;
	p->base_of = calloc(dfa->states.len, sizeof(*p->base_of));
	p->info_of = calloc(dfa->states.len, sizeof(*p->info_of));
	if (!p->base_of || !p->info_of)
		return rf_err_set(err, -ENOMEM, "no memory to pack the policy");
	r = write_verdicts(pack, dfa, &p->head, err);
	if (r == 0)
		r = write_infos(pack, dfa, &p->head, p->info_of, err);
	if (r == 0)
		r = write_relation(pack, dfa, &p->head, err);
	return r;
}

static void write_states(struct rf_pack *pack, struct packed *p, const struct overlay *o)
{
	p->head.start = p->base_of[0];
	p->head.first_page = o->first_page;
	p->head.n_pages = o->n_pages;
	for (uint32_t q = 0; q < p->dfa->states.len; q++)
		write_row(pack, p->dfa, q, p->base_of, p->info_of[q]);
}

static int place_both(struct overlay *o, struct packed *a, struct packed *b, bool staying)
{
	int r = place_all(o, a->dfa, a->base_of, staying);

	return r < 0 ? r : place_all(o, b->dfa, b->base_of, staying);
}

int rf_pack_dfas(struct rf_pack *pack, const struct rf_dfa *files, const struct rf_dfa *unix_names,
		 struct rf_err *err)
{
	RF_CLEANUP(packed_done) struct packed a = {0};
	RF_CLEANUP(packed_done) struct packed b = {0};
	struct overlay overlay = {.pack = pack};
	size_t before;
	int r = pack_tables(pack, &a, files, err);

	if (r == 0)
		r = pack_tables(pack, &b, unix_names, err);
	before = pack->next;
	if (r == 0 && place_both(&overlay, &a, &b, true) < 0) {
		/* What is only for speed may take some pages more: not where that is too many. */
		pack->next = before;
		pack->pages.len = (before + RF_PAGE_CELLS - 1) >> RF_PAGE_SHIFT;
		overlay = (struct overlay){.pack = pack, .err = err};
		r = place_both(&overlay, &a, &b, false);
	}
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < overlay.n_pages; i++)
		for (uint32_t k = 0; k < RF_PAGE_CELLS; k++)
			pack->pages.data[overlay.first_page + i].cell[k] = RF_TAG_NONE
									   << RF_TAG_SHIFT;
	write_states(pack, &a, &overlay);
	write_states(pack, &b, &overlay);
	rf_pack_head(pack)->files = a.head;
	rf_pack_head(pack)->unix_names = b.head;
	return 0;
}
