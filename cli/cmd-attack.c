/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence attack -p POLICY`: try to escape from the fence that the policy makes on this machine.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/attack_print.h"
#include "cli/cmd.h"
#include "cli/run_choose.h"
#include "cli/run_load.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

/* Fewer attempts that were really held say nothing about a fence. */
#define HELD_MIN 20

/* The attempts end by themselves before that. */
#define TIMEOUT_NS (50 * RF_NS_PER_SEC)

static const char usage[] =
	"usage: ringfence attack -p POLICY... [--set NAME=VALUE]... [--json]\n"
	"\n"
	"Tries to escape from the fence that the policies make together, here and now, by attempts\n"
	"that are harmless if they succeed. One line each:\n"
	"\n"
	"  ok|FAIL|n/a ID EXPECTED GOT DESCRIPTION\n"
	"\n"
	"EXPECTED is what `ringfence why` says. n/a: the policy allows it, or it is not enforced or\n"
	"cannot be tried here. The last line is `N held, N failed, N n/a`.\n"
	"Exit status: 0 all held; 1 something failed, or fewer than 20 held; 2 usage; 125 the\n"
	"attempts could not be made.\n";

/* A policy, and what would hold it here. */
struct side {
	struct rf_run_options options;
	struct rf_run_subject subject;
	struct rf_run_choice choice;
};

/*
 * --expect, which tests of this command use: the fence is that of -p, the expectations are those of
 * another policy. So every attempt is seen to fail where nothing holds it.
 */
struct context {
	struct side fence, expect;
	struct rf_inherited inherited;
	struct rf_image *image; /* of what is expected */
	bool json;
};

static const struct side *expected(const struct context *c)
{
	return c->expect.options.n_policies ? &c->expect : &c->fence;
}

static int parse(struct context *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'}, {"set", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},	  {"help", no_argument, NULL, 'h'},
		{"expect", required_argument, NULL, 'e'}, {NULL, 0, NULL, 0},
	};
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":p:h", options, NULL)) != -1) {
		if (option == 'p')
			c->fence.options.policies[c->fence.options.n_policies++] = optarg;
		else if (option == 'e')
			c->expect.options.policies[c->expect.options.n_policies++] = optarg;
		else if (option == 's')
			c->fence.options.sets[c->fence.options.n_sets++] = optarg;
		else if (option == 'j')
			c->json = true;
		else if (option == 'h')
			c->fence.options.help = true;
		else if (option == ':')
			return rf_cmd_usage("attack: the option %s needs a value",
					    argv[optind - 1]);
		else
			return rf_cmd_usage("unknown option %s of `attack`; `ringfence attack "
					    "--help` tells more",
					    argv[optind - 1]);
	}
	if (c->fence.options.help)
		return RF_EXIT_OK;
	if (optind < argc)
		return rf_cmd_usage("attack takes no command, but %s was given", argv[optind]);
	if (!c->fence.options.n_policies)
		return rf_cmd_usage("attack needs a policy (-p); `ringfence attack --help` tells "
				    "more");
	return RF_EXIT_OK;
}

static void tell_weakness(const struct context *c)
{
	size_t n = rf_selection_refused(&c->fence.choice.selection);

	if (n)
		fprintf(stderr,
			"ringfence: %zu %s of policy %s cannot be enforced here, so `run` would "
			"start nothing under it; the attempts ask about the rest\n",
			n, n == 1 ? "item" : "items", c->fence.subject.policy->name);
}

static int tell_end(const struct rf_outcome *outcome, struct rf_err *err)
{
	if (outcome->end == RF_END_EXITED && outcome->value == 0)
		return RF_EXIT_OK;
	if (outcome->end == RF_END_TIMEOUT)
		return RF_EXIT_OK; /* each attempt that did not come to its turn says so */
	if (outcome->end == RF_END_EXITED)
		rf_err_set(err, -ECHILD, "the attempts ended early, with status %d",
			   outcome->value);
	else if (outcome->end == RF_END_SIGNALED)
		rf_err_set(err, -ECHILD, "the attempts were ended by signal %d", outcome->value);
	return rf_cmd_fail(RF_EXIT_FAILED, err);
}

