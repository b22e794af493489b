/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns into nodes and edges, sharing what begins alike.
 *
 * `**` is "nothing, or a slash and anything": what follows it begins with a slash, so it can only
 * end where a component ends. Alternatives are written out first, since branches that join again
 * could not be shared.
 */
#include "sandbox/policy/nfa.h"

#include <string.h>

#include "sandbox/base/str.h"

#include "sandbox/policy/limits.h"

struct build {
	struct rf_nfa *nfa;
	uint32_t rule;
	bool abstract; /* no components: wildcards match '/', too */
	struct rf_err *err;
};

static int no_memory(struct rf_err *err)
{
	return rf_err_set(err, -ENOMEM, "no memory for the patterns of the policy");
}

static int add_node(struct rf_nfa *nfa, uint32_t *ret, struct rf_err *err)
{
	struct rf_nfa_node node = {.edges = RF_NFA_END,
				   .accepts = RF_NFA_END,
				   .owner = nfa->owner,
				   .loop = RF_NFA_NO_LOOP};

	if (nfa->nodes.len >= RF_NFA_MAX_NODES)
		return rf_err_set(err, -E2BIG, "the patterns hold more than %u different pieces",
				  RF_NFA_MAX_NODES);
	*ret = (uint32_t)nfa->nodes.len;
	return rf_nfa_nodes_push(&nfa->nodes, node) < 0 ? no_memory(err) : 0;
}

/* Such a node is its rule's alone; no pattern goes on from it. */
static bool is_forever(const struct rf_nfa *nfa, uint32_t node)
{
	return nfa->nodes.data[node].loop == RF_NFA_LOOP_ANY &&
	       nfa->nodes.data[node].accepts != RF_NFA_END;
}

/* Nodes with more edges than this have them in edge_at. */
#define EDGES_LISTED 8

/* All that step() compares; a node's number has 21 bits. */
static uint64_t edge_key(uint32_t from, const struct rf_nfa_edge *edge, enum rf_nfa_loop loop)
{
	return (uint64_t)from << 32 | (uint64_t)loop << 28 | (uint64_t)edge->kind << 24 |
	       (uint64_t)edge->byte << 16 | edge->set;
}

static int index_edge(struct rf_nfa *nfa, uint32_t from, uint32_t number)
{
	const struct rf_nfa_edge *edge = &nfa->edges.data[number];
	uint64_t key = edge_key(from, edge, (enum rf_nfa_loop)nfa->nodes.data[edge->to].loop);
	uint32_t other;
	int r;

	if (is_forever(nfa, edge->to))
		return 0;
	r = rf_map64_put(&nfa->edge_at, key, number, &other);
	/* A node of an abstract name has become one since. */
	if (r == 1 && is_forever(nfa, nfa->edges.data[other].to))
		rf_map64_slot(&nfa->edge_at, key)->value = number;
	return r < 0 ? r : 0;
}

static int add_edge(const struct build *b, uint32_t from, struct rf_nfa_edge edge)
{
	struct rf_nfa *nfa = b->nfa;
	struct rf_nfa_node *node = &nfa->nodes.data[from];
	int r = 0;

	edge.next = node->edges;
	if (rf_nfa_edges_push(&nfa->edges, edge) < 0)
		return no_memory(b->err);
	node->edges = (uint32_t)nfa->edges.len - 1;
	node->n_edges++;
	if (node->n_edges > EDGES_LISTED + 1)
		r = index_edge(nfa, from, node->edges);
	else if (node->n_edges == EDGES_LISTED + 1)
		for (uint32_t i = node->edges; i != RF_NFA_END && r == 0;
		     i = nfa->edges.data[i].next)
			r = index_edge(nfa, from, i);
	return r < 0 ? no_memory(b->err) : 0;
}

/* The edge of a node that is like `want` and leads to a node with this loop; RF_NFA_END: none. */
static uint32_t find_edge(const struct rf_nfa *nfa, uint32_t from, const struct rf_nfa_edge *want,
			  enum rf_nfa_loop loop)
{
	const struct rf_map64_slot *slot;

