/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the policy of a running sandbox was loaded, so that `exec` can load the same one again.
 *
 * The recipe goes into the sandbox's record as JSON: the policies, rules and variables of the
 * command line, where it was given, and those variables of the environment that policies use.
 * Whether what it leads to is still the same, the policy's SHA-256 tells.
 */
#ifndef RF_CLI_RUN_RECIPE_H
#define RF_CLI_RUN_RECIPE_H

#include "cli/run_load.h"

/*
 * The JSON object for the record; the caller frees it. NULL if it cannot be made. service: the
 * service keeps the sandbox.
 */
char *rf_recipe_make(const struct rf_run_options *options, const struct rf_run_subject *subject,
		     bool service);

struct rf_recipe;

int rf_recipe_parse(struct rf_recipe **ret, const char *text, struct rf_err *err) RF_MUST_CHECK;
struct rf_recipe *rf_recipe_free(struct rf_recipe *recipe);

RF_DEFINE_CLEANUP(struct rf_recipe, rf_recipe_freep, rf_recipe_free)

/* Where the run was started: names of policies count from there. May be NULL. */
const char *rf_recipe_from(const struct rf_recipe *recipe);

/* The command's working directory; NULL if unknown. */
const char *rf_recipe_cwd(const struct rf_recipe *recipe);

/* Whether the service keeps the sandbox: a further command must be put in it by the service too. */
bool rf_recipe_service(const struct rf_recipe *recipe);

/* --user, or NULL. */
const char *rf_recipe_user(const struct rf_recipe *recipe);

/* Loads the policy. RF_EXIT_OK, or a status with the reason told. */
int rf_recipe_load(const struct rf_recipe *recipe, uid_t uid, struct rf_policy **ret);

/*
 * The same command under other policies, named from where we are: for rf_recipe_load, and as text
 * that the caller frees. The arrays are borrowed.
 */
int rf_recipe_change(struct rf_recipe *recipe, const char *const *policies, size_t n_policies,
		     const char *const *sets, size_t n_sets, char **ret_text, struct rf_err *err)
	RF_MUST_CHECK;

#endif
