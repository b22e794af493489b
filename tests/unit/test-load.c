/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading as a whole: where policies are looked for and whom they may belong to, rules of the
 * command line, forced options, limits, and the version. What texts are right and wrong, and how
 * they compose, is shown by the golden tests.
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/check.h"
#include "sandbox/policy/check_use.h"
#include "sandbox/policy/limits.h"
#include "sandbox/policy/load.h"
#include "sandbox/policy/problem.h"

static const struct rf_variable variables[] = {
	{"HOME", "/home/user/"}, {"CWD", "/home/user/work"}, {"USER", "user"},
	{"UID", "1000"},	 {"TMPDIR", "/tmp"},
};

static const struct rf_load_options plain = {
	.variables = variables,
	.n_variables = RF_ARRAY_LEN(variables),
};

#define FILES(rules)                                                                               \
	"{\"ringfence\": 1, \"files\": {\"default\": \"deny\", \"rules\": [" rules "]}}"
#define NETWORK(rules)                                                                             \
	"{\"ringfence\": 1, \"network\": {\"default\": \"deny\", \"rules\": [" rules "]}}"
#define DEVICES(rules)                                                                             \
	"{\"ringfence\": 1, \"devices\": {\"default\": \"deny\", \"rules\": [" rules "]}}"

/* What the last load said. */
struct said {
	struct rf_problems problems;
	struct rf_err err;
	int r;
};

static struct rf_policy *load_text(const char *text, const struct rf_load_options *options,
				   struct said *said)
{
	struct rf_policy *policy = NULL;

	memset(said, 0, sizeof(*said));
	said->r = rf_policy_load_text(&policy, "t.json", text, strlen(text), options,
				      &said->problems, &said->err);
	assert_true((said->r == 0) == (policy != NULL));
	return policy;
}

static struct rf_policy *load_good(const char *text, const struct rf_load_options *options)
{
	struct said said;
	struct rf_policy *policy = load_text(text, options, &said);

	if (!policy)
		print_message("%s\n", rf_err_text(&said.err));
	assert_non_null(policy);
	rf_problems_done(&said.problems);
	return policy;
}

static void assert_refused(const char *text, const struct rf_load_options *options,
			   const char *sentence)
{
	struct said said;

	assert_null(load_text(text, options, &said));
	if (!strstr(rf_err_text(&said.err), sentence))
		print_message("%s\n", rf_err_text(&said.err));
	assert_non_null(strstr(rf_err_text(&said.err), sentence));
	rf_problems_done(&said.problems);
}

/* ---- the search path ---- */

struct folder {
	char path[64];
	struct rf_load_options options;
};

