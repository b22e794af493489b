/* SPDX-License-Identifier: Apache-2.0 */
/* Text: the builder's limit and sticky error, and both escapes. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/base/str.h"

static void pieces_add_up(void **state RF_UNUSED)
{
	RF_AUTOSTR struct rf_str str = RF_STR_INIT(1000);
	RF_AUTOFREE char *text = NULL;

	assert_string_equal(rf_str_text(&str), "");
	rf_str_add(&str, "one ");
	rf_str_addf(&str, "%d %s", 2, "three");
	rf_str_add_char(&str, '!');
	assert_int_equal(str.len, 12);
	assert_int_equal(rf_str_take(&str, &text), 0);
	assert_string_equal(text, "one 2 three!");
	assert_int_equal(str.len, 0);
	rf_str_add(&str, "again");
	assert_string_equal(rf_str_text(&str), "again");
}

static void an_empty_text_can_be_taken(void **state RF_UNUSED)
{
	RF_AUTOSTR struct rf_str str = RF_STR_INIT(0);
	RF_AUTOFREE char *text = NULL;

	assert_int_equal(rf_str_take(&str, &text), 0);
	assert_string_equal(text, "");
}

static void the_limit_is_exact_and_the_error_sticks(void **state RF_UNUSED)
{
	RF_AUTOSTR struct rf_str str = RF_STR_INIT(5);
	char *text = NULL;

	assert_int_equal(rf_str_add(&str, "12345"), 0);
	assert_int_equal(rf_str_add(&str, "6"), -EMSGSIZE);
	assert_string_equal(rf_str_text(&str), "12345");
	assert_int_equal(rf_str_addf(&str, "%s", ""), -EMSGSIZE);
	assert_int_equal(rf_str_error(&str), -EMSGSIZE);
	assert_int_equal(rf_str_take(&str, &text), -EMSGSIZE);
	assert_null(text);
	rf_str_reset(&str);
	assert_int_equal(rf_str_addf(&str, "%s", "abc"), 0);
	assert_string_equal(rf_str_text(&str), "abc");
	assert_int_equal(rf_str_addf(&str, "%s", "def"), -EMSGSIZE);
	assert_string_equal(rf_str_text(&str), "abc");
}

static void it_grows_far(void **state RF_UNUSED)
{
	RF_AUTOSTR struct rf_str str = RF_STR_INIT(100000);

	for (int i = 0; i < 100000; i++)
		assert_int_equal(rf_str_add_char(&str, (char)('a' + i % 26)), 0);
	assert_int_equal(str.len, 100000);
	assert_int_equal(strlen(str.data), 100000);
	assert_int_equal(str.data[99999], 'a' + 99999 % 26);
}

struct row {
	const char *input, *json, *printable;
};

static void escapes(void **state RF_UNUSED)
{
	static const struct row rows[] = {
		{"plain", "\"plain\"", "plain"},
		{"", "\"\"", ""},
		{"a\"b\\c", "\"a\\\"b\\\\c\"", "a\"b\\\\c"},
		{"\b\t\n\v\f\r", "\"\\b\\t\\n\\u000b\\f\\r\"", "\\x08\\x09\\x0a\\x0b\\x0c\\x0d"},
		{"\x1b[2J\x7f", "\"\\u001b[2J\\u007f\"", "\\x1b[2J\\x7f"},
		{"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"", "gr\xc3\xbc\xc3\x9f"},
		{"\xf0\x9f\x94\x92", "\"\xf0\x9f\x94\x92\"", "\xf0\x9f\x94\x92"},
		{"\xff", "\"\xef\xbf\xbd\"", "\\xff"},
		{"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"", "\\xc0\\xaf"},  /* overlong */
		{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", /* surrogate */
		 "\\xed\\xa0\\x80"},
		{"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"", "\\xe2\\x82"}, /* cut short */
		{"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
		 "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
		{"\xe2\x80\xae"
		 "cod",
		 "\"\xe2\x80\xae"
		 "cod\"",
		 "\\xe2\\x80\\xaecod"}, /* bidi */
		{"\xc2\x9b"
		 "2J",
		 "\"\xc2\x9b"
		 "2J\"",
		 "\\xc2\\x9b2J"},					 /* C1 CSI */
		{"\xe2\x80\x8b", "\"\xe2\x80\x8b\"", "\\xe2\\x80\\x8b"}, /* zero width */
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		RF_AUTOSTR struct rf_str json = RF_STR_INIT(1000), printable = RF_STR_INIT(1000);

		rf_str_add_json(&json, rows[i].input);
		assert_string_equal(rf_str_text(&json), rows[i].json);
		rf_str_add_printable(&printable, rows[i].input);
		assert_string_equal(rf_str_text(&printable), rows[i].printable);
	}
}

