/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of patterns, and what the leading directories of one resolve to. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/policy/pattern.h"

static int check(const char *text, bool literal, enum rf_pattern_kind kind)
{
	char why[512] = "";
	int r = rf_pattern_check(text, literal, kind, why, sizeof(why));

	assert_true((r < 0) == (why[0] != '\0'));
	return r;
}

static void patterns_are_accepted(void **state)
{
	static const char *const texts[] = {
		"/",	  "/**",    "/a",	 "/a/**",   "**/a",  "**/**", "/a/**/b",
		"/*",	  "/a?",    "/[a-z]",	 "/[!a-z]", "/[]a]", "/[a-]", "/[-a]",
		"/{a,b}", "/x{a,}", "/{*,[b]}y", "/...",    "/..a",  "/a..",  "/ä",
		"/a b",	  "/a,b",   "/a]",	 "/a-b",    "/[\\]", "/[[]",  "/$x",
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(texts); i++)
		assert_int_equal(check(texts[i], false, RF_PATTERN_FILE), 0);
	assert_int_equal(check("@a*", false, RF_PATTERN_UNIX), 0);
	assert_int_equal(check("@/tmp/x", false, RF_PATTERN_UNIX), 0);
	assert_int_equal(check("/dev/nvidia*", false, RF_PATTERN_DEV), 0);
	assert_int_equal(check("/a*[{\\", true, RF_PATTERN_FILE), 0);
}

static void patterns_are_refused(void **state)
{
	static const char *const texts[] = {
		"",	  "a",	   "a/b",  "./a",    "~",      "*",	   "**",   "*/a",  "//",
		"/a/",	  "/a//b", "/.",   "/a/./b", "/..",    "/a/..",	   "/a**", "/**a", "/***",
		"/[",	  "/[]",   "/[!]", "/[a",    "/[z-a]", "/[ä]",	   "/{",   "/{a",  "/a}",
		"/{{a}}", "/{}",   "/{,}", "/{a/b}", "/\\*",   "/[[:a:]]", "@a",
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(texts); i++)
		assert_int_equal(check(texts[i], false, RF_PATTERN_FILE), -EINVAL);
	assert_int_equal(check("@", false, RF_PATTERN_UNIX), -EINVAL);
	assert_int_equal(check("/etc/x", false, RF_PATTERN_DEV), -EINVAL);
	assert_int_equal(check("**/x", true, RF_PATTERN_FILE), -EINVAL);
	assert_int_equal(check("/a/", true, RF_PATTERN_FILE), -EINVAL);
}

static void quoted_text_matches_itself(void **state)
{
	static const char text[] = "/a*b?[c]{d,e}\\f";
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(200);

	(void)state;
	rf_pattern_quote(&out, text, sizeof(text) - 1);
	assert_string_equal(rf_str_text(&out), "/a[*]b[?][[]c][{]d[,]e[}][\\]f");
	assert_int_equal(check(rf_str_text(&out), false, RF_PATTERN_FILE), 0);
}

/* A tree for resolving: made anew for each test. */
struct tree {
	char root[64];
};

static void add_link(const struct tree *tree, const char *target, const char *name)
{
	RF_AUTOFREE char *path = NULL;

	assert_true(asprintf(&path, "%s%s", tree->root, name) > 0);
	assert_int_equal(symlink(target, path), 0);
}

static void add_dir(const struct tree *tree, const char *name)
{
	RF_AUTOFREE char *path = NULL;

	assert_true(asprintf(&path, "%s%s", tree->root, name) > 0);
	assert_int_equal(mkdir(path, 0755), 0);
}

