/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes, escaped: JSON output parses back to the same text, terminal output holds nothing that
 * a terminal acts on, and the number parsers agree with the C library wherever they accept.
 */
#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "sandbox/base/str.h"
#include "tests/fuzz/fuzz.h"

static bool is_utf8(const uint8_t *data, size_t size)
{
	for (size_t at = 0, step; at < size; at += step) {
		step = rf_utf8_len(data + at, size - at);
		if (!step)
			return false;
	}
	return true;
}

static void check_json(const uint8_t *data, size_t size)
{
	RF_AUTOSTR struct rf_str str = RF_STR_INIT(1 << 20);
	json_t *value;

	if (rf_str_add_json_n(&str, data, size) < 0)
		return;
	value = json_loadb(str.data, str.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	assert(json_is_string(value));
	if (is_utf8(data, size)) {
		assert(json_string_length(value) == size);
		assert(memcmp(json_string_value(value), data, size) == 0);
	}
	json_decref(value);
}

static void check_printable(const uint8_t *data, size_t size)
{
	RF_AUTOSTR struct rf_str str = RF_STR_INIT(1 << 20);

	if (rf_str_add_printable_n(&str, data, size) < 0)
		return;
	for (size_t i = 0; i < str.len; i++)
		assert((unsigned char)str.data[i] >= 0x20 && str.data[i] != 0x7f);
	assert(is_utf8((const uint8_t *)rf_str_text(&str), str.len));
}

static void check_numbers(const uint8_t *data, size_t size)
{
	char text[64], again[64];
	uint64_t value = 0;
	int64_t number = 0;

	if (size >= sizeof(text))
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!rf_parse_u64(text, UINT64_MAX, &value)) {
		(void)snprintf(again, sizeof(again), "%" PRIu64, value);
		assert(!strcmp(text, again));
	}
	if (!rf_parse_i64(text, INT64_MIN, INT64_MAX, &number)) {
		(void)snprintf(again, sizeof(again), "%" PRId64, number);
		assert(!strcmp(text, again));
	}
	(void)!rf_parse_u64_any(text, UINT64_MAX, &value);
	(void)!rf_parse_size(text, UINT64_MAX, &value);
	(void)!rf_parse_duration(text, 1, &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_json(data, size);
	check_printable(data, size);
	check_numbers(data, size);
	return 0;
}
