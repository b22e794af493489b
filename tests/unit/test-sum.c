/* SPDX-License-Identifier: Apache-2.0 */
/* The sum over entries: any damage of one byte, of the length or of the order is told. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/base/sum.h"

#define LEN 131 /* whole rounds and a rest */

static void fill(unsigned char *data)
{
	for (size_t i = 0; i < LEN; i++)
		data[i] = (unsigned char)(i * 37 + 11);
}

static void every_changed_bit_is_told(void **state)
{
	unsigned char data[LEN];
	uint64_t sum;

	(void)state;
	fill(data);
	sum = rf_sum64(data, LEN);
	assert_true(sum == rf_sum64(data, LEN));
	for (size_t i = 0; i < LEN; i++)
		for (int bit = 0; bit < 8; bit++) {
			data[i] ^= (unsigned char)(1 << bit);
			assert_false(sum == rf_sum64(data, LEN));
			data[i] ^= (unsigned char)(1 << bit);
		}
}

static void every_length_is_another_sum(void **state)
{
	unsigned char data[LEN];

	(void)state;
	memset(data, 0, sizeof(data));
	for (size_t a = 0; a < LEN; a++)
		for (size_t b = 0; b < a; b++)
			assert_false(rf_sum64(data, a) == rf_sum64(data, b));
}

static void exchanged_words_are_told(void **state)
{
	unsigned char data[LEN], other[LEN];

	(void)state;
	fill(data);
	memcpy(other, data, LEN);
	memcpy(other, data + 8, 8);
	memcpy(other + 8, data, 8);
	assert_false(rf_sum64(data, LEN) == rf_sum64(other, LEN));
	memcpy(other, data, LEN);
	memcpy(other, data + 32, 32);
	memcpy(other + 32, data, 32);
	assert_false(rf_sum64(data, LEN) == rf_sum64(other, LEN));
}

UNIT_MAIN(cmocka_unit_test(every_changed_bit_is_told),
	  cmocka_unit_test(every_length_is_another_sum),
	  cmocka_unit_test(exchanged_words_are_told));
