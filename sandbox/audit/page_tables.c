/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the page.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/audit/page_parts.h"

/* head: cells, each "name" or "#name" for a column of numbers; the last is NULL. */
static void open_table(struct rf_str *out, const char *id, const char *caption,
		       const char *const *head)
{
	(void)rf_str_addf(out,
			  "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">"
			  "<table id=\"t-%s\"><caption>%s</caption><thead><tr>",
			  caption, id, caption);
	for (; *head; head++) {
		bool number = **head == '#';

		(void)rf_str_addf(out, "<th scope=\"col\"%s>%s</th>", number ? " class=\"n\"" : "",
				  *head + (number ? 1 : 0));
	}
	(void)rf_str_add(out, "</tr></thead><tbody>\n");
}

static void close_table(struct rf_str *out, size_t left_out, uint64_t count)
{
	(void)rf_str_add(out, "</tbody></table></div>\n");
	if (left_out > 0 || count > 0)
		(void)rf_str_addf(out,
				  "<p class=\"soft\">%zu more rows are not shown here; what did "
				  "not fit counts %" PRIu64 ".</p>\n",
				  left_out, count);
}

static void nothing(struct rf_str *out, const char *what)
{
	(void)rf_str_addf(out, "<p class=\"soft\">%s</p>\n", what);
}

static void number_cell(struct rf_str *out, uint64_t number)
{
	(void)rf_str_addf(out, "<td class=\"n\">%" PRIu64 "</td>", number);
}

static void word_cell(struct rf_str *out, const struct rf_digest *digest, uint32_t word)
{
	(void)rf_str_add(out, "<td><span class=\"name\">");
	rf_page_word(out, digest, word);
	(void)rf_str_add(out, "</span></td>");
}

static uint64_t refused(const uint64_t *n)
{
	return n[RF_DIGEST_DENIED] + n[RF_DIGEST_KILLED] + n[RF_DIGEST_WOULD_DENY];
}

/* ---- rules ---- */

static int by_refusals(const void *a, const void *b)
{
	const struct rf_digest_rule *x = *(const struct rf_digest_rule *const *)a;
	const struct rf_digest_rule *y = *(const struct rf_digest_rule *const *)b;
	uint64_t n = refused(x->n), m = refused(y->n);

	return n != m ? (n < m ? 1 : -1) : x < y ? -1 : x > y;
}

static void rule_row(struct rf_str *out, const struct rf_digest *digest,
		     const struct rf_digest_rule *rule)
{
	const char *blank = "";

	(void)rf_str_addf(out, "<tr data-n=\"%" PRIu64 "\" data-l=\"%s\" data-v=\"",
			  refused(rule->n), rf_digest_layers[rule->layer]);
	for (int i = RF_DIGEST_DENIED; i < RF_DIGEST_VERDICTS; i++) {
		if (rule->n[i] == 0)
			continue;
		(void)rf_str_addf(out, "%s%s", blank, rf_digest_verdicts[i]);
		blank = " ";
	}
	(void)rf_str_add(out, "\">");
	word_cell(out, digest, rule->id);
	word_cell(out, digest, rule->source);
	(void)rf_str_addf(out, "<td>%s</td>", rf_digest_layers[rule->layer]);
	number_cell(out, rule->n[RF_DIGEST_DENIED]);
	number_cell(out, rule->n[RF_DIGEST_KILLED]);
	number_cell(out, rule->n[RF_DIGEST_WOULD_DENY]);
	(void)rf_str_add(out, "<td>");
	if (rule->reason != RF_DIGEST_NONE)
		rf_page_word(out, digest, rule->reason);
	if (rule->hint != RF_DIGEST_NONE) {
		(void)rf_str_add(out, " <span class=\"soft\">Hint: ");
		rf_page_word(out, digest, rule->hint);
		(void)rf_str_add(out, "</span>");
	}
	(void)rf_str_add(out, "</td></tr>\n");
}

