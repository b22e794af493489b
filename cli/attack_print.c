/* SPDX-License-Identifier: Apache-2.0 */
/* Printing what came of the attempts. See attack_print.h. */
#include "cli/attack_print.h"

#include <stdio.h>
#include <string.h>

#include "sandbox/base/str.h"

#define OUT_MAX (1u << 20)

static const char *const words[] = {
	[RF_SCORE_OK] = "ok", [RF_SCORE_FAIL] = "FAIL", [RF_SCORE_NA] = "n/a"};

static void add_line(struct rf_str *out, const struct rf_attempt *a, const struct rf_result *r)
{
	rf_str_addf(out, "%s %s %s %s %s", words[r->score], a->id, r->expected, r->got, a->text);
	if (r->note[0] && r->score != RF_SCORE_OK) {
		rf_str_add(out, " (");
		rf_str_add_printable(out, r->note);
		rf_str_add_char(out, ')');
	}
	rf_str_add_char(out, '\n');
}

static void add_member(struct rf_str *out, const char *key, const char *value)
{
	rf_str_addf(out, ",\"%s\":", key);
	rf_str_add_json(out, value);
}

static void add_object(struct rf_str *out, const struct rf_attempt *a, const struct rf_result *r)
{
	const char *error = r->error ? strerrorname_np(r->error) : NULL;

	rf_str_addf(out, "{\"result\":\"%s\"", words[r->score]);
	add_member(out, "id", a->id);
	add_member(out, "expected", r->expected);
	add_member(out, "got", r->got);
	add_member(out, "description", a->text);
	if (error)
		add_member(out, "errno", error);
	if (r->note[0])
		add_member(out, "note", r->note);
	if (r->score != RF_SCORE_NA)
		rf_str_addf(out, ",\"ms\":%d", r->ms);
	rf_str_add_char(out, '}');
}

int rf_attack_print(const struct rf_scene *scene, bool json, struct rf_attack_totals *ret)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(OUT_MAX);
	const unsigned int *n = ret->n;

	*ret = (struct rf_attack_totals){0};
	if (json)
		rf_str_add(&out, "{\"attempts\":[");
	for (size_t i = 0; i < rf_attack_count(); i++) {
		struct rf_result result;

		rf_attack_score(scene, i, &result);
		ret->n[result.score]++;
		if (json && i)
			rf_str_add_char(&out, ',');
		(json ? add_object : add_line)(&out, rf_attack_at(i), &result);
	}
	rf_str_addf(&out,
		    json ? "],\"held\":%u,\"failed\":%u,\"n/a\":%u}\n"
			 : "%u held, %u failed, %u n/a\n",
		    n[RF_SCORE_OK], n[RF_SCORE_FAIL], n[RF_SCORE_NA]);
	if (rf_str_error(&out))
		return rf_str_error(&out);
	fputs(rf_str_text(&out), stdout);
	return 0;
}
