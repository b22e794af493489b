/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock's answers: which rule is exact, which is stricter, which is not held, and why. */
#include "tests/unit/unit.h"

#include "sandbox/launch/landlock_abi.h"
#include "sandbox/launch/landlock_grant.h"
#include "sandbox/launch/landlock_judge.h"
#include "tests/unit/fence.h"

static void patterns_reach_or_not(void **state RF_UNUSED)
{
	static const struct {
		const char *pattern, *path;
		bool dir, literal, reaches;
	} rows[] = {
		{"/a/b", "/a", true, false, true},
		{"/a/b", "/a", false, false, false},
		{"/a/b", "/a/b", false, false, true},
		{"/a/b", "/a/bc", true, false, false},
		{"/a/b", "/", true, false, true},
		{"/a/b/**", "/a", true, false, true},
		{"/a/b/**", "/a/b", false, false, true},
		{"/a/b/**", "/a/b/c/d", false, false, true},
		{"/a/**", "/ab", true, false, false},
		{"/a", "/a/b", true, false, false},
		{"/a/*/c", "/a/x/c", false, false, true},
		{"/a/*/c", "/a/x/d", true, false, false},
		{"/a/*/c", "/a/x", true, false, true},
		{"/a/*", "/a/x/y", true, false, false},
		{"/a/[!x]", "/a/x", false, false, false},
		{"/a/{x,y}", "/a/z", false, false, true}, /* errs to yes */
		{"/a/*", "/a/*", false, true, true},
		{"/a/*", "/a/x", false, true, false},
		{"**/.env", "/dev/null", false, false, false},
		{"**/.env", "/w/.env", false, false, true},
		{"**/.env", "/w", true, false, true},
		{"**/x/**", "/dev/null", false, false, true},
		{"/w/**/k", "/w/a/b/k", false, false, true},
		{"/w/**/k", "/v/a/b/k", false, false, false},
		{"/**", "/", true, false, true},
		{"/", "/a", true, false, false},
		{"/", "/", true, false, true},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		struct rf_pattern pattern = {.text = rows[i].pattern, .literal = rows[i].literal};

		if (rf_ll_overlaps(&pattern, rows[i].path, rows[i].dir) != rows[i].reaches)
			fail_msg("row %zu: %s and %s", i, rows[i].pattern, rows[i].path);
	}
}

static void rights_become_bits_and_never_more(void **state RF_UNUSED)
{
	assert_int_equal(rf_ll_access(RF_FILE_METADATA, 7), 0);
	assert_int_equal(rf_ll_access(RF_FILE_APPEND, 7), 0);
	assert_int_equal(rf_ll_access(RF_FILE_READ, 1), RF_LL_READ_FILE | RF_LL_READ_DIR);
	assert_int_equal(rf_ll_access(RF_FILE_READ, 2),
			 RF_LL_READ_FILE | RF_LL_READ_DIR | RF_LL_REFER);
	assert_int_equal(rf_ll_access(RF_FILE_WRITE, 2), RF_LL_WRITE_FILE | RF_LL_REFER);
	assert_int_equal(rf_ll_access(RF_FILE_WRITE, 3),
			 RF_LL_WRITE_FILE | RF_LL_TRUNCATE | RF_LL_REFER);
	assert_int_equal(rf_ll_access(RF_FILE_EXEC, 1), RF_LL_EXECUTE);
	assert_int_equal(rf_ll_access(RF_FILE_ALL, 7) & RF_LL_IOCTL_DEV, 0);
	assert_int_equal(rf_ll_rights(RF_LL_WRITE_FILE), RF_FILE_WRITE | RF_FILE_APPEND);
	assert_int_equal(rf_ll_rights(rf_ll_access(RF_FILE_ALL, 7)),
			 RF_FILE_ALL & ~RF_FILE_METADATA);
}

/* One policy of one allow and one deny rule over files that exist, judged. */
struct judged {
	struct fence fence;
	struct rf_file_rule rules[2];
	struct rf_pattern allow[4], deny[4], except[1];
	char texts[9][128];
	struct rf_report report;
};

static void name(struct judged *judged, struct rf_pattern *pattern, size_t slot, const char *text)
{
	const char *base = text[0] == '/' && text[1] == '/' ? judged->fence.dir : "";

	snprintf(judged->texts[slot], sizeof(judged->texts[slot]), "%s%s", base,
		 *base ? text + 1 : text);
	pattern->text = judged->texts[slot];
}

