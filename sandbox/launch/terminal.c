/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping a shell's job control true while a supervisor stands between shell and command.
 *
 * The command shares our process group, so Ctrl-C, Ctrl-Z and resizing reach it directly, also in
 * the middle of a pipeline. What is left to do: stop when the command stopped, because the shell
 * watches us and not the command, and hand the terminal back after a command that died holding it.
 */
#include "sandbox/launch/supervise.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000u

uint64_t rf_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS + (uint64_t)now.tv_nsec;
}

/*
 * A stopped supervisor keeps no time. This process does: it continues its parent at the deadline,
 * so a command cannot escape --timeout by stopping itself.
 */
static pid_t start_alarm(uint64_t deadline_ns)
{
	const struct timespec at = {.tv_sec = (time_t)(deadline_ns / NS),
				    .tv_nsec = (long)(deadline_ns % NS)};
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	while (getppid() == parent &&
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
	if (getppid() == parent)
		(void)kill(parent, SIGCONT);
	_exit(0);
}

void rf_stop_like_child(uint64_t deadline_ns)
{
	const struct sigaction to_default = {.sa_handler = SIG_DFL};
	pid_t alarm_pid = deadline_ns ? start_alarm(deadline_ns) : -1;
	struct sigaction before;
	sigset_t stop, old;

	/* Without the alarm nobody would end the command in time: then we do not stop. */
	if (deadline_ns && alarm_pid < 0)
		return;
	/* SIGTSTP, not SIGSTOP: the kernel ignores it where no shell could continue us. */
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTSTP);
	(void)sigaction(SIGTSTP, &to_default, &before);
	(void)raise(SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &stop, &old);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	(void)sigaction(SIGTSTP, &before, NULL);
	if (alarm_pid > 0) {
		(void)kill(alarm_pid, SIGKILL);
		(void)waitpid(alarm_pid, NULL, 0);
	}
}

void rf_terminal_lend(int terminal, pid_t command)
{
	pid_t group = getpgid(command);

	if (terminal < 0 || group <= 0 || group == getpgrp() || tcgetpgrp(terminal) != getpgrp())
		return;
	(void)tcsetpgrp(terminal, group);
}

void rf_terminal_reclaim(int terminal)
{
	pid_t group = terminal < 0 ? -1 : tcgetpgrp(terminal);

	if (group <= 0 || group == getpgrp())
		return;
	/* Somebody lives there: a shell took the terminal on purpose. */
	if (kill(-group, 0) == 0 || errno != ESRCH)
		return;
	(void)tcsetpgrp(terminal, getpgrp());
}
