/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence oci hook`: what a container runtime calls before a container's payload runs, and after
 * the container is gone. See docs/containers.md.
 *
 * Whatever goes wrong refuses the container. The reason goes to standard error and to the system's
 * log, because some runtimes throw a hook's output away.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/oci.h"
#include "cli/oci_log.h"
#include "cli/oci_policy.h"
#include "cli/run_words.h"
#include "sandbox/audit/live.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/log.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/oci_arm.h"
#include "sandbox/launch/oci_config.h"
#include "sandbox/launch/oci_record.h"
#include "sandbox/launch/oci_state.h"

/* Less than the time-out in the files that `oci install` writes, so that the reason is ours. */
#define DEADLINE_S 25
#define TOO_LATE   "not done after 25 seconds"

static const char usage[] =
	"usage: ringfence oci hook [--policy NAME [--exempt NAMESPACE]...]\n"
	"\n"
	"Reads a container's state from standard input, as OCI runtimes give it to hooks. At\n"
	"createRuntime the container's cgroup is armed: everything that execs in it from then on is\n"
	"in the fence. At poststop what was armed is taken back.\n"
	"\n"
	"  --policy NAME       for containers without annotation ringfence.policy\n"
	"  --exempt NAMESPACE  but not for pods of this namespace of Kubernetes\n"
	"\n"
	"Exit status: 0 done, or nothing to do; 1 refused, with the reason on standard error and in\n"
	"the system's log; 2 usage.\n";

static const char gc_usage[] =
	"usage: ringfence oci gc\n"
	"\n"
	"Takes away what containers left in the kernel and on disk that are gone, and what hooks left\n"
	"that were killed. A cgroup that still holds processes stays armed.\n"
	"\n"
	"Exit status: 0 done, with the number of what was removed; 2 usage; 125 failure.\n";

/* Namespaces that --policy is not for. */
#define EXEMPT_MAX 32

struct options {
	const char *policy;
	const char *exempt[EXEMPT_MAX];
	size_t n_exempt;
};

static void give_up(int sig RF_UNUSED)
{
	rf_oci_log_late();
	_exit(RF_EXIT_NO);
}

static void set_deadline(void)
{
	struct sigaction action = {.sa_handler = give_up};

	rf_oci_log_open();
	rf_oci_log_prepare("oci hook: " TOO_LATE);
	(void)sigaction(SIGALRM, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)alarm(DEADLINE_S);
}

static int refuse(const char *id, const struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(4096);
	struct rf_err told = *err;

	(void)rf_err_wrap(&told, told.code, "container %.64s", id);
	(void)rf_cmd_fail(RF_EXIT_NO, &told);
	(void)rf_str_add_printable(&text, rf_err_text(&told));
	rf_oci_log(rf_str_text(&text));
	return RF_EXIT_NO;
}

/* For who reads the container's events. Without the words events have numbers. */
static void leave_words(const struct rf_policy *policy)
{
	RF_CLEANUP(rf_wordbook_done) struct rf_wordbook book = {0};

	if (rf_words_fill(&book, policy, NULL) < 0 || rf_words_publish(&book, policy, NULL) < 0)
		rf_log_debug("no words for policy %s", policy->sha256);
}

static int create(const struct rf_oci_state *state, const char *name, struct rf_err *err)
{
	RF_CLEANUP(rf_oci_cgroup_done) struct rf_oci_cgroup cgroup = RF_OCI_CGROUP_INIT;
	RF_CLEANUP(rf_oci_config_done) struct rf_oci_config config = {.uid = 0};
	struct rf_policy *policy = NULL;
	char pod[80];
	struct rf_oci_container container = {.id = state->id, .pod = pod, .cgroup = &cgroup};
	int r = rf_oci_cgroup_find(&cgroup, state->pid, err);

	rf_oci_state_pod(state, pod, sizeof(pod));
	if (r == 0)
		r = rf_oci_config_read(&config, state->bundle, err);
	if (r == 0)
		r = rf_oci_policy_load(&policy, name, &config, err);
	if (r == 0)
		r = rf_oci_config_check(&config, policy, err);
	container.policy = policy;
	container.world = rf_oci_config_world(&config);
	container.bundle = state->bundle;
	if (r == 0)
		r = rf_oci_arm(&container, err);
	if (r == 0)
		leave_words(policy);
	(void)rf_policy_free(policy);
	if (r == 0)
		(void)rf_readers_close(
			rf_readers_open(RF_READERS_DIR)); /* they look for sandboxes anew */
	return r;
}

/* Runtimes call it twice, late, or never, and nobody could act on a failure. */
static void remove_container(const struct rf_oci_state *state)
{
	struct rf_err err = RF_ERR_INIT;
	unsigned busy = 0;

	if (rf_oci_disarm(state->id, &busy, &err) < 0)
		(void)refuse(state->id, &err);
	if (busy) {
		(void)rf_err_set(&err, -EBUSY,
				 "its cgroup still holds processes, which stay fenced");
		(void)refuse(state->id, &err);
	}
}

/* What a container gets that asks for nothing. */
static const char *default_policy(const struct rf_oci_state *state, const struct options *options)
{
	for (size_t i = 0; i < options->n_exempt; i++)
		if (rf_oci_state_in_namespace(state, options->exempt[i]))
			return NULL;
	return options->policy;
}

static void name_the_late(const char *id)
{
	char text[RF_OCI_ID_MAX + 64];

	(void)snprintf(text, sizeof(text), "container %s: " TOO_LATE, id);
	rf_oci_log_prepare(text);
}

/*
 * runc restores a container from a checkpoint as one that is stopped and has a process. It goes on
 * where it was: it never execs, so nothing would take it into the fence.
 */
static int refuse_restored(struct rf_err *err)
{
	return rf_err_set(err, -EOPNOTSUPP,
			  "it is restored from a checkpoint, so it never execs, which the fence "
			  "waits for; start it anew");
}

static int act(const struct rf_oci_state *state, const struct options *options, struct rf_err *err)
{
	const bool stopped = rf_str_eq(state->status, "stopped");
	const char *name = NULL;
	int r;

	name_the_late(state->id);
	if (stopped)
		remove_container(state);
	if (stopped && !state->pid)
		return 0;
	if (!stopped && !rf_str_eq(state->status, "creating") &&
	    !rf_str_eq(state->status, "created"))
		return rf_err_set(err, -EINVAL,
				  "the container is %.32s; the hook belongs to createRuntime and "
				  "poststop",
				  state->status);
	r = rf_oci_state_policy(state, default_policy(state, options), &name, err);
	if (r < 0 || !name)
		return r;
	return stopped ? refuse_restored(err) : create(state, name, err);
}

/* -1: go on; else the exit status. */
static int parse(struct options *ret, int argc, char **argv)
{
	static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
						{"exempt", required_argument, NULL, 'e'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "p:h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return RF_EXIT_OK;
		}
		if ((option != 'p' && option != 'e') || !*optarg)
			return rf_cmd_usage("oci hook: unknown option %s", argv[optind - 1]);
		if (option == 'p')
			ret->policy = optarg;
		else if (ret->n_exempt < EXEMPT_MAX)
			ret->exempt[ret->n_exempt++] = optarg;
		else
			return rf_cmd_usage("oci hook: more than %d --exempt", EXEMPT_MAX);
	}
	if (optind < argc)
		return rf_cmd_usage("oci hook takes no argument: %s", argv[optind]);
	if (ret->n_exempt && !ret->policy)
		return rf_cmd_usage("oci hook: --exempt goes with --policy");
	return -1;
}

int rf_oci_cmd_hook(int argc, char **argv)
{
	RF_CLEANUP(rf_oci_state_done) struct rf_oci_state state = {.pid = 0};
	struct options options = {.policy = NULL};
	RF_AUTOFREE char *text = NULL;
	struct rf_err err = RF_ERR_INIT;
	size_t len = 0;
	int r = parse(&options, argc, argv);

	if (r >= 0)
		return r;
	set_deadline();
	r = rf_fd_read_all(STDIN_FILENO, RF_OCI_STATE_MAX, &text, &len, &err);
	if (r < 0)
		(void)rf_err_wrap(&err, r, "the state on standard input");
	if (r == 0)
		r = rf_oci_state_parse(&state, text, len, &err);
	if (r == 0)
		r = act(&state, &options, &err);
	return r < 0 ? refuse(state.id ? state.id : "(unknown)", &err) : RF_EXIT_OK;
}

int rf_oci_cmd_gc(int argc, char **argv)
{
	struct rf_err err = RF_ERR_INIT;
	unsigned n = 0;

	if (argc == 2 && (rf_str_eq(argv[1], "--help") || rf_str_eq(argv[1], "-h"))) {
		fputs(gc_usage, stdout);
		return RF_EXIT_OK;
	}
	if (argc > 1)
		return rf_cmd_usage("oci gc takes no argument: %s", argv[1]);
	if (rf_oci_collect(&n, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	/* A slot whose hook died may have been given out again: then only its file is left. */
	rf_oci_record_collect();
	printf("%u removed\n", n);
	return RF_EXIT_OK;
}
