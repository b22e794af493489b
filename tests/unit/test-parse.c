/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from text: the promise is a table. */
#include "tests/unit/unit.h"

#include <inttypes.h>

#include "sandbox/base/parse.h"

/* What each parser leaves in its answer when it refuses. */
#define UNTOUCHED 4711

struct row {
	const char *text;
	int result;
	uint64_t value;
};

static void check(const struct row *row, int result, uint64_t value)
{
	uint64_t expected = row->result ? UNTOUCHED : row->value;

	if (result != row->result || value != expected)
		fail_msg("\"%s\": got %d and %" PRIu64 ", expected %d and %" PRIu64, row->text,
			 result, value, row->result, expected);
}

static void unsigned_numbers(void **state RF_UNUSED)
{
	static const struct row rows[] = {
		{"0", 0, 0},
		{"7", 0, 7},
		{"1000", 0, 1000},
		{"1001", -ERANGE, 0},
		{"18446744073709551616", -ERANGE, 0},
		{"99999999999999999999999", -ERANGE, 0},
		{"", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"007", -EINVAL, 0},
		{"00", -EINVAL, 0},
		{"1a", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1.0", -EINVAL, 0},
		{"\xd9\xa1", -EINVAL, 0}, /* an Arabic digit */
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		uint64_t value = UNTOUCHED;
		int r = rf_parse_u64(rows[i].text, 1000, &value);

		check(&rows[i], r, value);
	}
}

static void largest_unsigned_number(void **state RF_UNUSED)
{
	uint64_t value = 0;

	assert_int_equal(rf_parse_u64("18446744073709551615", UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(rf_parse_u64_any("0xffffffffffffffff", UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(rf_parse_u64_any("0x10000000000000000", UINT64_MAX, &value), -ERANGE);
}

static void decimal_or_hexadecimal(void **state RF_UNUSED)
{
	static const struct row rows[] = {
		{"0x10", 0, 16},      {"0xFf", 0, 255},	      {"0x00ff", 0, 255},
		{"12", 0, 12},	      {"0x0", 0, 0},	      {"0x", -EINVAL, 0},
		{"0xg", -EINVAL, 0},  {"x10", -EINVAL, 0},    {"0x-1", -EINVAL, 0},
		{"0X10", -EINVAL, 0}, {"0x1001", -ERANGE, 0}, {"ff", -EINVAL, 0},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		uint64_t value = UNTOUCHED;
		int r = rf_parse_u64_any(rows[i].text, 0x1000, &value);

		check(&rows[i], r, value);
	}
}

static void signed_numbers(void **state RF_UNUSED)
{
	int64_t value = UNTOUCHED;

	assert_int_equal(rf_parse_i64("-5", -5, 5, &value), 0);
	assert_int_equal(value, -5);
	assert_int_equal(rf_parse_i64("-6", -5, 5, &value), -ERANGE);
	assert_int_equal(rf_parse_i64("6", -5, 5, &value), -ERANGE);
	assert_int_equal(rf_parse_i64("-0", -5, 5, &value), -EINVAL);
	assert_int_equal(rf_parse_i64("--1", -5, 5, &value), -EINVAL);
	assert_int_equal(rf_parse_i64("-", -5, 5, &value), -EINVAL);
	assert_int_equal(value, -5);
	assert_int_equal(rf_parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &value), 0);
	assert_true(value == INT64_MIN);
	assert_int_equal(rf_parse_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &value),
			 -ERANGE);
	assert_int_equal(rf_parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &value),
			 -ERANGE);
}

static void sizes(void **state RF_UNUSED)
{
	static const struct row rows[] = {
		{"0", 0, 0},
		{"1", 0, 1},
		{"1K", 0, 1024},
		{"512M", 0, UINT64_C(512) << 20},
		{"2G", 0, UINT64_C(2) << 30},
		{"3T", 0, UINT64_C(3) << 40},
		{"4T", 0, UINT64_C(4) << 40},
		{"5T", -ERANGE, 0},
		{"18446744073709551615T", -ERANGE, 0},
		{"1k", -EINVAL, 0},
		{"1MB", -EINVAL, 0},
		{"1 M", -EINVAL, 0},
		{"M", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"-1M", -EINVAL, 0},
		{"1.5M", -EINVAL, 0},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		uint64_t value = UNTOUCHED;
		int r = rf_parse_size(rows[i].text, UINT64_C(4) << 40, &value);

		check(&rows[i], r, value);
	}
}

static void durations(void **state RF_UNUSED)
{
	static const struct row rows[] = {
		{"0", 0, 0},
		{"1s", 0, RF_NS_PER_SEC},
		{"500ms", 0, 500000000},
		{"1.5s", 0, 1500000000},
		{"0.25m", 0, 15 * RF_NS_PER_SEC},
		{"1.999999999h", 0, UINT64_C(7199999996400)},
		{"2m", 0, 120 * RF_NS_PER_SEC},
		{"10us", 0, 10000},
		{"7ns", 0, 7},
		{"0s", 0, 0},
		{"1", -EINVAL, 0},
		{"1.s", -EINVAL, 0},
		{".5s", -EINVAL, 0},
		{"1.0000000001s", -EINVAL, 0},
		{"1x", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1ss", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{"-1s", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"18446744073709551615s", -ERANGE, 0},
		{"5124096h", -ERANGE, 0},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		uint64_t value = UNTOUCHED;
		int r = rf_parse_duration(rows[i].text, 0, &value);

		check(&rows[i], r, value);
	}
}

static void durations_with_a_default_unit(void **state RF_UNUSED)
{
	uint64_t ns = 0;

	assert_int_equal(rf_parse_duration("3", RF_NS_PER_SEC, &ns), 0);
	assert_int_equal(ns, 3 * RF_NS_PER_SEC);
	assert_int_equal(rf_parse_duration("0.1", RF_NS_PER_SEC, &ns), 0);
	assert_int_equal(ns, RF_NS_PER_SEC / 10);
	assert_int_equal(rf_parse_duration("2ms", RF_NS_PER_SEC, &ns), 0);
	assert_int_equal(ns, 2000000);
}

UNIT_MAIN(cmocka_unit_test(unsigned_numbers), cmocka_unit_test(largest_unsigned_number),
	  cmocka_unit_test(decimal_or_hexadecimal), cmocka_unit_test(signed_numbers),
	  cmocka_unit_test(sizes), cmocka_unit_test(durations),
	  cmocka_unit_test(durations_with_a_default_unit));
