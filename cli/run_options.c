/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing the options of `run`. See run_options.h. */
#include "cli/run_options.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "sandbox/base/map_enum.h"
#include "sandbox/base/str.h"

/* Longest --name: it goes into paths' neighbours and records. */
#define NAME_MAX_LEN 63

#define FD_MAX (1u << 30)

RF_MAP_ENUM_DECLARE(summary_mode, enum rf_summary_mode)
RF_MAP_ENUM(summary_mode, enum rf_summary_mode, RF_SUMMARY_COUNT, "auto", "always", "never");

RF_MAP_ENUM_DECLARE(on_loss, enum rf_on_loss)
RF_MAP_ENUM(on_loss, enum rf_on_loss, RF_ON_LOSS_COUNT, "report", "freeze", "kill");

enum {
	OPT_MODE = 256,
	OPT_EVENTS,
	OPT_SUMMARY,
	OPT_REPORT,
	OPT_NEED,
	OPT_ALLOW,
	OPT_DENY,
	OPT_SET,
	OPT_USER,
	OPT_WORKDIR,
	OPT_ENV,
	OPT_CLEAR_ENV,
	OPT_KEEP_FD,
	OPT_TIMEOUT,
	OPT_NAME,
	OPT_ON_LOSS,
	OPT_STACKS,
	OPT_PLAN
};

static const struct option long_options[] = {
	{"policy", required_argument, NULL, 'p'},
	{"mode", required_argument, NULL, OPT_MODE},
	{"events", required_argument, NULL, OPT_EVENTS},
	{"summary", required_argument, NULL, OPT_SUMMARY},
	{"report", required_argument, NULL, OPT_REPORT},
	{"need", required_argument, NULL, OPT_NEED},
	{"allow", required_argument, NULL, OPT_ALLOW},
	{"deny", required_argument, NULL, OPT_DENY},
	{"set", required_argument, NULL, OPT_SET},
	{"user", required_argument, NULL, OPT_USER},
	{"workdir", required_argument, NULL, OPT_WORKDIR},
	{"env", required_argument, NULL, OPT_ENV},
	{"clear-env", no_argument, NULL, OPT_CLEAR_ENV},
	{"keep-fd", required_argument, NULL, OPT_KEEP_FD},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"name", required_argument, NULL, OPT_NAME},
	{"on-loss", required_argument, NULL, OPT_ON_LOSS},
	{"stacks", no_argument, NULL, OPT_STACKS},
	{"plan", no_argument, NULL, OPT_PLAN},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int take_word(const char **ret, const char *option, const char *value, const char *first,
		     const char *second)
{
	if (!rf_str_eq(value, first) && !rf_str_eq(value, second))
		return rf_cmd_usage("--%s %s is neither %s nor %s", option, value, first, second);
	*ret = value;
	return RF_EXIT_OK;
}

/* Descriptors are looked at before anything is opened: none of ours can be meant. */
static int take_keep_fd(struct rf_run_options *o, const char *value)
{
	uint64_t number;

	if (rf_parse_u64(value, FD_MAX, &number) < 0)
		return rf_cmd_usage("--keep-fd %s is not a descriptor's number", value);
	if (fcntl((int)number, F_GETFD) < 0)
		return rf_cmd_usage("--keep-fd %s: no such descriptor is open", value);
	if (number <= 2)
		return RF_EXIT_OK;
	if (o->n_keep_fds == RF_KEEP_MAX)
		return rf_cmd_usage("more than %d times --keep-fd", RF_KEEP_MAX);
	o->keep_fds[o->n_keep_fds++] = (int)number;
	return RF_EXIT_OK;
}

static int take_events(struct rf_run_options *o, const char *value)
{
	uint64_t number;

	o->events = value;
	if (!rf_str_has_prefix(value, "fd:"))
		return RF_EXIT_OK;
	if (rf_parse_u64(value + 3, FD_MAX, &number) < 0)
		return rf_cmd_usage("--events %s: no descriptor's number after fd:", value);
	if (fcntl((int)number, F_GETFD) < 0)
		return rf_cmd_usage("--events %s: no such descriptor is open", value);
	return RF_EXIT_OK;
}

static int take_name(struct rf_run_options *o, const char *value)
{
	size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789._-");

	if (!len || value[len] || len > NAME_MAX_LEN)
		return rf_cmd_usage("--name %s is not 1 to %d letters, digits, '.', '_', '-'",
				    value, NAME_MAX_LEN);
	o->name = value;
	return RF_EXIT_OK;
}

