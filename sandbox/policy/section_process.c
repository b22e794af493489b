/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sections process, resources and audit: how the command starts, what it may use up, what is told.
 */
#include <math.h>
#include <string.h>
#include <sys/resource.h>

#include "sandbox/base/parse.h"
#include "sandbox/policy/draft.h"
#include "sandbox/policy/names.h"
#include "sandbox/policy/pattern.h"

#define CPU_MAX 4096 /* processors */

/* ---- process ---- */

static void parse_nnp(struct rf_parse *p, struct rf_at at, void *out)
{
	struct rf_draft *draft = out;

	draft->nnp_given = rf_at_bool(p, at, &draft->nnp);
}

static void parse_new_session(struct rf_parse *p, struct rf_at at, void *out)
{
	struct rf_draft *draft = out;

	draft->session_given = rf_at_bool(p, at, &draft->new_session);
}

/* A number, "unlimited", or a size for limits that count bytes. */
static bool parse_limit_value(struct rf_parse *p, struct rf_at at, bool bytes, uint64_t *ret)
{
	const char *text = json_string_value(at.json);

	if (!text)
		return rf_at_integer(p, at, 0, INT64_MAX, ret);
	if (strcmp(text, "unlimited") == 0) {
		*ret = RLIM_INFINITY;
		return true;
	}
	if (bytes && rf_parse_size(text, INT64_MAX, ret) == 0)
		return true;
	rf_at_error(p, at, "\"%s\" is no limit; write a number%s or \"unlimited\"", text,
		    bytes ? ", a size such as \"512M\"" : "");
	return false;
}

static void parse_limit(struct rf_parse *p, struct rf_at at, const struct rf_rlimit *known,
			bool bytes, struct rf_draft *draft)
{
	struct rf_at soft = rf_at_member(p, at, "soft"), hard = rf_at_member(p, at, "hard");
	struct rf_rlimit limit = *known;

	if (!json_is_object(at.json)) {
		if (!parse_limit_value(p, at, bytes, &limit.soft))
			return;
		limit.hard = limit.soft;
	} else if (json_object_size(at.json) != 2 || !soft.json || !hard.json) {
		rf_at_error(p, at, "a limit is one value, or an object of \"soft\" and \"hard\"");
		return;
	} else if (!parse_limit_value(p, soft, bytes, &limit.soft) ||
		   !parse_limit_value(p, hard, bytes, &limit.hard)) {
		return;
	}
	if (limit.soft > limit.hard)
		rf_at_error(p, at, "the soft limit is above the hard one");
	if (rf_rlimits_push(&draft->rlimits, limit) < 0)
		p->no_memory = true;
}

/* One member of rlimits; every name is in names.c, so there is no table of members. */
static void parse_one_rlimit(struct rf_parse *p, struct rf_at at, struct rf_draft *draft)
{
	const char *key = rf_at_key(p, at), *near, *names[32];
	struct rf_rlimit known = {0};
	bool bytes = false;
	size_t n = 0;

	while ((known.name = rf_rlimit_at(n, &known.resource, &bytes))) {
		if (strcmp(known.name, key) == 0) {
			parse_limit(p, at, &known, bytes, draft);
			return;
		}
		names[n++] = known.name;
	}
	near = rf_suggest(key, names, n);
	rf_at_key_error(p, at, "unknown limit \"%s\"%s%s%s", key, near ? "; did you mean \"" : "",
			near ? near : "", near ? "\"?" : "");
}

/* Walks members with free names; no object and an empty one are told. */
static void each_member(struct rf_parse *p, struct rf_at at, const char *what,
			struct rf_draft *draft,
			void (*parse)(struct rf_parse *p, struct rf_at at, struct rf_draft *draft))
{
	if (!json_is_object(at.json)) {
		rf_at_error(p, at, "an object of %s is expected here", what);
		return;
	}
	if (json_object_size(at.json) == 0)
		rf_at_error(p, at,
			    "the object is empty; name at least one of its %s or leave it "
			    "out",
			    what);
	for (struct rf_at m = rf_at_first(p, at); m.json; m = rf_at_next(p, m)) {
		if (!p->doc->scan.nodes[m.node].overridden)
			parse(p, m, draft);
	}
}

static void parse_rlimits(struct rf_parse *p, struct rf_at at, void *draft)
{
	each_member(p, at, "limits", draft, parse_one_rlimit);
}

static bool is_env_name(const char *name)
{
	return name[0] && !strchr(name, '=');
}

static void parse_env_keep(struct rf_parse *p, struct rf_at at, void *out)
{
	struct rf_draft *draft = out;

	draft->env_keep_given = true;
	if (json_is_array(at.json) && json_array_size(at.json) == 0)
		return; /* one reading: keep nothing */
	if (!rf_at_is_list(p, at, "names"))
		return;
	for (struct rf_at item = rf_at_first(p, at); item.json; item = rf_at_next(p, item)) {
		const char *name = NULL;

		if (!rf_at_string(p, item, &name))
			continue;
		if (!is_env_name(name))
			rf_at_error(p, item, "\"%s\" is not the name of an environment variable",
				    name);
		else if (rf_names_push(&draft->env_keep, rf_parse_strdup(p, name)) < 0)
			p->no_memory = true;
	}
}

