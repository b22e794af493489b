/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command of the command line is, and its exit statuses.
 *
 * One command, one file: cmd-NAME.c holds its options, help and run function, and no policy of its
 * own. Adding one is a line here and a line in main.c's table.
 */
#ifndef RF_CLI_CMD_H
#define RF_CLI_CMD_H

#include "sandbox/base/err.h"

enum rf_exit {
	RF_EXIT_OK = 0,
	RF_EXIT_NO = 1,	   /* the answer is no, or a check found problems */
	RF_EXIT_USAGE = 2, /* the command line makes no sense */
	RF_EXIT_TIMEOUT = 124,
	RF_EXIT_FAILED = 125, /* ringfence failed; a command was not started */
	RF_EXIT_NOT_EXECUTABLE = 126,
	RF_EXIT_NOT_FOUND = 127,
	RF_EXIT_SIGNAL = 128, /* plus the signal's number */
};

struct rf_cmd {
	const char *name;
	const char *summary; /* one line for `ringfence --help` */

	/*
	 * argv[0] is the command's name. Returns an exit status. NULL: the command is the
	 * executable ringfence-NAME in libexec, started with the same arguments.
	 */
	int (*run)(int argc, char **argv);
};

/*
 * The first call of every executable that is a command. From then on, a file over RLIMIT_FSIZE is
 * an error to tell and no signal that ends us (a fenced command gets the default back), libbpf
 * prints nothing, and the process exits with RF_EXIT_FAILED and a sentence, whatever status it was
 * about to return, if stdio could not write all of standard output.
 */
void rf_cmd_begin(void);

/* Prints "ringfence: SENTENCE" on standard error, escaped for terminals. Returns status. */
int rf_cmd_fail(int status, const struct rf_err *err);

/*
 * The same with RF_EXIT_FAILED, for what failed with r: an ordinary user who was refused is told
 * that `what` takes root.
 */
int rf_cmd_fail_as_user(int r, const char *what, struct rf_err *err);

/* As rf_cmd_fail for a mistake on the command line; returns RF_EXIT_USAGE. */
int rf_cmd_usage(const char *fmt, ...) RF_PRINTF(1, 2);

/* Becomes the executable ringfence-NAME in libexec; returns a status only on failure. */
int rf_cmd_exec_helper(const char *name, char **argv);

/* The commands that are linked in. */
int rf_cmd_load(int argc, char **argv);
int rf_cmd_oci(int argc, char **argv);
int rf_cmd_policy(int argc, char **argv);
int rf_cmd_exec(int argc, char **argv);
int rf_cmd_run(int argc, char **argv);
int rf_cmd_stop(int argc, char **argv);
int rf_cmd_status(int argc, char **argv);
int rf_cmd_unload(int argc, char **argv);

#endif
