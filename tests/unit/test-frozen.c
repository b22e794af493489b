/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frozen policies: what thaws says the same in every member, after the first one is gone; bytes
 * that are no frozen policy are refused. And traces: what was read is noticed when it changes.
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/canonical.h"
#include "sandbox/policy/frozen.h"
#include "sandbox/policy/load.h"
#include "sandbox/policy/trace.h"

static const struct rf_variable variables[] = {
	{"HOME", "/home/user"}, {"CWD", "/home/user/work"}, {"USER", "user"},
	{"UID", "1000"},	{"TMPDIR", "/tmp"},	    {"PROXY", "127.0.0.1:3128"},
};

static const struct rf_load_options plain = {
	.variables = variables,
	.n_variables = RF_ARRAY_LEN(variables),
	.root = "/",
};

/* A policy that fills every member that a policy can have. */
static const char full[] =
	"{\"ringfence\": 1, \"name\": \"full\", \"mode\": \"audit\", \"need\": \"should\",\n"
	" \"process\": {\"no_new_privileges\": true, \"new_session\": true,"
	"  \"rlimits\": {\"nofile\": 64, \"core\": {\"soft\": 0, \"hard\": 1}},"
	"  \"env\": {\"keep\": [\"PATH\", \"LANG\"], \"set\": {\"A\": \"1\", \"B\": \"\"}}},\n"
	" \"resources\": {\"memory_max\": \"512M\", \"pids_max\": 5, \"cpu_max\": 1.5},\n"
	" \"capabilities\": {\"keep\": [\"chown\"]},\n"
	" \"seccomp\": {\"base\": \"@container-default\", \"allow\": [\"personality\"],"
	"  \"deny\": [\"ptrace\"], \"errno\": \"EACCES\", \"rules\": [{\"id\": \"tty\","
	"  \"deny\": [\"ioctl\"], \"reason\": \"r\", \"hint\": \"h\", \"args\": [{\"index\": 1,"
	"  \"op\": \"in\", \"values\": [\"TIOCSTI\", 7]}]}]},\n"
	" \"files\": {\"default\": \"deny\", \"links\": \"deny\", \"rules\": [\n"
	"  {\"id\": \"a\", \"allow\": [\"read\"], \"paths\": [\"/usr/**\", \"/bin/**\"],"
	"   \"except\": [\"/usr/src/**\"], \"audit\": true},\n"
	"  {\"deny\": [\"write\"], \"paths\": [{\"literal\": \"/a*b\"}], \"action\": \"kill\"}]},\n"
	" \"network\": {\"default\": \"deny\", \"rules\": [\n"
	"  {\"allow\": [\"connect\"], \"protocol\": \"tcp\", \"to\": [\"10.0.0.0/8\"],"
	"   \"ports\": [443, \"8000-8999\"]},\n"
	"  {\"allow\": [\"connect\"], \"unix\": [\"/run/x/*\", \"@name*\"]}]},\n"
	" \"devices\": {\"default\": \"deny\", \"rules\": [{\"allow\": [\"read\"],"
	"   \"nodes\": [\"@std\", \"char 10:200\", \"/dev/nvidia*\"]}]},\n"
	" \"kernel\": {\"mount\": \"allow\"},\n"
	" \"audit\": {\"allowed\": [\"exec\", \"read\"], \"dedupe\": \"2s\"}}";

/* In a text everything that a policy says, with where it says it. */
static char *tell(const struct rf_policy *policy)
{
	json_t *json = rf_policy_to_json(policy, true);
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

	assert_non_null(text);
	json_decref(json);
	return text;
}

static void check_rules(const struct rf_policy *policy)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct rf_rule *rule = policy->rules[i];

		assert_int_equal(rule->index, i);
		assert_non_null(rule->id);
		assert_true(rule->section != RF_SECTION_FILES ||
			    ((const char *)rule >= (const char *)policy->files &&
			     (const char *)rule < (const char *)(policy->files + policy->n_files)));
	}
}

static void add_place(struct rf_str *out, const struct rf_place *place)
{
	rf_str_addf(out, " %s:%u:%u", place->file ? place->file : "-", place->line, place->column);
}

