/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence policy replace`: another policy for a running sandbox, at one moment for all of it.
 *
 * Everything that can fail is done before that moment; what is told after it changes nothing.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/replace_print.h"
#include "cli/replace_subject.h"
#include "cli/run_words.h"
#include "sandbox/base/fd.h"
#include "sandbox/launch/fixed_part.h"
#include "sandbox/launch/replace.h"
#include "sandbox/launch/report.h"

/* What the list of open things may take; a sandbox with a million descriptors is told in part. */
#define OPEN_MAX_BYTES ((size_t)32 << 20)

/* Processes that are killed may be in the middle of a fork: looked for so many times. */
#define KILL_ROUNDS 20

static const char usage[] =
	"usage: ringfence policy replace [--kill] [--plan] [--json] [--set VAR=VALUE]... SANDBOX "
	"POLICY...\n"
	"\n"
	"Puts the policies, united, in place of what the running sandbox (its id, its name, or the\n"
	"container's id) has, tighter or looser, at one moment for all of its processes. What a\n"
	"process is given for life stays: its system call filter, dropped capabilities, limits,\n"
	"environment, the cgroup's resources. A policy that needs another (`must`) is refused.\n"
	"\n"
	"The new policy judges every access that asks the kernel from then on. What is open or mapped\n"
	"stays; what of it the new policy denies is listed.\n"
	"\n"
	"  --kill   end the processes that hold what the new policy denies\n"
	"  --plan   tell what would happen, and change nothing\n"
	"  --json   one JSON object instead of lines\n"
	"\n"
	"Exit status: 0 done; 2 usage; 125 failure, and the old policy stays.\n";

struct options {
	bool kill, plan, json;
	const char **sets;
	size_t n_sets;
};

struct context {
	const struct options *options;
	struct rf_replace_subject subject;
	struct rf_wordbook words;
	struct rf_image *image;
	struct rf_asker *asker;
	struct rf_lsm *lsm;
	struct rf_selection selection;
	struct rf_replace_result result;
	size_t n_seen; /* holders of this round */
};

/* Tells what cannot be had, line by line. */
static int refuse(const struct context *c)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(RF_REPORT_MAX);
	struct rf_err err = RF_ERR_INIT;

	(void)rf_report_text(&text, &c->selection, RF_REPORT_REFUSED);
	(void)rf_err_set(&err, -EOPNOTSUPP,
			 "policy %s needs what a running process cannot be given, so sandbox %s "
			 "keeps the policy that it has:",
			 c->subject.policy->name, c->subject.found.name);
	(void)rf_cmd_fail(RF_EXIT_FAILED, &err);
	(void)!rf_fd_write_all(STDERR_FILENO, rf_str_text(&text), text.len, NULL);
	return RF_EXIT_FAILED;
}

static int note(void *data, uint32_t gen, struct rf_err *err)
{
	const struct context *c = data;
	const struct rf_policy *policy = c->subject.policy;
	int r = rf_words_publish(&c->words, policy, err);

	return r < 0 ? r
		     : rf_history_add(c->subject.found.id, gen, policy->name, policy->sha256,
				      c->subject.recipe_text, err);
}

/* Everything that may fail. */
static int prepare(struct context *c, struct rf_err *err)
{
	const struct rf_policy *policy = c->subject.policy;
	int r = rf_image_make(&c->image, policy, err);

	if (r == 0)
		r = rf_words_fill(&c->words, policy, err);
	if (r == 0)
		r = rf_asker_new(&c->asker, policy, c->image, err);
	return r < 0 ? r : rf_fixed_judge(&c->selection, policy, c->subject.began, err);
}

static int replace(struct context *c, struct rf_err *err)
{
	const struct rf_replacement replacement = {
		.sandbox = c->subject.found.id,
		.policy = c->subject.policy,
		.image = c->image,
		.world = c->subject.world,
		.note = note,
		.data = c,
	};
	int r = rf_replace(c->lsm, &replacement, &c->result.gen, err);

	c->result.replaced = r == 0;
	return r;
}

static int take_holding(void *data, const struct rf_holding *holding, struct rf_err *err RF_UNUSED)
{
	struct context *c = data;
	bool killed = c->options->kill && !c->options->plan &&
		      syscall(SYS_pidfd_send_signal, holding->pidfd, SIGKILL, NULL, 0) == 0;

	c->n_seen++;
	c->result.n_killed += killed;
	if (rf_str_error(&c->result.open) == 0)
		rf_replace_add_open(&c->result, holding, c->options->json, killed);
	return 0;
}

static int count_holding(void *data, const struct rf_holding *holding, struct rf_err *err RF_UNUSED)
{
	struct context *c = data;

	c->n_seen++;
	(void)syscall(SYS_pidfd_send_signal, holding->pidfd, SIGKILL, NULL, 0);
	return 0;
}

/* A process that was just forked has what its parent had: looked for until nobody has it. */
static int kill_rest(struct context *c, struct rf_err *err)
{
	const struct timespec pause = {.tv_nsec = 50000000};
	size_t n;
	int r = 0;

	for (int i = 0; r == 0 && i < KILL_ROUNDS; i++) {
		(void)nanosleep(&pause, NULL);
		c->n_seen = 0;
		r = rf_holders_find(c->lsm, c->subject.found.id, c->asker, count_holding, c, &n,
				    err);
		if (r < 0 || c->n_seen == 0)
			return r;
	}
	return r < 0 ? r : rf_err_set(err, -EBUSY, "processes that were killed do not end");
}

static int tell_open(struct context *c, struct rf_err *err)
{
	size_t n;
	int r;

	rf_str_init(&c->result.open, OPEN_MAX_BYTES);
	r = rf_holders_find(c->lsm, c->subject.found.id, c->asker, take_holding, c, &n, err);
	return r == 0 && c->result.n_killed ? kill_rest(c, err) : r;
}

static int act(struct context *c)
{
	struct rf_err err = RF_ERR_INIT;
	int r = prepare(c, &err);

	if (r == 0 && rf_selection_refused(&c->selection))
		return refuse(c);
	c->result.sandbox_name = c->subject.found.name;
	c->result.sandbox = c->subject.found.id;
	c->result.policy = c->subject.policy->name;
	c->result.sha256 = c->subject.policy->sha256;
	c->result.selection = &c->selection;
	if (r == 0 && !c->options->plan)
		r = replace(c, &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	r = tell_open(c, &err);
	if (r == 0)
		r = rf_replace_print(&c->result, c->options->json, &err);
	if (r < 0) {
		(void)rf_err_wrap(&err, r,
				  c->result.replaced ? "the policy was replaced, but"
						     : "nothing was changed");
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	}
	return RF_EXIT_OK;
}

static int run(const struct options *options, const char *sandbox, const char *const *policies,
	       size_t n_policies)
{
	struct context c = {.options = options};
	struct rf_err err = RF_ERR_INIT;
	int r = rf_lsm_open(&c.lsm, &err), status;

	if (r < 0 && r != -ENOENT)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	status = rf_replace_subject_load(&c.subject, c.lsm, sandbox, policies, n_policies,
					 options->sets, options->n_sets);
	if (status == RF_EXIT_OK)
		status = act(&c);
	rf_str_done(&c.result.open);
	rf_selection_done(&c.selection);
	(void)rf_lsm_close(c.lsm);
	(void)rf_asker_free(c.asker);
	(void)rf_image_free(c.image);
	rf_wordbook_done(&c.words);
	rf_replace_subject_done(&c.subject);
	return status;
}

/* -1: go on; else the exit status. */
static int parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{"kill", no_argument, NULL, 'k'}, {"plan", no_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'}, {"set", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0},
	};
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return RF_EXIT_OK;
		}
		if (option == 'k')
			o->kill = true;
		else if (option == 'n')
			o->plan = true;
		else if (option == 'j')
			o->json = true;
		else if (option == 's')
			o->sets[o->n_sets++] = optarg;
		else if (option == ':')
			return rf_cmd_usage("the option %s needs a value", argv[optind - 1]);
		else
			return rf_cmd_usage("unknown option %s of `policy replace`",
					    argv[optind - 1]);
	}
	if (argc - optind < 2)
		return rf_cmd_usage("`policy replace` takes a sandbox and a policy; `ringfence "
				    "policy replace --help` tells more");
	return -1;
}

int rf_policy_cmd_replace(int argc, char **argv)
{
	RF_AUTOFREE const char **sets = calloc((size_t)argc + 1, sizeof(*sets));
	struct options options = {.sets = sets};
	struct rf_err err = RF_ERR_INIT;
	int status = sets ? parse(&options, argc, argv) : RF_EXIT_FAILED;

	if (status >= 0)
		return status;
	if (geteuid() != 0) {
		(void)rf_err_set(&err, -EPERM, "`policy replace` needs root");
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	}
	return run(&options, argv[optind], (const char *const *)argv + optind + 1,
		   (size_t)(argc - optind - 1));
}