	if (nfa->nodes.data[from].n_edges > EDGES_LISTED) {
		slot = rf_map64_slot(&nfa->edge_at, edge_key(from, want, loop));
		return slot->key && !is_forever(nfa, nfa->edges.data[slot->value].to) ? slot->value
										      : RF_NFA_END;
	}
	for (uint32_t i = nfa->nodes.data[from].edges; i != RF_NFA_END;
	     i = nfa->edges.data[i].next) {
		const struct rf_nfa_edge *edge = &nfa->edges.data[i];

		if (edge->kind == want->kind && edge->byte == want->byte &&
		    edge->set == want->set && nfa->nodes.data[edge->to].loop == loop &&
		    !is_forever(nfa, edge->to))
			return i;
	}
	return RF_NFA_END;
}

/* The node that an edge like `want` leads to from *at; made with `loop` if there is none yet. */
static int step(const struct build *b, uint32_t *at, struct rf_nfa_edge want, enum rf_nfa_loop loop)
{
	struct rf_nfa *nfa = b->nfa;
	uint32_t found = find_edge(nfa, *at, &want, loop), to = 0;
	int r;

	if (found != RF_NFA_END) {
		*at = nfa->edges.data[found].to;
		return 0;
	}
	r = add_node(nfa, &to, b->err);
	if (r < 0)
		return r;
	nfa->nodes.data[to].loop = loop;
	want.to = to;
	r = add_edge(b, *at, want);
	*at = to;
	return r;
}

static int step_byte(const struct build *b, uint32_t *at, char byte)
{
	return step(b, at, (struct rf_nfa_edge){.kind = RF_NFA_BYTE, .byte = (uint8_t)byte},
		    RF_NFA_NO_LOOP);
}

/* The number of a set, which is new if there is none like it; different sets may share a hash. */
static int find_set(const struct build *b, const struct rf_byte_set *set, uint32_t *ret)
{
	struct rf_byte_sets *sets = &b->nfa->sets;
	uint64_t hash = 0;
	int r;

	for (size_t k = 0; k < 4; k++)
		hash = (hash ^ set->bits[k]) * UINT64_C(0xff51afd7ed558ccd);
	do {
		hash = (hash ^ hash >> 31) & INT64_MAX;
		r = rf_map64_put(&b->nfa->set_at, hash++, (uint32_t)sets->len, ret);
	} while (r == 1 && memcmp(&sets->data[*ret], set, sizeof(*set)) != 0);
	if (r < 0)
		return no_memory(b->err);
	if (*ret > UINT16_MAX)
		return rf_err_set(b->err, -E2BIG, "more than %d different byte classes",
				  UINT16_MAX + 1);
	return r == 0 && rf_byte_sets_push(sets, *set) < 0 ? no_memory(b->err) : 0;
}

static int step_set(const struct build *b, uint32_t *at, const struct rf_byte_set *set)
{
	uint32_t number;
	int r = find_set(b, set, &number);

	return r < 0 ? r
		     : step(b, at,
			    (struct rf_nfa_edge){.kind = RF_NFA_SET, .set = (uint16_t)number},
			    RF_NFA_NO_LOOP);
}

static int step_star(const struct build *b, uint32_t *at)
{
	return step(b, at, (struct rf_nfa_edge){.kind = RF_NFA_EMPTY},
		    b->abstract ? RF_NFA_LOOP_ANY : RF_NFA_LOOP_NAME);
}

/* `**`: from here to a node "after", directly or by a slash and anything. */
static int step_tree(const struct build *b, uint32_t *at)
{
	struct rf_nfa *nfa = b->nfa;
	uint32_t loop = *at, from = *at, after;
	size_t nodes = nfa->nodes.len;
	int r = step(b, &loop, (struct rf_nfa_edge){.kind = RF_NFA_TREE}, RF_NFA_LOOP_ANY);

	if (r < 0)
		return r;
	after = loop;
	r = step(b, &after, (struct rf_nfa_edge){.kind = RF_NFA_EMPTY}, RF_NFA_NO_LOOP);
	if (r < 0)
		return r;
	*at = after;
	if (nfa->nodes.len == nodes)
		return 0;
	return add_edge(b, from, (struct rf_nfa_edge){.kind = RF_NFA_EMPTY, .to = after});
}