/* What the canonical form does not have: who decides. */
static char *tell_deciders(const struct rf_policy *policy)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(65536);

	for (size_t i = 0; i < policy->n_keeps; i++) {
		rf_str_addf(&out, " %llx", (unsigned long long)policy->keeps[i].bits);
		add_place(&out, &policy->keeps[i].place);
	}
	for (size_t i = 0; i < policy->n_key_limits; i++) {
		rf_str_addf(&out, " %d", (int)policy->key_limits[i].key);
		add_place(&out, &policy->key_limits[i].place);
	}
	for (size_t i = 0; i < RF_RESOURCE_COUNT; i++)
		add_place(&out, &policy->resource_places[i]);
	return strdup(rf_str_text(&out));
}

static void check_same_after_thawing(struct rf_policy *policy)
{
	RF_AUTOFREE char *before = tell(policy), *after = NULL;
	RF_AUTOFREE char *deciders = tell_deciders(policy), *thawed_deciders = NULL;
	char sha256[65];
	struct rf_policy *thawed = NULL;
	void *frozen = NULL;
	size_t len;

	memcpy(sha256, policy->sha256, sizeof(sha256));
	assert_int_equal(rf_policy_freeze(policy, &frozen, &len), 0);
	(void)rf_policy_free(policy);
	assert_int_equal(rf_policy_thaw(&thawed, frozen, len, frozen), 0);
	after = tell(thawed);
	assert_string_equal(before, after);
	thawed_deciders = tell_deciders(thawed);
	assert_string_equal(deciders, thawed_deciders);
	assert_string_equal(sha256, thawed->sha256);
	check_rules(thawed);
	(void)rf_policy_free(thawed);
}

static struct rf_policy *load_full(struct rf_trace *trace)
{
	struct rf_load_options options = plain;
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;

	options.trace = trace;
	if (rf_policy_load_text(&policy, "full.json", full, strlen(full), &options, NULL, &err) < 0)
		print_message("%s\n", rf_err_text(&err));
	assert_non_null(policy);
	return policy;
}

static void a_full_policy_thaws_the_same(void **state)
{
	(void)state;
	check_same_after_thawing(load_full(NULL));
}

static void shipped_policies_thaw_the_same(void **state)
{
	static const char *const names[] = {
		"default", "base", "container-default", "strict", "build", "agent", "web", "batch"};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(names); i++) {
		struct rf_policy *policy = NULL;
		struct rf_err err = RF_ERR_INIT;

		if (rf_policy_load(&policy, &names[i], 1, &plain, NULL, &err) < 0)
			print_message("%s\n", rf_err_text(&err));
		assert_non_null(policy);
		check_same_after_thawing(policy);
	}
}

static int thaw_copy(const void *frozen, size_t len, size_t at, uint32_t value)
{
	struct rf_policy *policy = NULL;
	char *copy = malloc(len);
	int r;

	assert_non_null(copy);
	memcpy(copy, frozen, len);
	if (at + sizeof(value) <= len)
		memcpy(copy + at, &value, sizeof(value));
	r = rf_policy_thaw(&policy, copy, len, copy);
	if (r < 0)
		free(copy);
	(void)rf_policy_free(policy);
	return r;
}

/* Whatever stands in the head or among the places, no pointer is made that leads outside. */
static void what_leads_outside_is_refused(void **state)
{
	struct rf_policy *policy = load_full(NULL);
	RF_AUTOFREE void *frozen = NULL;
	uint32_t head[4];
	size_t len;

	(void)state;
	assert_int_equal(rf_policy_freeze(policy, &frozen, &len), 0);
	(void)rf_policy_free(policy);
	memcpy(head, frozen, sizeof(head));
	assert_int_equal(thaw_copy(frozen, len, len, 0), 0);
	assert_int_equal(thaw_copy(frozen, len - 8, len, 0), -EBADMSG);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(thaw_copy(frozen, len, i * 4, UINT32_MAX - 7), -EBADMSG);
	assert_int_equal(thaw_copy(frozen, len, 4, head[1] + 1), -EBADMSG);
	assert_int_equal(thaw_copy(frozen, len, head[2], (uint32_t)len), -EBADMSG);
	memcpy(head, (char *)frozen + head[2], sizeof(head[0])); /* the first place */
	assert_int_equal(thaw_copy(frozen, len, head[0], (uint32_t)len), -EBADMSG);
	assert_int_equal(thaw_copy(frozen, len, head[0] + 4, 1), -EBADMSG);
}

/* ---- traces ---- */

struct place {
	char dir[64], policy[96], base[96], target[96], link[96];
};