static int make_tree(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	strcpy(tree->root, "/tmp/rf-pattern-XXXXXX");
	assert_non_null(mkdtemp(tree->root));
	add_dir(tree, "/usr");
	add_dir(tree, "/usr/bin");
	add_dir(tree, "/run");
	add_dir(tree, "/var");
	add_dir(tree, "/a*b");
	add_link(tree, "usr/bin", "/bin");
	add_link(tree, "/run", "/var/run");
	add_link(tree, "../var/run/../../bin", "/run/chain");
	add_link(tree, "dash", "/usr/bin/sh");
	add_link(tree, "/nowhere/at", "/dangling");
	add_link(tree, "loop", "/loop");
	add_link(tree, "a*b", "/star");
	add_link(tree, "../../../usr", "/up");
	*state = tree;
	return 0;
}

static int remove_tree(void **state)
{
	RF_AUTOFREE struct tree *tree = *state;
	RF_AUTOFREE char *command = NULL;

	assert_true(asprintf(&command, "rm -rf %s", tree->root) > 0);
	return system(command);
}

static void leading_directories_resolve(void **state)
{
	static const struct {
		const char *text;
		bool literal, follow;
		int answer;
		const char *resolved;
	} rows[] = {
		{"/usr/bin/**", false, false, RF_RESOLVE_SAME, NULL},
		{"/bin/**", false, false, RF_RESOLVE_OTHER, "/usr/bin/**"},
		{"/bin", false, false, RF_RESOLVE_SAME, NULL},
		{"/bin", false, true, RF_RESOLVE_OTHER, "/usr/bin"},
		{"/bin/s*", false, true, RF_RESOLVE_OTHER, "/usr/bin/s*"},
		{"/var/run/docker.sock", false, false, RF_RESOLVE_OTHER, "/run/docker.sock"},
		{"/var/run/new/x/**", false, false, RF_RESOLVE_OTHER, "/run/new/x/**"},
		{"/run/chain/sh", false, false, RF_RESOLVE_OTHER, "/usr/bin/sh"},
		{"/bin/sh", false, true, RF_RESOLVE_DANGLING, "/usr/bin/dash"},
		{"/up/bin/x", false, false, RF_RESOLVE_OTHER, "/usr/bin/x"},
		{"/star/x", false, false, RF_RESOLVE_OTHER, "/a[*]b/x"},
		{"/star/x", true, false, RF_RESOLVE_OTHER, "/a*b/x"},
		{"/[s]tar/*", false, false, RF_RESOLVE_OTHER, "/a[*]b/*"},
		{"/[st]tar/x", false, false, RF_RESOLVE_SAME, NULL},
		{"/dangling/x", false, false, RF_RESOLVE_DANGLING, "/nowhere/at/x"},
		{"/loop/x", false, false, RF_RESOLVE_DANGLING, NULL},
		{"/missing/x", false, false, RF_RESOLVE_SAME, NULL},
		{"**/bin/x", false, false, RF_RESOLVE_SAME, NULL},
		{"/*/bin/x", false, false, RF_RESOLVE_SAME, NULL},
		{"/", false, false, RF_RESOLVE_SAME, NULL},
	};
	const struct tree *tree = *state;

	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		RF_AUTOFREE char *resolved = NULL;
		int answer = rf_pattern_resolve(tree->root, rows[i].text, rows[i].literal,
						rows[i].follow, &resolved);

		if (answer != rows[i].answer)
			print_message("%s: %d, %s\n", rows[i].text, answer, resolved);
		assert_int_equal(answer, rows[i].answer);
		if (rows[i].resolved)
			assert_string_equal(resolved, rows[i].resolved);
	}
}

static void links_of_processes_are_left_alone(void **state)
{
	RF_AUTOFREE char *resolved = NULL;

	(void)state;
	assert_int_equal(rf_pattern_resolve("/", "/proc/self/fd/*", false, false, &resolved),
			 RF_RESOLVE_SAME);
	assert_null(resolved);
}

UNIT_MAIN(cmocka_unit_test(patterns_are_accepted), cmocka_unit_test(patterns_are_refused),
	  cmocka_unit_test(quoted_text_matches_itself),
	  cmocka_unit_test_setup_teardown(leading_directories_resolve, make_tree, remove_tree),
	  cmocka_unit_test(links_of_processes_are_left_alone));
