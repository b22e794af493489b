/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the launcher takes over from its caller, and what it changes for itself.
 *
 * A caller may hand us anything: signals ignored or blocked, a umask of 0777, a descriptor limit of
 * eight. The supervisor makes itself comfortable; the command gets back what was the caller's, see
 * docs/decisions/0010-launch.md.
 */
#include "sandbox/launch/launch.h"

#include <sys/stat.h>
#include <unistd.h>

/* The terminal whose foreground we are in, by one of our standard descriptors; -1: none. */
static int find_terminal(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (tcgetpgrp(fd) == getpgrp())
			return fd;
	return -1;
}

static void take_ignored(sigset_t *ret)
{
	(void)sigemptyset(ret);
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction action;

		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			(void)sigaddset(ret, sig);
	}
}

void rf_inherited_take(struct rf_inherited *ret)
{
	const struct sigaction to_default = {.sa_handler = SIG_DFL};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct rlimit wide;
	sigset_t none;

	take_ignored(&ret->ignored);
	/* Until the launch nothing of ours is in the world: a signal may simply end us. */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* An ignored SIGCHLD makes the kernel reap the command and forget its status. */
	(void)sigaction(SIGCHLD, &to_default, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGXFSZ, &ignore, NULL);
	ret->mask = umask(022);
	ret->terminal = find_terminal();
	if (getrlimit(RLIMIT_NOFILE, &ret->nofile) < 0)
		return;
	wide = ret->nofile;
	wide.rlim_cur = wide.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &wide);
}

void rf_signals_block(void)
{
	/* Faults of our own, and what is ignored: a blocked signal would arrive all the same. */
	static const int left[] = {SIGSEGV, SIGBUS, SIGILL,  SIGFPE, SIGABRT,
				   SIGTRAP, SIGSYS, SIGPIPE, SIGXFSZ};
	sigset_t blocked;

	(void)sigfillset(&blocked);
	for (size_t i = 0; i < RF_ARRAY_LEN(left); i++)
		(void)sigdelset(&blocked, left[i]);
	(void)sigprocmask(SIG_SETMASK, &blocked, NULL);
}
