/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of events on the page: nothing in it is markup, nothing turns its neighbours around.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "sandbox/audit/page_parts.h"

void rf_page_ready(struct rf_str *out, const char *text, size_t len)
{
	size_t plain = 0;

	for (size_t at = 0; at < len; at++) {
		static const char special[] = "&<>\"'";
		static const char *const words[] = {"&amp;", "&lt;", "&gt;", "&#34;", "&#39;"};
		const char *found = text[at] ? strchr(special, text[at]) : NULL;

		if (!found)
			continue;
		(void)rf_str_add_n(out, text + plain, at - plain);
		(void)rf_str_add(out, words[found - special]);
		plain = at + 1;
	}
	(void)rf_str_add_n(out, text + plain, len - plain);
}

/* The length of text cut before max, between characters. */
static size_t cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	len = max;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void rf_page_raw(struct rf_str *out, const char *text, size_t len)
{
	RF_AUTOSTR struct rf_str ready = RF_STR_INIT(RF_PAGE_NAME_MAX * 4 + 16);
	size_t kept = cut(text, len, RF_PAGE_NAME_MAX);

	(void)rf_str_add_printable_n(&ready, text, kept);
	rf_page_ready(out, rf_str_text(&ready), ready.len);
	if (kept < len)
		(void)rf_str_addf(out, "\xe2\x80\xa6 (%zu bytes)", len);
}

void rf_page_what(struct rf_str *out, const struct rf_digest *digest, uint32_t word)
{
	size_t len, kept;
	const char *text = rf_digest_word(digest, word, &len);

	kept = cut(text, len, RF_PAGE_WHAT_MAX);
	rf_page_ready(out, text, kept);
	if (kept < len)
		(void)rf_str_addf(out, "\xe2\x80\xa6 (%zu bytes)", len);
}

void rf_page_word(struct rf_str *out, const struct rf_digest *digest, uint32_t word)
{
	size_t len;
	const char *text = rf_digest_word(digest, word, &len);

	if (word == RF_DIGEST_NONE)
		(void)rf_str_add(out, "\xe2\x80\x93");
	else
		rf_page_raw(out, text, len);
}

void rf_page_time(struct rf_str *out, int64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;

	if (ns < 0 || !gmtime_r(&seconds, &tm)) {
		(void)rf_str_add(out, "\xe2\x80\x93");
		return;
	}
	(void)rf_str_addf(out, "%04d-%02d-%02d %02d:%02d:%02d.%03d", tm.tm_year + 1900,
			  tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
			  (int)(ns / 1000000 % 1000));
}

void rf_page_sandbox(struct rf_str *out, const struct rf_digest *digest, uint32_t sandbox)
{
	const struct rf_digest_sandbox *entry;

	if (sandbox == RF_DIGEST_NONE) {
		(void)rf_str_add(out, "\xe2\x80\x93");
		return;
	}
	entry = &digest->sandboxes.data[sandbox];
	rf_page_word(out, digest, entry->name != RF_DIGEST_NONE ? entry->name : entry->id);
}
