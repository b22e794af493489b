/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing back-ends for a new sandbox. See run_choose.h. */
#include "cli/run_choose.h"

#include <sys/capability.h>

static bool has_sys_admin(void)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;
	bool has = caps && cap_get_flag(caps, CAP_SYS_ADMIN, CAP_EFFECTIVE, &value) == 0 &&
		   value == CAP_SET;

	(void)cap_free(caps);
	return has;
}

/* no_site tells whether a cgroup was already tried for in vain. */
int rf_run_choose(struct rf_run_choice *choice, const struct rf_policy *policy, struct rf_err *err)
{
	uint64_t hard[RLIM_NLIMITS];
	struct rf_facts facts = {
		.sys_admin = has_sys_admin(), .as_user = choice->as_user, .hard = hard};

	rf_hard_limits(hard);
	if (!choice->no_site.code && rf_cgroup_find(&choice->site, &choice->no_site) == 0) {
		facts.has_cgroup = true;
		facts.controllers = choice->site.controllers;
	} else {
		facts.why_none = rf_err_text(&choice->no_site);
	}
	rf_selection_done(&choice->selection);
	if (choice->form)
		return rf_form_select(choice->form, &choice->selection, policy, rf_candidates,
				      &facts, err);
	return rf_select(&choice->selection, policy, rf_candidates, &facts, err);
}

bool rf_run_choose_without(struct rf_run_choice *choice, const struct rf_outcome *outcome,
			   const struct rf_err *err)
{
	if (!outcome->no_cgroup || choice->no_site.code)
		return false;
	choice->no_site = *err;
	rf_cgroup_site_done(&choice->site);
	return true;
}

void rf_run_choice_done(struct rf_run_choice *choice)
{
	rf_selection_done(&choice->selection);
	rf_cgroup_site_done(&choice->site);
}
