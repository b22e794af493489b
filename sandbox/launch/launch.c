/* SPDX-License-Identifier: Apache-2.0 */
/* Executing the parent's steps of the plan, and taking everything back. See launch.h. */
#include "sandbox/launch/launch.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/base/fd.h"
#include "sandbox/launch/child.h"
#include "sandbox/launch/plan.h"
#include "sandbox/launch/record.h"
#include "sandbox/launch/supervise.h"

/* A process of the sandbox that ends together with the command needs a moment to be gone. */
#define LINGER_MS 20

/* After a kill, until the kernel has taken everything down. */
#define KILL_WAIT_MS 2000

struct run {
	const struct rf_request *request;
	const struct rf_plan *plan;
	struct rf_launch launch;
	struct rf_record record;
	int go_write;	/* the parent's end of the pipe that the child waits on */
	int error_read; /* the parent's end of the child's report */
	bool reaped;
	bool no_cgroup;
};

static int make_id(uint64_t *ret, struct rf_err *err)
{
	while (*ret == 0)
		if (getrandom(ret, sizeof(*ret), 0) != sizeof(*ret) && errno != EINTR)
			return rf_err_sys(err, -errno, "cannot make an id for the sandbox");
	return 0;
}

static void name_sandbox(struct run *run)
{
	const char *name = run->request->name ? run->request->name : run->request->policy->name;

	(void)snprintf(run->launch.sandbox_name, sizeof(run->launch.sandbox_name), "%s", name);
}

static void init_launch(struct run *run)
{
	const struct rf_request *request = run->request;

	run->launch = (struct rf_launch){
		.policy = request->policy,
		.image_part = request->image_part,
		.cgroup_fd = -1,
		.uid = request->user ? request->user->uid : geteuid(),
		.gid = request->user ? request->user->gid : getegid(),
		.changes_user = request->user && geteuid() == 0 && request->user->uid != 0,
		.cwd = request->cwd,
		.pid = -1,
		.pidfd = -1,
		.ring_fd = -1,
		.folds_fd = -1,
		.audit_mode = request->audit_mode,
		.stacks = request->stacks,
		.ring_bytes = request->ring_bytes,
		.sandbox_id = request->sandbox_id,
		.words = request->words,
		.lines_fd = -1,
	};
	name_sandbox(run);
}

/* ---- the parent's steps ---- */

static void id_text(const struct run *run, char ret[32])
{
	(void)snprintf(ret, 32, "%016" PRIx64, run->launch.sandbox_id);
}

/* Somebody else's sandbox: its record and its cgroup are not ours to make or to remove. */
static int enter_state(struct run *run)
{
	const struct rf_found *join = run->request->join;

	run->launch.sandbox_id = join->id;
	run->launch.joins = true;
	(void)snprintf(run->launch.cgroup_path, sizeof(run->launch.cgroup_path), "%s",
		       join->cgroup_path);
	return 0;
}

