/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to become a task that the fence might not know: every kind of clone, then read a file. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/vm/attack/attack.h"

static int show(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? refused("open") : show_fd(fd);
}

static int await(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return UNTRIED;
	return WEXITSTATUS(status);
}

/* FILE RESULT: forks twice, leaves the session, waits for its parents to be gone, then reads. */
static int daemonized(char **arg)
{
	if (daemon(1, 1) < 0)
		return untried("daemon");
	while (getppid() != 1)
		usleep(10000);
	usleep(200000);
	if (!freopen(arg[1], "w", stderr) || dup2(fileno(stderr), STDOUT_FILENO) < 0)
		return untried("result file");
	return show(arg[0]);
}

/* FILE [FLAGS]: clone3 with the flags given, the child reads. */
static int cloned(char **arg)
{
	struct clone_args args = {.flags = arg[1] ? strtoul(arg[1], NULL, 0) : 0,
				  .exit_signal = SIGCHLD};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0)
		return refused("clone3");
	if (pid == 0)
		_exit(show(arg[0]));
	return await(pid);
}

/* FILE CGROUP: born in another cgroup. */
static int cloned_into(char **arg)
{
	struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	int dir = open(arg[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	pid_t pid;

	if (dir < 0)
		return untried("open cgroup");
	args.cgroup = (unsigned int)dir;
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return refused("clone3");
	if (pid == 0)
		_exit(show(arg[0]));
	return await(pid);
}

static void *read_in_thread(void *arg)
{
	exit(show(arg));
}

static int from_thread(char **arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, read_in_thread, arg[0]) != 0)
		return untried("pthread_create");
	pthread_join(thread, NULL);
	return UNTRIED;
}

static int by_vfork(char **arg)
{
	pid_t pid = vfork();

	if (pid < 0)
		return untried("vfork");
	if (pid == 0) {
		execl("/bin/cat", "cat", arg[0], NULL);
		_exit(UNTRIED);
	}
	return await(pid);
}

static int failed_fork(void)
{
	const struct rlimit none = {0, 0};

	if (setresuid(1000, 1000, 1000) < 0 || setrlimit(RLIMIT_NPROC, &none) < 0)
		return untried("limit");
	if (fork() >= 0)
		return untried("a fork that fails");
	return 0;
}

static int failed_namespace(void)
{
	if (syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) >= 0)
		return untried("a user namespace that is refused");
	return 0;
}

/*
 * FILE [HOW]: a fork that fails for a limit, or at a user namespace, then reads: some kernels free
 * the caller's storage with the child's, a grace period later.
 */
static int after_failed_fork(char **arg)
{
	int r = arg[1] ? failed_namespace() : failed_fork();

	if (r)
		return r;
	for (int i = 0; i < 20; i++) {
		usleep(50000);
		if (show(arg[0]) == WORKED)
			return WORKED;
	}
	return REFUSED;
}

static int unshared(char **arg)
{
	if (unshare((int)strtoul(arg[0], NULL, 0)) < 0)
		return refused("unshare");
	return WORKED;
}

/* NAMESPACE-FILE [BIT]: joins another process's namespace; the bit marks another ABI's call. */
static int joined(char **arg)
{
	int fd = open(arg[0], O_RDONLY | O_CLOEXEC);
	long nr = SYS_setns | (arg[1] ? strtol(arg[1], NULL, 0) : 0);

	if (fd < 0)
		return refused("open namespace");
	return syscall(nr, fd, 0) < 0 ? refused("setns") : WORKED;
}

/* PID FLAGS: joins several of its namespaces at once. */
static int joined_by_pidfd(char **arg)
{
	int fd = (int)syscall(SYS_pidfd_open, atoi(arg[0]), 0);

	if (fd < 0)
		return untried("pidfd_open");
	return setns(fd, (int)strtoul(arg[1], NULL, 0)) < 0 ? refused("setns") : WORKED;
}

/* COMMAND-NUMBER: bpf(2) with an empty attribute; worked means it was not refused for rights. */
static int bpf_command(char **arg)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	if (syscall(SYS_bpf, atol(arg[0]), &attr, sizeof(attr)) < 0 &&
	    (errno == EPERM || errno == EACCES || errno == ENOSYS))
		return refused("bpf");
	return WORKED;
}

/* First map id of the system: what a loader that wants to unload would begin with. */
static int bpf_first_map(char **arg)
{
	union bpf_attr attr;

	(void)arg;
	memset(&attr, 0, sizeof(attr));
	if (syscall(SYS_bpf, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr)) < 0)
		return refused("bpf");
	return WORKED;
}

/* Counts its own instructions: what any program may, if perf events are allowed. */
static int perf_event(char **arg)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof(attr),
				       .config = PERF_COUNT_SW_TASK_CLOCK};

	(void)arg;
	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0) < 0 ? refused("perf_event_open")
								     : WORKED;
}

static int mount_type(char **arg)
{
	return mount("none", arg[1], arg[0], 0, NULL) < 0 ? refused("mount") : WORKED;
}

static const struct attack attacks[] = {
	{"daemon", 2, daemonized},
	{"clone", 1, cloned},
	{"into", 2, cloned_into},
	{"thread", 1, from_thread},
	{"vfork", 1, by_vfork},
	{"unshare", 1, unshared},
	{"setns", 1, joined},
	{"setns-pidfd", 2, joined_by_pidfd},
	{"bpf", 1, bpf_command},
	{"bpf-map", 0, bpf_first_map},
	{"failed-fork", 1, after_failed_fork},
	{"mount", 2, mount_type},
	{"perf", 0, perf_event},
	{NULL, 0, NULL},
};

int main(int argc, char **argv)
{
	return run_attack(attacks, argc, argv);
}