static int make_folder(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	strcpy(folder->path, "/tmp/rf-load-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	folder->options = plain;
	folder->options.search_user = true;
	folder->options.user_config_dir = folder->path;
	*state = folder;
	return 0;
}

static int remove_folder(void **state)
{
	RF_AUTOFREE struct folder *folder = *state;
	RF_AUTOFREE char *command = NULL;

	assert_true(asprintf(&command, "rm -rf %s", folder->path) > 0);
	return system(command);
}

static void add_file(const struct folder *folder, const char *name, const char *text, mode_t mode)
{
	RF_AUTOFREE char *path = NULL, *dir = NULL;
	RF_AUTOCLOSE int fd = -1;

	assert_true(asprintf(&dir, "%s/ringfence", folder->path) > 0);
	(void)mkdir(dir, 0755);
	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(rf_fd_write_all(fd, text, strlen(text), NULL), 0);
}

static int load_name(const char *name, const struct rf_load_options *options, struct rf_err *err,
		     struct rf_policy **ret)
{
	rf_err_clear(err);
	return rf_policy_load(ret, &name, 1, options, NULL, err);
}

static void names_are_found_with_and_without_at(void **state)
{
	static const char *const names[] = {"mine", "@mine"};
	struct folder *folder = *state;

	add_file(folder, "mine.json", "{\"ringfence\": 1}", 0644);
	for (size_t i = 0; i < 2; i++) {
		struct rf_policy *policy = NULL;
		struct rf_err err = RF_ERR_INIT;

		assert_int_equal(load_name(names[i], &folder->options, &err, &policy), 0);
		assert_string_equal(policy->name, "mine");
		assert_string_equal(policy->sources[0], names[i]);
		rf_policy_free(policy);
	}
}

static void user_folder_is_not_searched_for_root_or_service(void **state)
{
	struct folder *folder = *state;
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;

	add_file(folder, "mine.json", "{\"ringfence\": 1}", 0644);
	folder->options.search_user = false;
	assert_int_equal(load_name("mine", &folder->options, &err, &policy), -ENOENT);
	assert_null(strstr(rf_err_text(&err), folder->path));
}

static void working_directory_is_not_searched(void **state)
{
	struct folder *folder = *state;
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;
	RF_AUTOFREE char *dir = NULL, *old = getcwd(NULL, 0);

	add_file(folder, "here.json", "{\"ringfence\": 1}", 0644);
	assert_true(asprintf(&dir, "%s/ringfence", folder->path) > 0);
	assert_int_equal(chdir(dir), 0);
	folder->options.search_user = false;
	assert_int_equal(load_name("here", &folder->options, &err, &policy), -ENOENT);
	assert_int_equal(load_name("here.json", &folder->options, &err, &policy), 0);
	rf_policy_free(policy);
	assert_int_equal(chdir(old), 0);
}

static void what_others_can_write_is_refused(void **state)
{
	struct folder *folder = *state;
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;
	RF_AUTOFREE char *dir = NULL;

	add_file(folder, "open.json", "{\"ringfence\": 1}", 0666);
	assert_int_equal(load_name("open", &folder->options, &err, &policy), -EPERM);
	add_file(folder, "group.json", "{\"ringfence\": 1}", 0664);
	assert_int_equal(load_name("group", &folder->options, &err, &policy), -EPERM);
	add_file(folder, "shut.json", "{\"ringfence\": 1}", 0644);
	assert_true(asprintf(&dir, "%s/ringfence", folder->path) > 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(load_name("shut", &folder->options, &err, &policy), -EPERM);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(load_name("shut", &folder->options, &err, &policy), 0);
	rf_policy_free(policy);
}

static void what_extends_what_has_limits(void **state)
{
	struct folder *folder = *state;
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;
	struct rf_str all = RF_STR_INIT(65536);
	char name[32], text[128];

	/* A chain: "c0" extends "c1" and so on. */
	for (int i = 0; i <= RF_LIMIT_EXTENDS_DEPTH + 1; i++) {
		(void)snprintf(name, sizeof(name), "c%d.json", i);
		(void)snprintf(text, sizeof(text), "{\"ringfence\": 1, \"extends\": [\"c%d\"]}",
			       i + 1);
		add_file(folder, name, i > RF_LIMIT_EXTENDS_DEPTH ? "{\"ringfence\": 1}" : text,
			 0644);
	}
	assert_int_equal(load_name("c2", &folder->options, &err, &policy), 0);
	policy = rf_policy_free(policy);
	assert_true(load_name("c0", &folder->options, &err, &policy) < 0);
	assert_non_null(strstr(rf_err_text(&err), "extended through more than 16 files"));
	/* Side by side. */
	rf_str_add(&all, "{\"ringfence\": 1, \"extends\": [\"s0\"");
	for (int i = 0; i < RF_LIMIT_FILES; i++) {
		(void)snprintf(name, sizeof(name), "s%d.json", i);
		add_file(folder, name, "{\"ringfence\": 1}", 0644);
		if (i > 0 && i < RF_LIMIT_FILES - 1)
			rf_str_addf(&all, ", \"s%d\"", i);
	}
	rf_str_add(&all, "]}");
	add_file(folder, "most.json", rf_str_text(&all), 0644);
	assert_int_equal(load_name("most", &folder->options, &err, &policy), 0);
	policy = rf_policy_free(policy);
	all.len -= 2;
	rf_str_addf(&all, ", \"s%d\"]}", RF_LIMIT_FILES - 1);
	add_file(folder, "more.json", rf_str_text(&all), 0644);
	assert_true(load_name("more", &folder->options, &err, &policy) < 0);
	assert_non_null(strstr(rf_err_text(&err), "more than 64 files, which is the limit"));
	rf_str_done(&all);
}

/* In whatever order files are named, and rules are written, the same is decided. */
static void order_says_nothing(void **state)
{
	static const char first[] =
		"{\"ringfence\": 1, \"name\": \"x\", \"need\": \"should\", \"mode\": \"audit\", "
		"\"files\": {\"default\": \"allow\", \"rules\": [{\"deny\": [\"read\"], \"paths\": [\"/a\"]}]}, "
		"\"capabilities\": {\"keep\": [\"kill\", \"chown\"]}, \"kernel\": {\"ptrace\": \"allow\"}, "
		"\"resources\": {\"pids_max\": 7}, "
		"\"process\": {\"env\": {\"keep\": [\"A\", \"B\"], \"set\": {\"X\": \"1\"}}}}";
	static const char second[] =
		"{\"ringfence\": 1, \"name\": \"x\", \"mode\": \"enforce\", "
		"\"files\": {\"default\": \"deny\", \"rules\": [{\"allow\": [\"read\"], \"paths\": [\"/**\"]}]}, "
		"\"capabilities\": {\"keep\": [\"kill\"]}, \"kernel\": {\"ptrace\": \"deny\"}, "
		"\"resources\": {\"pids_max\": 9, \"memory_max\": \"1M\"}, "
		"\"process\": {\"new_session\": true, \"env\": {\"keep\": [\"B\"], \"set\": {\"Y\": \"2\"}}}}";
	const char *names[2][2] = {{"one", "two"}, {"two", "one"}};
	struct folder *folder = *state;

	add_file(folder, "one.json", first, 0644);
	add_file(folder, "two.json", second, 0644);
	for (size_t i = 0; i < 2; i++) {
		struct rf_policy *policy = NULL;
		struct rf_err err = RF_ERR_INIT;

		assert_int_equal(rf_policy_load(&policy, names[i], 2, &folder->options, NULL, &err),
				 0);
		assert_int_equal(policy->mode, RF_MODE_ENFORCE);
		assert_int_equal(policy->files_default, RF_DEFAULT_DENY);
		assert_int_equal(policy->n_files, 2);
		assert_int_equal(policy->capabilities_keep, UINT64_C(1) << CAP_KILL);
		assert_int_equal(policy->kernel[RF_KERNEL_PTRACE].value, RF_KERNEL_DENY);
		assert_int_equal(policy->pids_max, 7);
		assert_int_equal(policy->memory_max, 1 << 20);
		assert_true(policy->new_session);
		rf_policy_free(policy);
	}
}

static void check_same_version(const char *const *a, const char *const *b, size_t n,
			       const struct rf_load_options *options)
{
	struct rf_policy *one = NULL, *two = NULL;
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_policy_load(&one, a, n, options, NULL, &err), 0);
	assert_int_equal(rf_policy_load(&two, b, n, options, NULL, &err), 0);
	assert_string_equal(one->sha256, two->sha256);
	/* What is kept under the version tells rules by their numbers. */
	assert_int_equal(one->n_rules, two->n_rules);
	for (size_t i = 0; i < one->n_rules; i++) {
		assert_string_equal(one->rules[i]->id, two->rules[i]->id);
		assert_string_equal(one->rules[i]->place.file, two->rules[i]->place.file);
	}
	for (size_t i = 0; i < RF_SECTION_COUNT; i++)
		if (one->sections[i].place.file)
			assert_string_equal(one->sections[i].place.file,
					    two->sections[i].place.file);
	rf_policy_free(one);
	rf_policy_free(two);
}

/* One meaning is one version, in whatever order files are named. */
static void order_makes_no_version(void **state)
{
	static const char *const parts[] = {"p1", "p2", "p3"};
	static const char *const words[][2] = {
		{"ptrace", "chown"}, {"mount", "kill"}, {"bpf", "fowner"}};
	static const char *const lists[][2] = {{"abc", "\"p1\", \"p2\", \"p3\""},
					       {"bca", "\"p2\", \"p3\", \"p1\""},
					       {"cba", "\"p3\", \"p2\", \"p1\""}};
	struct folder *folder = *state;
	char name[32], text[1024];

	for (size_t i = 0; i < RF_ARRAY_LEN(parts); i++) {
		(void)snprintf(name, sizeof(name), "%s.json", parts[i]);
		(void)snprintf(
			text, sizeof(text),
			"{\"ringfence\": 1, \"name\": \"x\", "
			"\"seccomp\": {\"default\": \"allow\", \"deny\": [\"%s\"]}, "
			"\"capabilities\": {\"keep\": [\"%s\"]}, "
			"\"network\": {\"default\": \"deny\", \"rules\": [{\"allow\": [\"connect\"], "
			"\"to\": [\"10.0.0.%zu\"]}]}, "
			"\"devices\": {\"default\": \"deny\", \"rules\": [{\"allow\": [\"read\"], "
			"\"nodes\": [\"char 1:%zu\"]}]}, "
			"\"files\": {\"default\": \"deny\", \"rules\": [{\"id\": \"same\", "
			"\"allow\": [\"read\"], \"paths\": [\"/%s\"]}]}}",
			words[i][0], words[i][1], i, i, parts[i]);
		add_file(folder, name, text, 0644);
	}
	for (size_t i = 0; i < RF_ARRAY_LEN(lists); i++) {
		(void)snprintf(name, sizeof(name), "%s.json", lists[i][0]);
		(void)snprintf(text, sizeof(text),
			       "{\"ringfence\": 1, \"name\": \"child\", \"extends\": [%s]}",
			       lists[i][1]);
		add_file(folder, name, text, 0644);
	}
	check_same_version(&lists[0][0], &lists[1][0], 1, &folder->options);
	check_same_version(&lists[0][0], &lists[2][0], 1, &folder->options);
	check_same_version(parts, (const char *const[]){"p3", "p1", "p2"}, 3, &folder->options);
	check_same_version(parts, (const char *const[]){"p2", "p1"}, 2, &folder->options);
}

/* What two arguments extend speaks for both. */
static void a_shared_file_counts_for_each_argument(void **state)
{
	static const char *const order[][2] = {{"a", "b"}, {"b", "a"}};
	struct folder *folder = *state;

	add_file(folder, "s.json",
		 "{\"ringfence\": 1, \"extends\": [\"./t.json\"], \"mode\": \"audit\"}", 0644);
	add_file(folder, "t.json", "{\"ringfence\": 1, \"need\": \"should\"}", 0644);
	add_file(folder, "a.json",
		 "{\"ringfence\": 1, \"name\": \"x\", \"extends\": [\"./s.json\"], "
		 "\"mode\": \"audit\", \"need\": \"should\"}",
		 0644);
	add_file(folder, "b.json",
		 "{\"ringfence\": 1, \"name\": \"x\", \"extends\": [\"./s.json\"]}", 0644);
	for (size_t i = 0; i < RF_ARRAY_LEN(order); i++) {
		struct rf_policy *policy = NULL;
		struct rf_err err = RF_ERR_INIT;

		assert_int_equal(rf_policy_load(&policy, order[i], 2, &folder->options, NULL, &err),
				 0);
		assert_int_equal(policy->mode, RF_MODE_AUDIT);
		assert_int_equal(policy->need, RF_NEED_SHOULD);
		rf_policy_free(policy);
	}
}

static void trust_reaches_what_a_trusted_file_extends(void **state)
{
	struct folder *folder = *state;
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;

	add_file(folder, "a.json", "{\"ringfence\": 1, \"extends\": [\"./b.json\"]}", 0644);
	add_file(folder, "b.json", "{\"ringfence\": 1}", 0666);
	assert_int_equal(load_name("a", &folder->options, &err, &policy), -EINVAL);
	assert_non_null(strstr(rf_err_text(&err), "b.json"));
	add_file(folder, "b.json", "{\"ringfence\": 1}", 0644);
	assert_int_equal(load_name("a", &folder->options, &err, &policy), 0);
	rf_policy_free(policy);
}

static void special_files_are_refused(void **state)
{
	struct folder *folder = *state;
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;
	RF_AUTOFREE char *path = NULL;

	assert_true(asprintf(&path, "%s/fifo.json", folder->path) > 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_true(load_name(path, &folder->options, &err, &policy) < 0);
	assert_true(load_name("/dev/zero", &folder->options, &err, &policy) < 0);
	assert_true(load_name("/tmp", &folder->options, &err, &policy) < 0);
}

static void odd_names_are_no_policies(void **state)
{
	static const char *const names[] = {"", "@", "..", "@..", "a b", "-x", "@@a", "a\nb"};
	struct rf_policy *policy = NULL;

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(names); i++) {
		struct rf_err err = RF_ERR_INIT;

		assert_int_equal(load_name(names[i], &plain, &err, &policy), -EINVAL);
	}
}

/* ---- rules of the command line ---- */

static void argv_rules_are_rules(void **state)
{
	static const struct rf_extra_rule extra[] = {
		{.deny = false, .text = "read,exec=/srv/${USER}/**", .argv_index = 3},
		{.deny = true, .text = "connect=tcp:10.0.0.1:443", .argv_index = 5},
		{.deny = false, .text = "connect=udp:[2001:db8::1]:50-60", .argv_index = 7},
		{.deny = false, .text = "connect=unix:/run/x", .argv_index = 9},
		{.deny = false, .text = "bind,listen=tcp:*:*", .argv_index = 11},
	};
	struct rf_load_options options = plain;
	struct rf_policy *policy;

	(void)state;
	options.extra = extra;
	options.n_extra = RF_ARRAY_LEN(extra);
	policy = load_good("{\"ringfence\": 1, \"files\": {\"default\": \"deny\"}, "
			   "\"network\": {\"default\": \"deny\"}}",
			   &options);
	assert_int_equal(policy->n_files, 1);
	assert_string_equal(policy->files[0].paths[0].text, "/srv/user/**");
	assert_int_equal(policy->files[0].rights, RF_FILE_READ | RF_FILE_EXEC);
	assert_string_equal(policy->files[0].rule.place.file, "argv:3");
	assert_int_equal(policy->files[0].rule.place.line, 0);
	assert_int_equal(policy->files[0].rule.need, RF_NEED_MUST);
	assert_int_equal(policy->n_network, 4);
	assert_true(policy->network[0].rule.deny);
	assert_int_equal(policy->network[0].protocols, RF_PROTO_TCP);
	assert_int_equal(policy->network[0].ports[0].first, 443);
	assert_int_equal(policy->network[1].to[0].first[0], 0x20);
	assert_int_equal(policy->network[1].ports[0].last, 60);
	assert_true(policy->network[2].is_unix);
	assert_int_equal(policy->network[3].n_to + policy->network[3].n_ports, 0);
	rf_policy_free(policy);
}

static void argv_rules_are_needed_as_the_policy_is(void **state)
{
	static const struct rf_extra_rule extra[] = {
		{.deny = true, .text = "read=/srv", .argv_index = 3},
		{.deny = true, .text = "bind=tcp:*:80", .argv_index = 5},
	};
	struct rf_load_options options = plain;
	struct rf_policy *policy;

	(void)state;
	options.extra = extra;
	options.n_extra = RF_ARRAY_LEN(extra);
	policy = load_good("{\"ringfence\": 1, \"need\": \"should\", \"files\": {\"default\": "
			   "\"deny\"}, \"network\": {\"default\": \"deny\"}}",
			   &options);
	assert_int_equal(policy->files[0].rule.need, RF_NEED_SHOULD);
	assert_int_equal(policy->network[0].rule.need, RF_NEED_SHOULD);
	rf_policy_free(policy);
}

static void argv_rules_never_open_a_section(void **state)
{
	static const struct rf_extra_rule extra[] = {{.text = "read=/srv", .argv_index = 2}};
	struct rf_load_options options = plain;

	(void)state;
	options.extra = extra;
	options.n_extra = 1;
	assert_refused("{\"ringfence\": 1}", &options, "argv:2: the section has no \"default\"");
}

static void malformed_argv_rules_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"read",
		"=/a",
		"read=a",
		"raed=/a",
		"read,=/a",
		"connect=/a",
		"connect=tcp:1.2.3.4",
		"connect=tcp::1:80",
		"connect=tcp:host:80",
		"connect=tcp:1.2.3.4:0",
		"connect=http:1.2.3.4:80",
		"read,connect=/a",
		"connect=unix:a",
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(texts); i++) {
		struct rf_extra_rule extra = {.text = texts[i], .argv_index = 1};
		struct rf_load_options options = plain;
		struct said said;

		options.extra = &extra;
		options.n_extra = 1;
		assert_null(load_text("{\"ringfence\": 1, \"files\": {\"default\": \"deny\"}, "
				      "\"network\": {\"default\": \"deny\"}}",
				      &options, &said));
		rf_problems_done(&said.problems);
	}
}