static int enter_cgroup(struct run *run, struct rf_err *err)
{
	struct stat st;

	run->launch.cgroup_fd =
		open(run->launch.cgroup_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (run->launch.cgroup_fd < 0 || fstat(run->launch.cgroup_fd, &st) < 0)
		return rf_err_sys(err, -errno, "cannot open the sandbox's cgroup %s",
				  run->launch.cgroup_path);
	run->launch.cgroup_id = st.st_ino;
	return 0;
}

static int do_state(struct run *run, const struct rf_step *step RF_UNUSED, struct rf_err *err)
{
	char id[32];
	int r;

	if (run->request->join)
		return enter_state(run);
	r = make_id(&run->launch.sandbox_id, err);

	id_text(run, id);
	if (r == 0 && run->request->site)
		r = rf_cgroup_path(run->request->site, id, run->launch.cgroup_path, err);
	if (r == 0)
		r = rf_record_write(&run->record, &run->launch, run->request->recipe, err);
	return r;
}

static int do_cgroup(struct run *run, const struct rf_step *step RF_UNUSED, struct rf_err *err)
{
	char id[32];
	int r;

	if (run->launch.joins)
		return enter_cgroup(run, err);
	id_text(run, id);
	r = rf_cgroup_make(run->request->site, id,
			   run->request->policy->sections[RF_SECTION_RESOURCES].present,
			   &run->launch.cgroup_fd, &run->launch.cgroup_id, err);
	run->no_cgroup = r < 0;
	return r;
}

#define CPU_PERIOD_US 100000u

static int set_limit(const struct run *run, uint32_t controller, const char *file,
		     const char *value, struct rf_err *err)
{
	/* Not available and not a must: reported as not held, and left out. */
	if (!(run->request->site->controllers & controller))
		return 0;
	return rf_cgroup_write(run->launch.cgroup_fd, file, value, err);
}

static int do_resources(struct run *run, const struct rf_step *step RF_UNUSED, struct rf_err *err)
{
	const struct rf_policy *policy = run->request->policy;
	char value[64];
	int r = 0;

	if (policy->memory_max) {
		(void)snprintf(value, sizeof(value), "%" PRIu64, policy->memory_max);
		r = set_limit(run, RF_CONTROLLER_MEMORY, "memory.max", value, err);
	}
	if (r == 0 && policy->pids_max) {
		(void)snprintf(value, sizeof(value), "%" PRIu64, policy->pids_max);
		r = set_limit(run, RF_CONTROLLER_PIDS, "pids.max", value, err);
	}
	if (r == 0 && policy->cpu_max_permille) {
		(void)snprintf(value, sizeof(value), "%" PRIu64 " %u",
			       policy->cpu_max_permille * (CPU_PERIOD_US / 1000), CPU_PERIOD_US);
		r = set_limit(run, RF_CONTROLLER_CPU, "cpu.max", value, err);
	}
	return r;
}

static int do_prepare(struct run *run, const struct rf_step *step, struct rf_err *err)
{
	int r;

	run->launch.second = step->second;
	run->launch.report = &run->request->selection->report;
	r = step->backend->prepare(&run->launch, step->sections, err);
	return r < 0 ? rf_err_wrap(err, r, "%s", step->backend->name) : 0;
}

/* Inside engines' filters, ours among them, clone3 does not exist, because its flags cannot be
 * seen. */
static pid_t clone_without_cgroup(struct rf_launch *launch)
{
	return (pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &launch->pidfd, 0, 0);
}

static pid_t clone_child(struct rf_launch *launch)
{
	pid_t pid;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&launch->pidfd,
		.exit_signal = SIGCHLD,
	};

	if (launch->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)launch->cgroup_fd;
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0 && errno == ENOSYS && launch->cgroup_fd < 0)
		return clone_without_cgroup(launch);
	return pid;
}

static int do_clone(struct run *run, const struct rf_step *step RF_UNUSED, struct rf_err *err)
{
	int go[2], error[2];

	if (pipe2(go, O_CLOEXEC) < 0)
		return rf_err_sys(err, -errno, "cannot make a pipe");
	run->go_write = go[1];
	if (pipe2(error, O_CLOEXEC) < 0) {
		int r = rf_err_sys(err, -errno, "cannot make a pipe");

		(void)close(go[0]);
		return r;
	}
	run->error_read = error[0];
	run->launch.pid = clone_child(&run->launch);
	if (run->launch.pid == 0) {
		struct rf_child child = {
			.request = run->request,
			.plan = run->plan,
			.launch = &run->launch,
			.go_fd = go[0],
			.error_fd = error[1],
		};

		rf_child_run(&child);
	}
	if (run->launch.pid < 0) {
		/* EAGAIN is the limit on processes; the others are about moving into a cgroup. */
		run->no_cgroup = run->launch.cgroup_fd >= 0 && errno != EAGAIN && errno != ENOMEM;
		rf_err_sys(err, -errno, "cannot start a process for the command");
	}
	(void)close(go[0]);
	(void)close(error[1]);
	return run->launch.pid < 0 ? err->code : 0;
}

static int do_attach(struct run *run, const struct rf_step *step, struct rf_err *err)
{
	int r = step->backend->attach(&run->launch, err);

	return r < 0 ? rf_err_wrap(err, r, "%s", step->backend->name) : 0;
}

typedef int step_fn(struct run *run, const struct rf_step *step, struct rf_err *err);

static step_fn *const steps[RF_STEP_COUNT] = {
	[RF_STEP_STATE] = do_state,	    [RF_STEP_CGROUP] = do_cgroup,
	[RF_STEP_RESOURCES] = do_resources, [RF_STEP_PREPARE] = do_prepare,
	[RF_STEP_CLONE] = do_clone,	    [RF_STEP_ATTACH] = do_attach,
};

static int execute_steps(struct run *run, struct rf_err *err)
{
	for (size_t i = 0; i < run->plan->n; i++) {
		const struct rf_step *step = &run->plan->steps[i];
		int r;

		if (rf_step_in_child(step))
			continue;
		if (!steps[step->kind])
			return rf_err_set(err, -EINVAL, "step %s is not known", rf_step_name(step));
		r = steps[step->kind](run, step, err);
		if (r < 0)
			return rf_err_wrap(err, r, "step %s", rf_step_name(step));
	}
	return 0;
}

