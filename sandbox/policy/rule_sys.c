/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Section seccomp: what the filter starts from, calls by name and set, tests of arguments
 * (POLICY.md 16).
 *
 * Each entry of `allow` and `deny` becomes a rule without tests, so that a denial can name it.
 */
#include <string.h>

#include "sandbox/base/fd.h"
#include "sandbox/policy/groups.h"
#include "sandbox/policy/limits.h"
#include "sandbox/policy/rule.h"
#include "sandbox/policy/symbols.h"
#include "sandbox/policy/trace.h"
#include "sandbox/policy/wide.h"

RF_VEC_DEFINE(calls_vec, struct rf_call);
RF_VEC_DEFINE(tests_vec, struct rf_arg_test);
RF_VEC_DEFINE(values_vec, uint64_t);

/* Shipped filters that `base` may name. */
static const char *const bases[] = {"container-default"};

static void add_call(struct rf_parse *p, struct rf_at at, const char *name, bool optional,
		     struct calls_vec *ret)
{
	struct rf_call call = {.name = name, .optional = optional};

	if (p->n_calls++ == RF_LIMIT_CALLS)
		rf_at_error(p, at, "more than %d system calls in all rules, which is the limit",
			    RF_LIMIT_CALLS);
	if (p->n_calls > RF_LIMIT_CALLS)
		return;
	if (calls_vec_push(ret, call) < 0)
		p->no_memory = true;
}

static void add_group(struct rf_parse *p, struct rf_at at, const char *name, struct calls_vec *ret)
{
	const struct rf_group *group = rf_group_find(name);
	const char *names[64], *near;
	size_t n = 0;

	if (group) {
		for (size_t i = 0; i < group->n_calls; i++)
			if (rf_call_known(group->calls[i]))
				add_call(p, at, group->calls[i], true, ret);
		return;
	}
	for (; n < RF_ARRAY_LEN(names) && rf_group_at(n); n++)
		names[n] = rf_group_at(n)->name;
	near = rf_suggest(name, names, n);
	rf_at_error(p, at, "unknown set of system calls \"@%s\"%s%s%s", name,
		    near ? "; did you mean \"@" : "", near ? near : "", near ? "\"?" : "");
}

static void parse_call(struct rf_parse *p, struct rf_at at, bool optional, struct calls_vec *ret)
{
	const char *name = NULL;

	if (!rf_at_string(p, at, &name))
		return;
	if (name[0] == '@')
		add_group(p, at, name + 1, ret);
	else if (!optional && !rf_call_known(name))
		rf_at_error(p, at,
			    "unknown system call \"%s\"; if a newer kernel has it, say "
			    "\"optional\": true",
			    name);
	else
		add_call(p, at, rf_parse_strdup(p, name), optional, ret);
}

static void take_calls(struct rf_parse *p, struct calls_vec *calls, struct rf_sys_rule *rule)
{
	rule->calls = rf_parse_array(p, calls->data, calls->len, sizeof(*calls->data));
	rule->n_calls = calls->len;
	calls_vec_done(calls);
}

/* ---- arguments ---- */

static const char *const op_names[] = {"eq", "ne", "lt", "le", "gt", "ge", "masked_eq", "in"};

struct test_in {
	struct rf_at index, op, value, values, mask;
};

#define KEEP(member)                                                                               \
	static void keep_##member(struct rf_parse *p, struct rf_at at, void *out)                  \
	{                                                                                          \
		(void)p;                                                                           \
		((struct test_in *)out)->member = at;                                              \
	}                                                                                          \
	_Static_assert(1, "takes a semicolon")

KEEP(index);
KEEP(op);
KEEP(value);
KEEP(values);
KEEP(mask);

static const struct rf_member test_members[] = {
	{"index", keep_index},	 {"op", keep_op},     {"value", keep_value},
	{"values", keep_values}, {"mask", keep_mask}, {NULL, NULL},
};

