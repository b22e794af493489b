/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other last act of the child: a function of ours instead of a program. See child.h.
 *
 * What exec does to a fence is done here by hand: spared capabilities go, and so does every
 * descriptor that was close-on-exec. The last part comes with the fork: a task that the kernel side
 * still takes for a launcher's child at work hands that on to none of its own children, so the
 * payload is as fenced as a command after its first exec.
 */
#include "sandbox/launch/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static int take_spared(struct rf_child *child, struct rf_err *err)
{
	for (size_t i = 0; i < child->plan->n; i++) {
		const struct rf_step *step = &child->plan->steps[i];
		int r = 0;

		if (step->backend && rf_step_in_child(step) && step->backend->without_exec)
			r = step->backend->without_exec(child->launch, err);
		if (r < 0)
			return rf_err_wrap(err, r, "%s", step->backend->name);
	}
	return 0;
}

/* The others were closed before; the end of error_fd tells the parent that all went well. */
static void close_on_exec(const struct rf_child *child)
{
	for (size_t i = 0; i < child->plan->n; i++) {
		const struct rf_step *step = &child->plan->steps[i];
		const int *fds = NULL;

		if (step->backend && rf_step_in_child(step) && step->backend->child_fds)
			fds = step->backend->child_fds(child->launch);
		for (; fds && *fds >= 0; fds++)
			(void)close(*fds);
	}
	(void)close(child->error_fd);
}

/* Dies with whoever made this process. A filter may refuse it: then the deadline ends all. */
static void die_with_parent(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

_Noreturn static void end_like(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(125);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int rf_child_payload(struct rf_child *child, struct rf_err *err)
{
	const struct rf_payload *payload = child->request->payload;
	int r = take_spared(child, err);
	pid_t pid;

	if (r < 0)
		return r;
	die_with_parent();
	pid = fork();
	if (pid < 0)
		return rf_err_sys(err, -errno, "cannot start a process for the payload");
	close_on_exec(child);
	if (pid > 0)
		end_like(pid);
	die_with_parent();
	_exit(payload->run(payload->data));
}
