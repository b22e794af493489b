/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learning, without events: which pattern a name becomes, what is collapsed and what never is.
 */
#include "sandbox/launch/learn_name.h"
#include "sandbox/launch/learn_tree.h"
#include "sandbox/policy/policy.h"
#include "tests/unit/unit.h"

static const struct rf_learn_names names = {
	.home = "/home/ann", .cwd = "/home/ann/work", .tmpdir = "/tmp", .uid = "1000"};

static void names_become_patterns(void **state RF_UNUSED)
{
	static const struct {
		const char *name, *pattern;
	} table[] = {
		{"/", "/"},
		{"/etc/hosts", "/etc/hosts"},
		{"/home/ann", "${HOME}"},
		{"/home/ann/.profile", "${HOME}/.profile"},
		{"/home/anna/x", "/home/anna/x"},
		{"/home/ann/work/src/a.c", "${CWD}/src/a.c"},
		{"/home/ann/workshop", "${HOME}/workshop"},
		{"/run/user/1000/bus", "/run/user/${UID}/bus"},
		{"/run/user/1001/bus", "/run/user/1001/bus"},
		/* random parts, in temporary places only */
		{"/tmp/ccXq2kAb.s", "${TMPDIR}/cc*.s"},
		{"/tmp/ccabcdef.o", "${TMPDIR}/cc*.o"},
		{"/tmp/tmp.aBcDeFgHiJ", "${TMPDIR}/tmp.*"},
		{"/tmp/tmpab_cd12x/file", "${TMPDIR}/tmp*/file"},
		{"/tmp/go-build123456/a", "${TMPDIR}/go-build123456/a"},
		{"/tmp/go-123456/a", "${TMPDIR}/go-*/a"},
		{"/tmp/settings.json", "${TMPDIR}/settings.json"},
		{"/var/tmp/x.4711", "/var/tmp/x.*"},
		{"/srv/x.4711", "/srv/x.4711"},
		{"/srv/ccXq2kAb.s", "/srv/ccXq2kAb.s"},
		/* hashes and unique ids anywhere */
		{"/srv/o/0123456789abcdef0123", "/srv/o/*"},
		{"/srv/de305d54-75b4-431b-adb2-eb6b9e546014.db", "/srv/*.db"},
		{"/srv/deadbeef", "/srv/deadbeef"},
		/* versions of libraries */
		{"/opt/l/libz.so.1.2.13", "/opt/l/libz.so.*"},
		{"/opt/l/libz.so", "/opt/l/libz.so"},
		{"/opt/l/x.so.conf", "/opt/l/x.so.conf"},
		/* numbers of processes */
		{"/proc/4711/status", "/proc/*/status"},
		{"/proc/self/task/12/comm", "/proc/self/task/*/comm"},
		{"/proc/sys/kernel/pid_max", "/proc/sys/kernel/pid_max"},
		{"/dev/pts/3", "/dev/pts/*"},
		/* what patterns could misread */
		{"/srv/a*b", "/srv/a[*]b"},
		{"/srv/{x}", "/srv/[{]x[}]"},
		{"/srv/\xef\xbf\xbdx", "/srv/*x"},
		{"@abc-123", "@abc-*"},
		{"@/tmp/.X11-unix/X0", "@/tmp/.X11-unix/X0"},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(table); i++) {
		RF_AUTOSTR struct rf_str out = RF_STR_INIT(4096);

		rf_learn_pattern(&out, &names, table[i].name);
		assert_string_equal(rf_str_text(&out), table[i].pattern);
	}
}

static void parts_of_the_system_are_no_variables(void **state RF_UNUSED)
{
	const struct rf_variable variables[] = {
		{"HOME", "/"}, {"CWD", "/usr"}, {"TMPDIR", "/var/tmp/"}, {"UID", "0"}};
	struct rf_learn_names taken;

	rf_learn_names_take(&taken, variables, RF_ARRAY_LEN(variables));
	assert_null(taken.home);
	assert_null(taken.cwd);
	assert_null(taken.tmpdir);
	assert_string_equal(taken.uid, "0");
}

/* n names in dir, or spread over three directories below it. */
static void add(struct rf_learned_vec *vec, const char *dir, bool below, int n, uint32_t rights)
{
	for (int i = 0; i < n; i++) {
		const struct rf_tally tally = {.count = 1, .n_by = 1, .by = {"cc1"}};
		char sub[16] = "", pattern[256];

		if (below)
			(void)snprintf(sub, sizeof(sub), "/d%d", i % 3);
		(void)snprintf(pattern, sizeof(pattern), "%s%s/%s%d", dir, sub,
			       rights & RF_FILE_WRITE  ? "w"
			       : rights & RF_FILE_EXEC ? "x"
						       : "r",
			       i);
		assert_int_equal(rf_learned_add(vec, pattern, rights, &tally), 0);
	}
}

static void collapse(struct rf_learned_vec *vec)
{
	assert_int_equal(rf_learned_collapse(vec, RF_FILE_EXEC, RF_FILE_WRITE_ALL), 0);
}

static bool has(const struct rf_learned_vec *vec, const char *pattern, uint32_t rights)
{
	for (size_t i = 0; i < vec->len; i++)
		if (strcmp(vec->data[i].pattern, pattern) == 0)
			return vec->data[i].rights == rights;
	return false;
}