static void launch(struct context *c, struct rf_scene *scene, struct rf_outcome *outcome,
		   struct rf_err *err)
{
	const struct rf_payload payload = {.run = rf_attack_fenced, .data = scene};
	struct rf_request request = {
		.policy = c->fence.subject.policy,
		.selection = &c->fence.choice.selection,
		.site = c->fence.choice.site.parent_fd >= 0 ? &c->fence.choice.site : NULL,
		.inherited = &c->inherited,
		.payload = &payload,
		.env = &c->fence.subject.env,
		.cwd = ".",
		.timeout_ns = TIMEOUT_NS,
		.name = "attack",
		.audit_mode = c->fence.subject.policy->mode == RF_MODE_AUDIT,
	};

	request.n_keep_fds = rf_scene_given(scene, request.keep_fds, RF_KEEP_MAX);
	rf_launch_run(&request, outcome, err);
}

static int choose(struct context *c, struct rf_err *err)
{
	int r = rf_run_choose(&c->fence.choice, c->fence.subject.policy, err);

	if (r == 0 && expected(c) == &c->expect)
		r = rf_run_choose(&c->expect.choice, c->expect.subject.policy, err);
	return r;
}

static int print(const struct context *c, const struct rf_scene *scene)
{
	struct rf_attack_totals totals;
	struct rf_err err = RF_ERR_INIT;

	if (rf_attack_print(scene, c->json, &totals) < 0) {
		rf_err_set(&err, -EIO, "the results cannot be printed");
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	}
	return totals.n[RF_SCORE_FAIL] || totals.n[RF_SCORE_OK] < HELD_MIN ? RF_EXIT_NO
									   : RF_EXIT_OK;
}

static int attack(struct context *c, bool *again)
{
	RF_CLEANUP(rf_scene_done) struct rf_scene scene = {.image = c->image};
	struct rf_err err = RF_ERR_INIT;
	struct rf_outcome outcome;
	int status;

	*again = false;
	if (choose(c, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	scene.policy = expected(c)->subject.policy;
	scene.selection = &expected(c)->choice.selection;
	scene.has_cgroup = c->fence.choice.site.parent_fd >= 0;
	if (rf_scene_make(&scene, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	launch(c, &scene, &outcome, &err);
	*again = rf_run_choose_without(&c->fence.choice, &outcome, &err);
	if (*again)
		return RF_EXIT_OK;
	tell_weakness(c);
	status = tell_end(&outcome, &err);
	return status == RF_EXIT_OK ? print(c, &scene) : status;
}

static int run(struct context *c)
{
	struct rf_err err = RF_ERR_INIT;
	bool again = true;
	int status = rf_run_subject_load(&c->fence.subject, &c->fence.options);

	if (status == RF_EXIT_OK && expected(c) == &c->expect)
		status = rf_run_subject_load(&c->expect.subject, &c->expect.options);
	if (status == RF_EXIT_OK && rf_image_make(&c->image, expected(c)->subject.policy, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	while (status == RF_EXIT_OK && again)
		status = attack(c, &again);
	return status;
}

static bool side_init(struct side *side, int argc)
{
	side->options.policies = calloc((size_t)argc + 1, sizeof(*side->options.policies));
	side->options.sets = calloc((size_t)argc + 1, sizeof(*side->options.sets));
	return side->options.policies && side->options.sets;
}

static void side_done(struct side *side)
{
	rf_run_choice_done(&side->choice);
	rf_run_subject_done(&side->subject);
	free(side->options.policies);
	free(side->options.sets);
}

int main(int argc, char **argv)
{
	struct context c = {.fence.choice = RF_RUN_CHOICE_INIT,
			    .expect.choice = RF_RUN_CHOICE_INIT};
	int status = RF_EXIT_FAILED;

	rf_cmd_begin();
	rf_inherited_take(&c.inherited);
	if (side_init(&c.fence, argc) && side_init(&c.expect, argc))
		status = parse(&c, argc, argv);
	if (status == RF_EXIT_OK && c.fence.options.help)
		fputs(usage, stdout);
	else if (status == RF_EXIT_OK)
		status = run(&c);
	(void)rf_image_free(c.image);
	side_done(&c.fence);
	side_done(&c.expect);
	return status;
}