/* ---- options, indexes, version, limits ---- */

static void forced_options_have_the_last_word(void **state)
{
	struct rf_load_options options = plain;
	struct rf_policy *policy;

	(void)state;
	options.force_need = options.force_mode = options.audit_mode = true;
	options.need = RF_NEED_SHOULD;
	policy = load_good("{\"ringfence\": 1, \"kernel\": {\"bpf\": \"deny\"}, \"files\": "
			   "{\"default\": \"deny\", \"rules\": [{\"deny\": [\"read\"], "
			   "\"paths\": [\"/a\"]}]}, \"seccomp\": {\"default\": \"allow\"}}",
			   &options);
	assert_int_equal(policy->mode, RF_MODE_AUDIT);
	assert_int_equal(policy->need, RF_NEED_SHOULD);
	assert_int_equal(policy->sections[RF_SECTION_FILES].need, RF_NEED_SHOULD);
	assert_int_equal(policy->files[0].rule.need, RF_NEED_SHOULD);
	assert_int_equal(policy->kernel[RF_KERNEL_BPF].need, RF_NEED_SHOULD);
	assert_int_equal(policy->filters[0].need, RF_NEED_SHOULD);
	rf_policy_free(policy);
	options.need = RF_NEED_MUST;
	policy = load_good("{\"ringfence\": 1, \"need\": \"should\", \"kernel\": {\"bpf\": "
			   "\"deny\"}}",
			   &options);
	assert_int_equal(policy->kernel[RF_KERNEL_BPF].need, RF_NEED_MUST);
	assert_int_equal(policy->kernel[RF_KERNEL_MOUNT].need, RF_NEED_SHOULD);
	rf_policy_free(policy);
}

