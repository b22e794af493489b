/* SPDX-License-Identifier: Apache-2.0 */
/* Which patterns are names, and which names they are. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/base/str.h"
#include "sandbox/policy/fixed.h"

static int collect(void *data, const char *name)
{
	rf_str_addf(data, "%s|", name);
	return 0;
}

static void names_of_patterns_by_table(void **state)
{
	static const struct {
		struct rf_pattern pattern;
		const char *names; /* NULL: it has a wildcard */
	} rows[] = {
		{{.text = "/a/b"}, "/a/b|"},
		{{.text = "/"}, "/|"},
		{{.text = "/a*", .literal = true}, "/a*|"},
		{{.text = "/a*"}, NULL},
		{{.text = "/a?"}, NULL},
		{{.text = "/a/**"}, NULL},
		{{.text = "**/a"}, NULL},
		{{.text = "/[ab]"}, NULL},
		{{.text = "/[!a]"}, NULL},
		{{.text = "/[*]x"}, "/*x|"},
		{{.text = "/[[]x[{]"}, "/[x{|"},
		{{.text = "/{a,b}/c"}, "/a/c|/b/c|"},
		{{.text = "/{a,b}/{c,d}"}, "/a/c|/a/d|/b/c|/b/d|"},
		{{.text = "/a{,.old}"}, "/a|/a.old|"},
		{{.text = "/a/{,b}"}, "/a/b|"},
		{{.text = "/{a,[,]}"}, "/a|/,|"},
		{{.text = "/{a,b*}"}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		RF_AUTOSTR struct rf_str names = RF_STR_INIT(4096);

		print_message("%s\n", rows[i].pattern.text);
		assert_int_equal(rf_pattern_is_fixed(&rows[i].pattern), rows[i].names != NULL);
		if (!rows[i].names)
			continue;
		assert_int_equal(rf_pattern_each_name(&rows[i].pattern, collect, &names), 0);
		assert_string_equal(rf_str_text(&names), rows[i].names);
	}
}

static int stop(void *data, const char *name)
{
	(void)name;
	return ++*(int *)data == 2 ? 7 : 0;
}

static void an_answer_ends_the_names(void **state)
{
	const struct rf_pattern pattern = {.text = "/{a,b,c}"};
	int n = 0;

	(void)state;
	assert_int_equal(rf_pattern_each_name(&pattern, stop, &n), 7);
	assert_int_equal(n, 2);
}

UNIT_MAIN(cmocka_unit_test(names_of_patterns_by_table), cmocka_unit_test(an_answer_ends_the_names));
