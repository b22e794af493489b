/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence serve`: the service through which ordinary users fence their own commands by BPF LSM,
 * and which feeds sinks and metrics.
 *
 * An executable of its own in libexec: a launch by root needs nothing of it.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/serve.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

static const char help[] =
	"usage: ringfence serve [OPTION]...\n"
	"\n"
	"Listens on /run/ringfence/socket until it is ended. While it runs, `ringfence run` of an\n"
	"ordinary user holds files, network, devices and kernel operations by BPF LSM, as root's\n"
	"does.\n"
	"\n"
	"      --group GROUP     only members may connect (default: everybody)\n"
	"      --per-user N      sandboxes of one user (default 64)\n"
	"      --total N         sandboxes of all users (default 512, at most 1024)\n"
	"      --to SINK         deliver the events of all sandboxes, as `ringfence audit --to`; may\n"
	"                        be given several times\n"
	"      --state FILE      remember what each SINK has had, and go on there next time\n"
	"      --metrics ADDR    serve counts of events to Prometheus, as `ringfence audit --metrics`\n"
	"      --help\n"
	"\n"
	"exit status: 0 ended by SIGTERM or SIGINT, 2 usage, 125 failure\n";

enum option_id {
	OPT_GROUP = 256,
	OPT_PER_USER,
	OPT_TOTAL,
	OPT_TO,
	OPT_STATE,
	OPT_METRICS,
	OPT_HELP
};

static const struct option options[] = {
	{"group", required_argument, NULL, OPT_GROUP},
	{"per-user", required_argument, NULL, OPT_PER_USER},
	{"total", required_argument, NULL, OPT_TOTAL},
	{"to", required_argument, NULL, OPT_TO},
	{"state", required_argument, NULL, OPT_STATE},
	{"metrics", required_argument, NULL, OPT_METRICS},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

#define TOTAL_MAX 1024
#define AUDIT_MAX 64

struct context {
	struct rf_serve serve;
	char *audit[AUDIT_MAX + 1]; /* arguments of `audit`, borrowed */
	size_t n_audit;
};

/* -1: go on; else the exit status. */
static int pass_on(struct context *c, const char *option, char *argument)
{
	if (c->n_audit == 0) {
		c->audit[c->n_audit++] = (char *)(uintptr_t) "audit";
		c->audit[c->n_audit++] = (char *)(uintptr_t) "--follow";
	}
	if (c->n_audit + 2 > AUDIT_MAX)
		return rf_cmd_usage("serve: too many sinks");
	c->audit[c->n_audit++] = (char *)(uintptr_t)option;
	c->audit[c->n_audit++] = argument;
	c->serve.audit = c->audit;
	return -1;
}

/* -1: go on; else the exit status. */
static int take_number(uint32_t *ret, const char *option, const char *argument)
{
	uint64_t number = 0;

	if (rf_parse_u64(argument, TOTAL_MAX, &number) < 0 || number == 0)
		return rf_cmd_usage("%s %s: a number from 1 to %d is needed", option, argument,
				    TOTAL_MAX);
	*ret = (uint32_t)number;
	return -1;
}

/* -1: go on; else the exit status. */
static int take_option(struct context *c, int option, char **argv)
{
	switch (option) {
	case OPT_GROUP:
		c->serve.group = optarg;
		return -1;
	case OPT_PER_USER:
		return take_number(&c->serve.per_user, "--per-user", optarg);
	case OPT_TOTAL:
		return take_number(&c->serve.total, "--total", optarg);
	case OPT_TO:
		c->serve.prints = true;
		return pass_on(c, "--to", optarg);
	case OPT_STATE:
		return pass_on(c, "--state", optarg);
	case OPT_METRICS:
		return pass_on(c, "--metrics", optarg);
	case OPT_HELP:
		fputs(help, stdout);
		return RF_EXIT_OK;
	default:
		return rf_cmd_usage("serve: unknown option or missing argument: %s",
				    argv[optind - 1]);
	}
}

static int run(struct context *c)
{
	struct rf_err err = RF_ERR_INIT;
	int r;

	if (geteuid() != 0) {
		(void)rf_err_set(&err, -EPERM, "serve is for root");
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	}
	if (getrandom(c->serve.secret, sizeof(c->serve.secret), 0) != sizeof(c->serve.secret))
		r = rf_err_sys(&err, -EIO, "cannot make a secret");
	else
		r = rf_serve_listen(&c->serve, &err);
	if (r == -EINVAL)
		return rf_cmd_usage("%s", rf_err_text(&err));
	return r < 0 ? rf_cmd_fail(RF_EXIT_FAILED, &err) : r;
}

int main(int argc, char **argv)
{
	struct context c = {.serve = {.per_user = 64, .total = 512}};
	int option, status = -1;

	rf_cmd_begin();
	opterr = 0;
	while (status < 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		status = take_option(&c, option, argv);
	if (status < 0 && optind < argc)
		status = rf_cmd_usage("serve takes no argument: %s", argv[optind]);
	return status < 0 ? run(&c) : status;
}