static void indexes_are_global(void **state)
{
	struct rf_policy *policy = load_good(
		"{\"ringfence\": 1, \"files\": {\"default\": \"deny\", \"rules\": ["
		"{\"allow\": [\"read\"], \"paths\": [\"/a\"]}, "
		"{\"deny\": [\"read\"], \"paths\": [\"/b\"]}]}, "
		"\"network\": {\"default\": \"deny\", \"rules\": [{\"allow\": [\"bind\"]}]}, "
		"\"devices\": {\"default\": \"deny\", \"rules\": [{\"allow\": [\"read\"], "
		"\"nodes\": [\"@std\"]}]}, "
		"\"seccomp\": {\"default\": \"allow\", \"deny\": [\"ptrace\", \"bpf\"]}}",
		&plain);

	(void)state;
	assert_int_equal(policy->n_rules, 6);
	for (size_t i = 0; i < policy->n_rules; i++)
		assert_int_equal(policy->rules[i]->index, i);
	assert_ptr_equal(policy->rules[2], &policy->network[0].rule);
	assert_string_equal(policy->rules[5]->id, "seccomp.deny.1");
	rf_policy_free(policy);
}

static void version_is_of_the_meaning(void **state)
{
	static const char *const same[] = {
		FILES("{\"allow\": [\"read\", \"exec\"], \"paths\": [\"${HOME}/a\"]}"),
		"{\n\"files\": {\"rules\": [\n\n{\"paths\": [\"/home/user/a\"], \"allow\": "
		"[\"exec\", \"read\"], \"$comment\": 1}], \"default\": \"deny\"},\n"
		"\"ringfence\": 1}",
	};
	static const char *const others[] = {
		FILES("{\"allow\": [\"read\"], \"paths\": [\"${HOME}/a\"]}"),
		FILES("{\"deny\": [\"read\", \"exec\"], \"paths\": [\"${HOME}/a\"]}"),
		FILES("{\"allow\": [\"read\", \"exec\"], \"paths\": [\"${HOME}/b\"]}"),
		FILES("{\"allow\": [\"read\", \"exec\"], \"paths\": [{\"literal\": \"/home/user/a\"}]}"),
		FILES("{\"id\": \"x\", \"allow\": [\"read\", \"exec\"], \"paths\": [\"${HOME}/a\"]}"),
		FILES("{\"need\": \"should\", \"allow\": [\"read\", \"exec\"], \"paths\": "
		      "[\"${HOME}/a\"]}"),
	};
	struct rf_policy *first = load_good(same[0], &plain), *second = load_good(same[1], &plain);

	(void)state;
	assert_string_equal(first->sha256, second->sha256);
	assert_int_equal(strlen(first->sha256), 64);
	for (size_t i = 0; i < RF_ARRAY_LEN(others); i++) {
		struct rf_policy *other = load_good(others[i], &plain);

		assert_string_not_equal(first->sha256, other->sha256);
		rf_policy_free(other);
	}
	rf_policy_free(first);
	rf_policy_free(second);
}

