/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page put together: the template with its places filled; see page.h.
 */
#include "sandbox/audit/page.h"

#include <inttypes.h>
#include <string.h>

#include "config.h"
#include "sandbox/audit/page_parts.h"
#include "sandbox/base/hash.h"

/* Generated from sandbox/audit/page/. */
extern const char rf_page_html[], rf_page_css[], rf_page_js[];

struct page {
	struct rf_str *out;
	const struct rf_digest *digest;
	const char *const *sources;
	size_t n_sources;
};

/* What a browser compares with: base64 of the SHA-256. */
static void add_hash(struct rf_str *out, const char *text)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t sum[RF_HASH_LEN + 1] = {0};
	struct rf_hash hash;

	rf_hash_init(&hash);
	rf_hash_add(&hash, text, strlen(text));
	rf_hash_end(&hash, sum);
	for (size_t i = 0; i < RF_HASH_LEN; i += 3) {
		uint32_t bits = (uint32_t)sum[i] << 16 | (uint32_t)sum[i + 1] << 8 |
				(i + 2 < RF_HASH_LEN ? sum[i + 2] : 0);

		(void)rf_str_add_char(out, letters[bits >> 18]);
		(void)rf_str_add_char(out, letters[bits >> 12 & 63]);
		(void)rf_str_add_char(out, letters[bits >> 6 & 63]);
		(void)rf_str_add_char(out, i + 2 < RF_HASH_LEN ? letters[bits & 63] : '=');
	}
}

static void script_hash(struct page *page)
{
	add_hash(page->out, rf_page_js);
}

static void style_hash(struct page *page)
{
	add_hash(page->out, rf_page_css);
}

static void script(struct page *page)
{
	(void)rf_str_add(page->out, rf_page_js);
}

static void style(struct page *page)
{
	(void)rf_str_add(page->out, rf_page_css);
}

static void version(struct page *page)
{
	(void)rf_str_add(page->out, RF_VERSION);
}

static void title(struct page *page)
{
	if (page->n_sources > 0)
		rf_page_raw(page->out, page->sources[0], strlen(page->sources[0]));
	if (page->n_sources > 1)
		(void)rf_str_addf(page->out, " and %zu more", page->n_sources - 1);
}

static void sources(struct page *page)
{
	(void)rf_str_add(page->out, "Events of ");
	for (size_t i = 0; i < page->n_sources && i < 20; i++) {
		(void)rf_str_add(page->out, i ? ", <code>" : "<code>");
		rf_page_raw(page->out, page->sources[i], strlen(page->sources[i]));
		(void)rf_str_add(page->out, "</code>");
	}
	if (page->n_sources > 20)
		(void)rf_str_addf(page->out, " and %zu more files", page->n_sources - 20);
	(void)rf_str_add(page->out, "<br/>");
	rf_page_time(page->out, page->digest->first);
	(void)rf_str_add(page->out, " to ");
	rf_page_time(page->out, page->digest->last);
	(void)rf_str_add(page->out, " UTC");
}

struct total {
	const char *key, *label;
	uint64_t n;
};

#define TOTALS 11

static void find_totals(const struct rf_digest *digest, struct total totals[TOTALS])
{
	const struct total found[TOTALS] = {
		{"events", "Events", digest->events},
		{"denied", "Denied", digest->n[RF_DIGEST_DENIED]},
		{"killed", "Killed", digest->n[RF_DIGEST_KILLED]},
		{"would_deny", "Would deny", digest->n[RF_DIGEST_WOULD_DENY]},
		{"allowed", "Allowed", digest->n[RF_DIGEST_ALLOWED]},
		{"lost", "Lost", digest->lost},
		{"execs", "Programs started", digest->execs},
		{"exits", "Processes ended", digest->exits},
		{"sandboxes", "Sandboxes", digest->sandboxes.len},
		{"processes", "Processes", digest->processes.len},
		{"bad_lines", "Lines that are no event", digest->bad_lines},
	};

	memcpy(totals, found, sizeof(found));
}

static void summary(struct page *page)
{
	struct total totals[TOTALS];

	find_totals(page->digest, totals);
	(void)rf_str_add(page->out, "<dl class=\"cards\">\n");
	for (size_t i = 0; i < TOTALS; i++)
		(void)rf_str_addf(page->out,
				  "<div><dt>%s</dt><dd id=\"n-%s\">%" PRIu64 "</dd></div>\n",
				  totals[i].label, totals[i].key, totals[i].n);
	(void)rf_str_add(page->out, "</dl>\n");
}

/* The same numbers for programs. */
static void totals_json(struct page *page)
{
	struct total totals[TOTALS];

	find_totals(page->digest, totals);
	for (size_t i = 0; i < TOTALS; i++)
		(void)rf_str_addf(page->out, "%s\"%s\":%" PRIu64, i ? "," : "{", totals[i].key,
				  totals[i].n);
	(void)rf_str_add(page->out, "}");
}

static void layer_options(struct page *page)
{
	for (int i = 0; i < RF_DIGEST_LAYERS; i++) {
		const uint64_t *n = page->digest->layers[i];

		if (n[RF_DIGEST_ALLOWED] + n[RF_DIGEST_DENIED] + n[RF_DIGEST_KILLED] +
			    n[RF_DIGEST_WOULD_DENY] >
		    0)
			(void)rf_str_addf(page->out, "<option>%s</option>", rf_digest_layers[i]);
	}
}

static void sandbox_options(struct page *page)
{
	for (size_t i = 0; i < page->digest->sandboxes.len && i < RF_PAGE_ROWS; i++) {
		(void)rf_str_addf(page->out, "<option value=\"%zu\">", i);
		rf_page_sandbox(page->out, page->digest, (uint32_t)i);
		(void)rf_str_add(page->out, "</option>");
	}
}

#define PART(name)                                                                                 \
	static void name(struct page *page)                                                        \
	{                                                                                          \
		rf_page_##name(page->out, page->digest);                                           \
	}                                                                                          \
	_Static_assert(1, "takes a semicolon")

PART(timeline);
PART(rules);
PART(denials);
PART(processes);
PART(objects);
PART(peers);
PART(losses);
PART(stacks);
PART(sandboxes);

/* The places of the template. */
static const struct {
	const char *name;
	void (*fill)(struct page *page);
} places[] = {
	{"script-hash", script_hash},
	{"style-hash", style_hash},
	{"style", style},
	{"script", script},
	{"version", version},
	{"title", title},
	{"sources", sources},
	{"summary", summary},
	{"totals", totals_json},
	{"layer-options", layer_options},
	{"sandbox-options", sandbox_options},
	{"timeline", timeline},
	{"rules", rules},
	{"denials", denials},
	{"processes", processes},
	{"objects", objects},
	{"peers", peers},
	{"losses", losses},
	{"stacks", stacks},
	{"sandboxes", sandboxes},
};

static int fill(struct page *page, const char *name, size_t len)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(places); i++)
		if (strlen(places[i].name) == len && memcmp(places[i].name, name, len) == 0) {
			places[i].fill(page);
			return 0;
		}
	return -EINVAL;
}

int rf_page_add(struct rf_str *out, const struct rf_digest *digest, const char *const *source_names,
		size_t n_sources)
{
	struct page page = {out, digest, source_names, n_sources};
	const char *at = rf_page_html, *open, *close;

	while ((open = strstr(at, "{{")) && (close = strstr(open, "}}"))) {
		(void)rf_str_add_n(out, at, (size_t)(open - at));
		if (fill(&page, open + 2, (size_t)(close - open - 2)) < 0)
			return -EINVAL;
		at = close + 2;
	}
	return rf_str_add(out, at);
}