static void a_nul_inside_is_escaped(void **state RF_UNUSED)
{
	RF_AUTOSTR struct rf_str str = RF_STR_INIT(100);

	rf_str_add_json_n(&str, "a\0b", 3);
	assert_string_equal(rf_str_text(&str), "\"a\\u0000b\"");
	rf_str_reset(&str);
	rf_str_add_printable_n(&str, "a\0b", 3);
	assert_string_equal(rf_str_text(&str), "a\\x00b");
}

static void prefix_suffix_equality(void **state RF_UNUSED)
{
	assert_true(rf_str_has_prefix("policy.json", "policy"));
	assert_true(rf_str_has_prefix("x", ""));
	assert_false(rf_str_has_prefix("pol", "policy"));
	assert_true(rf_str_has_suffix("policy.json", ".json"));
	assert_true(rf_str_has_suffix("x", ""));
	assert_false(rf_str_has_suffix("n", "json"));
	assert_true(rf_str_begins_long("0123456789ab", "0123456789ab", 12));
	assert_true(rf_str_begins_long("0123456789abcd", "0123456789abc", 12));
	assert_false(rf_str_begins_long("0123456789abcd", "0123456789a", 12));
	assert_false(rf_str_begins_long("0123456789abcd", "1123456789abcd", 12));
	assert_false(rf_str_begins_long("0123456789ab", "0123456789abc", 12));
	assert_false(rf_str_begins_long(NULL, "0123456789ab", 12));
	assert_true(rf_str_eq("a", "a"));
	assert_false(rf_str_eq("a", "b"));
	assert_false(rf_str_eq("a", NULL));
	assert_true(rf_str_eq(NULL, NULL));
}

/* Text is looked at eight bytes at a time: each byte is noticed wherever it stands. */
static void every_byte_is_escaped_at_every_place(void **state RF_UNUSED)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(256);
	static const char as[] = "aaaaaaaaaaaaaaaaaaaa";
	char text[sizeof(as) - 1], wanted[64];

	for (int byte = 1; byte < 0x80; byte++) {
		bool plain = byte >= 0x20 && byte < 0x7f && byte != '\\';

		for (size_t at = 0; at < sizeof(text); at++) {
			memset(text, 'a', sizeof(text));
			text[at] = (char)byte;
			if (plain)
				(void)snprintf(wanted, sizeof(wanted), "%.20s", text);
			else
				(void)snprintf(wanted, sizeof(wanted),
					       byte == '\\' ? "%.*s%c\\%s" : "%.*s\\x%02x%s",
					       (int)at, as, byte, as + at + 1);
			rf_str_reset(&out);
			assert_int_equal(rf_str_add_printable_n(&out, text, sizeof(text)), 0);
			assert_string_equal(rf_str_text(&out), wanted);
			rf_str_reset(&out);
			assert_int_equal(rf_str_add_json_n(&out, text, sizeof(text)), 0);
			assert_int_equal(out.len == sizeof(text) + 2, plain && byte != '"');
		}
	}
}

static void numbers_are_decimal(void **state RF_UNUSED)
{
	static const int64_t numbers[] = {0, 7, -1, 10, INT64_MAX, INT64_MIN};
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(256);

	for (size_t i = 0; i < RF_ARRAY_LEN(numbers); i++) {
		assert_int_equal(rf_str_add_i64(&out, numbers[i]), 0);
		assert_int_equal(rf_str_add_char(&out, ' '), 0);
	}
	assert_string_equal(rf_str_text(&out),
			    "0 7 -1 10 9223372036854775807 -9223372036854775808 ");
}

UNIT_MAIN(cmocka_unit_test(every_byte_is_escaped_at_every_place),
	  cmocka_unit_test(numbers_are_decimal), cmocka_unit_test(pieces_add_up),
	  cmocka_unit_test(an_empty_text_can_be_taken),
	  cmocka_unit_test(the_limit_is_exact_and_the_error_sticks), cmocka_unit_test(it_grows_far),
	  cmocka_unit_test(escapes), cmocka_unit_test(a_nul_inside_is_escaped),
	  cmocka_unit_test(prefix_suffix_equality));