/* n rules, each with one pattern of its own. */
static char *many_rules(size_t n)
{
	struct rf_str text = RF_STR_INIT(64u << 20);
	char *ret = NULL;

	rf_str_add(&text, "{\"ringfence\": 1, \"files\": {\"default\": \"deny\", \"rules\": [");
	for (size_t i = 0; i < n; i++)
		rf_str_addf(&text, "%s{\"allow\": [\"read\"], \"paths\": [\"/d/%zu\"]}",
			    i ? "," : "", i);
	rf_str_add(&text, "]}}");
	assert_int_equal(rf_str_take(&text, &ret), 0);
	return ret;
}

/* One rule: its list holds n items. */
static char *many_items(const char *before, const char *item, size_t n)
{
	struct rf_str text = RF_STR_INIT(64u << 20);
	char *ret = NULL;

	rf_str_addf(&text, "{\"ringfence\": 1, %s", before);
	for (size_t i = 0; i < n; i++)
		rf_str_addf(&text, "%s%s", i ? "," : "", item);
	rf_str_add(&text, "]}]}}");
	assert_int_equal(rf_str_take(&text, &ret), 0);
	return ret;
}

static void lists_of_a_rule_have_limits(void **state)
{
	static const char files[] =
		"\"files\": {\"default\": \"deny\", \"rules\": [{\"allow\": [\"read\"], \"paths\": [";
	static const char network[] = "\"network\": {\"default\": \"deny\", \"rules\": "
				      "[{\"allow\": [\"connect\"], \"to\": [";
	static const char seccomp[] = "\"seccomp\": {\"default\": \"allow\", \"rules\": "
				      "[{\"deny\": [";
	RF_AUTOFREE char *calls = many_items(seccomp, "\"read\"", RF_LIMIT_CALLS);
	RF_AUTOFREE char *more_calls = many_items(seccomp, "\"@sync\"", RF_LIMIT_CALLS / 6 + 1);
	RF_AUTOFREE char *patterns = many_items(files, "\"/d\"", RF_LIMIT_PATTERNS);
	RF_AUTOFREE char *more_patterns = many_items(files, "\"/d\"", RF_LIMIT_PATTERNS + 1);
	RF_AUTOFREE char *ranges = many_items(network, "\"10.0.0.1\"", RF_LIMIT_ADDRESSES);
	RF_AUTOFREE char *more_ranges = many_items(network, "\"10.0.0.1\"", RF_LIMIT_ADDRESSES + 1);

	(void)state;
	rf_policy_free(load_good(patterns, &plain));
	assert_refused(more_patterns, &plain, "more than 100000 patterns, which is the limit");
	rf_policy_free(load_good(ranges, &plain));
	assert_refused(more_ranges, &plain, "more than 100000 address ranges, which is the limit");
	rf_policy_free(load_good(calls, &plain));
	assert_refused(more_calls, &plain,
		       "more than 200000 system calls in all rules, which is the limit");
}

static void limits_are_published_numbers(void **state)
{
	RF_AUTOFREE char *most = many_rules(RF_LIMIT_RULES), *more = many_rules(RF_LIMIT_RULES + 1);
	RF_AUTOFREE char *big = calloc(1, RF_LIMIT_FILE_BYTES + 2);
	struct rf_policy *policy = load_good(most, &plain);

	(void)state;
	assert_int_equal(policy->n_files, RF_LIMIT_RULES);
	rf_policy_free(policy);
	assert_refused(more, &plain, "more than 50000 rules");
	memset(big, ' ', RF_LIMIT_FILE_BYTES + 1);
	assert_refused(big, &plain, "longer than");
}

static void endless_problems_are_cut(void **state)
{
	struct rf_str text = RF_STR_INIT(1u << 20);
	struct said said;

	(void)state;
	rf_str_add(&text, "{\"ringfence\": 1");
	for (size_t i = 0; i < 2000; i++)
		rf_str_addf(&text, ",\n\"k%zu\": 1", i);
	rf_str_add(&text, "}");
	assert_null(load_text(rf_str_text(&text), &plain, &said));
	assert_int_equal(said.problems.n, RF_LIMIT_PROBLEMS);
	assert_int_equal(said.problems.items[0].place.line, 2);
	assert_int_equal(said.err.line, 2);
	assert_string_equal(said.err.pointer, "/k0");
	rf_problems_done(&said.problems);
	rf_str_done(&text);
}

