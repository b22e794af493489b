/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recursive-descent parser and evaluator for filter expressions; see where.h.
 */
#include "sandbox/audit/where.h"

#include <ctype.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/base/parse.h"

enum kind {
	KIND_OR,
	KIND_AND,
	KIND_NOT,
	KIND_EXISTS,
	KIND_COMPARE
};
enum op {
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_GLOB,
	OP_COUNT
};

struct rf_where {
	enum kind kind;
	struct rf_where *left, *right;
	enum op op;
	char *field;
	char *value;
	bool numeric; /* value is a whole number */
	int64_t number;
};

struct parser {
	const char *text, *at;
	int depth;
	struct rf_err *err;
};

struct rf_where *rf_where_free(struct rf_where *where)
{
	if (!where)
		return NULL;
	(void)rf_where_free(where->left);
	(void)rf_where_free(where->right);
	free(where->field);
	free(where->value);
	free(where);
	return NULL;
}

static int mistake(struct parser *p, const char *what)
{
	return rf_err_set(p->err, -EINVAL, "--where, at character %td: %s", p->at - p->text + 1,
			  what);
}

static void skip_blanks(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("_.-/:*?[]@+,%", c));
}

/* True, and past it, if the keyword comes next as a whole word. */
static bool keyword(struct parser *p, const char *word)
{
	size_t len = strlen(word);

	skip_blanks(p);
	if (strncmp(p->at, word, len) != 0 || word_char(p->at[len]))
		return false;
	p->at += len;
	return true;
}

static int take_copy(struct parser *p, const char *from, size_t len, char **ret)
{
	*ret = strndup(from, len);
	return *ret ? 0 : rf_err_sys(p->err, -ENOMEM, "parse --where");
}

static int parse_word(struct parser *p, char **ret)
{
	const char *start;

	skip_blanks(p);
	start = p->at;
	if (*start == '"') {
		const char *end = strchr(start + 1, '"');

		if (!end)
			return mistake(p, "the closing quote is missing");
		p->at = end + 1;
		return take_copy(p, start + 1, (size_t)(end - start - 1), ret);
	}
	while (word_char(*p->at))
		p->at++;
	if (p->at == start)
		return mistake(p, "a name or value is expected");
	return take_copy(p, start, (size_t)(p->at - start), ret);
}

static bool parse_op(struct parser *p, enum op *ret)
{
	static const struct {
		const char *text;
		enum op op;
	} ops[] = {{"==", OP_EQ}, {"!=", OP_NE}, {"<=", OP_LE}, {">=", OP_GE},
		   {"=", OP_EQ},  {"<", OP_LT},	 {">", OP_GT},	{"~", OP_GLOB}};

	skip_blanks(p);
	for (size_t i = 0; i < RF_ARRAY_LEN(ops); i++) {
		if (strncmp(p->at, ops[i].text, strlen(ops[i].text)) != 0)
			continue;
		p->at += strlen(ops[i].text);
		*ret = ops[i].op;
		return true;
	}
	return false;
}

static int parse_or(struct parser *p, struct rf_where **ret);

static int parse_compare(struct parser *p, struct rf_where **ret)
{
	RF_CLEANUP(rf_where_freep) struct rf_where *node = calloc(1, sizeof(*node));
	int r;

	if (!node)
		return rf_err_sys(p->err, -ENOMEM, "parse --where");
	node->kind = KIND_EXISTS;
	r = parse_word(p, &node->field);
	if (r < 0)
		return r;
	if (parse_op(p, &node->op)) {
		node->kind = KIND_COMPARE;
		r = parse_word(p, &node->value);
		if (r < 0)
			return r;
		node->numeric = rf_parse_i64(node->value, INT64_MIN, INT64_MAX, &node->number) == 0;
		if (!node->numeric && node->op >= OP_LT && node->op <= OP_GE)
			return mistake(p, "< <= > >= compare with a whole number");
	}
	*ret = RF_TAKE_PTR(node);
	return 0;
}

static int parse_primary(struct parser *p, struct rf_where **ret)
{
	int r;

	skip_blanks(p);
	if (*p->at != '(')
		return parse_compare(p, ret);
	if (++p->depth > RF_WHERE_DEPTH_MAX)
		return mistake(p, "parentheses are nested too deeply");
	p->at++;
	r = parse_or(p, ret);
	if (r < 0)
		return r;
	p->depth--;
	skip_blanks(p);
	if (*p->at != ')')
		return mistake(p, "a closing parenthesis is missing");
	p->at++;
	return 0;
}

/* Joins *ret with a further operand under a new node; takes both. */
static int join(struct parser *p, enum kind kind, struct rf_where **ret, struct rf_where *right)
{
	struct rf_where *node = calloc(1, sizeof(*node));

	if (!node) {
		(void)rf_where_free(right);
		return rf_err_sys(p->err, -ENOMEM, "parse --where");
	}
	node->kind = kind;
	node->left = *ret;
	node->right = right;
	*ret = node;
	return 0;
}

