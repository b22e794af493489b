/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each shipped policy against its table of expected verdicts (policies/verdicts/NAME), asked with
 * the decision code of `why`; and each policy with one rule, default, key or capability turned
 * round, which some row of the table must notice.
 *
 * usage: sim-verdicts [--missing [NAME]]: --missing prints rows for what no row notices, to be
 * judged by whoever adds them.
 */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <unistd.h>

#include "cli/why_question.h"
#include "sandbox/base/fd.h"
#include "sandbox/launch/diff.h"

#define ROWS_MAX 1000

static const char *const names[] = {"agent",   "base",	 "batch", "build", "container-default",
				    "default", "strict", "web"};

struct row {
	char line[512];
	struct rf_question question;
	char verdict[16], rule[64];
};

struct table {
	struct rf_policy *policy;
	struct row *rows;
	size_t n;
};

/* One thing that can be turned round. */
struct turn {
	enum rf_section section;
	long rule; /* index of the rule in policy->rules; -1: the default, a key, a capability */
	unsigned int number;
	char what[128];
};

static bool print_missing;
static const char *only; /* with --missing: this policy */
static char library[] = "/tmp/rf-verdicts-XXXXXX";

/* Names of paths and sockets are taken as they are: nothing of this machine is looked at. */
static bool take_name(struct rf_question *q, char *const *words, size_t n)
{
	bool is_unix = n == 3 && strcmp(words[1], "unix") == 0;
	enum rf_why_kind kind = is_unix ? RF_WHY_UNIX : RF_WHY_FILE;

	if (!is_unix && n != 2)
		return false;
	for (uint32_t bit = 1; bit <= RF_FILE_EXEC; bit <<= 1) {
		const char *name = is_unix ? rf_net_right_name(bit) : rf_file_right_name(bit);

		if (!name || strcmp(name, words[0]) != 0)
			continue;
		*q = (struct rf_question){.kind = kind, .rights = bit};
		(void)snprintf(q->text, sizeof(q->text), "%s", words[n - 1]);
		return true;
	}
	return false;
}

