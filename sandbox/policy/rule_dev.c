/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Section devices: nodes by set, by number, or by pattern under /dev (POLICY.md 18).
 */
#include <string.h>

#include "sandbox/base/parse.h"
#include "sandbox/policy/names.h"
#include "sandbox/policy/pattern.h"
#include "sandbox/policy/rule.h"

#define NUMBER_MAX ((1u << 20) - 1) /* minors have 20 bits; majors 12 */
#define ANY	   (-1)

RF_VEC_DEFINE(nodes_vec, struct rf_dev_node);

/* clang-format off */
static const struct rf_dev_node std_nodes[] = {
	{'c', 1, 3, NULL},   /* null */
	{'c', 1, 5, NULL},   /* zero */
	{'c', 1, 7, NULL},   /* full */
	{'c', 1, 8, NULL},   /* random */
	{'c', 1, 9, NULL},   /* urandom */
	{'c', 5, 0, NULL},   /* tty */
	{'c', 5, 1, NULL},   /* console */
	{'c', 5, 2, NULL},   /* ptmx */
	{'c', 136, ANY, NULL}, {'c', 137, ANY, NULL}, {'c', 138, ANY, NULL}, {'c', 139, ANY, NULL},
	{'c', 140, ANY, NULL}, {'c', 141, ANY, NULL}, {'c', 142, ANY, NULL}, {'c', 143, ANY, NULL},
};
static const struct rf_dev_node tun_nodes[] = {{'c', 10, 200, NULL}};
static const struct rf_dev_node fuse_nodes[] = {{'c', 10, 229, NULL}};
static const struct rf_dev_node kvm_nodes[] = {{'c', 10, 232, NULL}};
static const struct rf_dev_node all_nodes[] = {{'a', ANY, ANY, NULL}};
/* clang-format on */

#define SET(name, nodes)                                                                           \
	{                                                                                          \
		name, nodes, RF_ARRAY_LEN(nodes)                                                   \
	}

static const struct {
	const char *name;
	const struct rf_dev_node *nodes;
	size_t n;
} sets[] = {
	SET("all", all_nodes), SET("fuse", fuse_nodes), SET("kvm", kvm_nodes),
	SET("std", std_nodes), SET("tun", tun_nodes),
};

static const struct rf_member rule_members[] = {{"nodes", rf_keep_nodes}, {NULL, NULL}};

static void add_node(struct rf_parse *p, const struct rf_dev_node *node, struct nodes_vec *ret)
{
	if (nodes_vec_push(ret, *node) < 0)
		p->no_memory = true;
}

static void add_set(struct rf_parse *p, struct rf_at at, const char *name, struct nodes_vec *ret)
{
	const char *names[RF_ARRAY_LEN(sets)], *near;

	for (size_t i = 0; i < RF_ARRAY_LEN(sets); i++) {
		names[i] = sets[i].name;
		if (strcmp(sets[i].name, name) != 0)
			continue;
		for (size_t j = 0; j < sets[i].n; j++)
			add_node(p, &sets[i].nodes[j], ret);
		return;
	}
	near = rf_suggest(name, names, RF_ARRAY_LEN(names));
	rf_at_error(p, at, "unknown set of devices \"@%s\"%s%s%s", name,
		    near ? "; did you mean \"@" : "", near ? near : "", near ? "\"?" : "");
}

/* A number or '*' that ends at `end`. */
static int parse_number(const char *text, const char *end, int64_t *ret)
{
	char digits[12];
	size_t len = (size_t)(end - text);
	uint64_t value = 0;

	if (len == 1 && text[0] == '*') {
		*ret = ANY;
		return 0;
	}
	if (len == 0 || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (rf_parse_u64(digits, NUMBER_MAX, &value) < 0)
		return -EINVAL;
	*ret = (int64_t)value;
	return 0;
}

/* "char 10:200", "block 7:*" */
static bool parse_numbers(const char *text, struct rf_dev_node *ret)
{
	const char *colon = strchr(text, ':');

	if (rf_str_has_prefix(text, "char "))
		ret->type = 'c';
	else if (rf_str_has_prefix(text, "block "))
		ret->type = 'b';
	else
		return false;
	text = strchr(text, ' ') + 1;
	return colon && colon >= text && parse_number(text, colon, &ret->major) == 0 &&
	       parse_number(colon + 1, colon + strlen(colon), &ret->minor) == 0;
}

static void parse_node(struct rf_parse *p, struct rf_at at, struct nodes_vec *ret)
{
	struct rf_dev_node node = {.type = 'a', .major = ANY, .minor = ANY};
	struct rf_patterns patterns = {0};
	const char *text = NULL;

	if (!rf_at_string(p, at, &text))
		return;
	if (text[0] == '@') {
		add_set(p, at, text + 1, ret);
	} else if (text[0] == '/' || text[0] == '$' || text[0] == '*') {
		if (rf_pattern_add(p, at, text, false, RF_PATTERN_DEV, false, false, &patterns)) {
			node.pattern = patterns.data ? patterns.data[0].text : NULL;
			add_node(p, &node, ret);
		}
		rf_patterns_done(&patterns);
	} else if (parse_numbers(text, &node)) {
		add_node(p, &node, ret);
	} else {
		rf_at_error(p, at,
			    "\"%s\" is no device; write a set such as \"@std\", \"char "
			    "MAJOR:MINOR\" or \"block MAJOR:MINOR\" (\"*\" is any), or a "
			    "pattern under /dev",
			    text);
	}
}

static void parse_rule(struct rf_parse *p, struct rf_at at, struct rf_draft *draft)
{
	struct rf_rule_draft in;
	struct rf_dev_rule rule = {0};
	struct nodes_vec nodes = {0};

	if (!rf_rule_parse(p, at, draft, RF_SECTION_DEVICES, rule_members, &in))
		return;
	rule.rule = in.rule;
	rule.rights = rf_rule_rights(p, &in, rf_dev_right_names, RF_DEV_RIGHTS);
	if (!in.nodes.json)
		rf_at_error(p, at, "the rule has no \"nodes\"");
	else if (rf_at_is_list(p, in.nodes, "devices"))
		for (struct rf_at i = rf_at_first(p, in.nodes); i.json; i = rf_at_next(p, i))
			parse_node(p, i, &nodes);
	rule.nodes = rf_parse_array(p, nodes.data, nodes.len, sizeof(*nodes.data));
	rule.n_nodes = nodes.len;
	nodes_vec_done(&nodes);
	if (rf_dev_rules_push(&draft->devices, rule) < 0)
		p->no_memory = true;
}

static void parse_section_default(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_parse_default(p, at, &((struct rf_draft *)draft)->sections[RF_SECTION_DEVICES]);
}

static void parse_rules(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_rules_parse(p, at, draft, parse_rule);
}

static const struct rf_member members[] = {
	{"need", rf_member_need},
	{"default", parse_section_default},
	{"rules", parse_rules},
	{NULL, NULL},
};

void rf_parse_devices(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_section_begin(p, draft, RF_SECTION_DEVICES, at);
	rf_at_object(p, at, members, NULL, draft);
}
