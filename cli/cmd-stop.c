/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence stop`: end a running sandbox.
 */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "sandbox/launch/service_own.h"
#include "sandbox/launch/stop.h"

/* What a well-behaved program needs to end. */
#define WAIT_MS 10000

static const char usage[] =
	"usage: ringfence stop [--kill] SANDBOX\n"
	"\n"
	"Ends every process of the sandbox with this id or name: SIGTERM, and ten seconds to follow\n"
	"it; with --kill at once. A container's name is its id, or the first 12 characters of it.\n"
	"\n"
	"Exit status: 0 it has ended; 1 it is still running; 2 usage; 125 failure, or there is none.\n";

static int stop(const char *name, bool kill)
{
	struct rf_err err = RF_ERR_INIT;
	struct rf_found found;
	int r = rf_record_find(&found, name, &err), served = -ENOENT;

	/* What the service keeps for an ordinary user it can end to the last process. */
	if (r == 0 && geteuid() != 0)
		served = rf_service_stop(found.id, kill, NULL);
	if (r == 0 && served >= 0)
		r = served ? RF_STOP_RUNNING : RF_STOPPED;
	else if (r == 0)
		r = rf_stop(&found, kill, WAIT_MS, &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	rf_record_collect(NULL);
	if (r == RF_STOPPED)
		return RF_EXIT_OK;
	rf_err_set(&err, -EBUSY, "sandbox %s is still running; --kill ends it", name);
	return rf_cmd_fail(RF_EXIT_NO, &err);
}

int rf_cmd_stop(int argc, char **argv)
{
	static const struct option options[] = {
		{"kill", no_argument, NULL, 'k'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool kill = false;
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return RF_EXIT_OK;
		}
		if (option != 'k')
			return rf_cmd_usage("stop: unknown option %s", argv[optind - 1]);
		kill = true;
	}
	if (argc - optind != 1)
		return rf_cmd_usage("stop takes one sandbox; `ringfence status` lists them");
	return stop(argv[optind], kill);
}
