/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the policy of a run. See run_load.h. */
#include "cli/run_load.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/policy.h"
#include "cli/variables.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/problem.h"

/* The kernel's own name of the directory: patterns are matched against that. */
static int resolve_workdir(char **ret, const char *path, struct rf_err *err)
{
	RF_AUTOFREE char *resolved = realpath(path, NULL);

	if (!resolved)
		return rf_err_sys(err, -errno, "--workdir %s", path);
	*ret = RF_TAKE_PTR(resolved);
	return 0;
}

static int build_env(struct rf_run_subject *subject, const struct rf_run_options *o,
		     struct rf_env *ret, struct rf_err *err)
{
	const struct rf_env_options options = {
		.inherited = environ,
		.clear = o->clear_env,
		.extra = o->env,
		.n_extra = o->n_env,
		.user = subject->has_user ? &subject->user : NULL,
	};

	return rf_env_build(ret, &options, subject->policy, err);
}

static void fill_options(struct rf_load_options *ret, const struct rf_run_options *o)
{
	*ret = (struct rf_load_options){
		.root = "/",
		.extra = o->extra,
		.n_extra = o->n_extra,
		.force_mode = o->mode,
		.audit_mode = rf_str_eq(o->mode, "audit"),
		.force_need = o->need,
		.need = rf_str_eq(o->need, "should") ? RF_NEED_SHOULD : RF_NEED_MUST,
	};
}

/* Where the caller's own policies are depends on the caller, not on the command's environment. */
static int find_search_dir(char **ret, struct rf_err *err)
{
	return rf_variables_config_dir(ret, getuid(), environ, err);
}

static bool lack_variables(const struct rf_problems *problems)
{
	for (size_t i = 0; i < problems->n; i++)
		if (strstr(problems->items[i].text, "} is not set"))
			return true;
	return false;
}

int rf_run_policy_load(struct rf_policy **ret, const struct rf_run_options *o,
		       const struct rf_run_place *place, struct rf_form *form)
{
	RF_CLEANUP(rf_variables_done) struct rf_variables variables = {0};
	RF_AUTOFREE char *search_dir = NULL;
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	struct rf_load_options options;
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT, cause = RF_ERR_INIT;
	int r;

	fill_options(&options, o);
	r = rf_variables_collect(&variables, place->uid, place->env, place->cwd, o->sets, o->n_sets,
				 &err);
	if (r == 0)
		r = find_search_dir(&search_dir, &err);
	if (r < 0)
		return rf_cmd_fail(r == -EINVAL ? RF_EXIT_USAGE : RF_EXIT_FAILED, &err);
	rf_variables_apply(&variables, &options);
	options.user_config_dir = search_dir;
	options.search_user = search_dir;
	if (form)
		r = rf_form_load(form, &policy, o->policies, o->n_policies, &options, &problems,
				 &err);
	else
		r = rf_policy_load(&policy, o->policies, o->n_policies, &options, &problems, &err);
	if (r == -EINVAL && lack_variables(&problems) && rf_variables_lack_cwd(&variables, &cause))
		return rf_cmd_fail(RF_EXIT_FAILED, &cause);
	if (r < 0 && r == -EINVAL && rf_problems_errors(&problems)) {
		rf_policy_tell(&problems);
		return RF_EXIT_FAILED;
	}
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	*ret = policy;
	return RF_EXIT_OK;
}

static int load_once(struct rf_run_subject *subject, const struct rf_run_options *o,
		     const struct rf_env *env)
{
	const struct rf_run_place place = {
		.uid = subject->has_user ? subject->user.uid : getuid(),
		.env = env->list,
		.cwd = subject->cwd,
	};
	struct rf_policy *policy = NULL;
	struct rf_form form = {.key = ""};
	int status = rf_run_policy_load(&policy, o, &place, &form);

	if (status != RF_EXIT_OK)
		rf_form_done(&form);
	if (status != RF_EXIT_OK)
		return status;
	rf_form_done(&subject->form);
	subject->form = form;
	subject->policy = rf_policy_free(subject->policy);
	subject->policy = policy;
	return RF_EXIT_OK;
}

static int load_settled(struct rf_run_subject *subject, const struct rf_run_options *o)
{
	RF_CLEANUP(rf_env_done) struct rf_env before = {0};
	struct rf_err err = RF_ERR_INIT;
	int r = build_env(subject, o, &before, &err), status;

	if (r < 0)
		return rf_cmd_fail(r == -EINVAL ? RF_EXIT_USAGE : RF_EXIT_FAILED, &err);
	status = load_once(subject, o, &before);
	for (int i = 0; status == RF_EXIT_OK && i < 2; i++) {
		rf_env_done(&subject->env);
		if (build_env(subject, o, &subject->env, &err) < 0)
			return rf_cmd_fail(RF_EXIT_FAILED, &err);
		if (rf_env_is_same_for_policies(&before, &subject->env))
			return RF_EXIT_OK;
		rf_env_done(&before);
		if (build_env(subject, o, &before, &err) < 0)
			return rf_cmd_fail(RF_EXIT_FAILED, &err);
		status = load_once(subject, o, &before);
	}
	if (status == RF_EXIT_OK) {
		rf_err_set(&err, -ELOOP,
			   "policy %s sets a variable of the environment to its own value",
			   subject->policy->name);
		status = rf_cmd_fail(RF_EXIT_FAILED, &err);
	}
	return status;
}

int rf_run_subject_load(struct rf_run_subject *ret, const struct rf_run_options *o)
{
	struct rf_err err = RF_ERR_INIT;
	int r = 0;

	if (o->user)
		r = rf_user_parse(&ret->user, o->user, &err);
	ret->has_user = o->user && r == 0;
	if (r == 0 && o->workdir)
		r = resolve_workdir(&ret->cwd, o->workdir, &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	return load_settled(ret, o);
}

void rf_run_subject_done(struct rf_run_subject *subject)
{
	rf_user_done(&subject->user);
	free(subject->cwd);
	rf_env_done(&subject->env);
	rf_form_done(&subject->form);
	(void)rf_policy_free(subject->policy);
	memset(subject, 0, sizeof(*subject));
}
