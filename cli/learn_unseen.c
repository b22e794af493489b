/* SPDX-License-Identifier: Apache-2.0 */
/* Asked of the back-ends that `run` would choose. See learn_unseen.h. */
#include "cli/learn_unseen.h"

#include <unistd.h>

#include "cli/run_choose.h"
#include "sandbox/launch/service_client.h"
#include "sandbox/launch/user.h"
#include "sandbox/policy/load.h"
#include "sandbox/policy/problem.h"

/* A section whose default nobody holds in audit mode: what it would deny is not told. */
static uint32_t not_held(const struct rf_report *report)
{
	uint32_t sections = 0;

	for (size_t i = 0; i < report->n; i++) {
		const struct rf_coverage *item = &report->items[i];

		if ((item->kind == RF_ITEM_DEFAULT || item->section == RF_SECTION_CAPABILITIES) &&
		    item->hold == RF_HOLD_NONE)
			sections |= 1u << item->section;
	}
	return sections;
}

static int becomes_user(const struct rf_learn_args *args, bool *ret, struct rf_err *err)
{
	RF_CLEANUP(rf_user_done) struct rf_user user = {0};
	int r = args->user ? rf_user_parse(&user, args->user, err) : 0;

	*ret = r == 0 && args->user && geteuid() == 0 && user.uid != 0;
	return r;
}

int rf_learn_find_unseen(struct rf_learn *learn, const struct rf_learn_args *args,
			 const struct rf_str *text, struct rf_err *err)
{
	RF_CLEANUP(rf_run_choice_done) struct rf_run_choice choice = RF_RUN_CHOICE_INIT;
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	struct rf_policy *policy = NULL;
	int r = becomes_user(args, &choice.as_user, err);

	rf_service_allow(); /* as `run` does */
	if (r == 0)
		r = rf_policy_load_text(&policy, "learn", text->data, text->len, learn->load,
					&problems, err);
	if (r == 0)
		r = rf_run_choose(&choice, policy, err);
	if (r == 0)
		learn->unseen = not_held(&choice.selection.report);
	(void)rf_policy_free(policy);
	return r;
}

void rf_learn_unseen_text(uint32_t unseen, struct rf_str *out)
{
	for (unsigned int i = 0; i < RF_SECTION_COUNT; i++) {
		uint32_t later = unseen >> i >> 1;

		if (!(unseen >> i & 1))
			continue;
		(void)rf_str_add(out, rf_section_name((enum rf_section)i));
		(void)rf_str_add(out, !later ? "" : later & (later - 1) ? ", " : " and ");
	}
}
