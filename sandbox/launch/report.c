/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the enforcement report. See report.h. */
#include "sandbox/launch/report.h"

static const char *const holds[] = {"exact", "stricter", "none"};
static const char *const kinds[] = {"rule", "default", "kernel", "section"};

/* FILE:LINE of the item, or of a rule of the command line its whole name, argv:N. */
static bool format_source(struct rf_str *out, const struct rf_coverage *item)
{
	if (!item->place.file || (!item->place.line && item->kind != RF_ITEM_RULE))
		return false;
	rf_str_add(out, item->place.file);
	if (item->place.line)
		rf_str_addf(out, ":%u", item->place.line);
	return true;
}

static void add_source(struct rf_str *out, const struct rf_coverage *item)
{
	RF_AUTOSTR struct rf_str source = RF_STR_INIT(65536);

	if (!format_source(&source, item))
		return;
	rf_str_add(out, ",\"source\":");
	rf_str_add_json(out, rf_str_text(&source));
}

static void add_item(struct rf_str *out, const struct rf_coverage *item)
{
	rf_str_addf(out,
		    "{\"section\":\"%s\",\"kind\":\"%s\",\"id\":", rf_section_name(item->section),
		    kinds[item->kind]);
	rf_str_add_json(out, item->id);
	add_source(out, item);
	rf_str_addf(out, ",\"need\":\"%s\",\"hold\":\"%s\"",
		    item->need == RF_NEED_MUST ? "must" : "should", holds[item->hold]);
	if (item->by) {
		rf_str_add(out, ",\"by\":");
		rf_str_add_json(out, item->by);
	}
	if (item->hold != RF_HOLD_EXACT && item->why[0]) {
		rf_str_add(out, ",\"why\":");
		rf_str_add_json(out, item->why);
	}
	rf_str_add(out, "}");
}

static void add_sections(struct rf_str *out, uint32_t sections)
{
	const char *comma = "";

	for (int i = 0; i < RF_SECTION_COUNT; i++)
		if (sections & (1u << i)) {
			rf_str_addf(out, "%s\"%s\"", comma, rf_section_name((enum rf_section)i));
			comma = ",";
		}
}

static void add_backends(struct rf_str *out, const struct rf_selection *selection)
{
	const char *comma = "";

	rf_str_add(out, "\"backends\":[");
	for (size_t i = 0; i < selection->n; i++) {
		rf_str_addf(out, "%s{\"name\":\"%s\",\"available\":true,\"sections\":[", comma,
			    selection->chosen[i].backend->name);
		add_sections(out, selection->chosen[i].sections);
		rf_str_add(out, "]}");
		comma = ",";
	}
	for (size_t i = 0; i < selection->n_absent; i++) {
		rf_str_addf(out, "%s{\"name\":\"%s\",\"available\":false,\"why\":", comma,
			    selection->absent[i].backend->name);
		rf_str_add_json(out, rf_err_text(&selection->absent[i].why));
		rf_str_add(out, "}");
		comma = ",";
	}
	rf_str_add(out, "]");
}

int rf_report_json(struct rf_str *out, const struct rf_policy *policy,
		   const struct rf_selection *selection)
{
	rf_str_add(out, "{\"v\":1,\"policy\":{\"name\":");
	rf_str_add_json(out, policy->name);
	rf_str_addf(out, ",\"sha256\":\"%s\",\"mode\":\"%s\"},\"starts\":%s,", policy->sha256,
		    policy->mode == RF_MODE_AUDIT ? "audit" : "enforce",
		    rf_selection_refused(selection) ? "false" : "true");
	add_backends(out, selection);
	rf_str_add(out, ",\"items\":[");
	for (size_t i = 0; i < selection->report.n; i++) {
		if (i)
			rf_str_add(out, ",");
		add_item(out, &selection->report.items[i]);
	}
	rf_str_add(out, "]}\n");
	return rf_str_error(out);
}

static bool is_wanted(const struct rf_coverage *item, enum rf_report_lines which)
{
	if (which == RF_REPORT_REFUSED)
		return rf_coverage_refuses(item);
	if (which == RF_REPORT_ASKED)
		return item->hold == RF_HOLD_NONE && item->kind == RF_ITEM_RULE &&
		       item->place.file && rf_str_has_prefix(item->place.file, "argv:");
	return item->need == RF_NEED_SHOULD && item->hold != RF_HOLD_EXACT;
}

size_t rf_report_text(struct rf_str *out, const struct rf_selection *selection,
		      enum rf_report_lines which)
{
	size_t n = 0;

	for (size_t i = 0; i < selection->report.n; i++) {
		const struct rf_coverage *item = &selection->report.items[i];
		RF_AUTOSTR struct rf_str source = RF_STR_INIT(65536);

		if (!is_wanted(item, which))
			continue;
		n++;
		rf_str_add(out, which == RF_REPORT_ASKED ? "ringfence: " : "  ");
		rf_str_add_printable(out, item->id);
		if (format_source(&source, item)) {
			rf_str_add(out, "  ");
			rf_str_add_printable(out, rf_str_text(&source));
		}
		rf_str_addf(out, "  %s",
			    item->hold == RF_HOLD_NONE ? "not enforced" : "only more strictly");
		if (item->why[0]) {
			rf_str_add(out, ": ");
			rf_str_add_printable(out, item->why);
		}
		rf_str_add(out, "\n");
	}
	return n;
}
