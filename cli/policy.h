/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence policy ACTION`: what its actions share. One action, one function; each returns an exit
 * status.
 */
#ifndef RF_CLI_POLICY_H
#define RF_CLI_POLICY_H

#include "cli/variables.h"
#include "sandbox/policy/policy.h"

/* What every action that loads policies understands. */
struct rf_policy_args {
	const char **names; /* -p and operands, in order */
	size_t n_names;
	const char **sets; /* --set */
	size_t n_sets;
	bool strict, json, sizes;
	bool help;
};

/* argv[0] is the action. Returns RF_EXIT_OK or a status with the reason told. */
int rf_policy_args_parse(struct rf_policy_args *ret, int argc, char **argv, const char *usage);
void rf_policy_args_done(struct rf_policy_args *args);

/*
 * Loads names as one policy in the environment that a command of the caller's would have under it.
 * On failure tells every problem on standard error and returns the exit status: RF_EXIT_NO for a
 * policy that is wrong, else RF_EXIT_FAILED.
 */
int rf_policy_args_load(struct rf_policy **ret, const struct rf_policy_args *args,
			const char *const *names, size_t n_names, struct rf_problems *problems);

/* Tells findings on standard error, one line each. */
void rf_policy_tell(const struct rf_problems *problems);

/* Loads one policy as the operand of a question: 125 for whatever is wrong with it. */
int rf_policy_args_load_one(struct rf_policy **ret, const struct rf_policy_args *args,
			    const char *name);

int rf_policy_cmd_check(int argc, char **argv);
int rf_policy_cmd_show(int argc, char **argv);
int rf_policy_cmd_compile(int argc, char **argv);
int rf_policy_cmd_schema(int argc, char **argv);
int rf_policy_cmd_diff(int argc, char **argv);
int rf_policy_cmd_replay(int argc, char **argv);
int rf_policy_cmd_replace(int argc, char **argv);
int rf_policy_cmd_import(int argc, char **argv);
int rf_policy_cmd_export(int argc, char **argv);

/* Prints a composed policy for people. Returns 0 or a negative errno. */
int rf_policy_print(const struct rf_policy *policy, struct rf_err *err);

#endif
