/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence exec`: run one more command in a running sandbox, as its session `exec`.
 *
 * The policy is loaded as the sandbox's was and must still be the same one; what the kernel holds
 * for the sandbox (its cgroup, its programs) holds the new command too, and the rest is put on it
 * as on the first.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/run_recipe.h"
#include "lsm/rules.h"
#include "sandbox/audit/history.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/found.h"
#include "sandbox/launch/select.h"
#include "sandbox/launch/service_client.h"

static const char usage[] =
	"usage: ringfence exec SANDBOX [--] COMMAND [ARGUMENT...]\n"
	"\n"
	"Runs COMMAND in the running sandbox with this id or name, under the same policy.\n"
	"\n"
	"Exit status: the command's own; 128+N when a signal ended it; 2 wrong options or arguments; 125\n"
	"ringfence failed and nothing was started; 126 not executable; 127 not found.\n";

struct context {
	struct rf_found found;
	struct rf_recipe *recipe;
	struct rf_policy *policy;
	struct rf_user user;
	bool has_user;
	struct rf_env env;
	struct rf_selection selection;
	struct rf_inherited inherited;
};

/* Was its policy replaced? Then the recipe of the one that it has now. */
static void take_present_policy(struct rf_found *found, char **recipe)
{
	RF_CLEANUP(rf_lsm_closep) struct rf_lsm *lsm = NULL;
	json_t *line = NULL;
	const char *sha256;
	uint32_t slot;
	char *text;

	if (rf_lsm_open(&lsm, NULL) == 0 && rf_fence_find(lsm, found->id, &slot) == 0)
		line = rf_history_line(found->id, rf_fence_at(lsm, slot)->policy_gen);
	sha256 = json_string_value(json_object_get(line, "sha256"));
	text = json_dumps(json_object_get(line, "recipe"), JSON_COMPACT);
	if (sha256 && text) {
		(void)snprintf(found->sha256, sizeof(found->sha256), "%s", sha256);
		free(*recipe);
		*recipe = RF_TAKE_PTR(text);
	}
	free(text);
	json_decref(line);
}

static int find(struct context *c, const char *name, struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL;
	const char *user;
	int r = rf_record_find(&c->found, name, err);

	if (r == 0)
		r = rf_record_recipe(&c->found, &text, err);
	/* Its namespaces are the engine's to enter; whoever execs in its cgroup is in the fence. */
	if (r == 0 && rf_str_has_prefix(text, "{\"container\":"))
		r = rf_err_set(err, -EOPNOTSUPP,
			       "sandbox %s is a container; run the command with its engine (podman "
			       "exec, crun exec, ...), and the fence holds it too",
			       c->found.name);
	if (r < 0)
		return r;
	take_present_policy(&c->found, &text);
	r = rf_recipe_parse(&c->recipe, text, err);
	if (r < 0)
		return r;
	user = rf_recipe_user(c->recipe);
	if (user) {
		r = rf_user_parse(&c->user, user, err);
		c->has_user = r == 0;
	}
	return r;
}

/* Names of policies count from where the sandbox was started. */
static int load(struct context *c)
{
	const char *from = rf_recipe_from(c->recipe);
	struct rf_err err = RF_ERR_INIT;
	int status;

	if (from && chdir(from) < 0) {
		rf_err_sys(&err, -errno, "cannot enter %s, where the sandbox was started", from);
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	}
	status = rf_recipe_load(c->recipe, c->has_user ? c->user.uid : getuid(), &c->policy);
	if (status != RF_EXIT_OK)
		return status;
	if (!rf_str_eq(c->policy->sha256, c->found.sha256)) {
		rf_err_set(&err, -ESTALE,
			   "policy %s is no longer the one that sandbox %s was started with",
			   c->policy->name, c->found.name);
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	}
	return RF_EXIT_OK;
}

static bool has_sys_admin(void)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;
	bool has = caps && cap_get_flag(caps, CAP_SYS_ADMIN, CAP_EFFECTIVE, &value) == 0 &&
		   value == CAP_SET;

	(void)cap_free(caps);
	return has;
}

static int choose(struct context *c, struct rf_err *err)
{
	uint64_t hard[RLIM_NLIMITS];
	/* What limits the sandbox's cgroup was decided when it was made. */
	const struct rf_facts facts = {
		.has_cgroup = c->found.cgroup_path[0],
		.why_none = "the sandbox has none",
		.controllers = RF_CONTROLLER_MEMORY | RF_CONTROLLER_PIDS | RF_CONTROLLER_CPU,
		.sys_admin = has_sys_admin(),
		.as_user = geteuid() == 0 && c->has_user && c->user.uid != 0,
		.hard = hard,
	};
	const struct rf_env_options options = {.inherited = environ,
					       .user = c->has_user ? &c->user : NULL};
	bool service = rf_recipe_service(c->recipe);
	int r;

	rf_hard_limits(hard);
	if (service)
		rf_service_allow();
	r = rf_select(&c->selection, c->policy, rf_candidates, &facts, err);
	/* Beside the sandbox is not in it. */
	if (r == 0 && service && !rf_service_chosen(&c->selection))
		r = rf_err_set(err, -ENOTCONN,
			       "sandbox %s is kept by the service, which does not answer now",
			       c->found.name);
	if (r == 0 && rf_selection_refused(&c->selection))
		r = rf_err_set(err, -EOPNOTSUPP,
			       "policy %s cannot be enforced on a further command of sandbox %s",
			       c->policy->name, c->found.name);
	return r < 0 ? r : rf_env_build(&c->env, &options, c->policy, err);
}

static int launch(struct context *c, char *const *argv)
{
	const char *cwd = rf_recipe_cwd(c->recipe);
	const struct rf_request request = {
		.policy = c->policy,
		.selection = &c->selection,
		.inherited = &c->inherited,
		.argv = argv,
		.env = &c->env,
		.cwd = cwd,
		.change_dir = cwd,
		.user = c->has_user && geteuid() == 0 ? &c->user : NULL,
		.join = &c->found,
		.name = c->found.name,
		.audit_mode = c->policy->mode == RF_MODE_AUDIT,
	};
	struct rf_err err = RF_ERR_INIT;
	struct rf_outcome outcome;

	rf_launch_run(&request, &outcome, &err);
	if (outcome.end == RF_END_EXITED)
		return outcome.value;
	if (outcome.end == RF_END_SIGNALED)
		return RF_EXIT_SIGNAL + outcome.value;
	return rf_cmd_fail(outcome.end == RF_END_NO_EXEC ? outcome.value : RF_EXIT_FAILED, &err);
}

static int run(struct context *c, const char *name, char *const *argv)
{
	struct rf_err err = RF_ERR_INIT;
	int status;

	if (find(c, name, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	status = load(c);
	if (status != RF_EXIT_OK)
		return status;
	if (choose(c, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	return launch(c, argv);
}

int rf_cmd_exec(int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct context c = {0};
	int option, command, status;

	rf_inherited_take(&c.inherited);
	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (option != 'h')
			return rf_cmd_usage("exec: unknown option %s", argv[optind - 1]);
		fputs(usage, stdout);
		return RF_EXIT_OK;
	}
	command = optind + 1;
	if (command < argc && rf_str_eq(argv[command], "--"))
		command++;
	if (command >= argc)
		return rf_cmd_usage("exec takes a sandbox and a command; `ringfence exec --help` "
				    "tells more");
	status = run(&c, argv[optind], argv + command);
	rf_selection_done(&c.selection);
	rf_env_done(&c.env);
	rf_user_done(&c.user);
	(void)rf_policy_free(c.policy);
	(void)rf_recipe_free(c.recipe);
	return status;
}
