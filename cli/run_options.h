/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of `run`, as they were given: parsed and checked one by one, nothing looked up yet.
 */
#ifndef RF_CLI_RUN_OPTIONS_H
#define RF_CLI_RUN_OPTIONS_H

#include "cli/run_events.h"
#include "cli/run_loss.h"
#include "sandbox/launch/launch.h"

struct rf_run_options {
	const char **policies; /* -p */
	size_t n_policies;
	const char **sets; /* --set */
	size_t n_sets;
	const char **env; /* --env */
	size_t n_env;
	struct rf_extra_rule *extra; /* --allow, --deny */
	size_t n_extra;
	int keep_fds[RF_KEEP_MAX]; /* --keep-fd */
	size_t n_keep_fds;
	const char *mode;    /* --mode: NULL, "enforce" or "audit" */
	const char *need;    /* --need: NULL, "must" or "should" */
	const char *events;  /* --events */
	const char *report;  /* --report */
	const char *user;    /* --user */
	const char *workdir; /* --workdir */
	const char *name;    /* --name */
	enum rf_summary_mode summary;
	enum rf_on_loss on_loss;
	uint64_t timeout_ns;
	bool clear_env, stacks, plan, help;
	char *const *command; /* CMD and its arguments; NULL-terminated */
};

/*
 * argv[0] is the command's name. Returns RF_EXIT_OK, or a status with the reason told. Whatever the
 * answer, ret is released with rf_run_options_done.
 */
int rf_run_options_parse(struct rf_run_options *ret, int argc, char **argv);
void rf_run_options_done(struct rf_run_options *options);

#endif