/* ---- letting go, waiting, taking back ---- */

static int let_go(struct run *run, struct rf_err *err)
{
	int r = rf_fd_write_all(run->go_write, "g", 1, err);

	(void)close(RF_TAKE_FD(run->go_write));
	return r;
}

static int supervise(struct run *run, struct rf_outcome *ret, struct rf_err *err)
{
	const struct rf_request *request = run->request;
	struct rf_supervision s = {
		.request = request,
		.launch = &run->launch,
		.error_fd = RF_TAKE_FD(run->error_read),
	};
	int r = 0;

	if (request->started)
		r = request->started(request->data, &run->launch, s.watches, &s.n_watches, err);
	rf_record_command(&run->record, run->launch.pid);
	if (r == 0)
		r = let_go(run, err);
	if (r == 0) {
		/* The command is on its way: what others left can go in its time. */
		rf_record_collect(&run->record);
		r = rf_supervise(&s, ret, err);
		run->reaped = r == 0;
	}
	for (size_t i = 0; i < s.n_watches; i++)
		(void)s.watches[i].ready(s.watches[i].data, true);
	if (s.error_fd >= 0)
		(void)close(s.error_fd);
	return r;
}

static void kill_child(struct run *run)
{
	siginfo_t info;

	if (run->launch.pid <= 0 || run->reaped)
		return;
	(void)syscall(SYS_pidfd_send_signal, run->launch.pidfd, SIGKILL, NULL, 0);
	while (waitid(P_PIDFD, (id_t)run->launch.pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
	run->reaped = true;
}

/* True if processes of the sandbox live on; none can where nothing ran. */
static bool is_left_running(struct run *run, const struct rf_outcome *outcome)
{
	int wait_ms = LINGER_MS;

	if (run->launch.joins || run->launch.cgroup_fd < 0)
		return false;
	if (outcome->end == RF_END_TIMEOUT || outcome->end == RF_END_NOT_STARTED ||
	    outcome->end == RF_END_NO_EXEC || run->request->payload) {
		(void)rf_cgroup_kill(run->launch.cgroup_fd, NULL);
		wait_ms = KILL_WAIT_MS;
	}
	return rf_cgroup_wait_empty(run->launch.cgroup_fd, wait_ms) == 1;
}

static void undo_backends(struct run *run, bool left_running)
{
	const struct rf_selection *selection = run->request->selection;

	for (size_t i = selection->n; i-- > 0;) {
		const struct rf_backend *backend = selection->chosen[i].backend;

		if (left_running && backend->leave)
			backend->leave(&run->launch);
		else if (backend->undo)
			backend->undo(&run->launch);
	}
}

static void take_back(struct run *run, struct rf_outcome *outcome)
{
	if (run->go_write >= 0)
		(void)close(RF_TAKE_FD(run->go_write));
	if (run->error_read >= 0)
		(void)close(RF_TAKE_FD(run->error_read));
	kill_child(run);
	outcome->left_running = is_left_running(run, outcome);
	undo_backends(run, outcome->left_running);
	if (run->launch.pidfd >= 0)
		(void)close(RF_TAKE_FD(run->launch.pidfd));
	if (run->launch.cgroup_fd >= 0)
		(void)close(RF_TAKE_FD(run->launch.cgroup_fd));
	if (!outcome->left_running && run->launch.cgroup_id && !run->launch.joins &&
	    rf_cgroup_remove(run->launch.cgroup_path) < 0)
		outcome->left_running = true;
	if (outcome->left_running)
		rf_record_leave(&run->record);
	else
		rf_record_remove(&run->record);
}

void rf_launch_run(const struct rf_request *request, struct rf_outcome *ret, struct rf_err *err)
{
	struct rf_plan plan;
	struct run run = {
		.request = request,
		.plan = &plan,
		.record = RF_RECORD_INIT,
		.go_write = -1,
		.error_read = -1,
	};
	int r = rf_plan_make(&plan, request, err);

	*ret = (struct rf_outcome){.end = RF_END_NOT_STARTED};
	init_launch(&run);
	rf_signals_block();
	if (r == 0)
		r = execute_steps(&run, err);
	if (r == 0)
		r = supervise(&run, ret, err);
	if (r < 0)
		ret->end = RF_END_NOT_STARTED;
	ret->no_cgroup = run.no_cgroup;
	ret->sandbox_id = run.launch.sandbox_id;
	take_back(&run, ret);
}