void rf_page_rules(struct rf_str *out, const struct rf_digest *digest)
{
	static const char *const head[] = {"Rule",    "Source",	     "Layer",  "#Denied",
					   "#Killed", "#Would deny", "Reason", NULL};
	size_t n = 0, all = digest->rules.len;
	RF_AUTOFREE const struct rf_digest_rule **sorted = calloc(all + 1, sizeof(*sorted));
	uint64_t rest = digest->rule_others;

	for (size_t i = 0; sorted && i < all; i++)
		if (refused(digest->rules.data[i].n) > 0)
			sorted[n++] = &digest->rules.data[i];
	if (n == 0) {
		nothing(out, "No rule denied anything.");
		return;
	}
	qsort(sorted, n, sizeof(*sorted), by_refusals);
	open_table(out, "rules", "Rules that denied, the most frequent first", head);
	for (size_t i = 0; i < n; i++) {
		if (i < RF_PAGE_ROWS)
			rule_row(out, digest, sorted[i]);
		else
			rest += refused(sorted[i]->n);
	}
	close_table(out, n > RF_PAGE_ROWS ? n - RF_PAGE_ROWS : 0, rest);
}

/* ---- denials ---- */

static void fix_cell(struct rf_str *out, const struct rf_digest *digest, uint32_t fix)
{
	size_t len;
	const char *text = rf_digest_word(digest, fix, &len);

	(void)rf_str_add(out, "<td>");
	if (len > 0 && len <= RF_PAGE_WHAT_MAX) {
		(void)rf_str_add(out, "<code>");
		rf_page_ready(out, text, len);
		(void)rf_str_add(out, "</code> <button type=\"button\" class=\"copy\" "
				      "hidden=\"hidden\">Copy</button>");
	}
	(void)rf_str_add(out, "</td></tr>\n");
}

static void denial_row(struct rf_str *out, const struct rf_digest *digest,
		       const struct rf_digest_group *group)
{
	const char *verdict = rf_digest_verdicts[group->verdict];
	const char *layer = rf_digest_layers[group->layer];

	(void)rf_str_addf(out, "<tr data-n=\"%" PRIu64 "\" data-l=\"%s\" data-v=\"%s\"",
			  group->count, layer, verdict);
	if (group->sandbox != RF_DIGEST_NONE)
		(void)rf_str_addf(out, " data-s=\"%" PRIu32 "\"", group->sandbox);
	(void)rf_str_add(out, ">");
	number_cell(out, group->count);
	(void)rf_str_addf(out, "<td class=\"%s\">%s</td><td>%s</td>", verdict, verdict, layer);
	word_cell(out, digest, group->action);
	(void)rf_str_add(out, "<td><span class=\"name\">");
	rf_page_what(out, digest, group->what);
	(void)rf_str_add(out, "</span></td>");
	word_cell(out, digest,
		  group->rule == RF_DIGEST_NONE ? RF_DIGEST_NONE
						: digest->rules.data[group->rule].id);
	word_cell(out, digest, group->exe);
	(void)rf_str_add(out, "<td>");
	rf_page_sandbox(out, digest, group->sandbox);
	(void)rf_str_add(out, "</td><td>");
	rf_page_time(out, group->first);
	(void)rf_str_add(out, "</td><td>");
	rf_page_time(out, group->last);
	(void)rf_str_add(out, "</td>");
	fix_cell(out, digest, group->fix);
}

void rf_page_denials(struct rf_str *out, const struct rf_digest *digest)
{
	static const char *const head[] = {"#Count", "Verdict", "Layer",       "Access",
					   "Object", "Rule",	"By",	       "Sandbox",
					   "First",  "Last",	"To allow it", NULL};
	uint64_t rest = digest->group_others;
	size_t n = digest->groups.len;

	if (n == 0) {
		nothing(out, "Nothing was denied.");
		return;
	}
	open_table(out, "denials", "Denials, the most frequent first", head);
	for (size_t i = 0; i < n; i++) {
		if (i < RF_PAGE_ROWS)
			denial_row(out, digest, &digest->groups.data[i]);
		else
			rest += digest->groups.data[i].count;
	}
	close_table(out, n > RF_PAGE_ROWS ? n - RF_PAGE_ROWS : 0, rest);
}