static void work_is_never_the_system_or_the_home(void **state)
{
	static const struct {
		const char *cwd, *work, *here;
	} rows[] = {
		{"/home/user/work", "/home/user/work", "/home/user/work"},
		{"/srv/app", "/srv/app", "/srv/app"},
		{"/usr/src/app", "/usr/src/app", "/usr/src/app"},
		{"/app", "/app", "/app"},
		{"/", "/tmp", "/tmp"},
		{"/etc", "/tmp", "/tmp"},
		{"/etc/nginx", "/tmp", "/tmp"},
		{"/etcetera", "/etcetera", "/etcetera"},
		{"/home", "/tmp", "/tmp"},
		{"/usr/lib/x", "/tmp", "/tmp"},
		{"/home/user", "/tmp", "/home/user"},
		{"/home/user/.ssh", "/tmp", "/home/user/.ssh"},
		{"/home/use", "/home/use", "/home/use"},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		struct rf_variable own[] = {
			{"HOME", "/home/user/"}, {"TMPDIR", "/tmp"}, {"CWD", rows[i].cwd}};
		struct rf_load_options options = {.variables = own,
						  .n_variables = RF_ARRAY_LEN(own)};
		struct rf_policy *policy = load_good(
			FILES("{\"allow\": [\"read\"], \"paths\": [\"${WORK}\", \"${HERE}\"]}"),
			&options);

		assert_string_equal(policy->files[0].paths[0].text, rows[i].work);
		assert_string_equal(policy->files[0].paths[1].text, rows[i].here);
		rf_policy_free(policy);
	}
}

static void dangling_links_void_a_deny_that_must_hold(void **state)
{
	struct folder *folder = *state;
	struct rf_load_options options = plain;
	RF_AUTOFREE char *link = NULL;
	struct rf_policy *policy;

	assert_true(asprintf(&link, "%s/link", folder->path) > 0);
	assert_int_equal(symlink("/nowhere", link), 0);
	options.root = folder->path;
	assert_refused(FILES("{\"deny\": [\"read\"], \"paths\": [\"/link/x\"]}"), &options,
		       "leads nowhere");
	policy = load_good(FILES("{\"deny\": [\"read\"], \"paths\": [\"/link/x\"], "
				 "\"need\": \"should\"}"),
			   &options);
	assert_int_equal(policy->files[0].n_paths, 2);
	assert_true(policy->files[0].paths[1].resolved);
	assert_string_equal(policy->files[0].paths[1].text, "/nowhere/x");
	rf_policy_free(policy);
	policy = load_good(FILES("{\"allow\": [\"read\"], \"paths\": [\"/link/x\"]}"), &options);
	rf_policy_free(policy);
}

/* ---- warnings ---- */