static void set_add(struct rf_byte_set *set, unsigned int first, unsigned int last)
{
	for (unsigned int byte = first; byte <= last; byte++)
		set->bits[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

/* Reads the class at text[0] == '['; returns its length. As class_len in pattern.c. */
static size_t read_class(const char *text, bool abstract, struct rf_byte_set *ret)
{
	struct rf_byte_set set = {{0}};
	bool negated = text[1] == '!';
	size_t i = negated ? 2 : 1, first = i;

	for (; text[i] && (text[i] != ']' || i == first); i++) {
		unsigned char low = (unsigned char)text[i], high = low;

		if (text[i + 1] == '-' && text[i + 2] && text[i + 2] != ']') {
			high = (unsigned char)text[i + 2];
			i += 2;
		}
		set_add(&set, low, high);
	}
	if (negated)
		for (size_t k = 0; k < 4; k++)
			set.bits[k] = ~set.bits[k];
	if (!abstract)
		set.bits['/' >> 6] &= ~(UINT64_C(1) << ('/' & 63));
	*ret = set;
	return i + 1;
}

static int add_accept(const struct build *b, uint32_t at, bool except)
{
	struct rf_nfa *nfa = b->nfa;
	struct rf_nfa_accept accept = {
		.next = nfa->nodes.data[at].accepts, .rule = b->rule, .except = except};

	uint32_t first;
	int r = rf_map64_put(&nfa->accept_at, (uint64_t)at << 32 | b->rule << 1 | except, 0,
			     &first);

	if (r != 0)
		return r < 0 ? no_memory(b->err) : 0;
	if (rf_nfa_accepts_push(&nfa->accepts, accept) < 0)
		return no_memory(b->err);
	nfa->nodes.data[at].accepts = (uint32_t)nfa->accepts.len - 1;
	return 0;
}

/* A final `**`: the rule matches here, and after a slash for good. */
static int end_tree(const struct build *b, uint32_t at, bool except)
{
	struct rf_node_numbers *forever = &b->nfa->forever;
	struct rf_nfa_edge edge = {.kind = RF_NFA_TREE};
	size_t slot = 2 * (size_t)b->rule + except;
	int r = add_accept(b, at, except);

	while (r == 0 && forever->len <= slot)
		if (rf_node_numbers_push(forever, 0) < 0)
			return no_memory(b->err);
	if (r == 0 && !forever->data[slot]) {
		r = add_node(b->nfa, &forever->data[slot], b->err);
		if (r < 0)
			return r;
		b->nfa->nodes.data[forever->data[slot]].loop = RF_NFA_LOOP_ANY;
		r = add_accept(b, forever->data[slot], except);
	}
	edge.to = r < 0 ? 0 : forever->data[slot];
	return r < 0 ? r : add_edge(b, at, edge);
}

/* One wildcard or byte at text; returns its length or a negative errno. */
static int step_item(const struct build *b, uint32_t *at, const char *text)
{
	struct rf_byte_set set = {{~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)}};
	size_t len = 1;
	int r;

	if (text[0] == '*') {
		r = step_star(b, at);
	} else if (text[0] == '?') {
		if (!b->abstract)
			set.bits['/' >> 6] &= ~(UINT64_C(1) << ('/' & 63));
		r = step_set(b, at, &set);
	} else if (text[0] == '[') {
		len = read_class(text, b->abstract, &set);
		r = step_set(b, at, &set);
	} else {
		r = step_byte(b, at, text[0]);
	}
	return r < 0 ? r : (int)len;
}

/* Counts what is about to be looked at. */
static int count_bytes(const struct build *b, size_t n)
{
	b->nfa->bytes += n;
	if (b->nfa->bytes <= RF_NFA_MAX_BYTES)
		return 0;
	return rf_err_set(b->err, -E2BIG,
			  "the patterns, with their alternatives written out, have more than %u "
			  "MiB together",
			  RF_NFA_MAX_BYTES >> 20);
}

/* A pattern without alternatives. */
static int add_plain(const struct build *b, const char *text, bool literal, bool except)
{
	uint32_t at = 0;
	int r;

	if (!b->abstract && strcmp(text, "/") == 0)
		return add_accept(b, at, except);
	if (!literal && rf_str_has_prefix(text, "**/")) {
		r = step_tree(b, &at);
		if (r < 0)
			return r;
		text += 2;
	}
	while (*text) {
		if (!literal && !b->abstract && strcmp(text, "/**") == 0)
			return end_tree(b, at, except);
		if (!literal && !b->abstract && rf_str_has_prefix(text, "/**/")) {
			r = step_tree(b, &at);
			text += 3;
		} else if (literal) {
			r = step_byte(b, &at, *text++);
		} else {
			r = step_item(b, &at, text);
			text += r > 0 ? r : 0;
		}
		if (r < 0)
			return r;
	}
	return add_accept(b, at, except);
}

static int add_literal(const struct build *b, const char *text, bool except)
{
	int r = count_bytes(b, strlen(text) + 1);

	return r < 0 ? r : add_plain(b, text, true, except);
}

/* Finds the first brace outside of classes; NULL if there is none. */
static const char *find_brace(const char *text)
{
	struct rf_byte_set unused;

	for (; *text && *text != '{'; text++)
		if (*text == '[')
			text += read_class(text, true, &unused) - 1;
	return *text ? text : NULL;
}

struct spelling {
	const struct build *build;
	const char *pattern; /* as it is written */
	bool except;
	unsigned int left; /* alternatives that may still be written out */
};

/* Appends a piece; stars that meet at the joint are one, not the component `**`. */
static void join(struct rf_str *to, const char *piece, size_t len)
{
	if (len && piece[0] == '*' && to->len && rf_str_text(to)[to->len - 1] == '*') {
		piece++;
		len--;
	}
	rf_str_add_n(to, piece, len);
}

/* Alternatives that leave a component empty match nothing. */
static bool has_empty_component(const char *text)
{
	return rf_str_has_suffix(text, "/") || strstr(text, "//");
}

/* Writes out the alternatives of the first brace and goes on with the rest of each result. */
static int add_alternatives(struct spelling *s, const char *text)
{
	const char *open = find_brace(text), *from, *end;
	struct rf_byte_set unused;
	int r = count_bytes(s->build, strlen(text) + 1);

	if (r < 0)
		return r;
	if (!open) {
		if (s->left-- == 0)
			return rf_err_set(s->build->err, -E2BIG,
					  "its braces stand for more than %d patterns",
					  RF_NFA_MAX_ALTERNATIVES);
		if (text != s->pattern && has_empty_component(text))
			return 0;
		return add_plain(s->build, text, false, s->except);
	}
	end = open + 1;
	while (*end && *end != '}')
		end += *end == '[' ? read_class(end, true, &unused) : 1;
	for (from = open + 1; from <= end;) {
		const char *to = from;
		RF_AUTOSTR struct rf_str one = RF_STR_INIT(RF_LIMIT_PATTERN_BYTES);

		while (to < end && *to != ',')
			to += *to == '[' ? read_class(to, true, &unused) : 1;
		join(&one, text, (size_t)(open - text));
		join(&one, from, (size_t)(to - from));
		join(&one, *end ? end + 1 : "", *end ? strlen(end + 1) : 0);
		if (rf_str_error(&one))
			return no_memory(s->build->err);
		r = add_alternatives(s, rf_str_text(&one));
		if (r < 0)
			return r;
		from = to + 1;
	}
	return 0;
}

int rf_nfa_add(struct rf_nfa *nfa, const struct rf_pattern *pattern, uint32_t rule, bool except,
	       struct rf_err *err)
{
	const struct build build = {
		.nfa = nfa, .rule = rule, .abstract = pattern->text[0] == '@', .err = err};
	struct spelling spelling = {.build = &build,
				    .pattern = pattern->text,
				    .except = except,
				    .left = RF_NFA_MAX_ALTERNATIVES};
	int r;

	if (strlen(pattern->text) > RF_LIMIT_PATTERN_BYTES)
		r = rf_err_set(err, -E2BIG, "it is longer than %d bytes", RF_LIMIT_PATTERN_BYTES);
	else if (pattern->literal)
		r = add_literal(&build, pattern->text, except);
	else
		r = add_alternatives(&spelling, pattern->text);
	return r < 0 ? rf_err_wrap(err, r, "the pattern \"%.200s\"", pattern->text) : 0;
}

int rf_nfa_init(struct rf_nfa *nfa, struct rf_err *err)
{
	uint32_t start;

	memset(nfa, 0, sizeof(*nfa));
	nfa->owner = UINT32_MAX;
	return add_node(nfa, &start, err);
}

void rf_nfa_done(struct rf_nfa *nfa)
{
	rf_nfa_nodes_done(&nfa->nodes);
	rf_nfa_edges_done(&nfa->edges);
	rf_nfa_accepts_done(&nfa->accepts);
	rf_byte_sets_done(&nfa->sets);
	rf_node_numbers_done(&nfa->forever);
	rf_map64_done(&nfa->edge_at);
	rf_map64_done(&nfa->set_at);
	rf_map64_done(&nfa->accept_at);
}
