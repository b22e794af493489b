/* SPDX-License-Identifier: Apache-2.0 */
/* The event parser: it takes what a strict JSON parser takes, and lays it out faithfully. */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/audit/tape.h"
#include "sandbox/base/str.h"

static struct rf_tape *tape;

static int set_up(void **state RF_UNUSED)
{
	tape = rf_tape_new();
	return tape ? 0 : -1;
}

static int tear_down(void **state RF_UNUSED)
{
	tape = rf_tape_free(tape);
	return 0;
}

static const struct rf_node *parse(const char *text)
{
	return rf_tape_parse_object(tape, text, strlen(text), false);
}

static void members_are_found_with_their_values(void **state RF_UNUSED)
{
	const struct rf_node *event = parse(
		" {\"type\":\"access\", \"seq\":-12,\"a\":{\"b\":[1,\"x\",[2],{}],\"c\":true},"
		"\"big\":18446744073709551615,\"r\":1.5e3,\"z\":null} ");
	const struct rf_node *list = rf_node_get(rf_node_get(event, "a"), "b"), *e;
	int n = 0;

	assert_non_null(event);
	assert_string_equal(rf_node_get_text(event, "type"), "access");
	assert_int_equal(rf_node_integer(rf_node_get(event, "seq")), -12);
	assert_int_equal(rf_node_size(list), 4);
	for (e = rf_node_first(list); e; e = rf_node_next(list, e))
		n++;
	assert_int_equal(n, 4);
	assert_string_equal(rf_node_text(list + 2), "x");
	assert_int_equal(rf_node_get(rf_node_get(event, "a"), "c")->type, RF_NODE_TRUE);
	assert_string_equal(rf_node_get(event, "big")->text, "18446744073709551615");
	assert_string_equal(rf_node_get(event, "r")->text, "1.5e3");
	assert_int_equal(rf_node_get(event, "z")->type, RF_NODE_NULL);
	assert_null(rf_node_get(event, "b"));
	assert_null(rf_node_get(list, "b"));
	assert_null(rf_node_get_text(event, "seq"));
	assert_int_equal(rf_node_integer(rf_node_get(event, "type")), 0);
}

static void strings_are_unescaped(void **state RF_UNUSED)
{
	const struct rf_node *node = rf_node_get(
		parse("{\"s\":\"a\\\"b\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00"
		      "\\u0000tail\"}"),
		"s");
	static const char wanted[] = "a\"b\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0tail";

	assert_non_null(node);
	assert_int_equal(node->len, sizeof(wanted) - 1);
	assert_memory_equal(node->text, wanted, sizeof(wanted));
}

/* jansson knows what JSON is; only real numbers' and integers' limits are our own. */
static void strict_parsing_agrees_with_jansson(void **state RF_UNUSED)
{
	static const char *const rows[] = {
		"{}",
		"",
		"{",
		"}",
		"[]",
		"1",
		"{}x",
		"{} ",
		"\t\n\r {}",
		"{\"a\":1,}",
		"{,}",
		"{\"a\":1 \"b\":2}",
		"{\"a\":1,\"a\":2}",
		"{\"ab\":1,\"ba\":2}",
		"{\"a\"}",
		"{\"a\":}",
		"{a:1}",
		"{\"a\":01}",
		"{\"a\":-}",
		"{\"a\":-0}",
		"{\"a\":+1}",
		"{\"a\":1.}",
		"{\"a\":.5}",
		"{\"a\":1e}",
		"{\"a\":1e+2}",
		"{\"a\":1E-2}",
		"{\"a\":tru}",
		"{\"a\":nul}",
		"{\"a\":True}",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\\u12\"}",
		"{\"a\":\"\\u12g4\"}",
		"{\"a\":\"\\ud800\"}",
		"{\"a\":\"\\ud800\\u0041\"}",
		"{\"a\":\"\\udc00\"}",
		"{\"a\":\"\n\"}",
		"{\"a\":\"\x1f\"}",
		"{\"a\":\"\x7f\"}",
		"{\"a\":\"\xff\"}",
		"{\"a\":\"\xc0\x80\"}",
		"{\"a\":\"\xed\xa0\x80\"}",
		"{\"a\":\"\xc3\xa9\"}",
		"{\"a\":\"12345678\xff\"}",
		"{\"a\":\"1234567\"}",
		"{\"a\":\"12345678\"}",
		"{\"a\":\"123456\\\"8\"}",
		"{\"a\":\"unended}",
		"{\"a\":\"unended\\",
		"{\"a\":[1,2,]}",
		"{\"a\":[}",
		"{\"a\":[1 2]}",
		"{\"a\":{\"b\":[[[[]]]]}}",
		"{\"\":1}",
		"{\"a\":\"\\\"\"}",
		"{\"a\" : 1 , \"b\" : [ 1 , 2 ] }",
		"{'a':1}",
		"{\"a\":NaN}",
		"{\"a\":0x1}",
		"{\"\\u0061\":1,\"a\":2}",
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		json_t *json = json_loads(rows[i], JSON_REJECT_DUPLICATES, NULL);
		bool wanted = json_is_object(json);

		json_decref(json);
		if (!!parse(rows[i]) != wanted)
			fail_msg("%s: should be %s", rows[i], wanted ? "taken" : "refused");
	}
}