static void warnings_name_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *warning; /* NULL: none */
	} rows[] = {
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"/a/**\"]}"), NULL},
		{"{\"ringfence\": 1, \"kernel\": {\"bpf\": \"allow\"}}", "voids self-protection"},
		{"{\"ringfence\": 1, \"kernel\": {\"modules\": \"allow\"}}",
		 "voids self-protection"},
		{FILES("{\"deny\": [\"read\"], \"paths\": [\"**/x\"]}"), "hard links"},
		{FILES("{\"deny\": [\"read\"], \"paths\": [\"/x\"]}"), NULL},
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"/a/b\"]}, "
		       "{\"deny\": [\"read\", \"write\"], \"paths\": [\"/a/**\"]}"),
		 "is void"},
		{FILES("{\"allow\": [\"read\", \"exec\"], \"paths\": [\"/a/b\"]}, "
		       "{\"deny\": [\"read\"], \"paths\": [\"/a/b\"]}"),
		 NULL},
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"/a/b\", \"/c\"]}, "
		       "{\"allow\": [\"read\"], \"paths\": [\"/a/**\", \"/c\"]}"),
		 "adds nothing"},
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"/a/b\"]}, "
		       "{\"allow\": [\"read\"], \"paths\": [\"/a/**\"], \"except\": [\"/a/b\"]}"),
		 NULL},
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"/a\"]}, "
		       "{\"allow\": [\"read\"], \"paths\": [\"/a\"]}"),
		 "adds nothing"},
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"${CWD}/**\"]}, "
		       "{\"allow\": [\"read\"], \"paths\": [\"/home/user/**\"]}"),
		 NULL},
		{FILES("{\"allow\": [\"write\"], \"paths\": [\"/**\"]}"), "the whole tree"},
		{"{\"ringfence\": 1, \"files\": {\"default\": \"allow\", \"rules\": [{\"allow\": "
		 "[\"read\"], \"paths\": [\"/a\"]}]}}",
		 "changes nothing"},
		{"{\"ringfence\": 1, \"network\": {\"default\": \"deny\", \"rules\": [{\"allow\": "
		 "[\"connect\"], \"to\": [\"@internet\"]}]}}",
		 "any port"},
		{"{\"ringfence\": 1, \"network\": {\"default\": \"deny\", \"rules\": [{\"allow\": "
		 "[\"connect\"], \"to\": [\"@internet\"], \"ports\": [443]}]}}",
		 NULL},
		{NETWORK("{\"allow\": [\"connect\"], \"to\": [\"@internet\"], \"ports\": "
			 "[\"1-65535\"]}"),
		 "any port"},
		/* Addresses and ports inside of another rule's. */
		{NETWORK("{\"deny\": [\"connect\"], \"to\": [\"10.0.0.0/8\"]}, "
			 "{\"allow\": [\"connect\"], \"to\": [\"10.1.0.0/16\", \"10.2.0.1\"]}"),
		 "\"network.1\" is void: the deny rule network.0"},
		{NETWORK("{\"deny\": [\"connect\"], \"to\": [\"10.0.0.0/8\"]}, "
			 "{\"allow\": [\"connect\"], \"to\": [\"10.1.0.0/16\", \"11.2.0.1\"], "
			 "\"ports\": [1]}"),
		 NULL},
		{NETWORK("{\"deny\": [\"connect\"], \"to\": [\"10.0.0.0/8\"], \"protocol\": "
			 "\"udp\"}, {\"allow\": [\"connect\"], \"to\": [\"10.0.0.1\"]}"),
		 NULL},
		{NETWORK("{\"allow\": [\"connect\"], \"to\": [\"10.0.0.1\"], \"ports\": [5, "
			 "\"7-9\"]}, {\"allow\": [\"connect\"], \"to\": [\"10.0.0.0/8\"], "
			 "\"ports\": [\"1-6\", \"7-10\"]}"),
		 "\"network.0\" adds nothing to the rule network.1"},
		{NETWORK("{\"allow\": [\"connect\"], \"to\": [\"10.0.0.1\"], \"ports\": [5, "
			 "\"7-11\"]}, {\"allow\": [\"connect\"], \"to\": [\"10.0.0.0/8\"], "
			 "\"ports\": [\"1-6\", \"7-10\"]}"),
		 NULL},
		{NETWORK("{\"allow\": [\"bind\"], \"ports\": [80]}, "
			 "{\"allow\": [\"bind\"], \"to\": [\"@loopback\"]}"),
		 NULL},
		{NETWORK("{\"allow\": [\"connect\"], \"to\": [\"${A:-127.0.0.1}\"]}, "
			 "{\"allow\": [\"connect\"], \"to\": [\"@loopback\"]}"),
		 NULL}, /* for another caller it is another address */
		{NETWORK("{\"allow\": [\"connect\"], \"need\": \"should\", \"to\": [\"127.0.0.1\"]}, "
			 "{\"allow\": [\"connect\"], \"to\": [\"@loopback\"]}"),
		 NULL},
		{NETWORK("{\"deny\": [\"connect\"], \"to\": [\"127.0.0.1\"], \"action\": \"kill\"}, "
			 "{\"deny\": [\"connect\"], \"to\": [\"@loopback\"]}"),
		 NULL},
		{DEVICES("{\"deny\": [\"read\"], \"nodes\": [\"char 1:*\"]}, "
			 "{\"allow\": [\"read\"], \"nodes\": [\"char 1:3\"]}"),
		 "\"devices.1\" is void: the deny rule devices.0"},
		{DEVICES("{\"allow\": [\"read\", \"write\"], \"nodes\": [\"char 1:3\", \"/dev/x*\"]}, "
			 "{\"allow\": [\"read\"], \"nodes\": [\"/dev/x*\", \"char 1:3\"]}"),
		 "\"devices.1\" adds nothing to the rule devices.0"},
		{DEVICES("{\"deny\": [\"read\"], \"nodes\": [\"block 1:*\"]}, "
			 "{\"allow\": [\"read\"], \"nodes\": [\"char 1:3\"]}"),
		 NULL},
		{DEVICES("{\"deny\": [\"read\"], \"nodes\": [\"char 1:3\"]}, "
			 "{\"allow\": [\"read\"], \"nodes\": [\"char 1:*\"]}"),
		 NULL},
		/* What only several rules together do. */
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"/a/{b,c}\"]}, "
		       "{\"deny\": [\"read\"], \"paths\": [\"/a/b\"]}, "
		       "{\"deny\": [\"read\"], \"paths\": [\"/a/c\"]}"),
		 "is void"},
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"/a/{b,c,d}\"]}, "
		       "{\"deny\": [\"read\"], \"paths\": [\"/a/b\"]}, "
		       "{\"deny\": [\"read\"], \"paths\": [\"/a/c\"]}"),
		 NULL},
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"/a/b\"], \"except\": [\"/a/*\"]}"),
		 "is void"},
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"/a/*\"]}, "
		       "{\"allow\": [\"read\"], \"paths\": [\"/b\"]}, "
		       "{\"allow\": [\"read\"], \"paths\": [\"/a/x\", \"/b\"]}"),
		 "\"files.2\" adds nothing"},
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"/a/*\"]}, "
		       "{\"allow\": [\"read\"], \"paths\": [\"/b\"]}, "
		       "{\"allow\": [\"read\", \"exec\"], \"paths\": [\"/a/x\", \"/b\"]}"),
		 "adds nothing"}, /* the one about /b */
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"/a/*\"]}, "
		       "{\"allow\": [\"read\"], \"need\": \"should\", \"paths\": [\"/a/x\", \"/a/y\"], "
		       "\"session\": \"exec\"}"),
		 NULL},
		{FILES("{\"allow\": [\"read\"], \"paths\": [\"/a/**\"]}, "
		       "{\"deny\": [\"read\"], \"paths\": [\"/a/x\"]}, "
		       "{\"deny\": [\"read\"], \"paths\": [\"/a/[x]\"], \"reason\": \"y\"}"),
		 "hard links"},
		{"{\"ringfence\": 1, \"network\": {\"default\": \"deny\", \"rules\": ["
		 "{\"allow\": [\"connect\"], \"unix\": [\"@{a,b}\"]}, {\"deny\": [\"connect\"], \"unix\": "
		 "[\"@a\"]}, {\"deny\": [\"connect\"], \"unix\": [\"@b\"]}]}}",
		 "is void"},
		{"{\"ringfence\": 1, \"seccomp\": {\"default\": \"deny\", \"allow\": [\"@ipc\", \"read\"], "
		 "\"deny\": [\"read\"]}}",
		 "\"seccomp.allow.1\" is never asked"},
		{"{\"ringfence\": 1, \"seccomp\": {\"default\": \"allow\", \"deny\": [\"read\"], \"rules\": "
		 "[{\"deny\": [\"read\"], \"args\": [{\"index\": 0, \"op\": \"eq\", \"value\": 3}]}]}}",
		 "is never asked"},
		{"{\"ringfence\": 1, \"seccomp\": {\"default\": \"allow\", \"rules\": "
		 "[{\"deny\": [\"read\"], \"args\": [{\"index\": 0, \"op\": \"lt\", \"value\": 0}]}]}}",
		 "arguments never hold"},
		{"{\"ringfence\": 1, \"seccomp\": {\"default\": \"deny\", \"allow\": [\"read\", \"ioctl\"]}}",
		 NULL},
		{"{\"ringfence\": 1, \"network\": {\"default\": \"deny\", \"rules\": [{\"allow\": [\"connect\"], \"to\": [\"10.0.0.0/9\"]},{\"allow\": [\"connect\"], \"to\": [\"10.128.0.0/9\"]},{\"id\": \"some\", \"allow\": [\"connect\"], \"to\": [\"10.64.0.0/10\", \"10.128.0.0/10\"]}]}}",
		 "the rule \"some\" adds nothing: other rules say all of it already"},
		{"{\"ringfence\": 1, \"network\": {\"default\": \"deny\", \"rules\": [{\"allow\": [\"connect\"], \"to\": [\"10.0.0.0/9\"]},{\"allow\": [\"connect\"], \"to\": [\"10.128.0.0/9\"], \"protocol\": \"tcp\"},{\"id\": \"some\", \"allow\": [\"connect\"], \"to\": [\"10.64.0.0/10\", \"10.128.0.0/10\"]}]}}",
		 NULL},
		{"{\"ringfence\": 1, \"network\": {\"default\": \"deny\", \"rules\": [{\"allow\": [\"connect\"], \"to\": [\"10.0.0.0/8\"], \"ports\": [\"1-99\"]},{\"allow\": [\"connect\"], \"to\": [\"10.0.0.0/8\"], \"ports\": [\"100-200\"]},{\"id\": \"some\", \"allow\": [\"connect\"], \"to\": [\"10.1.0.0/16\"], \"ports\": [\"50-150\"]}]}}",
		 "the rule \"some\" adds nothing"},
		{"{\"ringfence\": 1, \"network\": {\"default\": \"deny\", \"rules\": [{\"allow\": [\"connect\"], \"to\": [\"10.0.0.0/8\"], \"ports\": [\"1-99\"]},{\"allow\": [\"connect\"], \"to\": [\"10.0.0.0/8\"], \"ports\": [\"101-200\"]},{\"id\": \"some\", \"allow\": [\"connect\"], \"to\": [\"10.1.0.0/16\"], \"ports\": [\"50-150\"]}]}}",
		 NULL},
		{"{\"ringfence\": 1, \"network\": {\"default\": \"deny\", \"rules\": [{\"deny\": [\"connect\"], \"to\": [\"10.0.0.0/9\"]},{\"deny\": [\"connect\"], \"to\": [\"10.128.0.0/9\"]},{\"id\": \"lost\", \"allow\": [\"connect\"], \"to\": [\"10.0.0.0/8\"], \"ports\": [80]}]}}",
		 "the rule \"lost\" is void: deny rules"},
		{"{\"ringfence\": 1, \"network\": {\"default\": \"deny\", \"rules\": [{\"deny\": [\"connect\"], \"to\": [\"10.0.0.0/9\"]},{\"deny\": [\"connect\"], \"to\": [\"10.128.0.0/10\"]},{\"id\": \"kept\", \"allow\": [\"connect\"], \"to\": [\"10.0.0.0/8\"], \"ports\": [80]}]}}",
		 NULL},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		struct rf_policy *policy = load_good(rows[i].text, &plain);
		struct rf_problems problems = {0};
		bool found = false;

		assert_int_equal(rf_policy_check(policy, &problems), 0);
		for (size_t j = 0; rows[i].warning && j < problems.n; j++)
			found |= strstr(problems.items[j].text, rows[i].warning) != NULL;
		if (found != (rows[i].warning != NULL) || (!found && problems.n))
			print_message("row %zu: %s\n", i, problems.n ? problems.items[0].text : "");
		assert_int_equal(found, rows[i].warning != NULL);
		assert_int_equal(found ? 1 : 0, problems.n ? 1 : 0);
		rf_problems_done(&problems);
		rf_policy_free(policy);
	}
}

