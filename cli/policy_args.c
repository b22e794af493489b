/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command that loads policies by name does alike: its arguments, loading, telling
 * problems.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/policy.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/env.h"
#include "sandbox/policy/problem.h"

#define LINE_MAX_BYTES 65536
#define SETTLES	       3 /* loads until a policy that sets its own variables is given up */

/* An argument of a system call may be negative: no option begins with a digit. */
static bool is_number(const char *word)
{
	return word && word[0] == '-' && word[1] >= '0' && word[1] <= '9';
}

int rf_policy_args_parse(struct rf_policy_args *ret, int argc, char **argv, const char *usage)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"set", required_argument, NULL, 's'},
		{"strict", no_argument, NULL, 'S'},
		{"json", no_argument, NULL, 'j'},
		{"sizes", no_argument, NULL, 'z'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	ret->names = calloc((size_t)argc + 1, sizeof(*ret->names));
	ret->sets = calloc((size_t)argc + 1, sizeof(*ret->sets));
	if (!ret->names || !ret->sets)
		return RF_EXIT_FAILED;
	optind = 0;
	opterr = 0;
	for (;;) {
		c = -1;
		if (!is_number(argv[optind ? optind : 1]))
			c = getopt_long(argc, argv, "+:p:h", options, NULL);
		optind = optind ? optind : 1;
		if (c == -1 && optind >= argc)
			break;
		if (c == -1) {
			ret->names[ret->n_names++] = argv[optind++];
			continue;
		}
		if (c == 'p')
			ret->names[ret->n_names++] = optarg;
		else if (c == 's')
			ret->sets[ret->n_sets++] = optarg;
		else if (c == 'S')
			ret->strict = true;
		else if (c == 'j')
			ret->json = true;
		else if (c == 'z')
			ret->sizes = true;
		else if (c == 'h')
			ret->help = true;
		else if (c == ':')
			return rf_cmd_usage("the option %s needs a value", argv[optind - 1]);
		else
			return rf_cmd_usage("unknown option %s of `%s%s`", argv[optind - 1],
					    rf_str_eq(argv[0], "why") ? "" : "policy ", argv[0]);
	}
	if (ret->help)
		fputs(usage, stdout);
	return RF_EXIT_OK;
}

void rf_policy_args_done(struct rf_policy_args *args)
{
	free(args->names);
	free(args->sets);
}

void rf_policy_tell(const struct rf_problems *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		RF_AUTOSTR struct rf_str raw = RF_STR_INIT(LINE_MAX_BYTES);
		RF_AUTOSTR struct rf_str line = RF_STR_INIT(4 * LINE_MAX_BYTES);

		rf_problem_format(&problems->items[i], &raw);
		rf_str_add(&line, "ringfence: ");
		rf_str_add_printable(&line, rf_str_text(&raw));
		rf_str_add(&line, "\n");
		(void)!rf_fd_write_all(STDERR_FILENO, rf_str_text(&line), line.len, NULL);
	}
}

static int load_once(struct rf_policy **ret, const struct rf_policy_args *args,
		     const char *const *names, size_t n_names, const struct rf_env *env,
		     struct rf_problems *problems)
{
	RF_CLEANUP(rf_variables_done) struct rf_variables variables = {0};
	RF_AUTOFREE char *search_dir = NULL;
	struct rf_load_options options = {.root = "/"};
	struct rf_err err = RF_ERR_INIT;
	int r;

	r = rf_variables_collect(&variables, getuid(), env->list, NULL, args->sets, args->n_sets,
				 &err);
	if (r == 0)
		r = rf_variables_config_dir(&search_dir, getuid(), environ, &err);
	if (r < 0)
		return rf_cmd_fail(r == -EINVAL ? RF_EXIT_USAGE : RF_EXIT_FAILED, &err);
	rf_variables_apply(&variables, &options);
	options.user_config_dir = search_dir;
	options.search_user = search_dir;
	r = rf_policy_load(ret, names, n_names, &options, problems, &err);
	if (r == 0)
		return RF_EXIT_OK;
	rf_policy_tell(problems);
	if (rf_problems_errors(problems) && r == -EINVAL)
		return RF_EXIT_NO;
	return rf_cmd_fail(RF_EXIT_FAILED, &err);
}

/* The environment that `run` would give a command under policy (NULL: not known yet). */
static int build_env(struct rf_env *ret, const struct rf_policy *policy)
{
	const struct rf_env_options options = {.inherited = environ};
	struct rf_err err = RF_ERR_INIT;
	int r = rf_env_build(ret, &options, policy, &err);

	return r < 0 ? rf_cmd_fail(RF_EXIT_FAILED, &err) : RF_EXIT_OK;
}

/* As `run` does (see run_load.h): else the answer would not be what happens there. */
int rf_policy_args_load(struct rf_policy **ret, const struct rf_policy_args *args,
			const char *const *names, size_t n_names, struct rf_problems *problems)
{
	RF_CLEANUP(rf_env_done) struct rf_env env = {0};
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;
	int status = build_env(&env, NULL);

	for (int i = 0; status == RF_EXIT_OK && i < SETTLES; i++) {
		RF_CLEANUP(rf_env_done) struct rf_env next = {0};

		policy = rf_policy_free(policy);
		rf_problems_done(problems);
		status = load_once(&policy, args, names, n_names, &env, problems);
		if (status == RF_EXIT_OK)
			status = build_env(&next, policy);
		if (status == RF_EXIT_OK && rf_env_is_same_for_policies(&env, &next)) {
			*ret = policy;
			return RF_EXIT_OK;
		}
		rf_env_done(&env);
		env = next;
		next = (struct rf_env){0};
	}
	if (status == RF_EXIT_OK) {
		rf_err_set(&err, -ELOOP,
			   "policy %s sets a variable of the environment to its own value",
			   policy->name);
		status = rf_cmd_fail(RF_EXIT_FAILED, &err);
	}
	(void)rf_policy_free(policy);
	return status;
}

int rf_policy_args_load_one(struct rf_policy **ret, const struct rf_policy_args *args,
			    const char *name)
{
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	int status = rf_policy_args_load(ret, args, &name, 1, &problems);

	return status == RF_EXIT_OK ? RF_EXIT_OK : RF_EXIT_FAILED;
}