static void lenient_parsing_takes_hostile_strings(void **state RF_UNUSED)
{
	static const char text[] = "{\"type\":\"x\",\"p\":\"a\xff\x01\\ud800z\"}";

	assert_null(rf_tape_parse(tape, text, sizeof(text) - 1, false));
	assert_string_equal(
		rf_node_get_text(rf_tape_parse(tape, text, sizeof(text) - 1, true), "p"),
		"a\xff\x01\xef\xbf\xbdz");
}

static void an_event_has_a_type(void **state RF_UNUSED)
{
	assert_null(rf_tape_parse(tape, "{\"v\":1}", 7, false));
	assert_null(rf_tape_parse(tape, "{\"type\":1}", 10, false));
	assert_non_null(rf_tape_parse(tape, "{\"type\":\"\"}", 11, false));
}

static void limits_hold(void **state RF_UNUSED)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(1 << 20);

	for (int depth = RF_TAPE_DEPTH_MAX; depth <= RF_TAPE_DEPTH_MAX + 1; depth++) {
		rf_str_reset(&text);
		(void)rf_str_add(&text, "{\"a\":");
		for (int i = 1; i < depth; i++)
			(void)rf_str_add(&text, "[");
		for (int i = 1; i < depth; i++)
			(void)rf_str_add(&text, "]");
		(void)rf_str_add(&text, "}");
		if (depth == 1)
			continue;
		assert_int_equal(!!parse(rf_str_text(&text)), depth <= RF_TAPE_DEPTH_MAX);
	}
	for (int n = RF_TAPE_NODES_MAX - 2; n <= RF_TAPE_NODES_MAX - 1; n++) {
		rf_str_reset(&text);
		(void)rf_str_add(&text, "{\"a\":[0");
		for (int i = 1; i < n; i++)
			(void)rf_str_add(&text, ",0");
		(void)rf_str_add(&text, "]}");
		assert_int_equal(!!parse(rf_str_text(&text)), n == RF_TAPE_NODES_MAX - 2);
	}
	for (size_t len = RF_TAPE_TEXT_MAX; len <= RF_TAPE_TEXT_MAX + 1; len++) {
		rf_str_reset(&text);
		(void)rf_str_add(&text, "{\"a\":\"");
		while (text.len < len - 2)
			(void)rf_str_add_char(&text, 'x');
		(void)rf_str_add(&text, "\"}");
		assert_int_equal(!!parse(rf_str_text(&text)), len == RF_TAPE_TEXT_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_with_their_values),
		cmocka_unit_test(strings_are_unescaped),
		cmocka_unit_test(strict_parsing_agrees_with_jansson),
		cmocka_unit_test(lenient_parsing_takes_hostile_strings),
		cmocka_unit_test(an_event_has_a_type),
		cmocka_unit_test(limits_hold),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down) ? 1 : 0;
}
