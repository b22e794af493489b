/* SPDX-License-Identifier: Apache-2.0 */
/* How a command begins, and how it tells its failure: one sentence on standard error. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "lsm/libbpf_log.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/log.h"
#include "sandbox/base/str.h"

/* Escaping at most quadruples a record's text. */
#define SENTENCE_MAX 4096

static void print_sentence(const char *text)
{
	RF_AUTOSTR struct rf_str line = RF_STR_INIT(SENTENCE_MAX);

	rf_str_add(&line, "ringfence: ");
	rf_str_add_printable(&line, text);
	rf_str_add(&line, "\n");
	if (!rf_str_error(&line))
		(void)!rf_fd_write_all(STDERR_FILENO, rf_str_text(&line), line.len, NULL);
}

int rf_cmd_fail(int status, const struct rf_err *err)
{
	print_sentence(rf_err_text(err));
	return status;
}

int rf_cmd_fail_as_user(int r, const char *what, struct rf_err *err)
{
	if ((r == -EACCES || r == -EPERM) && geteuid() != 0)
		(void)rf_err_wrap(err, r, "%s takes root", what);
	return rf_cmd_fail(RF_EXIT_FAILED, err);
}

int rf_cmd_usage(const char *fmt, ...)
{
	char text[RF_ERR_MSG_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	print_sentence(text);
	return RF_EXIT_USAGE;
}

/*
 * What stdio still holds is written at the very end, where nobody looks at its success any more. A
 * failure before that has lost its errno.
 */
static void finish_output(void)
{
	struct rf_err err = RF_ERR_INIT;

	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	/* What is there is cut short already, so one byte more may ask for the cause. */
	if (errno == 0)
		(void)!write(STDOUT_FILENO, "\n", 1);
	if (errno != 0)
		(void)rf_err_sys(&err, -errno, "cannot write standard output");
	else
		(void)rf_err_set(&err, -EIO, "cannot write standard output");
	_exit(rf_cmd_fail(RF_EXIT_FAILED, &err));
}

void rf_cmd_begin(void)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (getenv("RINGFENCE_DEBUG"))
		rf_log_set_sink(rf_log_to_stderr, NULL, RF_LOG_DEBUG);
	rf_libbpf_log();
	(void)sigaction(SIGXFSZ, &ignore, NULL);
	(void)atexit(finish_output);
}
