/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": near misses only. */
#include "tests/unit/unit.h"

#include "sandbox/policy/doc.h"

static void near_names_are_suggested(void **state)
{
	static const char *const names[] = {"read",  "write", "user_namespaces",
					    "rules", "bpf",   "to"};
	static const struct {
		const char *text, *suggestion;
	} rows[] = {
		{"raed", "read"},
		{"wirte", "write"},
		{"user-namespaces", "user_namespaces"},
		{"Read", "read"},
		{"rule", "rules"},
		{"userns", NULL},
		{"execute", NULL},
		{"zzzz", NULL},
		{"bpff", "bpf"},
		{"t", NULL},
		{"", NULL},
		{"ot", "to"},
		{"usernamespaces", "user_namespaces"},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		const char *found = rf_suggest(rows[i].text, names, RF_ARRAY_LEN(names));

		if (!rf_str_eq(found, rows[i].suggestion))
			print_message("%s: %s\n", rows[i].text, found ? found : "none");
		assert_true(rf_str_eq(found, rows[i].suggestion));
	}
}

UNIT_MAIN(cmocka_unit_test(near_names_are_suggested));
