/* SPDX-License-Identifier: Apache-2.0 */
/* Findings for people and for programs. See finding.h. */
#include "cli/finding.h"

#include <stdio.h>
#include <string.h>

bool rf_finding_passes(const struct rf_finding *f)
{
	return f->verdict == RF_V_ALLOWED || f->verdict == RF_V_WOULD_DENY;
}

void rf_finding_add_source(struct rf_str *out, const struct rf_finding *f)
{
	if (!f->place.line || !f->place.file)
		return;
	rf_str_add(out, " (");
	rf_str_add_printable(out, f->place.file);
	rf_str_addf(out, ":%u)", f->place.line);
}

void rf_finding_add_decider(struct rf_str *out, const char *before, const struct rf_finding *f)
{
	rf_str_add(out, before);
	rf_str_add_printable(out, f->rule);
	rf_finding_add_source(out, f);
}

void rf_finding_add_line(struct rf_str *out, const char *before, const char *text)
{
	if (!text)
		return;
	rf_str_add(out, before);
	rf_str_add_printable(out, text);
}

void rf_finding_add_member(struct rf_str *out, const char *key, const char *value)
{
	if (!value)
		return;
	rf_str_addf(out, ",\"%s\":", key);
	rf_str_add_json(out, value);
}

void rf_finding_add_json(struct rf_str *out, const struct rf_finding *f)
{
	rf_str_addf(out, "\"verdict\":\"%s\",\"rule\":{\"id\":", rf_why_verdict_name(f->verdict));
	rf_str_add_json(out, f->rule);
	if (f->place.line && f->place.file) {
		RF_AUTOFREE char *source = NULL;

		if (asprintf(&source, "%s:%u", f->place.file, f->place.line) >= 0)
			rf_finding_add_member(out, "source", source);
	}
	rf_finding_add_member(out, "reason", f->reason);
	rf_finding_add_member(out, "hint", f->hint);
	rf_str_add(out, "}");
}

const char *rf_finding_layer(enum rf_why_kind kind)
{
	static const char *const layers[] = {"files",	     "network", "network", "seccomp",
					     "capabilities", "devices", "kernel"};

	return layers[kind];
}
