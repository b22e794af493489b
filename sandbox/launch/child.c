/* SPDX-License-Identifier: Apache-2.0 */
/* Executing the child's steps of the plan, in order. See child.h. */
#include "sandbox/launch/child.h"

#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "sandbox/base/fd.h"

#define STATUS_FAILED 125

/* Descriptors that back-ends may ask to keep until their child(). */
#define BACKEND_FDS_MAX 64

/*
 * As from a shell: nothing blocked, everything at its default, but what nohup and a shell's `&`
 * ignore on purpose stays ignored.
 */
static int do_signals(struct rf_child *child, const struct rf_step *step RF_UNUSED,
		      struct rf_err *err)
{
	static const int kept[] = {SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
	const struct sigaction to_default = {.sa_handler = SIG_DFL};
	sigset_t reset = child->request->inherited->ignored, none;

	for (size_t i = 0; i < RF_ARRAY_LEN(kept); i++)
		(void)sigdelset(&reset, kept[i]);
	/* These two the supervisor ignores for itself. */
	(void)sigaddset(&reset, SIGPIPE);
	(void)sigaddset(&reset, SIGXFSZ);
	for (int sig = 1; sig < NSIG; sig++)
		if (sigismember(&reset, sig) == 1)
			(void)sigaction(sig, &to_default, NULL);
	(void)sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return rf_err_sys(err, -errno, "cannot unblock signals");
	return 0;
}

static int do_session(struct rf_child *child, const struct rf_step *step RF_UNUSED,
		      struct rf_err *err)
{
	if (child->request->policy->new_session && setsid() < 0)
		return rf_err_sys(err, -errno, "cannot start a new session");
	return 0;
}

/* A policy's limit only ever narrows: the hard limit stays where it is lower already. */
static int set_limit(const struct rf_rlimit *limit, struct rf_err *err)
{
	struct rlimit now, want;

	if (getrlimit((__rlimit_resource_t)limit->resource, &now) < 0)
		return rf_err_sys(err, -errno, "cannot read the limit %s", limit->name);
	want.rlim_max = limit->hard < now.rlim_max ? (rlim_t)limit->hard : now.rlim_max;
	want.rlim_cur = limit->soft < want.rlim_max ? (rlim_t)limit->soft : want.rlim_max;
	if (setrlimit((__rlimit_resource_t)limit->resource, &want) < 0)
		return rf_err_sys(err, -errno, "cannot set the limit %s", limit->name);
	return 0;
}

static int do_rlimits(struct rf_child *child, const struct rf_step *step RF_UNUSED,
		      struct rf_err *err)
{
	const struct rf_policy *policy = child->request->policy;
	int r = 0;

