/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Escaping: text from outside, made safe for JSON and for terminals.
 *
 * Paths, command names and arguments are bytes that an attacker chose. Both escapes walk them by
 * valid UTF-8 sequences and differ only in what they do with the rest.
 */
#include <stdint.h>
#include <string.h>

#include "sandbox/base/str.h"

static uint32_t decode(const unsigned char *bytes, size_t len)
{
	static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t point = bytes[0] & lead_mask[len];

	for (size_t i = 1; i < len; i++)
		point = point << 6 | (bytes[i] & 0x3f);
	return point;
}

size_t rf_utf8_len(const void *data, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = data;
	uint32_t point;
	size_t need;

	if (!len)
		return 0;
	if (bytes[0] < 0x80)
		return 1;
	need = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || len < need)
		return 0;
	for (size_t i = 1; i < need; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	point = decode(bytes, need);
	if (point < least[need] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	return need;
}

static int add_json_byte(struct rf_str *str, unsigned char c)
{
	static const char short_names[] = "btn\0fr"; /* for 0x08 to 0x0d; 0x0b has none */

	if (c == '"' || c == '\\')
		return rf_str_addf(str, "\\%c", c);
	if (c >= 0x08 && c <= 0x0d && short_names[c - 0x08])
		return rf_str_addf(str, "\\%c", short_names[c - 0x08]);
	if (c < 0x20 || c == 0x7f)
		return rf_str_addf(str, "\\u%04x", c);
	return rf_str_add_char(str, (char)c);
}

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Non-zero if one of eight bytes is a control character, DEL, no ASCII, a backslash or the quote.
 */
static uint64_t special(uint64_t word, char quote)
{
	uint64_t q = word ^ (ONES * (unsigned char)quote), slash = word ^ (ONES * '\\');
	uint64_t del = word ^ (ONES * 0x7f);

	return (((q - ONES) & ~q) | ((slash - ONES) & ~slash) | ((del - ONES) & ~del) |
		(word - ONES * 0x20) | word) &
	       HIGHS;
}

/* How many bytes from the start are plain ASCII, without a backslash and without quote. */
static size_t plain_len(const unsigned char *bytes, size_t len, char quote)
{
	uint64_t word;
	size_t n = 0;

	for (; len - n >= sizeof(word); n += sizeof(word)) {
		uint64_t ends;

		memcpy(&word, bytes + n, sizeof(word));
		ends = special(word, quote);
		if (ends) /* the lowest bit is exact, and the machine little-endian */
			return n + (size_t)__builtin_ctzll(ends) / 8;
	}
	while (n < len && bytes[n] >= 0x20 && bytes[n] < 0x7f && bytes[n] != '\\' &&
	       bytes[n] != (unsigned char)quote)
		n++;
	return n;
}

int rf_str_add_json_n(struct rf_str *str, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	rf_str_add_char(str, '"');
	for (size_t at = 0; at < len;) {
		size_t step, plain = plain_len(bytes + at, len - at, '"');

		if (plain > 0) {
			rf_str_add_n(str, bytes + at, plain);
			at += plain;
			continue;
		}
		step = rf_utf8_len(bytes + at, len - at);
		if (step == 1)
			add_json_byte(str, bytes[at]);
		else if (step)
			rf_str_add_n(str, bytes + at, step);
		else
			rf_str_add(str, "\xef\xbf\xbd");
		at += step ? step : 1;
	}
	return rf_str_add_char(str, '"');
}

int rf_str_add_json(struct rf_str *str, const char *text)
{
	return rf_str_add_json_n(str, text, strlen(text));
}

/* Characters that a terminal acts on, or that make text look like other text. */
static bool is_unsafe(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00, 0x1f},	  {0x7f, 0x9f},	    {0xad, 0xad},	{0x61c, 0x61c},
		{0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},	{0x2060, 0x206f},
		{0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(ranges); i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

static void add_json_point(struct rf_str *str, uint32_t point)
{
	if (point > 0xffff) {
		rf_str_addf(str, "\\u%04x", 0xd7c0 + (point >> 10));
		point = 0xdc00 + (point & 0x3ff);
	}
	rf_str_addf(str, "\\u%04x", point);
}

int rf_str_add_json_printable(struct rf_str *str, const char *text)
{
	RF_AUTOSTR struct rf_str json = RF_STR_INIT(str->limit);
	int r = rf_str_add_json(&json, text);

	if (r < 0)
		return r;
	/* Valid UTF-8 now, and all of ASCII that is special is escaped. */
	for (size_t at = 0, step; at < json.len; at += step) {
		const unsigned char *bytes = (const unsigned char *)rf_str_text(&json) + at;

		step = rf_utf8_len(bytes, json.len - at);
		if (step > 1 && is_unsafe(decode(bytes, step)))
			add_json_point(str, decode(bytes, step));
		else
			rf_str_add_n(str, bytes, step);
	}
	return rf_str_error(str);
}

int rf_str_add_printable_n(struct rf_str *str, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t at = 0; at < len;) {
		size_t step, plain = plain_len(bytes + at, len - at, '\0');

		if (plain > 0) {
			rf_str_add_n(str, bytes + at, plain);
			at += plain;
			continue;
		}
		step = rf_utf8_len(bytes + at, len - at);
		if (bytes[at] == '\\') {
			rf_str_add(str, "\\\\");
		} else if (step && !is_unsafe(decode(bytes + at, step))) {
			rf_str_add_n(str, bytes + at, step);
		} else {
			for (size_t i = 0; i < (step ? step : 1); i++)
				rf_str_addf(str, "\\x%02x", bytes[at + i]);
		}
		at += step ? step : 1;
	}
	return rf_str_error(str);
}

int rf_str_add_printable(struct rf_str *str, const char *text)
{
	return rf_str_add_printable_n(str, text, strlen(text));
}
