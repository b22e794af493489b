/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the options of `run` to a policy, and to the environment that belongs to it.
 *
 * A policy may set variables of the environment that its own patterns use: then it is loaded again
 * with what the command will really have.
 */
#ifndef RF_CLI_RUN_LOAD_H
#define RF_CLI_RUN_LOAD_H

#include "cli/run_options.h"
#include "sandbox/launch/form.h"

struct rf_run_subject {
	struct rf_user user; /* --user */
	bool has_user;
	char *cwd; /* --workdir, resolved; NULL: unchanged */
	struct rf_env env;
	struct rf_policy *policy;
	struct rf_form form; /* what is kept of launching it */
};

/* What the policy's variables are taken from; cwd NULL: where we are. */
struct rf_run_place {
	uid_t uid;
	char *const *env;
	const char *cwd;
};

/*
 * Loads the policies of the options there, from what is kept if form is not NULL. RF_EXIT_OK, or a
 * status with the reason told.
 */
int rf_run_policy_load(struct rf_policy **ret, const struct rf_run_options *options,
		       const struct rf_run_place *place, struct rf_form *form);

/* Returns RF_EXIT_OK, or a status with the reason told. Released with rf_run_subject_done always.
 */
int rf_run_subject_load(struct rf_run_subject *ret, const struct rf_run_options *options);
void rf_run_subject_done(struct rf_run_subject *subject);

#endif