static void write_file(const char *path, const char *text)
{
	RF_AUTOCLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(rf_fd_write_all(fd, text, strlen(text), NULL), 0);
}

static void make_place(struct place *p)
{
	char text[512];

	strcpy(p->dir, "/tmp/rf-test-trace-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->policy, sizeof(p->policy), "%s/p.json", p->dir);
	(void)snprintf(p->base, sizeof(p->base), "%s/base.json", p->dir);
	(void)snprintf(p->target, sizeof(p->target), "%s/target", p->dir);
	(void)snprintf(p->link, sizeof(p->link), "%s/link", p->dir);
	write_file(p->base, "{\"ringfence\": 1, \"kernel\": {\"mount\": \"deny\"}}");
	assert_int_equal(mkdir(p->target, 0700), 0);
	assert_int_equal(symlink("target", p->link), 0);
	(void)snprintf(text, sizeof(text),
		       "{\"ringfence\": 1, \"extends\": [\"base.json\"], \"files\": {\"default\":"
		       " \"deny\", \"rules\": [{\"allow\": [\"read\"], \"paths\":"
		       " [\"%s/**\", \"%s/**\", \"%s/later/x\"]}]}}",
		       p->link, p->target, p->dir);
	write_file(p->policy, text);
}

static void remove_place(const struct place *p)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf %s", p->dir);
	assert_int_equal(system(command), 0);
}

static bool sees_none(const void *data, const char *path)
{
	(void)data;
	(void)path;
	return false;
}

static void take_trace(const struct place *p, struct rf_str *ret)
{
	struct rf_load_options options = plain;
	const char *const names[] = {p->policy};
	struct rf_policy *policy = NULL;
	struct rf_trace trace;

	rf_trace_init(&trace);
	rf_str_init(ret, 1 << 20);
	options.trace = &trace;
	assert_int_equal(rf_policy_load(&policy, names, 1, &options, NULL, NULL), 0);
	(void)rf_policy_free(policy);
	assert_true(rf_trace_pack(&trace, ret, sees_none, NULL));
	rf_trace_done(&trace);
}

static bool holds(const struct rf_str *trace)
{
	return rf_trace_holds(rf_str_text(trace), trace->len, &plain);
}

static void any_change_of_what_was_read_is_noticed(void **state)
{
	RF_AUTOSTR struct rf_str trace;
	struct place p;
	char other[96];

	(void)state;
	make_place(&p);
	take_trace(&p, &trace);
	assert_true(holds(&trace));
	/* What is extended, by one byte of the same length. */
	write_file(p.base, "{\"ringfence\": 1, \"kernel\": {\"mount\": \"deny\"} }");
	assert_false(holds(&trace));
	write_file(p.base, "{\"ringfence\": 1, \"kernel\": {\"mount\": \"deny\"}}");
	assert_true(holds(&trace));
	/* A link that leads elsewhere. */
	assert_int_equal(unlink(p.link), 0);
	assert_int_equal(symlink("later", p.link), 0);
	assert_false(holds(&trace));
	assert_int_equal(unlink(p.link), 0);
	assert_int_equal(symlink("target", p.link), 0);
	assert_true(holds(&trace));
	/* A directory that becomes a link, and a name that did not exist. */
	(void)snprintf(other, sizeof(other), "%s/later", p.dir);
	assert_int_equal(symlink("target", other), 0);
	assert_false(holds(&trace));
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_true(holds(&trace));
	assert_int_equal(unlink(p.policy), 0);
	assert_false(holds(&trace));
	remove_place(&p);
}

static void a_damaged_trace_does_not_hold(void **state)
{
	RF_AUTOSTR struct rf_str trace;
	struct place p;

	(void)state;
	make_place(&p);
	take_trace(&p, &trace);
	for (size_t len = 1; len < trace.len; len++)
		if (rf_trace_holds(rf_str_text(&trace), len, &plain)) {
			/* Only between two entries, and only the sum over all tells of that. */
			char next = rf_str_text(&trace)[len];

			assert_true(next == 'p' || next == 'l' || next == 's' || next == 'f');
		}
	remove_place(&p);
}

UNIT_MAIN(cmocka_unit_test(a_full_policy_thaws_the_same),
	  cmocka_unit_test(shipped_policies_thaw_the_same),
	  cmocka_unit_test(what_leads_outside_is_refused),
	  cmocka_unit_test(any_change_of_what_was_read_is_noticed),
	  cmocka_unit_test(a_damaged_trace_does_not_hold));