/* "//x" stands for x below the test's folder, which holds file, dir/inner and link -> file. */
static struct judged *setup(uint32_t allow_rights, const char *allow, uint32_t deny_rights,
			    const char *deny)
{
	struct judged *judged = calloc(1, sizeof(*judged));
	char path[256];

	assert_non_null(judged);
	fence_init(&judged->fence);
	snprintf(path, sizeof(path), "%s/dir", fence_dir(&judged->fence));
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/dir/inner", judged->fence.dir);
	assert_return_code(creat(path, 0644), errno);
	snprintf(path, sizeof(path), "%s/file", judged->fence.dir);
	assert_return_code(creat(path, 0644), errno);
	snprintf(path, sizeof(path), "%s/link", judged->fence.dir);
	assert_int_equal(symlink("file", path), 0);

	judged->fence.policy.files = judged->rules;
	name(judged, &judged->allow[0], 0, allow);
	judged->rules[0].rights = allow_rights;
	judged->rules[0].paths = judged->allow;
	judged->rules[0].n_paths = 1;
	fence_rule(&judged->fence, &judged->rules[0].rule, RF_SECTION_FILES, "allow", false);
	judged->fence.policy.n_files = 1;
	if (!deny)
		return judged;
	name(judged, &judged->deny[0], 4, deny);
	judged->rules[1].rights = deny_rights;
	judged->rules[1].paths = judged->deny;
	judged->rules[1].n_paths = 1;
	fence_rule(&judged->fence, &judged->rules[1].rule, RF_SECTION_FILES, "deny", true);
	judged->fence.policy.n_files = 2;
	return judged;
}

static void finish(struct judged *judged)
{
	fence_remove_dir(&judged->fence);
	rf_report_done(&judged->report);
	free(judged);
}

static void judge(struct judged *judged, int abi)
{
	struct rf_err err = RF_ERR_INIT;

	rf_report_done(&judged->report);
	assert_int_equal(rf_ll_judge_files(&judged->fence.policy, abi, &judged->report, &err), 0);
}

static const struct rf_coverage *item(const struct judged *judged, const char *id)
{
	for (size_t i = 0; i < judged->report.n; i++)
		if (strcmp(judged->report.items[i].id, id) == 0)
			return &judged->report.items[i];
	fail_msg("no item %s", id);
	return NULL;
}

static void allow_rules_are_exact_for_what_exists(void **state RF_UNUSED)
{
	static const struct {
		const char *path;
		uint32_t rights;
		enum rf_hold hold;
		const char *why;
	} rows[] = {
		{"//file", RF_FILE_READ, RF_HOLD_EXACT, ""},
		{"//dir/**", RF_FILE_READ | RF_FILE_WRITE_ALL, RF_HOLD_EXACT, ""},
		{"//file/**", RF_FILE_READ, RF_HOLD_EXACT, ""},
		{"/**", RF_FILE_READ, RF_HOLD_EXACT, ""},
		{"/dev/null", RF_FILE_READ | RF_FILE_WRITE_ALL, RF_HOLD_EXACT, ""},
		{"//link", RF_FILE_READ, RF_HOLD_EXACT, ""},
		{"//none", RF_FILE_READ, RF_HOLD_STRICTER, "does not exist yet"},
		{"//none/**", RF_FILE_READ, RF_HOLD_STRICTER, "does not exist yet"},
		{"//dir", RF_FILE_READ, RF_HOLD_STRICTER, "only with all beneath"},
		{"//d*", RF_FILE_READ, RF_HOLD_STRICTER, "only what exists at start"},
		{"//*/**", RF_FILE_READ, RF_HOLD_STRICTER, "only what exists at start"},
		{"//**/inner", RF_FILE_READ, RF_HOLD_STRICTER, "cannot be told"},
		{"**/inner", RF_FILE_READ, RF_HOLD_STRICTER, "cannot be told"},
		{"//dir/**", RF_FILE_APPEND, RF_HOLD_STRICTER, "without writing"},
		{"/proc/self/**", RF_FILE_READ, RF_HOLD_STRICTER, "first process only"},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		struct judged *judged = setup(rows[i].rights, rows[i].path, 0, NULL);
		const struct rf_coverage *got;

		judge(judged, 7);
		got = item(judged, "allow");
		if (got->hold != rows[i].hold || !strstr(got->why, rows[i].why) ||
		    (rows[i].hold == RF_HOLD_EXACT && *got->why))
			fail_msg("%s: %d, %s", rows[i].path, got->hold, got->why);
		assert_string_equal(got->by, "landlock");
		finish(judged);
	}
}