static void hints_are_about_this_machine(void **state)
{
	static const struct {
		const char *paths;
		bool hinted;
	} rows[] = {
		{"\"/no/such/folder/x\"", true},
		{"\"/no/such/folder/**\"", true},
		{"\"/no/such*/x\"", true},
		{"\"/nosuch*\"", false}, /* in a folder that is there */
		{"\"**/no-such-name\"", false},
		{"\"/no/such\", \"/etc\"", false},
		{"\"/etc/passwd/x\"", false}, /* another error than ENOENT says nothing */
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		RF_AUTOFREE char *text = NULL;
		struct rf_problems problems = {0};
		struct rf_policy *policy;

		assert_true(asprintf(&text, FILES("{\"allow\": [\"read\"], \"paths\": [%s]}"),
				     rows[i].paths) > 0);
		policy = load_good(text, &plain);
		assert_int_equal(rf_policy_check_machine(policy, &problems), 0);
		if ((problems.n == 1) != rows[i].hinted)
			print_message("%s\n", rows[i].paths);
		assert_int_equal(problems.n, rows[i].hinted);
		assert_true(!problems.n || problems.items[0].hint);
		assert_int_equal(rf_problems_warnings(&problems), 0);
		rf_problems_done(&problems);
		rf_policy_free(policy);
	}
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

UNIT_MAIN(WITH_FOLDER(names_are_found_with_and_without_at),
	  WITH_FOLDER(user_folder_is_not_searched_for_root_or_service),
	  WITH_FOLDER(working_directory_is_not_searched),
	  WITH_FOLDER(what_others_can_write_is_refused), WITH_FOLDER(what_extends_what_has_limits),
	  WITH_FOLDER(order_says_nothing), WITH_FOLDER(order_makes_no_version),
	  WITH_FOLDER(a_shared_file_counts_for_each_argument),
	  WITH_FOLDER(trust_reaches_what_a_trusted_file_extends),
	  WITH_FOLDER(special_files_are_refused), cmocka_unit_test(odd_names_are_no_policies),
	  cmocka_unit_test(argv_rules_are_rules),
	  cmocka_unit_test(argv_rules_are_needed_as_the_policy_is),
	  cmocka_unit_test(argv_rules_never_open_a_section),
	  cmocka_unit_test(malformed_argv_rules_are_refused),
	  cmocka_unit_test(forced_options_have_the_last_word), cmocka_unit_test(indexes_are_global),
	  cmocka_unit_test(version_is_of_the_meaning),
	  cmocka_unit_test(limits_are_published_numbers),
	  cmocka_unit_test(lists_of_a_rule_have_limits), cmocka_unit_test(endless_problems_are_cut),
	  cmocka_unit_test(work_is_never_the_system_or_the_home),
	  WITH_FOLDER(dangling_links_void_a_deny_that_must_hold),
	  cmocka_unit_test(warnings_name_what_is_wrong),
	  cmocka_unit_test(hints_are_about_this_machine));