static void many_siblings_become_one(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_learned_done) struct rf_learned_vec vec = {0};

	add(&vec, "/srv/data", false, RF_LEARN_SIBLINGS, RF_FILE_READ);
	add(&vec, "/srv/few", false, RF_LEARN_SIBLINGS - 1, RF_FILE_READ);
	collapse(&vec);
	assert_int_equal(vec.len, RF_LEARN_SIBLINGS);
	assert_true(has(&vec, "/srv/data/*", RF_FILE_READ));
	assert_true(has(&vec, "/srv/few/r0", RF_FILE_READ));
}

static void many_directories_become_a_tree(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_learned_done) struct rf_learned_vec vec = {0};

	add(&vec, "${CWD}", true, RF_LEARN_BELOW, RF_FILE_READ);
	add(&vec, "${CWD}", false, 1, RF_FILE_READ);
	collapse(&vec);
	assert_int_equal(vec.len, 1);
	assert_true(has(&vec, "${CWD}/**", RF_FILE_READ));
	assert_int_equal(vec.data[0].tally.count, RF_LEARN_BELOW + 1);
}

static void what_is_written_stays_apart(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_learned_done) struct rf_learned_vec vec = {0};

	add(&vec, "/srv/data", false, 12, RF_FILE_READ);
	add(&vec, "/srv/data", false, 1, RF_FILE_READ | RF_FILE_WRITE);
	add(&vec, "/srv/data", false, 1, RF_FILE_READ | RF_FILE_EXEC);
	collapse(&vec);
	assert_int_equal(vec.len, 3);
	assert_true(has(&vec, "/srv/data/*", RF_FILE_READ));
	assert_true(has(&vec, "/srv/data/w0", RF_FILE_READ | RF_FILE_WRITE));
	assert_true(has(&vec, "/srv/data/x0", RF_FILE_READ | RF_FILE_EXEC));
}

/* However much of them was used. */
static void what_belongs_to_many_is_never_given_whole(void **state RF_UNUSED)
{
	static const struct {
		const char *dir;
		bool below;
	} table[] = {{"", true},	   {"/etc", true},
		     {"/etc", false},	   {"/usr/lib", true},
		     {"/var/lib", true},   {"/home", true},
		     {"/home/bob", false}, {"${HOME}", true},
		     {"${HOME}", false},   {"${HOME}/.config", true},
		     {"/proc/*", false}};

	for (size_t i = 0; i < RF_ARRAY_LEN(table); i++) {
		RF_CLEANUP(rf_learned_done) struct rf_learned_vec vec = {0};

		add(&vec, table[i].dir, table[i].below, RF_LEARN_BELOW + 4, RF_FILE_READ);
		collapse(&vec);
		assert_true(vec.len >= 3);
	}
}

static void what_is_covered_is_dropped(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_learned_done) struct rf_learned_vec vec = {0};

	add(&vec, "/srv/data", false, 9, RF_FILE_READ | RF_FILE_WRITE);
	add(&vec, "/srv/data", false, 2, RF_FILE_READ);
	add(&vec, "/srv/data", false, 1, RF_FILE_EXEC);
	collapse(&vec);
	assert_int_equal(vec.len, 2);
	assert_true(has(&vec, "/srv/data/*", RF_FILE_READ | RF_FILE_WRITE));
	assert_true(has(&vec, "/srv/data/x0", RF_FILE_EXEC));
}

static void order_does_not_matter(void **state RF_UNUSED)
{
	struct rf_uses uses[2] = {{.table = NULL}, {.table = NULL}};
	struct rf_err err = RF_ERR_INIT;

	for (int side = 0; side < 2; side++) {
		for (int i = 0; i < 3000; i++) {
			struct rf_question q = {.kind = RF_WHY_FILE, .rights = 1u << i % 2};
			int n = side ? 2999 - i : i;
			char by[16];

			(void)snprintf(q.text, sizeof(q.text), "/srv/%d", n / 3);
			(void)snprintf(by, sizeof(by), "cmd%d", n % 7);
			q.rights = 1u << n % 2;
			assert_int_equal(rf_uses_add(&uses[side], &q, 2, by, &err), 0);
		}
		rf_uses_sort(&uses[side]);
	}
	assert_int_equal(uses[0].items.len, 1000);
	for (size_t i = 0; i < 1000; i++) {
		RF_AUTOSTR struct rf_str a = RF_STR_INIT(256);
		RF_AUTOSTR struct rf_str b = RF_STR_INIT(256);

		assert_string_equal(uses[0].items.data[i].text, uses[1].items.data[i].text);
		assert_int_equal(uses[0].items.data[i].rights, 3);
		assert_int_equal(uses[0].items.data[i].tally.count, 6);
		rf_tally_text(&uses[0].items.data[i].tally, &a);
		rf_tally_text(&uses[1].items.data[i].tally, &b);
		assert_string_equal(rf_str_text(&a), rf_str_text(&b));
	}
	rf_uses_done(&uses[0]);
	rf_uses_done(&uses[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_patterns),
		cmocka_unit_test(parts_of_the_system_are_no_variables),
		cmocka_unit_test(many_siblings_become_one),
		cmocka_unit_test(many_directories_become_a_tree),
		cmocka_unit_test(what_is_written_stays_apart),
		cmocka_unit_test(what_belongs_to_many_is_never_given_whole),
		cmocka_unit_test(what_is_covered_is_dropped),
		cmocka_unit_test(order_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
