/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ringfence executable: picks the command and returns its exit status.
 *
 * Commands that every launch needs are linked in; the others are executables of their own in
 * libexec, so that `run` stays small and starts fast.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "config.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

/* In the order of `ringfence --help`; the last entry has no name. */
static const struct rf_cmd commands[] = {
	{"attack", "try to escape from a policy's fence", NULL},
	{"audit", "read events, from files or as they happen", NULL},
	{"oci", "fence containers", rf_cmd_oci},
	{"report", "make a page of HTML out of events", NULL},
	{"policy", "check and show policies", rf_cmd_policy},
	{"probe", "what this kernel can enforce, and what to change", NULL},
	{"run", "confine a command", rf_cmd_run},
	{"learn", "write a policy from what a command used", NULL},
	{"exec", "run a command in a running sandbox", rf_cmd_exec},
	{"stop", "end a sandbox", rf_cmd_stop},
	{"serve", "let ordinary users fence their commands, feed sinks", NULL},
	{"load", "load the kernel side", rf_cmd_load},
	{"unload", "remove the kernel side", rf_cmd_unload},
	{"why", "tell what a policy decides, and which rule", NULL},
	{"status", "list the sandboxes and the state of the kernel side", rf_cmd_status},
	{NULL, NULL, NULL},
};

static int print_help(void)
{
	fputs("usage: ringfence COMMAND [ARGUMENT...]\n"
	      "       ringfence --help | --version\n"
	      "\n"
	      "Confines a command or a container with one policy and explains every denial.\n",
	      stdout);
	if (commands[0].name)
		fputs("\ncommands:\n", stdout);
	for (const struct rf_cmd *cmd = commands; cmd->name; cmd++)
		printf("  %-10s %s\n", cmd->name, cmd->summary);
	fputs("\n`ringfence COMMAND --help` tells the options of a command.\n", stdout);
	return RF_EXIT_OK;
}

static int print_version(void)
{
	puts("ringfence " RF_VERSION);
	return RF_EXIT_OK;
}

static const struct rf_cmd *find_command(const char *name)
{
	for (const struct rf_cmd *cmd = commands; cmd->name; cmd++)
		if (rf_str_eq(cmd->name, name))
			return cmd;
	return NULL;
}

int main(int argc, char **argv)
{
	struct rf_err err = RF_ERR_INIT;
	const struct rf_cmd *cmd;

	rf_cmd_begin();
	if (rf_fd_fill_std(&err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	if (argc < 2)
		return rf_cmd_usage("a command is missing; `ringfence --help` lists them");
	if (rf_str_eq(argv[1], "--help") || rf_str_eq(argv[1], "-h") || rf_str_eq(argv[1], "help"))
		return print_help();
	if (rf_str_eq(argv[1], "--version"))
		return print_version();
	if (argv[1][0] == '-')
		return rf_cmd_usage("unknown option %s; `ringfence --help` tells more", argv[1]);
	cmd = find_command(argv[1]);
	if (!cmd)
		return rf_cmd_usage("unknown command %s; `ringfence --help` lists them", argv[1]);
	return cmd->run ? cmd->run(argc - 1, argv + 1) : rf_cmd_exec_helper(cmd->name, argv + 1);
}
