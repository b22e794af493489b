/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large numbers are rewritten before jansson sees the text; see wide.h.
 */
#include "sandbox/policy/wide.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/base/cleanup.h"
#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"

/* Begins a string that is a number; no text of a configuration has this control character. */
#define MARK "\\u0001u64:"

/* The digits at text, if they are a whole number above INT64_MAX; 0: something else. */
static size_t wide_number(const char *text, size_t len, uint64_t *ret)
{
	size_t digits = 0;
	char number[24];

	while (digits < len && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	if (digits < 19 || digits > 20 || (digits < len && memchr(".eE", text[digits], 3)))
		return 0;
	memcpy(number, text, digits);
	number[digits] = 0;
	return rf_parse_u64(number, UINT64_MAX, ret) == 0 && *ret > INT64_MAX ? digits : 0;
}

static bool begins_number(const char *text, size_t at)
{
	return text[at] >= '1' && text[at] <= '9' &&
	       (at == 0 || !memchr("0123456789.-+eE", text[at - 1], 15));
}

static int rewrite(struct rf_str *out, const char *text, size_t len, bool keep)
{
	bool quoted = false;
	size_t from = 0;

	for (size_t i = 0; i < len;) {
		uint64_t value;
		size_t digits = quoted || !begins_number(text, i)
					? 0
					: wide_number(text + i, len - i, &value);

		if (!digits) {
			if (text[i] == '"')
				quoted = !quoted;
			i += quoted && text[i] == '\\' ? 2 : 1;
			continue;
		}
		rf_str_add_n(out, text + from, i - from);
		if (keep)
			rf_str_addf(out, "\"" MARK "%" PRIu64 "\"", value);
		else
			rf_str_addf(out, "%" PRId64, (int64_t)value);
		i += digits;
		from = i;
	}
	rf_str_add_n(out, text + from, len - from);
	return rf_str_error(out);
}

static json_t *load(const char *text, size_t len, bool keep, size_t flags, json_error_t *error)
{
	RF_AUTOSTR struct rf_str copy = RF_STR_INIT(2 * len + 4096);

	if (rewrite(&copy, text, len, keep) == 0)
		return json_loadb(rf_str_text(&copy), copy.len, flags, error);
	memset(error, 0, sizeof(*error));
	(void)snprintf(error->text, sizeof(error->text), "no memory");
	return NULL;
}

json_t *rf_json_load_wide(const char *text, size_t len, size_t flags, json_error_t *error)
{
	return load(text, len, false, flags, error);
}

json_t *rf_json_load_kept(const char *text, size_t len, json_error_t *error)
{
	return load(text, len, true, JSON_REJECT_DUPLICATES, error);
}

json_t *rf_json_u64(uint64_t value)
{
	if (value <= INT64_MAX)
		return json_integer((json_int_t)value);
	return json_sprintf("\001u64:%" PRIu64, value);
}

void rf_json_restore(char *dump)
{
	char *out = dump;

	for (const char *in = dump; *in;) {
		const char *number = in + sizeof("\"" MARK) - 1;
		size_t digits;

		if (strncmp(in, "\"" MARK, sizeof("\"" MARK) - 1) != 0) {
			*out++ = *in++;
			continue;
		}
		digits = strspn(number, "0123456789");
		memmove(out, number, digits);
		out += digits;
		in = number + digits + (number[digits] == '"');
	}
	*out = 0;
}