/* A number, a text with one, or a symbol; a negative number is its 64 bits. */
static bool parse_value(struct rf_parse *p, struct rf_at at, uint64_t *ret)
{
	const char *text = NULL;

	if (json_is_integer(at.json)) {
		*ret = (uint64_t)json_integer_value(at.json);
		return true;
	}
	if (!json_is_string(at.json)) {
		rf_at_error(p, at, "a number, \"0x…\" or the name of a constant is expected here");
		return false;
	}
	text = json_string_value(at.json);
	if (rf_symbol_find(text, ret) == 0)
		return true;
	rf_at_error(p, at, "unknown constant \"%s\"; write its number, which always works", text);
	return false;
}

static void parse_values(struct rf_parse *p, struct rf_at at, struct rf_arg_test *test)
{
	struct values_vec values = {0};

	if (rf_at_is_list(p, at, "values")) {
		for (struct rf_at i = rf_at_first(p, at); i.json; i = rf_at_next(p, i)) {
			uint64_t value = 0;

			if (parse_value(p, i, &value) && values_vec_push(&values, value) < 0)
				p->no_memory = true;
		}
	}
	test->values = rf_parse_array(p, values.data, values.len, sizeof(*values.data));
	test->n_values = values.len;
	values_vec_done(&values);
}

static void parse_operand(struct rf_parse *p, struct rf_at at, const struct test_in *in,
			  struct rf_arg_test *test)
{
	struct rf_at list = in->values.json ? in->values : in->value;

	if (in->value.json && in->values.json)
		rf_at_key_error(p, in->values, "a test has \"value\" or \"values\", not both");
	if (!list.json)
		rf_at_error(p, at, "the test has no \"%s\"",
			    test->op == RF_ARG_IN ? "values" : "value");
	else if (test->op == RF_ARG_IN)
		parse_values(p, list, test);
	else if (in->values.json)
		rf_at_key_error(p, in->values, "\"values\" is for the operator \"in\"");
	else
		parse_value(p, in->value, &test->value);
}

static void parse_test(struct rf_parse *p, struct rf_at at, struct tests_vec *ret)
{
	struct rf_arg_test test = {0};
	struct test_in in = {0};
	uint64_t index = 0;
	size_t op = 0;

	if (!rf_at_object(p, at, test_members, NULL, &in))
		return;
	if (!in.index.json)
		rf_at_error(p, at, "the test has no \"index\"");
	else if (rf_at_integer(p, in.index, 0, 5, &index))
		test.index = (uint32_t)index;
	if (!in.op.json)
		rf_at_error(p, at, "the test has no \"op\"");
	if (!in.op.json || !rf_at_choice(p, in.op, op_names, RF_ARRAY_LEN(op_names), &op))
		return;
	test.op = (enum rf_arg_op)op;
	parse_operand(p, at, &in, &test);
	if (in.mask.json && test.op != RF_ARG_MASKED_EQ)
		rf_at_key_error(p, in.mask, "\"mask\" is for the operator \"masked_eq\"");
	else if (!in.mask.json && test.op == RF_ARG_MASKED_EQ)
		rf_at_error(p, at, "the test has no \"mask\"");
	else if (in.mask.json && parse_value(p, in.mask, &test.mask) && test.value & ~test.mask)
		rf_at_error(p, at, "the value has bits outside the mask, so nothing is ever equal");
	if (tests_vec_push(ret, test) < 0)
		p->no_memory = true;
}

/* ---- rules ---- */

static const struct rf_member rule_members[] = {
	{"args", rf_keep_args},
	{"optional", rf_keep_optional},
	{NULL, NULL},
};