static int take_extra(struct rf_run_options *o, bool deny, const char *value)
{
	/* main() took one word off the command line before our argv begins. */
	o->extra[o->n_extra++] =
		(struct rf_extra_rule){.deny = deny, .text = value, .argv_index = (uint32_t)optind};
	return RF_EXIT_OK;
}

static int take_value(struct rf_run_options *o, int option, const char *value)
{
	switch (option) {
	case 'p':
		o->policies[o->n_policies++] = value;
		return RF_EXIT_OK;
	case OPT_SET:
		o->sets[o->n_sets++] = value;
		return RF_EXIT_OK;
	case OPT_ENV:
		o->env[o->n_env++] = value;
		return RF_EXIT_OK;
	case OPT_ALLOW:
	case OPT_DENY:
		return take_extra(o, option == OPT_DENY, value);
	case OPT_MODE:
		return take_word(&o->mode, "mode", value, "enforce", "audit");
	case OPT_NEED:
		return take_word(&o->need, "need", value, "must", "should");
	case OPT_KEEP_FD:
		return take_keep_fd(o, value);
	case OPT_EVENTS:
		return take_events(o, value);
	case OPT_NAME:
		return take_name(o, value);
	default:
		return -1;
	}
}

static int take_other(struct rf_run_options *o, int option, const char *value)
{
	switch (option) {
	case OPT_SUMMARY:
		if (summary_mode_parse(value, &o->summary) < 0)
			return rf_cmd_usage("--summary %s is not auto, always or never", value);
		return RF_EXIT_OK;
	case OPT_ON_LOSS:
		if (on_loss_parse(value, &o->on_loss) < 0)
			return rf_cmd_usage("--on-loss %s is not report, freeze or kill", value);
		return RF_EXIT_OK;
	case OPT_TIMEOUT:
		if (rf_parse_duration(value, RF_NS_PER_SEC, &o->timeout_ns) < 0 || !o->timeout_ns)
			return rf_cmd_usage("--timeout %s is not a time like 30, 1.5s or 2m",
					    value);
		return RF_EXIT_OK;
	case OPT_REPORT:
		o->report = value;
		return RF_EXIT_OK;
	case OPT_USER:
		o->user = value;
		return RF_EXIT_OK;
	case OPT_WORKDIR:
		o->workdir = value;
		return RF_EXIT_OK;
	default:
		return -1;
	}
}

static int take_flag(struct rf_run_options *o, int option)
{
	switch (option) {
	case OPT_CLEAR_ENV:
		o->clear_env = true;
		return RF_EXIT_OK;
	case OPT_STACKS:
		o->stacks = true;
		return RF_EXIT_OK;
	case OPT_PLAN:
		o->plan = true;
		return RF_EXIT_OK;
	case 'h':
		o->help = true;
		return RF_EXIT_OK;
	default:
		return -1;
	}
}

static int take(struct rf_run_options *o, int option, char **argv)
{
	int status;

	if (option == ':')
		return rf_cmd_usage(
			"the option %s needs a value; `ringfence run --help` tells more",
			argv[optind - 1]);
	status = optarg ? take_value(o, option, optarg) : take_flag(o, option);
	if (status < 0 && optarg)
		status = take_other(o, option, optarg);
	if (status < 0)
		return rf_cmd_usage("unknown option %s of `run`; `ringfence run --help` tells more",
				    argv[optind - 1]);
	return status;
}

/* Each option appears at most once per word: lists as long as the line always suffice. */
static int allocate(struct rf_run_options *o, int argc)
{
	size_t n = (size_t)argc + 1;

	o->policies = calloc(n, sizeof(*o->policies));
	o->sets = calloc(n, sizeof(*o->sets));
	o->env = calloc(n, sizeof(*o->env));
	o->extra = calloc(n, sizeof(*o->extra));
	return o->policies && o->sets && o->env && o->extra ? RF_EXIT_OK : RF_EXIT_FAILED;
}

int rf_run_options_parse(struct rf_run_options *ret, int argc, char **argv)
{
	int option, status = allocate(ret, argc);

	optind = 0;
	opterr = 0;
	while (status == RF_EXIT_OK &&
	       (option = getopt_long(argc, argv, "+:p:h", long_options, NULL)) != -1)
		status = take(ret, option, argv);
	if (status != RF_EXIT_OK || ret->help)
		return status;
	if (optind >= argc)
		return rf_cmd_usage(
			"the command to run is missing; `ringfence run --help` tells more");
	ret->command = argv + optind;
	if (!ret->n_policies)
		ret->policies[ret->n_policies++] = "default";
	return RF_EXIT_OK;
}

void rf_run_options_done(struct rf_run_options *options)
{
	free(options->policies);
	free(options->sets);
	free(options->env);
	free(options->extra);
	memset(options, 0, sizeof(*options));
}
