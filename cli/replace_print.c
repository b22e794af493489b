/* SPDX-License-Identifier: Apache-2.0 */
/* See replace_print.h. */
#include "cli/replace_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/finding.h"
#include "sandbox/base/fd.h"
#include "sandbox/launch/report.h"

#define QUESTION_MAX 8192

static void add_json(struct rf_replace_result *result, const struct rf_holding *h, bool killed,
		     const char *question)
{
	struct rf_str *out = &result->open;

	(void)rf_str_addf(out, "%s{\"pid\":%d,\"comm\":", result->n_open ? "," : "", (int)h->pid);
	(void)rf_str_add_json(out, h->comm);
	if (h->fd >= 0)
		(void)rf_str_addf(out, ",\"fd\":%d", h->fd);
	else
		(void)rf_str_add(out, ",\"mapped\":true");
	(void)rf_str_add(out, ",\"access\":");
	(void)rf_str_add_json(out, question);
	(void)rf_str_add(out, ",");
	rf_finding_add_json(out, h->finding);
	(void)rf_str_addf(out, ",\"killed\":%s}", killed ? "true" : "false");
}

static void add_text(struct rf_str *out, const struct rf_holding *h, bool killed,
		     const char *question)
{
	(void)rf_str_addf(out, "  pid %d ", (int)h->pid);
	(void)rf_str_add_printable(out, h->comm);
	if (h->fd >= 0)
		(void)rf_str_addf(out, ", descriptor %d: ", h->fd);
	else
		(void)rf_str_add(out, ", mapped: ");
	(void)rf_str_add_printable(out, question);
	(void)rf_str_add(out, ": denied by ");
	(void)rf_str_add_printable(out, h->finding->rule);
	rf_finding_add_source(out, h->finding);
	(void)rf_str_add(out, killed ? ", killed\n" : "\n");
}

void rf_replace_add_open(struct rf_replace_result *result, const struct rf_holding *h, bool json,
			 bool killed)
{
	RF_AUTOSTR struct rf_str question = RF_STR_INIT(QUESTION_MAX);

	rf_why_describe(h->question, &question);
	if (json)
		add_json(result, h, killed, rf_str_text(&question));
	else
		add_text(&result->open, h, killed, rf_str_text(&question));
	result->n_open++;
}

static void print_json(struct rf_str *out, const struct rf_replace_result *r)
{
	const char *comma = "";

	(void)rf_str_addf(out, "{\"sandbox\":{\"id\":\"%016" PRIx64 "\",\"name\":", r->sandbox);
	(void)rf_str_add_json(out, r->sandbox_name);
	(void)rf_str_add(out, "},\"policy\":");
	(void)rf_str_add_json(out, r->policy);
	(void)rf_str_addf(out, ",\"sha256\":\"%s\",\"replaced\":%s,\"kept\":[", r->sha256,
			  r->replaced ? "true" : "false");
	for (size_t i = 0; i < r->selection->report.n; i++) {
		const struct rf_coverage *item = &r->selection->report.items[i];

		if (item->hold == RF_HOLD_EXACT)
			continue;
		(void)rf_str_addf(out, "%s{\"id\":", comma);
		(void)rf_str_add_json(out, item->id);
		(void)rf_str_add(out, ",\"why\":");
		(void)rf_str_add_json(out, item->why);
		(void)rf_str_addf(out, ",\"refuses\":%s}",
				  rf_coverage_refuses(item) ? "true" : "false");
		comma = ",";
	}
	(void)rf_str_addf(out, "],\"open\":[%s]}\n", rf_str_text(&r->open));
}

static void print_text(struct rf_str *out, const struct rf_replace_result *r)
{
	RF_AUTOSTR struct rf_str kept = RF_STR_INIT(RF_REPORT_MAX);

	(void)rf_str_add(out, "policy ");
	(void)rf_str_add_printable(out, r->policy);
	(void)rf_str_add(out, r->replaced ? " holds for sandbox " : " would hold for sandbox ");
	(void)rf_str_add_printable(out, r->sandbox_name);
	(void)rf_str_addf(out, " (%016" PRIx64 ")\n", r->sandbox);
	if (rf_report_text(&kept, r->selection, RF_REPORT_WEAKER))
		(void)rf_str_addf(out, "what stays as it was:\n%s", rf_str_text(&kept));
	if (r->n_open)
		(void)rf_str_addf(out, "%s, though the policy denies it:\n%s",
				  r->n_killed ? "was open" : "stays open", rf_str_text(&r->open));
}

int rf_replace_print(const struct rf_replace_result *result, bool json, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(2 * RF_REPORT_MAX);
	int r;

	if (json)
		print_json(&out, result);
	else
		print_text(&out, result);
	r = rf_str_error(&result->open) < 0 ? rf_str_error(&result->open) : rf_str_error(&out);
	if (r < 0)
		return rf_err_sys(err, r, "list what is open");
	return rf_fd_write_all(STDOUT_FILENO, rf_str_text(&out), out.len, err);
}