static void deny_rules_are_exact_outside_what_is_granted(void **state RF_UNUSED)
{
	static const struct {
		const char *allow, *deny;
		uint32_t allow_rights, deny_rights;
		enum rf_hold hold;
	} rows[] = {
		{"//dir/**", "//file", RF_FILE_READ, RF_FILE_READ, RF_HOLD_EXACT},
		{"//dir/**", "//dir/inner", RF_FILE_READ, RF_FILE_READ, RF_HOLD_NONE},
		{"//dir/**", "//dir/inner", RF_FILE_READ, RF_FILE_WRITE_ALL, RF_HOLD_EXACT},
		{"//dir/**", "//**", RF_FILE_READ, RF_FILE_READ, RF_HOLD_NONE},
		{"//dir/**", "**/.env", RF_FILE_READ, RF_FILE_READ, RF_HOLD_NONE},
		{"//file", "**/.env", RF_FILE_READ, RF_FILE_READ, RF_HOLD_EXACT},
		{"//dir/**", "//dir/*", RF_FILE_EXEC, RF_FILE_READ, RF_HOLD_EXACT},
		{"//dir/**", "//file", RF_FILE_READ, RF_FILE_METADATA, RF_HOLD_NONE},
		{"//dir/**", "//dir/x", RF_FILE_WRITE_ALL, RF_FILE_APPEND, RF_HOLD_NONE},
		{"/proc/self/**", "/proc/*/mem", RF_FILE_READ, RF_FILE_READ, RF_HOLD_NONE},
		{"/proc/self/**", "/proc/1/mem", RF_FILE_READ, RF_FILE_READ, RF_HOLD_NONE},
		{"/proc/self/**", "/proc/[2-9]*/mem", RF_FILE_READ, RF_FILE_READ, RF_HOLD_NONE},
		{"/proc/self/**", "/proc/1?*/mem", RF_FILE_READ, RF_FILE_READ, RF_HOLD_NONE},
		{"/proc/self/**", "/proc/4194303/mem", RF_FILE_READ, RF_FILE_READ, RF_HOLD_NONE},
		{"/proc/self/**", "/proc/sys/mem", RF_FILE_READ, RF_FILE_READ, RF_HOLD_EXACT},
		{"/proc/self/**", "/proc/0*/mem", RF_FILE_READ, RF_FILE_READ, RF_HOLD_EXACT},
		{"/proc/self/**", "/proc/[!0-9a-z]*/mem", RF_FILE_READ, RF_FILE_READ,
		 RF_HOLD_EXACT},
		{"/proc/self/**", "/proc/12345678/mem", RF_FILE_READ, RF_FILE_READ, RF_HOLD_EXACT},
		{"/proc/self/maps", "/proc/[2-9]*/mem", RF_FILE_READ, RF_FILE_READ, RF_HOLD_EXACT},
		{"/proc/thread-self/**", "/proc/[2-9]*/task/7?/mem", RF_FILE_READ, RF_FILE_READ,
		 RF_HOLD_NONE},
		{"/proc/thread-self/**", "/proc/[2-9]*/mem", RF_FILE_READ, RF_FILE_READ,
		 RF_HOLD_EXACT},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		struct judged *judged = setup(rows[i].allow_rights, rows[i].allow,
					      rows[i].deny_rights, rows[i].deny);

		judge(judged, 7);
		if (item(judged, "deny")->hold != rows[i].hold)
			fail_msg("row %zu: %s: %s", i, rows[i].deny, item(judged, "deny")->why);
		finish(judged);
	}
}

static void rules_that_landlock_cannot_say(void **state RF_UNUSED)
{
	struct judged *judged = setup(RF_FILE_READ, "//dir/**", RF_FILE_READ, "//file");

	judged->rules[1].rule.kill = true;
	judge(judged, 7);
	assert_int_equal(item(judged, "deny")->hold, RF_HOLD_NONE);
	judged->rules[1].rule.kill = false;
	judged->rules[1].rule.mode = RF_MODE_AUDIT;
	judge(judged, 7);
	assert_int_equal(item(judged, "deny")->hold, RF_HOLD_NONE);
	judged->rules[1].rule.mode = RF_MODE_ENFORCE;
	judged->rules[1].rule.errno_value = ENOENT;
	judge(judged, 7);
	assert_int_equal(item(judged, "deny")->hold, RF_HOLD_STRICTER);
	judged->rules[0].rule.session = RF_SESSION_EXEC;
	judge(judged, 7);
	assert_int_equal(item(judged, "allow")->hold, RF_HOLD_STRICTER);
	finish(judged);
}

static void exceptions_take_the_whole_path_back(void **state RF_UNUSED)
{
	struct judged *judged = setup(RF_FILE_READ, "//dir/**", RF_FILE_READ, "//dir/inner");

	name(judged, &judged->except[0], 8, "//dir/inner");
	judged->rules[0].except = judged->except;
	judged->rules[0].n_except = 1;
	judge(judged, 7);
	assert_int_equal(item(judged, "allow")->hold, RF_HOLD_STRICTER);
	assert_int_equal(item(judged, "deny")->hold, RF_HOLD_EXACT);
	finish(judged);
}

