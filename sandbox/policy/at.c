/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cursor over a document: members, items, and values of one type. See doc.h.
 */
#include <inttypes.h>
#include <string.h>

#include "sandbox/policy/doc.h"
#include "sandbox/policy/limits.h"

#define MEMBERS_MAX 48

struct rf_at rf_at_root(const struct rf_parse *p)
{
	return (struct rf_at){.json = p->doc->root, .node = 0};
}

static struct rf_at at_node(const struct rf_parse *p, json_t *parent, uint32_t node)
{
	struct rf_at at = {.parent = parent, .node = node};
	const struct rf_scan_node *place;

	if (node == RF_SCAN_NONE)
		return at;
	place = &p->doc->scan.nodes[node];
	at.json = place->key ? json_object_get(parent, place->key)
			     : json_array_get(parent, place->index);
	return at;
}

struct rf_at rf_at_member(const struct rf_parse *p, struct rf_at object, const char *key)
{
	if (!json_is_object(object.json))
		return (struct rf_at){.node = RF_SCAN_NONE};
	return at_node(p, object.json, rf_scan_member(&p->doc->scan, object.node, key));
}

struct rf_at rf_at_first(const struct rf_parse *p, struct rf_at parent)
{
	return at_node(p, parent.json, p->doc->scan.nodes[parent.node].first);
}

struct rf_at rf_at_next(const struct rf_parse *p, struct rf_at child)
{
	return at_node(p, child.parent, p->doc->scan.nodes[child.node].next);
}

const char *rf_at_key(const struct rf_parse *p, struct rf_at at)
{
	return p->doc->scan.nodes[at.node].key;
}

static const char *type_name(const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "a number";
	case JSON_REAL:
		return "a fraction";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a truth value";
	case JSON_NULL:
	default:
		return "null";
	}
}

static bool wrong_type(struct rf_parse *p, struct rf_at at, const char *expected)
{
	rf_at_error(p, at, "%s is expected here, not %s", expected, type_name(at.json));
	return false;
}

static bool is_ignored(const char *key)
{
	return strcmp(key, "$comment") == 0 || strcmp(key, "$schema") == 0 ||
	       strncmp(key, "x-", 2) == 0;
}

static const struct rf_member *find_member(const struct rf_member *table, const char *key)
{
	for (; table && table->name; table++)
		if (strcmp(table->name, key) == 0)
			return table;
	return NULL;
}

static void tell_unknown_key(struct rf_parse *p, struct rf_at at, const struct rf_member *table,
			     const struct rf_member *more)
{
	const char *names[MEMBERS_MAX], *near;
	size_t n = 0;

	for (; table && table->name && n < MEMBERS_MAX; table++)
		names[n++] = table->name;
	for (; more && more->name && n < MEMBERS_MAX; more++)
		names[n++] = more->name;
	near = rf_suggest(rf_at_key(p, at), names, n);
	if (near)
		rf_at_key_error(p, at, "unknown key \"%s\"; did you mean \"%s\"?", rf_at_key(p, at),
				near);
	else
		rf_at_key_error(p, at, "unknown key \"%s\"", rf_at_key(p, at));
}

bool rf_at_object(struct rf_parse *p, struct rf_at at, const struct rf_member *table,
		  const struct rf_member *more, void *out)
{
	if (!json_is_object(at.json))
		return wrong_type(p, at, "an object");
	for (struct rf_at m = rf_at_first(p, at); m.json; m = rf_at_next(p, m)) {
		const struct rf_scan_node *node = &p->doc->scan.nodes[m.node];
		const struct rf_member *member;

		if (node->overridden || is_ignored(node->key))
			continue;
		member = find_member(table, node->key);
		if (!member)
			member = find_member(more, node->key);
		if (member)
			member->parse(p, m, out);
		else
			tell_unknown_key(p, m, table, more);
	}
	return true;
}

bool rf_at_is_list(struct rf_parse *p, struct rf_at at, const char *what)
{
	char expected[128];

	if (!json_is_array(at.json)) {
		(void)snprintf(expected, sizeof(expected), "a list of %s", what);
		return wrong_type(p, at, expected);
	}
	if (json_array_size(at.json) == 0) {
		rf_at_error(p, at, "the list is empty; name at least one of its %s or leave it out",
			    what);
		return false;
	}
	return true;
}

bool rf_at_string(struct rf_parse *p, struct rf_at at, const char **ret)
{
	if (!json_is_string(at.json))
		return wrong_type(p, at, "a string");
	if (json_string_length(at.json) == 0) {
		rf_at_error(p, at, "the string is empty");
		return false;
	}
	*ret = json_string_value(at.json);
	return true;
}

bool rf_at_bool(struct rf_parse *p, struct rf_at at, bool *ret)
{
	if (!json_is_boolean(at.json))
		return wrong_type(p, at, "true or false");
	*ret = json_is_true(at.json);
	return true;
}

bool rf_at_integer(struct rf_parse *p, struct rf_at at, uint64_t min, uint64_t max, uint64_t *ret)
{
	json_int_t value;

	if (!json_is_integer(at.json))
		return wrong_type(p, at, "a whole number");
	value = json_integer_value(at.json);
	if (value < 0 || (uint64_t)value < min || (uint64_t)value > max) {
		rf_at_error(p, at,
			    "%" JSON_INTEGER_FORMAT " is not between %" PRIu64 " and %" PRIu64,
			    value, min, max);
		return false;
	}
	*ret = (uint64_t)value;
	return true;
}

/* "a, b or c" */
static void join_names(const char *const *names, size_t n, struct rf_str *ret)
{
	for (size_t i = 0; i < n; i++)
		rf_str_addf(ret, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", names[i]);
}

bool rf_at_choice(struct rf_parse *p, struct rf_at at, const char *const *names, size_t n,
		  size_t *ret)
{
	RF_AUTOSTR struct rf_str all = RF_STR_INIT(1024);
	const char *text = NULL, *near;

	if (!rf_at_string(p, at, &text))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], text) == 0) {
			*ret = i;
			return true;
		}
	}
	join_names(names, n, &all);
	near = rf_suggest(text, names, n);
	if (near && n > 3)
		rf_at_error(p, at, "unknown \"%s\"; did you mean \"%s\"? It must be %s", text, near,
			    rf_str_text(&all));
	else
		rf_at_error(p, at, "unknown \"%s\"; it must be %s", text, rf_str_text(&all));
	return false;
}

char *rf_parse_strdup(struct rf_parse *p, const char *text)
{
	char *copy = rf_arena_strdup(p->arena, text);

	p->no_memory |= !copy;
	return copy;
}

void *rf_parse_array(struct rf_parse *p, const void *data, size_t n, size_t size)
{
	void *copy;

	if (n == 0)
		return NULL;
	copy = rf_arena_array(p->arena, n, size);
	if (copy)
		memcpy(copy, data, n * size);
	p->no_memory |= !copy;
	return copy;
}
