/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables of policies, ${HOME} ${CWD} ${USER} ${UID} ${TMPDIR} and --set, for commands that
 * load one, and where the caller's own policies are.
 */
#ifndef RF_CLI_VARIABLES_H
#define RF_CLI_VARIABLES_H

#include <sys/types.h>

#include "sandbox/policy/policy.h"

struct rf_variables {
	struct rf_variable *items;
	size_t n;
	char *user_config_dir; /* $XDG_CONFIG_HOME, or .config in the home; NULL for root */
	char **owned;	       /* private: what to free */
	size_t n_owned;
	int cwd_error; /* what kept the current directory from being told; 0: nothing */
};

/*
 * Collects them for a command that will run as uid with the environment envp, in the directory cwd
 * (NULL: the current one). What the environment lacks comes from the user database; TMPDIR is /tmp
 * then. sets are "NAME=VALUE" texts and win. A name without '=' or that is no name is -EINVAL.
 */
RF_MUST_CHECK int rf_variables_collect(struct rf_variables *ret, uid_t uid, char *const *envp,
				       const char *cwd, const char *const *sets, size_t n_sets,
				       struct rf_err *err);

/* Only the last member: *ret is the caller's to free, NULL for root or without a home. */
RF_MUST_CHECK int rf_variables_config_dir(char **ret, uid_t uid, char *const *envp,
					  struct rf_err *err);

/* Whether CWD has no value because the current directory has no name, and that as a sentence. */
bool rf_variables_lack_cwd(const struct rf_variables *variables, struct rf_err *err);

void rf_variables_done(struct rf_variables *variables);

/* Fills what loading takes from them; options borrows. */
void rf_variables_apply(const struct rf_variables *variables, struct rf_load_options *options);

#endif