static void parse_one_env(struct rf_parse *p, struct rf_at at, struct rf_draft *draft)
{
	struct rf_env_set set = {0};

	if (!is_env_name(rf_at_key(p, at))) {
		rf_at_key_error(p, at, "\"%s\" is not the name of an environment variable",
				rf_at_key(p, at));
		return;
	}
	if (!json_is_string(at.json)) {
		rf_at_error(p, at, "a string is expected here");
		return;
	}
	set.name = rf_parse_strdup(p, rf_at_key(p, at));
	set.value = rf_vars_expand(p, at, json_string_value(at.json), false);
	if (set.value && rf_env_sets_push(&draft->env_set, set) < 0)
		p->no_memory = true;
}

static void parse_env_set(struct rf_parse *p, struct rf_at at, void *draft)
{
	((struct rf_draft *)draft)->env_place = rf_at_place(p, at);
	each_member(p, at, "variables", draft, parse_one_env);
}

static const struct rf_member env_members[] = {
	{"keep", parse_env_keep},
	{"set", parse_env_set},
	{NULL, NULL},
};

static void parse_env(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_at_object(p, at, env_members, NULL, draft);
}

static const struct rf_member process_members[] = {
	{"need", rf_member_need},
	{"no_new_privileges", parse_nnp},
	{"new_session", parse_new_session},
	{"rlimits", parse_rlimits},
	{"env", parse_env},
	{NULL, NULL},
};

void rf_parse_process(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_section_begin(p, draft, RF_SECTION_PROCESS, at);
	rf_at_object(p, at, process_members, NULL, draft);
}

/* ---- resources ---- */

static void parse_memory(struct rf_parse *p, struct rf_at at, void *out)
{
	struct rf_draft *draft = out;
	const char *text = json_string_value(at.json);

	if (!text)
		(void)rf_at_integer(p, at, 1, INT64_MAX, &draft->memory_max);
	else if (rf_parse_size(text, INT64_MAX, &draft->memory_max) < 0 || !draft->memory_max)
		rf_at_error(p, at,
			    "\"%s\" is no size; write a number of bytes, or one with K, M, "
			    "G or T, such as \"512M\"",
			    text);
}

static void parse_pids(struct rf_parse *p, struct rf_at at, void *out)
{
	(void)rf_at_integer(p, at, 1, 4194304, &((struct rf_draft *)out)->pids_max);
}

static void parse_cpu(struct rf_parse *p, struct rf_at at, void *out)
{
	double value = json_number_value(at.json);

	if (!json_is_number(at.json))
		rf_at_error(p, at, "a number of processors is expected here, such as 1.5");
	else if (!(value >= 0.01 && value <= CPU_MAX))
		rf_at_error(p, at, "%g is not between 0.01 and %d processors", value, CPU_MAX);
	else
		((struct rf_draft *)out)->cpu_max_permille = (uint64_t)llround(value * 1000);
}

static const struct rf_member resource_members[] = {
	{"need", rf_member_need},
	{"memory_max", parse_memory},
	{"pids_max", parse_pids},
	{"cpu_max", parse_cpu},
	{NULL, NULL},
};

void rf_parse_resources(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_section_begin(p, draft, RF_SECTION_RESOURCES, at);
	rf_at_object(p, at, resource_members, NULL, draft);
}

/* ---- audit ---- */

static void parse_allowed(struct rf_parse *p, struct rf_at at, void *out)
{
	static const char *const names[] = {"read",   "write",	  "append", "create",
					    "remove", "metadata", "exec",   "connect"};
	struct rf_draft_audit *audit = &((struct rf_draft *)out)->audit;

	if (!rf_at_is_list(p, at, "kinds of access"))
		return;
	for (struct rf_at item = rf_at_first(p, at); item.json; item = rf_at_next(p, item)) {
		size_t choice = 0;

		if (!rf_at_choice(p, item, names, RF_ARRAY_LEN(names), &choice))
			continue;
		if (strcmp(names[choice], "exec") == 0)
			audit->exec_allowed = true;
		else if (strcmp(names[choice], "connect") == 0)
			audit->connect_allowed = true;
		else
			audit->file_rights |= 1u << choice;
	}
}

static void parse_dedupe(struct rf_parse *p, struct rf_at at, void *out)
{
	struct rf_draft_audit *audit = &((struct rf_draft *)out)->audit;

	if (json_is_integer(at.json) && json_integer_value(at.json) == 0)
		audit->dedupe_ns = 0;
	else if (!json_is_string(at.json))
		rf_at_error(p, at, "a time such as \"1s\" or \"500ms\" is expected here; 0 is off");
	else if (rf_parse_duration(json_string_value(at.json), 0, &audit->dedupe_ns) < 0)
		rf_at_error(p, at, "\"%s\" is no time; write \"1s\", \"500ms\" or 0 for off",
			    json_string_value(at.json));
}

static const struct rf_member audit_members[] = {
	{"allowed", parse_allowed},
	{"dedupe", parse_dedupe},
	{NULL, NULL},
};

void rf_parse_audit(struct rf_parse *p, struct rf_at at, void *out)
{
	struct rf_draft *draft = out;

	draft->audit.given = true;
	draft->audit.dedupe_ns = RF_NS_PER_SEC;
	rf_at_object(p, at, audit_members, NULL, draft);
}