static void read_row(struct row *row, const char *file, char *line)
{
	struct rf_err err = RF_ERR_INIT;
	char *words[12], *save = NULL;
	size_t n = 0;

	(void)snprintf(row->line, sizeof(row->line), "%s", line);
	for (char *w = strtok_r(line, " ", &save); w && n < 12; w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	if (n < 3)
		fail_msg("%s: %s: not a row", file, row->line);
	(void)snprintf(row->verdict, sizeof(row->verdict), "%s", words[0]);
	(void)snprintf(row->rule, sizeof(row->rule), "%s", words[1]);
	if (!take_name(&row->question, words + 2, n - 2) &&
	    rf_question_parse(&row->question, words + 2, n - 2, &err) < 0)
		fail_msg("%s: %s: %s", file, row->line, rf_err_text(&err));
}

static void read_rows(struct table *table, const char *name)
{
	RF_AUTOFREE char *path = NULL, *text = NULL;
	struct rf_err err = RF_ERR_INIT;

	table->rows = calloc(ROWS_MAX, sizeof(*table->rows));
	assert_true(asprintf(&path, "%s/policies/verdicts/%s", getenv("RF_SOURCE_ROOT"), name) > 0);
	if (rf_fd_read_file(path, 1 << 20, &text, NULL, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	for (char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		char *next = line + len + (line[len] == '\n');

		line[len] = 0;
		assert_true(table->n < ROWS_MAX);
		if (len && line[0] != '#')
			read_row(&table->rows[table->n++], path, line);
		line = next;
	}
}

static void load_table(struct table *ret, const char *name)
{
	static const struct rf_variable variables[] = {
		{"HOME", "/home/user"}, {"CWD", "/data/project"}, {"USER", "user"},
		{"UID", "1000"},	{"TMPDIR", "/data/tmp"},
	};
	const struct rf_load_options options = {.variables = variables,
						.n_variables = RF_ARRAY_LEN(variables),
						.search_user = true,
						.user_config_dir = library};
	RF_AUTOFREE char *path = NULL;
	struct rf_err err = RF_ERR_INIT;

	assert_true(asprintf(&path, "%s/policies/%s.json", getenv("RF_SOURCE_ROOT"), name) > 0);
	if (rf_policy_load(&ret->policy, (const char *const *)&path, 1, &options, NULL, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	read_rows(ret, name);
}

static void done(struct table *table)
{
	(void)rf_policy_free(table->policy);
	free(table->rows);
}

struct asked {
	struct rf_image *image;
	struct rf_asker *asker;
};

static void asked_done(struct asked *a)
{
	(void)rf_asker_free(a->asker);
	(void)rf_image_free(a->image);
}

static void ask_open(struct asked *ret, const struct rf_policy *policy)
{
	struct rf_err err = RF_ERR_INIT;

	if (rf_image_compile(&ret->image, policy, &err) < 0 ||
	    rf_asker_new(&ret->asker, policy, ret->image, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
}

static struct rf_finding ask(struct asked *a, const struct rf_question *q)
{
	struct rf_err err = RF_ERR_INIT;
	struct rf_finding f;

	if (rf_asker_ask(a->asker, q, &f, &err) < 0)
		fail_msg("%s: %s", q->text, rf_err_text(&err));
	return f;
}

static void every_row_is_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(names); i++) {
		RF_CLEANUP(done) struct table table = {0};
		RF_CLEANUP(asked_done) struct asked a = {0};

		load_table(&table, names[i]);
		assert_true(table.n >= 20 || print_missing);
		ask_open(&a, table.policy);
		for (size_t r = 0; r < table.n; r++) {
			struct rf_finding f = ask(&a, &table.rows[r].question);

			if (strcmp(rf_why_verdict_name(f.verdict), table.rows[r].verdict) != 0 ||
			    strcmp(f.rule, table.rows[r].rule) != 0)
				fail_msg("%s: %s: got %s by %s", names[i], table.rows[r].line,
					 rf_why_verdict_name(f.verdict), f.rule);
		}
	}
}

/* A policy with arrays of its own, so that one thing in it can be turned round. */
struct turned {
	struct rf_policy policy;
	struct rf_file_rule *files;
	struct rf_net_rule *network;
	struct rf_dev_rule *devices;
	struct rf_filter filters[8];
	struct rf_sys_rule *calls[8];
};

static void turned_done(struct turned *t)
{
	free(t->files);
	free(t->network);
	free(t->devices);
	for (size_t i = 0; i < t->policy.n_filters; i++)
		free(t->calls[i]);
}

static void *copy(const void *from, size_t n, size_t size)
{
	void *to = calloc(n + 1, size);

	if (n)
		memcpy(to, from, n * size);
	return to;
}

static void turn_rule(struct turned *t, long index)
{
	for (size_t i = 0; i < t->policy.n_files; i++)
		t->files[i].rule.deny ^= t->files[i].rule.index == index;
	for (size_t i = 0; i < t->policy.n_network; i++)
		t->network[i].rule.deny ^= t->network[i].rule.index == index;
	for (size_t i = 0; i < t->policy.n_devices; i++)
		t->devices[i].rule.deny ^= t->devices[i].rule.index == index;
	for (size_t f = 0; f < t->policy.n_filters; f++)
		for (size_t i = 0; i < t->filters[f].n_rules; i++)
			t->calls[f][i].rule.deny ^= t->calls[f][i].rule.index == index;
}

static void turn_round(struct turned *t, const struct rf_policy *from, const struct turn *turn)
{
	struct rf_policy *p = &t->policy;

	*p = *from;
	assert_true(p->n_filters <= RF_ARRAY_LEN(t->filters));
	p->files = t->files = copy(p->files, p->n_files, sizeof(*t->files));
	p->network = t->network = copy(p->network, p->n_network, sizeof(*t->network));
	p->devices = t->devices = copy(p->devices, p->n_devices, sizeof(*t->devices));
	for (size_t i = 0; i < p->n_filters; i++) {
		t->filters[i] = p->filters[i];
		t->filters[i].rules = t->calls[i] =
			copy(p->filters[i].rules, p->filters[i].n_rules, sizeof(*t->calls[i]));
	}
	p->filters = t->filters;
	if (turn->rule >= 0)
		turn_rule(t, turn->rule);
	else if (turn->section == RF_SECTION_FILES)
		p->files_default ^= 1;
	else if (turn->section == RF_SECTION_NETWORK)
		p->network_default ^= 1;
	else if (turn->section == RF_SECTION_DEVICES)
		p->devices_default ^= 1;
	else if (turn->section == RF_SECTION_SECCOMP)
		t->filters[turn->number].fallback ^= 1;
	else if (turn->section == RF_SECTION_CAPABILITIES)
		p->capabilities_keep ^= UINT64_C(1) << turn->number;
	else
		p->kernel[turn->number].value = p->kernel[turn->number].value == RF_KERNEL_ALLOW
							? RF_KERNEL_DENY
							: RF_KERNEL_ALLOW;
}

static bool is_about(const struct row *row, enum rf_section section)
{
	static const enum rf_section sections[] = {
		RF_SECTION_FILES,	 RF_SECTION_NETWORK, RF_SECTION_NETWORK, RF_SECTION_SECCOMP,
		RF_SECTION_CAPABILITIES, RF_SECTION_DEVICES, RF_SECTION_KERNEL};

	return sections[row->question.kind] == section;
}

/* Only names, addresses and devices need packing anew, which takes long; keys are in the head. */
static void ask_turned(struct asked *ret, const struct rf_policy *turned, const struct turn *turn,
		       const struct rf_image *as_it_was)
{
	struct rf_err err = RF_ERR_INIT;
	struct rf_image_head *head;

	if (turn->section <= RF_SECTION_DEVICES) {
		ask_open(ret, turned);
		return;
	}
	ret->image = calloc(1, sizeof(*ret->image));
	*ret->image = *as_it_was;
	ret->image->pages = copy(as_it_was->pages, as_it_was->n_pages, sizeof(struct rf_page));
	head = (struct rf_image_head *)(void *)ret->image->pages;
	for (unsigned int i = 0; i < RF_KERNEL_COUNT; i++)
		head->kernel[i] = (uint8_t)turned->kernel[i].value;
	if (rf_asker_new(&ret->asker, turned, ret->image, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
}

/* Some row gets another verdict, or the same one from somebody else. */
static bool is_noticed(const struct table *table, const struct rf_policy *turned,
		       const struct turn *turn, const struct rf_image *as_it_was)
{
	RF_CLEANUP(asked_done) struct asked a = {0};

	ask_turned(&a, turned, turn, as_it_was);
	for (size_t i = 0; i < table->n; i++) {
		struct rf_finding f;

		if (!is_about(&table->rows[i], turn->section))
			continue;
		f = ask(&a, &table->rows[i].question);
		if (strcmp(rf_why_verdict_name(f.verdict), table->rows[i].verdict) != 0 ||
		    strcmp(f.rule, table->rows[i].rule) != 0)
			return true;
	}
	return false;
}

/* A row in the words of the table, out of a difference. */
static void print_row(const struct rf_diff_item *item, const char *what)
{
	static const char *const words[] = {"",	       "",	 "unix ", "syscall ", "capability ",
					    "device ", "kernel "};
	char text[512], access[64] = "";
	const struct rf_finding *f = &item->side[0];

	(void)snprintf(text, sizeof(text), "%s", item->examples[0]);
	for (char *c = text; item->kind == RF_WHY_SYSCALL && *c; c++)
		*c = (char)(*c == '('					? ' '
			    : *c == ',' || *c == ')'			? ' '
			    : *c == '_' && (c[1] == ',' || c[1] == ')') ? '0'
									: *c);
	(void)snprintf(access, sizeof(access), "%.*s ", (int)strcspn(item->access, ","),
		       item->access);
	if (!item->access[0])
		access[0] = 0;
	printf("%s %s %s%s%s\n", rf_why_verdict_name(f->verdict), f->rule,
	       item->kind == RF_WHY_DEVICE ? words[item->kind] : access,
	       item->kind == RF_WHY_DEVICE ? access : words[item->kind], text);
	(void)what;
}

static void print_what_would_notice(const char *name, const struct rf_policy *policy,
				    const struct rf_policy *turned, const struct turn *turn)
{
	RF_CLEANUP(rf_diff_freep) struct rf_diff *diff = NULL;
	struct rf_err err = RF_ERR_INIT;

	if (rf_diff_make(&diff, policy, turned, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	printf("%s: ", name);
	for (size_t i = 0; i < diff->items.len; i++) {
		static const enum rf_section sections[] = {
			RF_SECTION_FILES,   RF_SECTION_NETWORK,	     RF_SECTION_NETWORK,
			RF_SECTION_SECCOMP, RF_SECTION_CAPABILITIES, RF_SECTION_DEVICES,
			RF_SECTION_KERNEL};

		if (sections[diff->items.data[i].kind] != turn->section)
			continue;
		print_row(&diff->items.data[i], turn->what);
		return;
	}
	if (turn->section == RF_SECTION_KERNEL && diff->settings.len)
		printf("? kernel.%s kernel %s\n",
		       rf_kernel_key_name((enum rf_kernel_key)turn->number),
		       rf_kernel_key_name((enum rf_kernel_key)turn->number));
	else
		printf("# nothing notices %s\n", turn->what);
}

static size_t list_turns(struct turn *ret, const struct rf_policy *policy)
{
	size_t n = 0;

	for (size_t i = 0; i < policy->n_rules; i++) {
		ret[n] = (struct turn){.section = policy->rules[i]->section, .rule = (long)i};
		(void)snprintf(ret[n++].what, sizeof(ret->what), "the rule %s",
			       policy->rules[i]->id);
	}
	for (unsigned int s = RF_SECTION_FILES; s <= RF_SECTION_DEVICES; s++) {
		if (!policy->sections[s].present)
			continue;
		ret[n] = (struct turn){.section = (enum rf_section)s, .rule = -1};
		(void)snprintf(ret[n++].what, sizeof(ret->what), "the default of %s",
			       rf_section_name((enum rf_section)s));
	}
	for (unsigned int i = 0; i < policy->n_filters; i++)
		if (policy->filters[i].kind == RF_FILTER_DEFAULT) {
			ret[n] = (struct turn){
				.section = RF_SECTION_SECCOMP, .rule = -1, .number = i};
			(void)snprintf(ret[n++].what, sizeof(ret->what), "the default of seccomp");
		}
	for (unsigned int i = 0; i < RF_KERNEL_COUNT; i++) {
		ret[n] = (struct turn){.section = RF_SECTION_KERNEL, .rule = -1, .number = i};
		(void)snprintf(ret[n++].what, sizeof(ret->what), "kernel.%s",
			       rf_kernel_key_name((enum rf_kernel_key)i));
	}
	for (unsigned int i = 0;
	     policy->sections[RF_SECTION_CAPABILITIES].present && i <= CAP_LAST_CAP; i++) {
		ret[n] = (struct turn){.section = RF_SECTION_CAPABILITIES, .rule = -1, .number = i};
		(void)snprintf(ret[n++].what, sizeof(ret->what), "capability %u", i);
	}
	return n;
}

static void whatever_is_turned_round_is_noticed(void **state)
{
	static struct turn turns[400];
	size_t unnoticed = 0;

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(names); i++) {
		RF_CLEANUP(done) struct table table = {0};
		RF_CLEANUP(asked_done) struct asked plain = {0};
		size_t n;

		if (only && strcmp(only, names[i]) != 0)
			continue;
		load_table(&table, names[i]);
		ask_open(&plain, table.policy);
		assert_true(table.policy->n_rules + 100 < RF_ARRAY_LEN(turns));
		n = list_turns(turns, table.policy);
		for (size_t t = 0; t < n; t++) {
			RF_CLEANUP(turned_done) struct turned turned = {0};

			turn_round(&turned, table.policy, &turns[t]);
			if (is_noticed(&table, &turned.policy, &turns[t], plain.image))
				continue;
			unnoticed++;
			if (print_missing)
				print_what_would_notice(names[i], table.policy, &turned.policy,
							&turns[t]);
			else
				print_message("%s: no row notices %s turned round\n", names[i],
					      turns[t].what);
		}
	}
	if (!print_missing)
		assert_int_equal(unnoticed, 0);
}

static int make_library(void **state)
{
	RF_AUTOFREE char *link = NULL, *target = NULL;

	(void)state;
	if (!mkdtemp(library) || asprintf(&link, "%s/ringfence", library) < 0 ||
	    asprintf(&target, "%s/policies", getenv("RF_SOURCE_ROOT")) < 0)
		return -1;
	return symlink(target, link);
}

static int remove_library(void **state)
{
	RF_AUTOFREE char *link = NULL;

	(void)state;
	if (asprintf(&link, "%s/ringfence", library) < 0 || unlink(link) < 0)
		return -1;
	return rmdir(library);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_as_told),
		cmocka_unit_test(whatever_is_turned_round_is_noticed),
	};

	print_missing = argc > 1 && strcmp(argv[1], "--missing") == 0;
	only = argc > 2 ? argv[2] : NULL;
	return cmocka_run_group_tests(tests, make_library, remove_library) ? 1 : 0;
}