	if (setrlimit(RLIMIT_NOFILE, &child->request->inherited->nofile) < 0)
		return rf_err_sys(err, -errno, "cannot restore the descriptor limit");
	for (size_t i = 0; r == 0 && i < policy->n_rlimits; i++)
		r = set_limit(&policy->rlimits[i], err);
	return r;
}

/* The variables go with exec; what else a program takes from its parent is the umask. */
static int do_env(struct rf_child *child, const struct rf_step *step RF_UNUSED,
		  struct rf_err *err RF_UNUSED)
{
	(void)umask(child->request->inherited->mask);
	return 0;
}

static int do_cwd(struct rf_child *child, const struct rf_step *step RF_UNUSED, struct rf_err *err)
{
	if (chdir(child->request->cwd) < 0)
		return rf_err_sys(err, -errno, "cannot enter the working directory %s",
				  child->request->cwd);
	return 0;
}

static int do_user(struct rf_child *child, const struct rf_step *step RF_UNUSED, struct rf_err *err)
{
	const struct rf_user *user = child->request->user;
	uid_t real, effective, saved;

	/* Dropping the bounding set comes later and needs what a change of user would take. */
	if (child->launch->changes_user && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return rf_err_sys(err, -errno, "cannot keep capabilities over the change of user");
	if (setgroups(user->n_groups, user->groups) < 0)
		return rf_err_sys(err, -errno, "cannot set the groups of uid %u", user->uid);
	if (setresgid(user->gid, user->gid, user->gid) < 0)
		return rf_err_sys(err, -errno, "cannot become gid %u", user->gid);
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		return rf_err_sys(err, -errno, "cannot become uid %u", user->uid);
	if (getresuid(&real, &effective, &saved) < 0 || real != user->uid ||
	    effective != user->uid || saved != user->uid)
		return rf_err_set(err, -EPERM, "the change to uid %u did not hold", user->uid);
	return 0;
}

static int keep_passed_fds(const struct rf_request *request, int *kept, size_t *n,
			   struct rf_err *err)
{
	for (size_t i = 0; i < request->n_keep_fds; i++) {
		if (fcntl(request->keep_fds[i], F_SETFD, 0) < 0)
			return rf_err_sys(err, -errno, "cannot pass descriptor %d on",
					  request->keep_fds[i]);
		kept[(*n)++] = request->keep_fds[i];
	}
	return 0;
}

/* What back-ends keep for themselves never reaches the command: it is close-on-exec. */
static int keep_backend_fds(const struct rf_child *child, int *kept, size_t *n, struct rf_err *err)
{
	size_t end = *n + BACKEND_FDS_MAX;

	for (size_t i = 0; i < child->plan->n; i++) {
		const struct rf_step *step = &child->plan->steps[i];
		const int *fds = NULL;

		if (step->backend && rf_step_in_child(step) && step->backend->child_fds)
			fds = step->backend->child_fds(child->launch);
		for (; fds && *fds >= 0; fds++) {
			if (*n == end)
				return rf_err_set(err, -E2BIG, "back-ends keep more than %d files",
						  BACKEND_FDS_MAX);
			if (fcntl(*fds, F_SETFD, FD_CLOEXEC) < 0)
				return rf_err_sys(err, -errno, "cannot keep a back-end's file");
			kept[(*n)++] = *fds;
		}
	}
	return 0;
}

static int keep_only(const struct rf_child *child, int also, struct rf_err *err)
{
	int kept[RF_KEEP_MAX + BACKEND_FDS_MAX + 2];
	size_t n = 0;
	int r;

	kept[n++] = child->error_fd;
	kept[n++] = also;
	r = keep_passed_fds(child->request, kept, &n, err);
	if (r == 0)
		r = keep_backend_fds(child, kept, &n, err);
	return r < 0 ? r : rf_close_others(kept, n, err);
}

static int do_descriptors(struct rf_child *child, const struct rf_step *step RF_UNUSED,
			  struct rf_err *err)
{
	return keep_only(child, -1, err);
}

static int do_no_new_privs(struct rf_child *child RF_UNUSED, const struct rf_step *step RF_UNUSED,
			   struct rf_err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return rf_err_sys(err, -errno, "cannot set no_new_privs");
	return 0;
}

static int do_backend(struct rf_child *child, const struct rf_step *step, struct rf_err *err)
{
	int r = step->backend->child(child->launch, err);

	return r < 0 ? rf_err_wrap(err, r, "%s", step->backend->name) : 0;
}

typedef int step_fn(struct rf_child *child, const struct rf_step *step, struct rf_err *err);

/* Exec and payload are not here: they are how the child ends. */
static step_fn *const steps[RF_STEP_COUNT] = {
	[RF_STEP_SIGNALS] = do_signals,
	[RF_STEP_SESSION] = do_session,
	[RF_STEP_RLIMITS] = do_rlimits,
	[RF_STEP_ENV] = do_env,
	[RF_STEP_CWD] = do_cwd,
	[RF_STEP_USER] = do_user,
	[RF_STEP_DESCRIPTORS] = do_descriptors,
	[RF_STEP_CAPABILITIES] = do_backend,
	[RF_STEP_NO_NEW_PRIVS] = do_no_new_privs,
	[RF_STEP_FENCE] = do_backend,
	[RF_STEP_LAST] = do_backend,
};

static int execute_steps(struct rf_child *child, struct rf_err *err)
{
	for (size_t i = 0; i < child->plan->n; i++) {
		const struct rf_step *step = &child->plan->steps[i];
		int r;

		if (!rf_step_in_child(step))
			continue;
		if (step->kind == RF_STEP_EXEC)
			return rf_child_exec(child->request->argv, child->request->env, err);
		if (step->kind == RF_STEP_PAYLOAD)
			return rf_child_payload(child, err);
		if (!steps[step->kind])
			return rf_err_set(err, -EINVAL, "step %s is not known", rf_step_name(step));
		r = steps[step->kind](child, step, err);
		if (r < 0)
			return rf_err_wrap(err, r, "step %s", rf_step_name(step));
	}
	return rf_err_set(err, -EINVAL, "the plan has no end");
}

/*
 * What the launcher has open it does not have any more when it gets an identity: with that it has
 * neighbours, who may be hostile, and whom only the kernel side keeps away from it.
 */
static int wait_for_leave(struct rf_child *child, struct rf_err *err)
{
	int r = keep_only(child, child->go_fd, err);
	ssize_t len;
	char go;

	if (r < 0)
		return r;
	do
		len = read(child->go_fd, &go, 1);
	while (len < 0 && errno == EINTR);
	if (len != 1)
		_exit(STATUS_FAILED);
	return 0;
}

_Noreturn void rf_child_run(struct rf_child *child)
{
	struct rf_child_record record = {.err = RF_ERR_INIT};
	int r;

	r = wait_for_leave(child, &record.err);
	if (r == 0)
		r = execute_steps(child, &record.err);
	record.status = r > 0 ? r : STATUS_FAILED;
	(void)!rf_fd_write_all(child->error_fd, &record, sizeof(record), NULL);
	_exit(record.status);
}