/* ---- the small ones ---- */

void rf_page_peers(struct rf_str *out, const struct rf_digest *digest)
{
	static const char *const head[] = {"Peer", "#Denied", "#Allowed", NULL};
	uint64_t rest = digest->peer_others;
	size_t n = digest->peers.len;

	if (n == 0) {
		nothing(out, "No network peer appears in the events.");
		return;
	}
	open_table(out, "peers", "Network peers, the most denied first", head);
	for (size_t i = 0; i < n; i++) {
		const struct rf_digest_peer *peer = &digest->peers.data[i];

		if (i >= RF_PAGE_ROWS) {
			rest += peer->denied + peer->allowed;
			continue;
		}
		(void)rf_str_addf(out,
				  "<tr data-n=\"%" PRIu64 "\" data-l=\"network\">"
				  "<td><span class=\"name\">",
				  peer->denied);
		rf_page_what(out, digest, peer->what);
		(void)rf_str_add(out, "</span></td>");
		number_cell(out, peer->denied);
		number_cell(out, peer->allowed);
		(void)rf_str_add(out, "</tr>\n");
	}
	close_table(out, n > RF_PAGE_ROWS ? n - RF_PAGE_ROWS : 0, rest);
}

void rf_page_losses(struct rf_str *out, const struct rf_digest *digest)
{
	static const char *const head[] = {"Sandbox", "#First number", "#Last number",
					   "#Count",  "Cause",	       NULL};
	uint64_t rest = digest->lost;

	if (digest->loss_records == 0) {
		nothing(out, "No event was lost.");
		return;
	}
	open_table(out, "losses", "Numbers whose events were lost", head);
	for (size_t i = 0; i < digest->losses.len; i++) {
		const struct rf_digest_loss *loss = &digest->losses.data[i];

		rest -= loss->count;
		(void)rf_str_addf(out, "<tr data-n=\"%" PRIu64 "\"", loss->count);
		if (loss->sandbox != RF_DIGEST_NONE)
			(void)rf_str_addf(out, " data-s=\"%" PRIu32 "\"", loss->sandbox);
		(void)rf_str_add(out, "><td>");
		rf_page_sandbox(out, digest, loss->sandbox);
		(void)rf_str_add(out, "</td>");
		number_cell(out, loss->first);
		number_cell(out, loss->last);
		number_cell(out, loss->count);
		word_cell(out, digest, loss->cause);
		(void)rf_str_add(out, "</tr>\n");
	}
	close_table(out, digest->loss_records - digest->losses.len, rest);
}

static void sandbox_row(struct rf_str *out, const struct rf_digest *digest, size_t i)
{
	const struct rf_digest_sandbox *entry = &digest->sandboxes.data[i];

	(void)rf_str_addf(out, "<tr data-n=\"%" PRIu64 "\" data-s=\"%zu\">", refused(entry->n), i);
	word_cell(out, digest, entry->name);
	word_cell(out, digest, entry->id);
	word_cell(out, digest, entry->policy);
	word_cell(out, digest, entry->sha256);
	number_cell(out, entry->events);
	number_cell(out, refused(entry->n));
	number_cell(out, entry->n[RF_DIGEST_ALLOWED]);
	number_cell(out, entry->lost);
	number_cell(out, entry->gaps);
	(void)rf_str_add(out, "</tr>\n");
}

void rf_page_sandboxes(struct rf_str *out, const struct rf_digest *digest)
{
	static const char *const head[] = {
		"Name",	   "Id",       "Policy", "SHA-256",	     "#Events",
		"#Denied", "#Allowed", "#Lost",	 "#Not in the file", NULL};
	size_t n = digest->sandboxes.len, shown = n < RF_PAGE_ROWS ? n : RF_PAGE_ROWS;

	if (n == 0) {
		nothing(out, "No event names a sandbox.");
		return;
	}
	open_table(out, "sandboxes", "Sandboxes", head);
	for (size_t i = 0; i < shown; i++)
		sandbox_row(out, digest, i);
	close_table(out, n - shown, digest->sandbox_others);
}
