/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sinks and the metrics of `serve` are those of `audit`: the same program, in a process of its
 * own, so that a sink that hangs holds up no caller.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/serve.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/install.h"

/* Without a sink it only counts; printing is not asked for. */
static void hide_output(void)
{
	RF_AUTOCLOSE int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)dup2(fd, STDOUT_FILENO);
}

pid_t rf_serve_audit(char *const *arguments, bool prints, struct rf_err *err)
{
	RF_AUTOFREE char *dir = NULL, *path = NULL;
	int r = rf_install_libexecdir(&dir, err);
	sigset_t none;
	pid_t pid;

	if (r < 0)
		return r;
	if (asprintf(&path, "%s/ringfence-audit", dir) < 0)
		return rf_err_sys(err, -ENOMEM, "start the audit");
	pid = fork();
	if (pid < 0)
		return rf_err_sys(err, -errno, "start the audit");
	if (pid > 0)
		return pid;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (!prints)
		hide_output();
	execv(path, arguments);
	(void)rf_err_sys(err, -errno, "cannot start %s", path);
	_exit(rf_cmd_fail(RF_EXIT_FAILED, err));
}