static void parse_rule(struct rf_parse *p, struct rf_at at, struct rf_draft *draft)
{
	bool optional = draft->calls_optional;
	struct tests_vec tests = {0};
	struct calls_vec calls = {0};
	struct rf_sys_rule rule = {0};
	struct rf_rule_draft in;

	if (!rf_rule_parse(p, at, draft, RF_SECTION_SECCOMP, rule_members, &in))
		return;
	rule.rule = in.rule;
	if (in.optional.json)
		rf_at_bool(p, in.optional, &optional);
	if (in.list.json && rf_at_is_list(p, in.list, "system calls"))
		for (struct rf_at i = rf_at_first(p, in.list); i.json; i = rf_at_next(p, i))
			parse_call(p, i, optional, &calls);
	take_calls(p, &calls, &rule);
	if (in.args.json && rf_at_is_list(p, in.args, "tests"))
		for (struct rf_at i = rf_at_first(p, in.args); i.json; i = rf_at_next(p, i))
			parse_test(p, i, &tests);
	rule.args = rf_parse_array(p, tests.data, tests.len, sizeof(*tests.data));
	rule.n_args = tests.len;
	tests_vec_done(&tests);
	if (rf_sys_rules_push(&draft->calls, rule) < 0)
		p->no_memory = true;
}

static void parse_rules(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_rules_parse(p, at, draft, parse_rule);
}

/* `allow` or `deny` of the section: one rule an entry. */
static void parse_list(struct rf_parse *p, struct rf_at at, struct rf_draft *draft, bool deny)
{
	if (!rf_at_is_list(p, at, "system calls"))
		return;
	for (struct rf_at item = rf_at_first(p, at); item.json; item = rf_at_next(p, item)) {
		struct rf_sys_rule rule = {.rule = {.section = RF_SECTION_SECCOMP, .deny = deny}};
		struct calls_vec calls = {0};
		char id[64];

		if (!rf_rule_count(p, item))
			return;
		(void)snprintf(id, sizeof(id), "seccomp.%s.%u", deny ? "deny" : "allow",
			       p->doc->scan.nodes[item.node].index);
		rule.rule.id = rf_parse_strdup(p, id);
		rule.rule.place = rf_at_place(p, item);
		rule.rule.need = draft->sections[RF_SECTION_SECCOMP].need;
		if (rule.rule.id)
			rf_rule_note_id(p, draft, rule.rule.id, item.node);
		parse_call(p, item, draft->calls_optional, &calls);
		take_calls(p, &calls, &rule);
		if (rf_sys_rules_push(&draft->calls, rule) < 0)
			p->no_memory = true;
	}
}

static void parse_allow(struct rf_parse *p, struct rf_at at, void *draft)
{
	parse_list(p, at, draft, false);
}

static void parse_deny(struct rf_parse *p, struct rf_at at, void *draft)
{
	parse_list(p, at, draft, true);
}

/* ---- what the filter starts from ---- */

static void parse_base(struct rf_parse *p, struct rf_at at, void *out)
{
	struct rf_draft *draft = out;
	const char *text = NULL;

	if (!rf_at_string(p, at, &text))
		return;
	text += text[0] == '@';
	for (size_t i = 0; i < RF_ARRAY_LEN(bases); i++) {
		if (strcmp(bases[i], text) == 0) {
			draft->filter.kind = RF_FILTER_BASE;
			draft->filter.base = bases[i];
			return;
		}
	}
	rf_at_error(p, at,
		    "unknown filter \"%s\"; the one that is shipped is "
		    "\"@container-default\"",
		    text);
}

