/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where each value of a JSON text stands. See scan.h.
 *
 * One pass, one frame of recursion a level, at most RF_LIMIT_DEPTH levels. Escaped keys are decoded
 * by jansson, so that there is one reading of an escape.
 */
#include "sandbox/policy/scan.h"

#include <jansson.h>
#include <string.h>

#include "sandbox/base/vec.h"
#include "sandbox/policy/limits.h"

struct scanner {
	struct rf_scan *scan;
	struct rf_arena *arena;
	const char *text;
	size_t len, at;
	uint32_t line, column; /* of text[at], from 1 */
	int depth;
};

static int fail(struct scanner *s, const char *why)
{
	s->scan->error = why;
	s->scan->error_line = s->line;
	s->scan->error_column = s->column;
	return -EINVAL;
}

static int peek(const struct scanner *s)
{
	return s->at < s->len ? (unsigned char)s->text[s->at] : -1;
}

static void advance(struct scanner *s)
{
	unsigned char c = (unsigned char)s->text[s->at++];

	if (c == '\n') {
		s->line++;
		s->column = 1;
	} else if (s->at >= s->len || ((unsigned char)s->text[s->at] & 0xc0) != 0x80) {
		s->column++;
	}
}

static void skip_blanks(struct scanner *s)
{
	int c;

	while ((c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		advance(s);
}

static int skip_string(struct scanner *s)
{
	advance(s);
	for (;;) {
		size_t bytes = rf_utf8_len(s->text + s->at, s->len - s->at);
		int c = peek(s);

		if (c < 0)
			return fail(s, "the string does not end");
		if (c < 0x20)
			return fail(s, "a control character in a string");
		if (!bytes)
			return fail(s, "not valid UTF-8");
		while (bytes-- > 0)
			advance(s);
		if (c == '"')
			return 0;
		if (c == '\\') {
			if (peek(s) < 0x20)
				return fail(s, "the string does not end");
			advance(s);
		}
	}
}

static int skip_word(struct scanner *s, const char *word)
{
	for (; *word; word++) {
		if (peek(s) != *word)
			return fail(s, "not a JSON value");
		advance(s);
	}
	return 0;
}

static int skip_digits(struct scanner *s)
{
	if (peek(s) < '0' || peek(s) > '9')
		return fail(s, "not a JSON number");
	while (peek(s) >= '0' && peek(s) <= '9')
		advance(s);
	return 0;
}

static int skip_number(struct scanner *s)
{
	int r;

	if (peek(s) == '-')
		advance(s);
	if (peek(s) == '0')
		advance(s);
	else if ((r = skip_digits(s)) < 0)
		return r;
	if (peek(s) == '.') {
		advance(s);
		r = skip_digits(s);
		if (r < 0)
			return r;
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		advance(s);
		if (peek(s) == '+' || peek(s) == '-')
			advance(s);
		return skip_digits(s);
	}
	return 0;
}

/* A new node, linked as the last child of parent after previous. */
static int add_node(struct scanner *s, uint32_t parent, uint32_t previous, uint32_t *ret)
{
	struct rf_scan *scan = s->scan;
	struct rf_scan_node *node;

	if (scan->n == scan->cap) {
		void *data = scan->nodes;
		size_t cap = rf_vec_grow(&data, scan->cap, (size_t)scan->n + 1, sizeof(*node));

		if (!cap || cap > UINT32_MAX)
			return -ENOMEM;
		scan->nodes = data;
		scan->cap = (uint32_t)cap;
	}
	node = &scan->nodes[scan->n];
	memset(node, 0, sizeof(*node));
	node->parent = parent;
	node->first = node->next = node->first_same = RF_SCAN_NONE;
	if (previous != RF_SCAN_NONE) {
		scan->nodes[previous].next = scan->n;
		node->index = scan->nodes[previous].index + 1;
	} else if (parent != RF_SCAN_NONE) {
		scan->nodes[parent].first = scan->n;
	}
	*ret = scan->n++;
	return 0;
}

/* The text of the string token between start and end, as jansson reads it. */
static const char *decode_key(struct scanner *s, size_t start, size_t end)
{
	json_t *value;
	char *key;

	if (!memchr(s->text + start, '\\', end - start))
		return rf_arena_strndup(s->arena, s->text + start + 1, end - start - 2);
	value = json_loadb(s->text + start, end - start, JSON_DECODE_ANY, NULL);
	key = value ? rf_arena_strdup(s->arena, json_string_value(value))
		    : rf_arena_strndup(s->arena, s->text + start + 1, end - start - 2);
	json_decref(value);
	return key;
}

static int scan_key(struct scanner *s, uint32_t node)
{
	uint32_t line = s->line, column = s->column;
	size_t start = s->at;
	const char *key;
	int r;

	if (peek(s) != '"')
		return fail(s, "a key in double quotes is expected");
	r = skip_string(s);
	if (r < 0)
		return r;
	key = decode_key(s, start, s->at);
	if (!key)
		return -ENOMEM;
	s->scan->nodes[node].key = key;
	s->scan->nodes[node].key_line = line;
	s->scan->nodes[node].key_column = column;
	skip_blanks(s);
	if (peek(s) != ':')
		return fail(s, "':' is expected");
	advance(s);
	skip_blanks(s);
	return 0;
}

static int compare_keys(const void *a, const void *b, void *data)
{
	const struct rf_scan *scan = data;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	int r = strcmp(scan->nodes[left].key, scan->nodes[right].key);

	return r ? r : left < right ? -1 : left > right;
}

/* Marks keys that occur twice among node's children. */
static int mark_duplicates(struct rf_scan *scan, uint32_t node)
{
	RF_AUTOFREE uint32_t *order = NULL;
	size_t n = 0;

	for (uint32_t c = scan->nodes[node].first; c != RF_SCAN_NONE; c = scan->nodes[c].next)
		n++;
	if (n < 2)
		return 0;
	order = calloc(n, sizeof(*order));
	if (!order)
		return -ENOMEM;
	n = 0;
	for (uint32_t c = scan->nodes[node].first; c != RF_SCAN_NONE; c = scan->nodes[c].next)
		order[n++] = c;
	qsort_r(order, n, sizeof(*order), compare_keys, scan);
	for (size_t i = 1; i < n; i++) {
		struct rf_scan_node *earlier = &scan->nodes[order[i - 1]];
		struct rf_scan_node *later = &scan->nodes[order[i]];

		if (strcmp(earlier->key, later->key) != 0)
			continue;
		earlier->overridden = true;
		later->first_same =
			earlier->first_same != RF_SCAN_NONE ? earlier->first_same : order[i - 1];
		scan->has_duplicates = true;
	}
	return 0;
}

static int scan_value(struct scanner *s, uint32_t node);

static int scan_children(struct scanner *s, uint32_t node, char close)
{
	uint32_t child = RF_SCAN_NONE;
	int r;

	advance(s);
	skip_blanks(s);
	if (peek(s) == close) {
		advance(s);
		return 0;
	}
	for (;;) {
		r = add_node(s, node, child, &child);
		if (r == 0 && close == '}')
			r = scan_key(s, child);
		if (r == 0)
			r = scan_value(s, child);
		if (r < 0)
			return r;
		skip_blanks(s);
		if (peek(s) == close)
			break;
		if (peek(s) != ',')
			return fail(s, close == '}' ? "',' or '}' is expected"
						    : "',' or ']' is expected");
		advance(s);
		skip_blanks(s);
	}
	advance(s);
	return close == '}' ? mark_duplicates(s->scan, node) : 0;
}

static int scan_container(struct scanner *s, uint32_t node, char close)
{
	int r;

	if (s->depth == RF_LIMIT_DEPTH)
		return fail(s, "nested too deeply");
	s->depth++;
	r = scan_children(s, node, close);
	s->depth--;
	return r;
}

static int scan_value(struct scanner *s, uint32_t node)
{
	struct rf_scan_node *place = &s->scan->nodes[node];
	int c = peek(s);

	place->offset = (uint32_t)s->at;
	place->line = s->line;
	place->column = s->column;
	place->kind = (c >= '0' && c <= '9') || c == '-' ? '0' : (char)c;
	switch (place->kind) {
	case '{':
		return scan_container(s, node, '}');
	case '[':
		return scan_container(s, node, ']');
	case '"':
		return skip_string(s);
	case '0':
		return skip_number(s);
	case 't':
		return skip_word(s, "true");
	case 'f':
		return skip_word(s, "false");
	case 'n':
		return skip_word(s, "null");
	default:
		return fail(s, c < 0 ? "the text ends too early" : "not a JSON value");
	}
}

int rf_scan_text(struct rf_scan *ret, const char *text, size_t len, struct rf_arena *arena)
{
	struct scanner s = {.scan = ret, .arena = arena, .text = text, .len = len};
	uint32_t root;
	int r;

	memset(ret, 0, sizeof(*ret));
	s.line = s.column = 1;
	if (len > UINT32_MAX)
		return fail(&s, "the text is too long");
	skip_blanks(&s);
	r = add_node(&s, RF_SCAN_NONE, RF_SCAN_NONE, &root);
	if (r == 0)
		r = scan_value(&s, root);
	if (r < 0)
		return r;
	skip_blanks(&s);
	return s.at < len ? fail(&s, "text after the end of the policy") : 0;
}

void rf_scan_done(struct rf_scan *scan)
{
	free(scan->nodes);
	memset(scan, 0, sizeof(*scan));
}

uint32_t rf_scan_member(const struct rf_scan *scan, uint32_t node, const char *key)
{
	for (uint32_t c = scan->nodes[node].first; c != RF_SCAN_NONE; c = scan->nodes[c].next)
		if (!scan->nodes[c].overridden && scan->nodes[c].key &&
		    strcmp(scan->nodes[c].key, key) == 0)
			return c;
	return RF_SCAN_NONE;
}

uint32_t rf_scan_item(const struct rf_scan *scan, uint32_t node, uint32_t index)
{
	uint32_t c = scan->nodes[node].first;

	while (c != RF_SCAN_NONE && scan->nodes[c].index != index)
		c = scan->nodes[c].next;
	return c;
}

static void add_token(struct rf_str *ret, const char *key)
{
	for (; *key; key++) {
		if (*key == '~')
			rf_str_add(ret, "~0");
		else if (*key == '/')
			rf_str_add(ret, "~1");
		else
			rf_str_add_char(ret, *key);
	}
}

void rf_scan_pointer(const struct rf_scan *scan, uint32_t node, struct rf_str *ret)
{
	uint32_t chain[RF_LIMIT_DEPTH + 1];
	size_t n = 0;

	while (node != RF_SCAN_NONE && n < RF_ARRAY_LEN(chain) &&
	       scan->nodes[node].parent != RF_SCAN_NONE) {
		chain[n++] = node;
		node = scan->nodes[node].parent;
	}
	while (n > 0) {
		const struct rf_scan_node *at = &scan->nodes[chain[--n]];

		rf_str_add_char(ret, '/');
		if (at->key)
			add_token(ret, at->key);
		else
			rf_str_addf(ret, "%u", at->index);
	}
}