static int parse_not(struct parser *p, struct rf_where **ret)
{
	bool negate = false;
	int r;

	while (keyword(p, "not"))
		negate = !negate;
	r = parse_primary(p, ret);
	return r < 0 || !negate ? r : join(p, KIND_NOT, ret, NULL);
}

static int parse_and(struct parser *p, struct rf_where **ret)
{
	int r = parse_not(p, ret);

	while (r == 0 && keyword(p, "and")) {
		struct rf_where *right = NULL;

		r = parse_not(p, &right);
		r = r < 0 ? ((void)rf_where_free(right), r) : join(p, KIND_AND, ret, right);
	}
	return r;
}

static int parse_or(struct parser *p, struct rf_where **ret)
{
	int r = parse_and(p, ret);

	while (r == 0 && keyword(p, "or")) {
		struct rf_where *right = NULL;

		r = parse_and(p, &right);
		r = r < 0 ? ((void)rf_where_free(right), r) : join(p, KIND_OR, ret, right);
	}
	return r;
}

int rf_where_parse(struct rf_where **ret, const char *text, struct rf_err *err)
{
	RF_CLEANUP(rf_where_freep) struct rf_where *where = NULL;
	struct parser p = {.text = text, .at = text, .err = err};
	int r;

	if (strlen(text) > RF_WHERE_TEXT_MAX)
		return rf_err_set(err, -E2BIG, "--where is longer than %d characters",
				  RF_WHERE_TEXT_MAX);
	r = parse_or(&p, &where);
	if (r < 0)
		return r;
	skip_blanks(&p);
	if (*p.at != '\0')
		return mistake(&p, "\"and\", \"or\" or the end is expected");
	*ret = RF_TAKE_PTR(where);
	return 0;
}

const char *rf_where_stranger(const struct rf_where *where)
{
	const char *stranger;

	if (!where)
		return NULL;
	if (where->field)
		return rf_where_is_member(where->field) ? NULL : where->field;
	stranger = rf_where_stranger(where->left);
	return stranger ? stranger : rf_where_stranger(where->right);
}

static bool compare_numbers(enum op op, int64_t a, int64_t b)
{
	switch (op) {
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_LT:
		return a < b;
	case OP_LE:
		return a <= b;
	case OP_GT:
		return a > b;
	case OP_GE:
		return a >= b;
	default:
		return false;
	}
}

static bool compare_text(enum op op, const char *a, const char *b)
{
	switch (op) {
	case OP_EQ:
		return strcmp(a, b) == 0;
	case OP_NE:
		return strcmp(a, b) != 0;
	case OP_GLOB:
		return fnmatch(b, a, 0) == 0;
	default:
		return false;
	}
}

static bool compare_one(const struct rf_where *where, const struct rf_node *value)
{
	char text[32];

	switch (value->type) {
	case RF_NODE_STRING:
	case RF_NODE_NUMBER:
		return compare_text(where->op, value->text, where->value);
	case RF_NODE_TRUE:
		return compare_text(where->op, "true", where->value);
	case RF_NODE_FALSE:
		return compare_text(where->op, "false", where->value);
	case RF_NODE_INTEGER:
		break;
	default:
		return false;
	}
	if (where->numeric && where->op != OP_GLOB)
		return compare_numbers(where->op, rf_node_integer(value), where->number);
	(void)snprintf(text, sizeof(text), "%" PRId64, rf_node_integer(value));
	return compare_text(where->op, text, where->value);
}

static const struct rf_node *look_up(const struct rf_node *event, const char *field)
{
	while (event && *field) {
		const char *dot = strchr(field, '.');
		size_t len = dot ? (size_t)(dot - field) : strlen(field);

		event = rf_node_get_n(event, field, len);
		field += len + (dot ? 1 : 0);
	}
	return event;
}

static bool compare(const struct rf_where *where, const struct rf_node *event)
{
	const struct rf_node *value = look_up(event, where->field), *element;

	if (!value)
		return false;
	if (value->type != RF_NODE_ARRAY)
		return compare_one(where, value);
	for (element = rf_node_first(value); element; element = rf_node_next(value, element))
		if (compare_one(where, element))
			return true;
	return false;
}

bool rf_where_matches(const struct rf_where *where, const struct rf_node *event)
{
	switch (where->kind) {
	case KIND_OR:
		return rf_where_matches(where->left, event) ||
		       rf_where_matches(where->right, event);
	case KIND_AND:
		return rf_where_matches(where->left, event) &&
		       rf_where_matches(where->right, event);
	case KIND_NOT:
		return !rf_where_matches(where->left, event);
	case KIND_EXISTS:
		return look_up(event, where->field) != NULL;
	case KIND_COMPARE:
	default:
		return compare(where, event);
	}
}
