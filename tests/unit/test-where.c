/* SPDX-License-Identifier: Apache-2.0 */
/* Filter expressions: what they match, and what they refuse. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "sandbox/audit/where.h"

static const char event_text[] =
	"{\"v\":1,\"type\":\"access\",\"seq\":12,\"layer\":\"files\",\"count\":3,"
	"\"process\":{\"comm\":\"bash\",\"uid\":0},\"object\":{\"path\":\"/etc/a b\"},"
	"\"access\":[\"read\",\"write\"],\"enforced\":true}";

static void each_expression_has_its_answer(void **state RF_UNUSED)
{
	static const struct {
		const char *text;
		bool matches;
	} rows[] = {
		{"layer = files", true},
		{"layer == files", true},
		{"layer = file", false},
		{"layer != files", false},
		{"layer != network", true},
		{"absent != network", false},
		{"not absent = x", true},
		{"process.comm = bash", true},
		{"process.uid = 0", true},
		{"process.uid != 0", false},
		{"count >= 3", true},
		{"count > 3", false},
		{"count < 4 and count <= 3", true},
		{"seq = 12", true},
		{"seq ~ 1*", true},
		{"object.path = \"/etc/a b\"", true},
		{"object.path ~ /etc/*", true},
		{"object.path ~ /*", true},
		{"object.path ~ /usr/*", false},
		{"access = write", true},
		{"access = exec", false},
		{"missing", false},
		{"object", true},
		{"object.path.deeper", false},
		{"enforced = true", true},
		{"layer = network or count = 3", true},
		{"layer = network and count = 3 or seq = 12", true},
		{"layer = network and (count = 3 or seq = 12)", false},
		{"not layer = network and not count = 4", true},
		{"not not layer = files", true},
		{"notable = x or layer = files", true},
	};
	RF_CLEANUP(rf_tape_freep) struct rf_tape *tape = rf_tape_new();
	const struct rf_node *event = rf_tape_parse(tape, event_text, strlen(event_text), false);

	assert_non_null(event);
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		RF_CLEANUP(rf_where_freep) struct rf_where *where = NULL;
		struct rf_err err = RF_ERR_INIT;

		if (rf_where_parse(&where, rows[i].text, &err) < 0)
			fail_msg("%s: %s", rows[i].text, rf_err_text(&err));
		if (rf_where_matches(where, event) != rows[i].matches)
			fail_msg("%s: should be %d", rows[i].text, rows[i].matches);
	}
}

static void mistakes_name_their_place(void **state RF_UNUSED)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"", "--where, at character 1: a name or value is expected"},
		{"layer =", "--where, at character 8: a name or value is expected"},
		{"layer = files x",
		 "--where, at character 15: \"and\", \"or\" or the end is expected"},
		{"(layer = files", "--where, at character 15: a closing parenthesis is missing"},
		{"layer = \"files", "--where, at character 9: the closing quote is missing"},
		{"layer < files",
		 "--where, at character 14: < <= > >= compare with a whole number"},
		{"and", "--where, at character 4: a name or value is expected"},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(rows) - 1; i++) {
		struct rf_where *where = NULL;
		struct rf_err err = RF_ERR_INIT;

		assert_int_equal(rf_where_parse(&where, rows[i].text, &err), -EINVAL);
		assert_null(where);
		assert_string_equal(rf_err_text(&err), rows[i].error);
	}
}

static void depth_and_length_have_limits(void **state RF_UNUSED)
{
	static char deep[] = "((((((((((((((((((((((((((((((((((((((((((a))))))";
	char text[RF_WHERE_TEXT_MAX + 2];
	struct rf_where *where = NULL;
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_where_parse(&where, deep, &err), -EINVAL);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	rf_err_clear(&err);
	assert_int_equal(rf_where_parse(&where, text, &err), -E2BIG);
}

UNIT_MAIN(cmocka_unit_test(each_expression_has_its_answer),
	  cmocka_unit_test(mistakes_name_their_place),
	  cmocka_unit_test(depth_and_length_have_limits));
