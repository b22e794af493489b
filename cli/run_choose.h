/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a new sandbox of this caller can stand, and which back-ends would hold a policy there.
 */
#ifndef RF_CLI_RUN_CHOOSE_H
#define RF_CLI_RUN_CHOOSE_H

#include "sandbox/launch/cgroup.h"
#include "sandbox/launch/form.h"
#include "sandbox/launch/launch.h"

struct rf_run_choice {
	struct rf_cgroup_site site;
	struct rf_err no_site; /* why there is none */
	struct rf_selection selection;
	struct rf_form *form; /* of the policy; NULL: nothing is kept */
	bool as_user;	      /* set by the caller: root's command will be an ordinary user's */
};

#define RF_RUN_CHOICE_INIT                                                                         \
	{                                                                                          \
		.site = RF_CGROUP_SITE_INIT                                                        \
	}

/* Fills the choice, anew each time; released with rf_run_choice_done whatever the answer. */
int rf_run_choose(struct rf_run_choice *choice, const struct rf_policy *policy, struct rf_err *err)
	RF_MUST_CHECK;

/*
 * True if no cgroup could be made although it had looked so: choose again then, and it is done
 * without.
 */
bool rf_run_choose_without(struct rf_run_choice *choice, const struct rf_outcome *outcome,
			   const struct rf_err *err);

void rf_run_choice_done(struct rf_run_choice *choice);

#endif
