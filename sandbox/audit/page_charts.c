/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timeline of the page, as SVG inside it.
 */
#include <inttypes.h>
#include <string.h>

#include "sandbox/audit/page_parts.h"

#define WIDTH  1000
#define HEIGHT 160

static uint64_t denied_in(const uint64_t *bin)
{
	uint64_t sum = 0;

	for (int series = 0; series < RF_DIGEST_LAYERS; series++)
		sum += bin[series];
	return sum;
}

struct range {
	int first, last; /* bins that hold anything; first > last: none */
	uint64_t most_denied, most_allowed;
};

static struct range range_of(const struct rf_timeline *timeline)
{
	struct range range = {.first = RF_TIMELINE_BINS, .last = -1};

	for (int i = 0; i < RF_TIMELINE_BINS; i++) {
		const uint64_t *bin = timeline->bins[i];
		uint64_t denied = denied_in(bin), allowed = bin[RF_DIGEST_SERIES_ALLOWED];

		if (denied + allowed + bin[RF_DIGEST_SERIES_LOST] == 0)
			continue;
		range.first = i < range.first ? i : range.first;
		range.last = i;
		range.most_denied = denied > range.most_denied ? denied : range.most_denied;
		range.most_allowed = allowed > range.most_allowed ? allowed : range.most_allowed;
	}
	return range;
}

static double part(uint64_t n, uint64_t most)
{
	return most > 0 ? (double)n / (double)most : 0;
}

/* Denials upwards, stacked by layer; allowed downwards on its own scale; losses as a mark. */
static void add_bin(struct rf_str *out, const uint64_t *bin, double x, double width,
		    const struct range *range)
{
	const double middle = HEIGHT * 0.7;
	double y = middle;

	for (int series = 0; series < RF_DIGEST_LAYERS; series++) {
		double height = part(bin[series], range->most_denied) * (middle - 12);

		if (bin[series] == 0)
			continue;
		y -= height;
		(void)rf_str_addf(out,
				  "<rect class=\"s%d\" data-series=\"%s\" x=\"%.2f\" y=\"%.2f\" "
				  "width=\"%.2f\" height=\"%.2f\"/>",
				  series, rf_digest_layers[series], x, y, width, height);
	}
	if (bin[RF_DIGEST_SERIES_ALLOWED] > 0)
		(void)rf_str_addf(out,
				  "<rect class=\"s8\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
				  "height=\"%.2f\"/>",
				  x, middle, width,
				  part(bin[RF_DIGEST_SERIES_ALLOWED], range->most_allowed) *
					  (HEIGHT - middle));
	if (bin[RF_DIGEST_SERIES_LOST] > 0)
		(void)rf_str_addf(out,
				  "<path class=\"s9\" d=\"M%.2f 0h8l-4 10z\"><title>lost: "
				  "%" PRIu64 "</title></path>",
				  x + width / 2 - 4, bin[RF_DIGEST_SERIES_LOST]);
}

static void add_key(struct rf_str *out, const struct rf_digest *digest)
{
	(void)rf_str_add(out, "<ul class=\"key\" aria-label=\"Key\">");
	for (int i = 0; i <= RF_DIGEST_SERIES_LOST; i++) {
		const char *name = i < RF_DIGEST_LAYERS		   ? rf_digest_layers[i]
				   : i == RF_DIGEST_SERIES_ALLOWED ? "allowed (downwards)"
								   : "lost";
		const uint64_t *n = i < RF_DIGEST_LAYERS ? digest->layers[i] : NULL;

		if (n && n[RF_DIGEST_DENIED] + n[RF_DIGEST_KILLED] + n[RF_DIGEST_WOULD_DENY] == 0)
			continue;
		(void)rf_str_addf(out,
				  "<li><svg viewBox=\"0 0 8 8\" aria-hidden=\"true\"><rect "
				  "class=\"s%d\" width=\"8\" height=\"8\"/></svg> %s</li>",
				  i, name);
	}
	(void)rf_str_add(out, "</ul>\n");
}

static void add_bins_table(struct rf_str *out, const struct rf_timeline *timeline,
			   const struct range *range)
{
	(void)rf_str_add(out,
			 "<details><summary>As a table</summary><table id=\"t-timeline\">"
			 "<thead><tr><th scope=\"col\">From</th><th scope=\"col\" class=\"n\">"
			 "Denied</th><th scope=\"col\" class=\"n\">Allowed</th><th scope=\"col\" "
			 "class=\"n\">Lost</th></tr></thead><tbody>\n");
	for (int i = range->first; i <= range->last; i++) {
		const uint64_t *bin = timeline->bins[i];

		(void)rf_str_add(out, "<tr><td>");
		rf_page_time(out, timeline->start + i * timeline->width);
		(void)rf_str_addf(out,
				  "</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu64
				  "</td><td class=\"n\">%" PRIu64 "</td></tr>\n",
				  denied_in(bin), bin[RF_DIGEST_SERIES_ALLOWED],
				  bin[RF_DIGEST_SERIES_LOST]);
	}
	(void)rf_str_add(out, "</tbody></table></details>\n");
}

void rf_page_timeline(struct rf_str *out, const struct rf_digest *digest)
{
	const struct rf_timeline *timeline = &digest->timeline;
	struct range range = range_of(timeline);
	double width;

	if (range.first > range.last) {
		(void)rf_str_add(out, "<p class=\"soft\">No access has a time.</p>\n");
		return;
	}
	width = (double)WIDTH / (range.last - range.first + 1);
	(void)rf_str_add(out, "<p>");
	rf_page_time(out, timeline->start + range.first * timeline->width);
	(void)rf_str_add(out, " to ");
	rf_page_time(out, timeline->start + (range.last + 1) * timeline->width);
	(void)rf_str_addf(out,
			  " UTC; a bar is %.10g s and at most %" PRIu64 " denials.</p>\n<svg "
			  "viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Denials over time; the "
			  "table below has the numbers\">",
			  (double)timeline->width / 1e9, range.most_denied, WIDTH, HEIGHT);
	for (int i = range.first; i <= range.last; i++)
		add_bin(out, timeline->bins[i], (i - range.first) * width, width * 0.92, &range);
	(void)rf_str_add(out, "</svg>\n");
	add_key(out, digest);
	add_bins_table(out, timeline, &range);
}
