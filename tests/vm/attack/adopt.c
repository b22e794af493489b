/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for a container runtime: puts processes into a cgroup, which then exec.
 *
 *   adopt clone CGROUP N PROGRAM [ARG...]   by clone3(CLONE_INTO_CGROUP), exec is the first act
 *   adopt late CGROUP N PROGRAM [ARG...]    by a write to cgroup.procs while the process waits
 *   adopt thread CGROUP N PROGRAM [ARG...]  by clone3, from a thread that is not the first
 *   adopt vfork CGROUP N PROGRAM [ARG...]   by clone3, by a child that shares its parent's memory
 *   adopt moved CGROUP N PROGRAM [ARG...]   by clone3, and is moved between CGROUP/a and CGROUP/b
 *                                           while it execs
 *   adopt out CGROUP PROGRAM [ARG...]       moves itself to another cgroup, then execs
 *
 * Prints "A fenced, B free, C other" by the programs' exit statuses 0, 42 and the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/vm/attack/attack.h"

static int write_pid(int dir, pid_t pid)
{
	int fd = openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	if (fd < 0 || write(fd, text, (size_t)n) != n)
		return -1;
	return close(fd);
}

static pid_t clone_inside(int dir)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (__u64)dir};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static pid_t start_inside(int dir, char **command)
{
	pid_t pid = clone_inside(dir);

	if (pid == 0) {
		execv(command[0], command);
		_exit(99);
	}
	return pid;
}

static void *exec_it(void *arg)
{
	char **command = arg;

	execv(command[0], command);
	_exit(99);
}

static pid_t start_thread(int dir, char **command)
{
	pid_t pid = clone_inside(dir);

	if (pid == 0) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, exec_it, command))
			_exit(98);
		for (;;)
			pause();
	}
	return pid;
}

static pid_t start_vfork(int dir, char **command)
{
	pid_t pid = clone_inside(dir);

	if (pid == 0) {
		int status = -1;
		pid_t child = vfork();

		if (child == 0) {
			execv(command[0], command);
			_exit(99);
		}
		if (child < 0 || waitpid(child, &status, 0) < 0)
			_exit(98);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 97);
	}
	return pid;
}

static pid_t start_late(int dir, char **command)
{
	int go[2];
	pid_t pid;
	char c;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		if (read(go[0], &c, 1) != 1)
			_exit(98);
		execv(command[0], command);
		_exit(99);
	}
	close(go[0]);
	if (pid > 0 && (write_pid(dir, pid) < 0 || write(go[1], "g", 1) != 1))
		pid = -1;
	close(go[1]);
	return pid;
}

static int open_child(int dir, const char *name)
{
	if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
		return -1;
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* It execs while it is moved; an answer of the kernel that it has ended already is as good. */
static pid_t start_moved(int dir, char **command)
{
	static int a = -1, b = -1;
	pid_t pid;

	if (a < 0)
		a = open_child(dir, "a"), b = open_child(dir, "b");
	if (a < 0 || b < 0)
		return -1;
	pid = start_inside(a, command);
	for (int i = 0; pid > 0 && i < 4; i++)
		(void)write_pid(i % 2 ? a : b, pid);
	return pid;
}

static const struct {
	const char *name;
	pid_t (*start)(int dir, char **command);
} ways[] = {
	{"clone", start_inside}, {"late", start_late},	 {"thread", start_thread},
	{"vfork", start_vfork},	 {"moved", start_moved},
};

static int adopt_many(pid_t (*start)(int, char **), int dir, int n, char **command)
{
	int fenced = 0, free_ones = 0, other = 0;

	for (int i = 0; i < n; i++) {
		pid_t pid = start(dir, command);
		int status = -1;

		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return untried("start a process in the cgroup");
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			fenced++;
		else if (WIFEXITED(status) && WEXITSTATUS(status) == 42)
			free_ones++;
		else
			other++;
	}
	printf("%d fenced, %d free, %d other\n", fenced, free_ones, other);
	return 0;
}

int main(int argc, char **argv)
{
	int dir = argc > 3 ? open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (dir < 0)
		return untried("open the cgroup");
	if (!strcmp(argv[1], "out")) {
		if (write_pid(dir, getpid()) < 0)
			return refused("cgroup.procs");
		execv(argv[3], argv + 3);
		return untried("exec");
	}
	if (argc < 5)
		return 2;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(argv[1], ways[i].name))
			return adopt_many(ways[i].start, dir, atoi(argv[3]), argv + 4);
	return 2;
}
