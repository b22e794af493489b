/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would have decided otherwise, and the smallest change that would allow a thing.
 */
#include "sandbox/launch/why_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/base/str.h"

/* A policy less what one rule says; borrows everything else. */
struct without {
	struct rf_policy policy;
	struct rf_file_rule *files;
	struct rf_net_rule *network;
	struct rf_dev_rule *devices;
};

static void without_done(struct without *w)
{
	free(w->files);
	free(w->network);
	free(w->devices);
}

static void *copy(const void *data, size_t n, size_t size)
{
	void *to = calloc(n + 1, size);

	if (to && n)
		memcpy(to, data, n * size);
	return to;
}

/* A rule without rights says nothing. */
static int leave_out(struct without *w, const struct rf_policy *policy, const struct rf_rule *rule)
{
	w->policy = *policy;
	w->files = copy(policy->files, policy->n_files, sizeof(*w->files));
	w->network = copy(policy->network, policy->n_network, sizeof(*w->network));
	w->devices = copy(policy->devices, policy->n_devices, sizeof(*w->devices));
	if (!w->files || !w->network || !w->devices)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_files; i++)
		if (w->files[i].rule.index == rule->index)
			w->files[i].rights = 0;
	for (size_t i = 0; i < policy->n_network; i++)
		if (w->network[i].rule.index == rule->index)
			w->network[i].rights = 0;
	for (size_t i = 0; i < policy->n_devices; i++)
		if (w->devices[i].rule.index == rule->index)
			w->devices[i].rights = 0;
	w->policy.files = w->files;
	w->policy.network = w->network;
	w->policy.devices = w->devices;
	return 0;
}

int rf_why_otherwise(const struct rf_policy *policy, const struct rf_question *question,
		     const struct rf_finding *finding, struct rf_finding *ret, struct rf_err *err)
{
	RF_CLEANUP(without_done) struct without w = {0};
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL;
	int r;

	if (!finding->decided || question->kind == RF_WHY_SYSCALL)
		return 0;
	if (leave_out(&w, policy, finding->decided) < 0)
		return rf_err_set(err, -ENOMEM, "no memory to ask the policy without a rule");
	r = rf_image_compile(&image, &w.policy, err); /* asked once: not worth keeping */
	if (r == 0)
		r = rf_why_ask(&w.policy, image, question, ret, err);
	if (r < 0)
		return r;
	/* Rules point into the policy itself, which outlives the copies. */
	return 1;
}

void rf_why_rights(const struct rf_question *question, char *ret, size_t size)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(256);

	for (uint32_t bit = 1; bit <= RF_FILE_EXEC; bit <<= 1) {
		const char *name = NULL;

		if (!(question->rights & bit))
			continue;
		if (question->kind == RF_WHY_FILE)
			name = rf_file_right_name(bit);
		else if (question->kind == RF_WHY_DEVICE)
			name = rf_dev_right_name(bit);
		else
			name = rf_net_right_name(bit);
		rf_str_addf(&text, "%s%s", text.len ? "," : "", name ? name : "?");
	}
	(void)snprintf(ret, size, "%s", rf_str_text(&text));
}

void rf_why_describe(const struct rf_question *q, struct rf_str *out)
{
	static const char *const words[] = {"",	       "",	 "unix ", "syscall ", "capability ",
					    "device ", "kernel "};
	char rights[128] = "";

	rf_why_rights(q, rights, sizeof(rights));
	(void)rf_str_addf(out, "%s%s%s", rights, rights[0] ? " " : "", words[q->kind]);
	if (q->kind == RF_WHY_INET && rf_why_protocol(q->protocol))
		(void)rf_str_addf(out, "%s ", rf_why_protocol(q->protocol));
	(void)rf_str_add(out, q->text);
	for (uint32_t i = 0; q->kind == RF_WHY_SYSCALL && i < q->n_args; i++)
		(void)rf_str_addf(out, " %s%" PRIx64, q->args[i] > 9 ? "0x" : "", q->args[i]);
}

static void take_from_rule(const struct rf_question *q, const struct rf_finding *f,
			   struct rf_str *out)
{
	if (q->kind == RF_WHY_FILE) {
		rf_str_add(out, "add ");
		rf_why_add_name(q->text, out);
		rf_str_add(out, " to \"except\" of the rule ");
	} else {
		rf_str_add(out, "narrow or remove the rule ");
	}
	rf_str_add_printable(out, f->rule);
	rf_why_add_place(&f->place, out);
}

static void add_change(const struct rf_policy *policy, const struct rf_question *question,
		       const struct rf_finding *finding, const struct rf_finding *otherwise,
		       struct rf_str *out)
{
	if (!finding->decided) {
		rf_why_add_rule(policy, question, out);
		return;
	}
	take_from_rule(question, finding, out);
	if (!otherwise || otherwise->verdict == RF_V_ALLOWED)
		return;
	if (!otherwise->decided) {
		rf_str_add(out, ", and ");
		rf_why_add_rule(policy, question, out);
	} else {
		rf_str_add(out, ", and see ");
		rf_str_add_printable(out, otherwise->rule);
		rf_why_add_place(&otherwise->place, out);
		rf_str_add(out, ", which denies it, too");
	}
}

int rf_why_change(const struct rf_policy *policy, const struct rf_question *question,
		  const struct rf_finding *finding, const struct rf_finding *otherwise, char *ret,
		  size_t size, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(4 * RF_WHY_TEXT_MAX);
	int r = 0;

	ret[0] = 0;
	if (finding->verdict == RF_V_ALLOWED)
		return 0;
	if (strcmp(finding->rule, "ringfence.self") == 0)
		rf_str_add(&out, "none: no policy can allow it");
	else if (question->kind == RF_WHY_SYSCALL)
		r = rf_why_change_calls(policy, question, &out, err);
	else
		add_change(policy, question, finding, otherwise, &out);
	if (r == 0 && rf_str_error(&out))
		r = rf_err_sys(err, rf_str_error(&out), "cannot tell the change");
	if (r == 0)
		(void)snprintf(ret, size, "%s", rf_str_text(&out));
	return r;
}