static void hard_links_void_a_deny_rule(void **state RF_UNUSED)
{
	struct judged *judged = setup(RF_FILE_READ, "//dir/**", RF_FILE_READ, "//file");
	char from[128], to[128];

	snprintf(from, sizeof(from), "%s/file", judged->fence.dir);
	snprintf(to, sizeof(to), "%s/dir/alias", judged->fence.dir);
	assert_int_equal(link(from, to), 0);
	judge(judged, 7);
	assert_int_equal(item(judged, "deny")->hold, RF_HOLD_NONE);
	assert_non_null(strstr(item(judged, "deny")->why, "hard links"));
	finish(judged);
}

static void section_wide_answers(void **state RF_UNUSED)
{
	struct judged *judged = setup(RF_FILE_READ, "//dir/**", RF_FILE_READ, "//file");

	judge(judged, 7);
	assert_int_equal(item(judged, "files.default")->hold, RF_HOLD_EXACT);
	assert_int_equal(item(judged, "files.unseen")->hold, RF_HOLD_NONE);
	assert_int_equal(item(judged, "files.unseen")->need, RF_NEED_SHOULD);
	for (int abi = 1; abi <= 8; abi++) {
		judge(judged, abi);
		assert_int_equal(item(judged, "files.default")->hold,
				 abi < 3 ? RF_HOLD_NONE : RF_HOLD_EXACT);
	}
	judged->fence.policy.files_default = RF_DEFAULT_ALLOW;
	judge(judged, 7);
	assert_int_equal(item(judged, "allow")->hold, RF_HOLD_EXACT);
	assert_int_equal(item(judged, "deny")->hold, RF_HOLD_NONE);
	judged->fence.policy.files_default = RF_DEFAULT_DENY;
	judged->fence.policy.links_deny = true;
	judge(judged, 7);
	assert_int_equal(item(judged, "files.links")->hold, RF_HOLD_NONE);
	assert_int_equal(item(judged, "files.links")->need, RF_NEED_MUST);
	judged->fence.policy.mode = RF_MODE_AUDIT;
	judge(judged, 7);
	for (size_t i = 0; i < judged->report.n; i++)
		assert_int_equal(judged->report.items[i].hold, RF_HOLD_NONE);
	finish(judged);
}

static void kernel_keys_that_a_domain_holds(void **state RF_UNUSED)
{
	struct rf_report report = {.n = 0};
	struct fence fence;

	fence_init(&fence);
	for (size_t i = 0; i < RF_KERNEL_COUNT; i++)
		fence.policy.kernel[i].value = RF_KERNEL_INSIDE;
	fence.policy.kernel[RF_KERNEL_MOUNT].value = RF_KERNEL_DENY;
	fence.policy.kernel[RF_KERNEL_BPF].value = RF_KERNEL_ALLOW;
	assert_int_equal(rf_ll_judge_kernel(&fence.policy, 6, &report, NULL), 0);
	assert_int_equal(report.n, RF_KERNEL_COUNT);
	assert_int_equal(report.items[RF_KERNEL_PTRACE].hold, RF_HOLD_EXACT);
	assert_int_equal(report.items[RF_KERNEL_SIGNALS].hold, RF_HOLD_EXACT);
	assert_int_equal(report.items[RF_KERNEL_IPC].hold, RF_HOLD_NONE);
	assert_int_equal(report.items[RF_KERNEL_MOUNT].hold, RF_HOLD_NONE);
	assert_int_equal(report.items[RF_KERNEL_BPF].hold, RF_HOLD_EXACT);
	for (int abi = 1; abi <= 8; abi++) {
		report.n = 0;
		assert_int_equal(rf_ll_judge_kernel(&fence.policy, abi, &report, NULL), 0);
		assert_int_equal(report.items[RF_KERNEL_PTRACE].hold, RF_HOLD_EXACT);
		assert_int_equal(report.items[RF_KERNEL_SIGNALS].hold,
				 abi < 6 ? RF_HOLD_NONE : RF_HOLD_EXACT);
	}
	report.n = 0;
	fence.policy.kernel[RF_KERNEL_PTRACE].value = RF_KERNEL_DENY;
	assert_int_equal(rf_ll_judge_kernel(&fence.policy, 6, &report, NULL), 0);
	assert_int_equal(report.items[RF_KERNEL_PTRACE].hold, RF_HOLD_NONE);
	rf_report_done(&report);
}

UNIT_MAIN(cmocka_unit_test(patterns_reach_or_not),
	  cmocka_unit_test(rights_become_bits_and_never_more),
	  cmocka_unit_test(allow_rules_are_exact_for_what_exists),
	  cmocka_unit_test(deny_rules_are_exact_outside_what_is_granted),
	  cmocka_unit_test(rules_that_landlock_cannot_say),
	  cmocka_unit_test(exceptions_take_the_whole_path_back),
	  cmocka_unit_test(hard_links_void_a_deny_rule), cmocka_unit_test(section_wide_answers),
	  cmocka_unit_test(kernel_keys_that_a_domain_holds));
