/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events against a policy; see learn_diff.h.
 *
 * Only what the policy's own files say is reported as unused: an inherited library is there for
 * everybody.
 */
#include "cli/learn_diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/capability.h>

#include "cli/cmd.h"

#define TEXT_MAX_BYTES 65536

struct diff {
	const struct rf_policy *policy;
	struct rf_asker *asker;
	bool *used;	    /* by rule index */
	uint64_t used_caps; /* bits */
	uint64_t used_keys;
	size_t differences;
};

static void print_line(struct diff *d, const struct rf_str *raw)
{
	RF_AUTOSTR struct rf_str safe = RF_STR_INIT(4 * TEXT_MAX_BYTES);

	d->differences++;
	(void)rf_str_add_printable(&safe, rf_str_text(raw));
	puts(rf_str_text(&safe));
}

static void print_needed(struct diff *d, const struct rf_use *use, const struct rf_question *q,
			 const struct rf_finding *f)
{
	RF_AUTOSTR struct rf_str line = RF_STR_INIT(TEXT_MAX_BYTES);

	(void)rf_str_add(&line, "needs ");
	rf_why_describe(q, &line);
	(void)rf_str_addf(&line, "  denied by %s", f->rule);
	if (f->place.line && f->place.file)
		(void)rf_str_addf(&line, " (%s:%u)", f->place.file, f->place.line);
	(void)rf_str_add(&line, "  ");
	rf_tally_text(&use->tally, &line);
	print_line(d, &line);
}

static int look_right(struct diff *d, const struct rf_use *use, uint32_t right, struct rf_err *err)
{
	struct rf_question q;
	struct rf_finding f;
	int r;

	rf_use_question(use, right, &q);
	r = rf_asker_ask(d->asker, &q, &f, err);
	if (r < 0)
		return r;
	if (f.decided)
		d->used[f.decided->index] = true;
	if (use->kind == RF_WHY_CAPABILITY)
		d->used_caps |= UINT64_C(1) << (use->number & 63);
	if (use->kind == RF_WHY_KERNEL)
		d->used_keys |= UINT64_C(1) << use->number;
	if (f.verdict != RF_V_ALLOWED)
		print_needed(d, use, &q, &f);
	return 0;
}

static int look(struct diff *d, const struct rf_use *use, struct rf_err *err)
{
	bool ruled = use->kind == RF_WHY_FILE || use->kind == RF_WHY_INET ||
		     use->kind == RF_WHY_UNIX || use->kind == RF_WHY_DEVICE;
	int r = 0;

	if (!ruled)
		return look_right(d, use, 0, err);
	for (uint32_t right = 1; right <= RF_FILE_EXEC && r == 0; right <<= 1)
		if (use->rights & right)
			r = look_right(d, use, right, err);
	return r;
}

static bool is_own(const struct diff *d, const struct rf_place *place)
{
	return place->line && d->policy->n_sources && rf_str_eq(place->file, d->policy->sources[0]);
}

static void print_unused(struct diff *d, const char *what, const char *name,
			 const struct rf_place *place)
{
	RF_AUTOSTR struct rf_str line = RF_STR_INIT(TEXT_MAX_BYTES);

	(void)rf_str_addf(&line, "unused %s %s (%s:%u)", what, name, place->file, place->line);
	print_line(d, &line);
}

/* Deny rules are not meant to be used; seccomp's calls are not recorded where they are allowed. */
static void tell_unused(struct diff *d, bool caps_known)
{
	const struct rf_policy *policy = d->policy;
	const struct rf_place *keep = &policy->sections[RF_SECTION_CAPABILITIES].place;

	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct rf_rule *rule = policy->rules[i];

		if (!rule->deny && !d->used[i] && rule->section != RF_SECTION_SECCOMP &&
		    is_own(d, &rule->place))
			print_unused(d, "rule", rule->id, &rule->place);
	}
	for (unsigned int i = 0; i < RF_KERNEL_COUNT; i++)
		if (policy->kernel[i].given && policy->kernel[i].value == RF_KERNEL_ALLOW &&
		    !(d->used_keys >> i & 1) && is_own(d, &policy->kernel[i].place))
			print_unused(d, "kernel", rf_kernel_key_name((enum rf_kernel_key)i),
				     &policy->kernel[i].place);
	for (unsigned int i = 0; i < 64 && caps_known && is_own(d, keep); i++) {
		char *name;

		if (!(policy->capabilities_keep & ~d->used_caps & UINT64_C(1) << i))
			continue;
		name = cap_to_name((cap_value_t)i);
		print_unused(d, "capability", name && i <= CAP_LAST_CAP ? name + 4 : "?", keep);
		(void)cap_free(name);
	}
}

int rf_learn_diff(struct rf_learn *learn, const struct rf_policy *policy)
{
	RF_AUTOFREE bool *used = calloc(policy->n_rules + 1, sizeof(*used));
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL;
	RF_CLEANUP(rf_asker_freep) struct rf_asker *asker = NULL;
	struct rf_err err = RF_ERR_INIT;
	struct diff d = {.policy = policy, .used = used};
	bool caps_known = false;
	int r = used ? rf_image_compile(&image, policy, &err)
		     : rf_err_sys(&err, -ENOMEM, "compare with the policy");

	if (r == 0)
		r = rf_asker_new(&asker, policy, image, &err);
	d.asker = asker;
	rf_uses_sort(&learn->uses);
	for (size_t i = 0; i < learn->uses.items.len && r == 0; i++) {
		caps_known |= learn->uses.items.data[i].kind == RF_WHY_CAPABILITY;
		r = look(&d, &learn->uses.items.data[i], &err);
	}
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	tell_unused(&d, caps_known);
	return d.differences ? RF_EXIT_NO : RF_EXIT_OK;
}
