/* SPDX-License-Identifier: Apache-2.0 */
/* A deny rule that forgets the newer sibling of a call is told of, and only then. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/policy/siblings.h"
#include "sandbox/policy/syscalls.h"

static size_t warnings(const struct rf_call *calls, size_t n, enum rf_default fallback, char *text,
		       size_t size)
{
	const struct rf_sys_rule rule = {.rule = {.id = "r", .deny = true, .place = {"p", 3, 4}},
					 .calls = calls,
					 .n_calls = n};
	const struct rf_filter filter = {
		.kind = RF_FILTER_DEFAULT, .fallback = fallback, .rules = &rule, .n_rules = 1};
	struct rf_policy policy = {.filters = &filter, .n_filters = 1};
	struct rf_problems problems = {0};
	size_t found;

	policy.sections[RF_SECTION_SECCOMP].present = true;
	policy.kernel[RF_KERNEL_NAMESPACES].value = RF_KERNEL_DENY;
	assert_int_equal(rf_siblings_check(&policy, &problems), 0);
	found = problems.n;
	if (found > 0) {
		assert_true(problems.items[0].warning);
		assert_int_equal(problems.items[0].place.line, 3);
		(void)snprintf(text, size, "%s", problems.items[0].text);
	}
	rf_problems_done(&problems);
	return found;
}

static void a_forgotten_sibling_is_named(void **state)
{
	static const struct rf_call some[] = {{"openat", false}, {"open", false}};
	static const struct rf_call two[] = {{"mkdir", false}, {"rename", false}};
	char text[512];

	(void)state;
	assert_int_equal(warnings(some, 2, RF_DEFAULT_ALLOW, text, sizeof(text)), 1);
	assert_non_null(strstr(text, "openat2"));
	assert_int_equal(warnings(two, 2, RF_DEFAULT_ALLOW, text, sizeof(text)), 2);
}

static void what_is_refused_anyway_is_no_matter(void **state)
{
	static const struct rf_call whole[] = {{"mkdir", false}, {"mkdirat", false}};
	static const struct rf_call mkdir_only[] = {{"mkdir", false}};
	static const struct rf_call clone_only[] = {{"clone", false}};
	static const struct rf_call alone[] = {{"getpid", false}};
	char text[512];

	(void)state;
	assert_int_equal(warnings(whole, 2, RF_DEFAULT_ALLOW, text, sizeof(text)), 0);
	assert_int_equal(warnings(mkdir_only, 1, RF_DEFAULT_DENY, text, sizeof(text)), 0);
	assert_int_equal(warnings(clone_only, 1, RF_DEFAULT_ALLOW, text, sizeof(text)), 0);
	assert_int_equal(warnings(alone, 1, RF_DEFAULT_ALLOW, text, sizeof(text)), 0);
}

static void families_hold_calls(void **state)
{
	static const char *const rows[][2] = {
		{"open", "openat2"},	{"clone", "clone3"},	   {"faccessat", "faccessat2"},
		{"execve", "execveat"}, {"renameat", "renameat2"},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		const char *const *family = rf_call_siblings(rows[i][0]);

		assert_non_null(family);
		assert_ptr_equal(family, rf_call_siblings(rows[i][1]));
		for (size_t k = 0; k < 8 && family[k]; k++)
			assert_true(rf_call_known(family[k]));
	}
	assert_null(rf_call_siblings("getpid"));
}

UNIT_MAIN(cmocka_unit_test(a_forgotten_sibling_is_named),
	  cmocka_unit_test(what_is_refused_anyway_is_no_matter),
	  cmocka_unit_test(families_hold_calls));