/* An OCI profile in a file of its own; relative names are relative to the policy. */
static json_t *load_oci_file(struct rf_parse *p, struct rf_at at, const char *name)
{
	RF_AUTOFREE char *path = NULL, *text = NULL;
	struct rf_err err = RF_ERR_INIT;
	json_error_t error;
	size_t len = 0;
	json_t *json;

	if (asprintf(&path, "%s%s", name[0] == '/' ? "" : p->doc->dir, name) < 0) {
		path = NULL;
		p->no_memory = true;
		return NULL;
	}
	if (rf_fd_read_file(path, RF_LIMIT_FILE_BYTES, &text, &len, &err) < 0) {
		rf_at_error(p, at, "%s", rf_err_text(&err));
		return NULL;
	}
	rf_trace_file(p->options->trace, path, text, len);
	json = rf_json_load_wide(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		rf_at_error(p, at, "the profile %s is not valid JSON: line %d, column %d: %s", path,
			    error.line, error.column, error.text);
	return json;
}

/* How deep what is to be dumped nests; jansson recurses. */
static int json_depth(const json_t *json, int limit)
{
	const char *key;
	json_t *value;
	size_t i;
	int deepest = 0, depth;

	if (limit == 0)
		return 1;
	json_object_foreach ((json_t *)(uintptr_t)json, key, value) {
		depth = json_depth(value, limit - 1);
		deepest = depth > deepest ? depth : deepest;
	}
	json_array_foreach (json, i, value) {
		depth = json_depth(value, limit - 1);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

static void parse_oci(struct rf_parse *p, struct rf_at at, void *out)
{
	RF_CLEANUP(rf_json_freep) json_t *json = NULL;
	struct rf_draft *draft = out;
	RF_AUTOFREE char *text = NULL;

	if (json_is_string(at.json))
		json = load_oci_file(p, at, json_string_value(at.json));
	else if (json_is_object(at.json))
		json = json_incref(at.json);
	else
		rf_at_error(p, at,
			    "an OCI seccomp profile, or the name of a file with one, is "
			    "expected here");
	if (!json)
		return;
	if (json_depth(json, RF_LIMIT_DEPTH) > RF_LIMIT_DEPTH) {
		rf_at_error(p, at, "the profile is nested too deeply");
		return;
	}
	if (!json_is_string(json_object_get(json, "defaultAction"))) {
		rf_at_error(p, at, "the OCI profile has no \"defaultAction\"");
		return;
	}
	text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	draft->filter.kind = RF_FILTER_OCI;
	draft->filter.oci_json = text ? rf_parse_strdup(p, text) : NULL;
	p->no_memory |= !text;
}

static void parse_section_default(struct rf_parse *p, struct rf_at at, void *out)
{
	struct rf_draft *draft = out;
	struct rf_draft_section section = {0};

	rf_parse_default(p, at, &section);
	draft->filter.kind = RF_FILTER_DEFAULT;
	draft->filter.fallback = section.fallback;
}

static void parse_section_errno(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_parse_errno(p, at, &((struct rf_draft *)draft)->filter.errno_value);
}

static void skip(struct rf_parse *p, struct rf_at at, void *out)
{
	(void)p;
	(void)at;
	(void)out;
}

static const struct rf_member members[] = {
	{"need", rf_member_need}, {"base", parse_base},
	{"oci", parse_oci},	  {"default", parse_section_default},
	{"allow", parse_allow},	  {"deny", parse_deny},
	{"rules", parse_rules},	  {"errno", parse_section_errno},
	{"optional", skip},	  {NULL, NULL},
};

void rf_parse_seccomp(struct rf_parse *p, struct rf_at at, void *out)
{
	static const char *const kinds[] = {"base", "oci", "default"};
	struct rf_at optional = rf_at_member(p, at, "optional");
	struct rf_draft *draft = out;
	int n = 0;

	rf_section_begin(p, draft, RF_SECTION_SECCOMP, at);
	draft->filter.need = draft->sections[RF_SECTION_SECCOMP].need;
	draft->filter.place = draft->sections[RF_SECTION_SECCOMP].place;
	if (optional.json)
		rf_at_bool(p, optional, &draft->calls_optional);
	if (!rf_at_object(p, at, members, NULL, draft))
		return;
	for (size_t i = 0; i < RF_ARRAY_LEN(kinds); i++)
		n += rf_at_member(p, at, kinds[i]).json != NULL;
	if (n != 1)
		rf_at_error(p, at,
			    "the section needs exactly one of \"base\", \"oci\" and "
			    "\"default\" to start from, and has %s",
			    n == 0   ? "none"
			    : n == 2 ? "two"
				     : "all three");
}
