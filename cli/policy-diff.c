/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence policy diff A B`: what two policies decide differently, with examples.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/finding.h"
#include "cli/policy.h"
#include "sandbox/launch/diff.h"

#define OUT_MAX (256u << 20)

static const char usage[] =
	"usage: ringfence policy diff [--json] [--set VAR=VALUE]... A B\n"
	"\n"
	"Tells by meaning what one policy allows and the other denies, each with an example, and\n"
	"which rules decide. Both are loaded as for this user in this directory. A section that one\n"
	"does not have is not enforced there and counts as allowing everything.\n"
	"Exit status: 0 they decide everything alike; 1 they differ; 2 usage; 125 one cannot be\n"
	"loaded.\n";

struct policies {
	struct rf_policy *policy[2];
	const char *name[2];
};

static void done(struct policies *p)
{
	(void)rf_policy_free(p->policy[0]);
	(void)rf_policy_free(p->policy[1]);
}

static const char *verdict_word(const struct rf_finding *f)
{
	static const char *const words[] = {"allowed", "denied", "killed",
					    "allowed in audit mode, else denied,"};

	return words[f->verdict];
}

static void add_verdict(struct rf_str *out, const struct rf_diff_item *item, int side)
{
	const struct rf_finding *f = &item->side[side];

	rf_str_addf(out, "\n    %c: %s", 'A' + side, verdict_word(f));
	rf_finding_add_decider(out, " by ", f);
	if (f->verdict == RF_V_DENIED && f->errno_value)
		rf_str_addf(out, ", %s", strerrorname_np(f->errno_value) ?: "?");
}

static void add_item(struct rf_str *out, const struct rf_diff_item *item)
{
	rf_str_addf(out, "%s: %s%s%s", rf_finding_layer(item->kind), item->access,
		    item->access[0] ? " " : "", item->kind == RF_WHY_UNIX ? "unix " : "");
	for (size_t i = 0; i < item->n_examples; i++)
		rf_finding_add_line(out, i ? ", " : "", item->examples[i]);
	if (item->count > item->n_examples)
		rf_str_addf(out, " and %zu more", item->count - item->n_examples);
	if (item->sessions != 3)
		rf_str_addf(out, " (session %s)", item->sessions == 1 ? "init" : "exec");
	add_verdict(out, item, 0);
	add_verdict(out, item, 1);
	rf_str_add(out, "\n");
}

static int print_text(const struct policies *p, const struct rf_diff *diff)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(OUT_MAX);

	for (int i = 0; i < 2; i++) {
		rf_finding_add_line(&out, i ? "B: " : "A: ", p->name[i]);
		rf_finding_add_line(&out, " (", p->policy[i]->name ?: "no name");
		rf_str_addf(&out, ", %.12s)\n", p->policy[i]->sha256);
	}
	for (size_t i = 0; i < diff->settings.len; i++) {
		const struct rf_diff_setting *s = &diff->settings.data[i];

		rf_finding_add_line(&out, "", s->layer);
		rf_finding_add_line(&out, ": ", s->key);
		rf_finding_add_line(&out, "\n    A: ", s->side[0] ?: "not set");
		rf_finding_add_line(&out, "\n    B: ", s->side[1] ?: "not set");
		rf_str_add(&out, "\n");
	}
	for (size_t i = 0; i < diff->items.len; i++)
		add_item(&out, &diff->items.data[i]);
	if (diff->left_out)
		rf_str_addf(&out, "and %zu more differences that are not listed\n", diff->left_out);
	for (size_t i = 0; i < diff->notes.len; i++) {
		rf_finding_add_line(&out, "note: ", diff->notes.data[i]);
		rf_str_add(&out, "\n");
	}
	if (rf_diff_is_same(diff))
		rf_str_add(&out, "they decide everything alike\n");
	if (rf_str_error(&out))
		return rf_str_error(&out);
	fputs(rf_str_text(&out), stdout);
	return 0;
}

static void add_json_item(struct rf_str *out, const struct rf_diff_item *item)
{
	const char *right = item->access;

	rf_str_addf(out, "{\"layer\":\"%s\"", rf_finding_layer(item->kind));
	for (size_t len; *right; right += len + (right[len] == ',')) {
		len = strcspn(right, ",");
		rf_str_addf(out, "%s\"%.*s\"", right == item->access ? ",\"access\":[" : ",",
			    (int)len, right);
	}
	if (item->access[0])
		rf_str_add(out, "]");
	rf_str_add(out, ",\"example\":");
	rf_str_add_json(out, item->examples[0]);
	rf_str_add(out, ",\"examples\":[");
	for (size_t i = 0; i < item->n_examples; i++) {
		rf_str_add(out, i ? "," : "");
		rf_str_add_json(out, item->examples[i]);
	}
	rf_str_addf(out, "],\"count\":%zu", item->count);
	if (item->sessions != 3)
		rf_str_addf(out, ",\"session\":\"%s\"", item->sessions == 1 ? "init" : "exec");
	for (int i = 0; i < 2; i++) {
		rf_str_addf(out, ",\"%c\":{", 'a' + i);
		rf_finding_add_json(out, &item->side[i]);
		rf_str_add(out, "}");
	}
	rf_str_add(out, "}");
}

static void add_json_setting(struct rf_str *out, const struct rf_diff_setting *s)
{
	rf_str_addf(out, "{\"layer\":\"%s\",\"key\":", s->layer);
	rf_str_add_json(out, s->key);
	for (int i = 0; i < 2; i++)
		rf_str_addf(out, ",\"%c\":{\"value\":%s}", 'a' + i, s->side[i] ?: "null");
	rf_str_add(out, "}");
}

static int print_json(const struct policies *p, const struct rf_diff *diff)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(OUT_MAX);
	bool first = true;

	rf_str_addf(&out, "{\"same\":%s", rf_diff_is_same(diff) ? "true" : "false");
	for (int i = 0; i < 2; i++) {
		rf_str_addf(&out, ",\"%c\":{\"policy\":", 'a' + i);
		rf_str_add_json(&out, p->name[i]);
		rf_str_addf(&out, ",\"sha256\":\"%s\"}", p->policy[i]->sha256);
	}
	rf_str_add(&out, ",\"differences\":[");
	for (size_t i = 0; i < diff->settings.len; i++, first = false) {
		rf_str_add(&out, first ? "" : ",");
		add_json_setting(&out, &diff->settings.data[i]);
	}
	for (size_t i = 0; i < diff->items.len; i++, first = false) {
		rf_str_add(&out, first ? "" : ",");
		add_json_item(&out, &diff->items.data[i]);
	}
	rf_str_addf(&out, "],\"left_out\":%zu,\"notes\":[", diff->left_out);
	for (size_t i = 0; i < diff->notes.len; i++) {
		rf_str_add(&out, i ? "," : "");
		rf_str_add_json(&out, diff->notes.data[i]);
	}
	rf_str_add(&out, "]}");
	if (rf_str_error(&out))
		return rf_str_error(&out);
	puts(rf_str_text(&out));
	return 0;
}

int rf_policy_cmd_diff(int argc, char **argv)
{
	RF_CLEANUP(rf_policy_args_done) struct rf_policy_args args = {0};
	RF_CLEANUP(rf_diff_freep) struct rf_diff *diff = NULL;
	RF_CLEANUP(done) struct policies p = {.name = {NULL, NULL}};
	struct rf_err err = RF_ERR_INIT;
	int status = rf_policy_args_parse(&args, argc, argv, usage), r;

	if (status != RF_EXIT_OK || args.help)
		return status;
	if (args.strict || args.sizes)
		return rf_cmd_usage("`policy diff` knows --json and --set only");
	if (args.n_names != 2)
		return rf_cmd_usage("`policy diff` needs two policies");
	for (int i = 0; i < 2 && status == RF_EXIT_OK; i++) {
		p.name[i] = args.names[i];
		status = rf_policy_args_load_one(&p.policy[i], &args, args.names[i]);
	}
	if (status != RF_EXIT_OK)
		return status;
	r = rf_diff_make(&diff, p.policy[0], p.policy[1], &err);
	if (r == 0) {
		r = args.json ? print_json(&p, diff) : print_text(&p, diff);
		if (r < 0)
			rf_err_sys(&err, r, "cannot print the differences");
	}
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	return rf_diff_is_same(diff) ? RF_EXIT_OK : RF_EXIT_NO;
}
