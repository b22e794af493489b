/* SPDX-License-Identifier: Apache-2.0 */
/* One table per enum, both ways. */
#include "tests/unit/unit.h"

#include "sandbox/base/map_enum.h"

enum colour {
	RED,
	GREEN,
	COLOUR_COUNT
};

RF_MAP_ENUM_DECLARE(colour, enum colour)
RF_MAP_ENUM(colour, enum colour, COLOUR_COUNT, "red", "green");

static void names_both_ways(void **state RF_UNUSED)
{
	enum colour c = RED;

	assert_string_equal(colour_name(GREEN), "green");
	assert_int_equal(colour_parse("green", &c), 0);
	assert_int_equal(c, GREEN);
}

static void unknown_text_leaves_the_answer_alone(void **state RF_UNUSED)
{
	enum colour c = GREEN;

	assert_int_equal(colour_parse("blue", &c), -EINVAL);
	assert_int_equal(colour_parse("", &c), -EINVAL);
	assert_int_equal(colour_parse("Red", &c), -EINVAL);
	assert_int_equal(c, GREEN);
}

static void values_out_of_range_have_a_harmless_name(void **state RF_UNUSED)
{
	assert_string_equal(colour_name(COLOUR_COUNT), "?");
	assert_string_equal(colour_name((enum colour) - 1), "?");
}

UNIT_MAIN(cmocka_unit_test(names_both_ways), cmocka_unit_test(unknown_text_leaves_the_answer_alone),
	  cmocka_unit_test(values_out_of_range_have_a_harmless_name));
