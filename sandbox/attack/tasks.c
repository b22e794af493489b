/* SPDX-License-Identifier: Apache-2.0 */
/* Shedding the fence by being another task: children of every kind, threads, exec, a flood. */
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/attack/scene.h"

static void in_child(struct rf_try *t, pid_t pid, const char *what)
{
	if (pid == 0) {
		rf_try_open(t, t->secret);
		_exit(0);
	}
	if (pid < 0)
		rf_try_failed(t, what);
	else
		(void)waitpid(pid, NULL, 0);
}

static void child(struct rf_try *t)
{
	in_child(t, fork(), "fork");
}

/* Waits until a descendant that is nobody's child any more has spoken. */
static void wait_for_word(const struct rf_try *t)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	for (int i = 0; i < 2000 && t->trial->state == RF_TRIAL_STARTED; i++)
		(void)nanosleep(&nap, NULL);
}

static void orphan(struct rf_try *t, pid_t parent)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	for (int i = 0; i < 1000 && getppid() == parent; i++)
		(void)nanosleep(&nap, NULL);
	rf_try_open(t, t->secret);
	_exit(0);
}

static void double_fork(struct rf_try *t)
{
	pid_t pid = fork();

	if (pid == 0) {
		pid_t middle = getpid();

		(void)setsid();
		if (fork() == 0)
			orphan(t, middle);
		_exit(0);
	}
	if (pid < 0) {
		rf_try_failed(t, "fork");
		return;
	}
	(void)waitpid(pid, NULL, 0);
	wait_for_word(t);
}

static void sibling(struct rf_try *t)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		rf_try_open(t, t->secret);
		_exit(0);
	}
	if (pid < 0)
		rf_try_failed(t, "clone");
	else
		wait_for_word(t);
}

static void raw_clone3(struct rf_try *t)
{
	struct clone_args args = {.exit_signal = SIGCHLD};

	in_child(t, (pid_t)syscall(SYS_clone3, &args, sizeof(args)), "clone3");
}

static void *in_thread(void *arg)
{
	struct rf_try *t = arg;

	rf_try_open(t, t->secret);
	return NULL;
}

static void thread(struct rf_try *t)
{
	pthread_t id;

	if (pthread_create(&id, NULL, in_thread, t) == 0)
		(void)pthread_join(id, NULL);
	else
		rf_try_untried(t, "no second thread");
}

/* A program that knows nothing of ringfence. */
static void after_exec(struct rf_try *t)
{
	char *argv[] = {(char *)(uintptr_t) "cat", t->secret, NULL}, *env[] = {NULL};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null >= 0) {
		(void)dup2(null, STDOUT_FILENO);
		(void)dup2(null, STDERR_FILENO);
	}
	(void)execve("/bin/cat", argv, env);
	rf_try_failed(t, "execve");
}

static void own_session(struct rf_try *t)
{
	pid_t pid = fork();

	if (pid == 0)
		(void)setsid();
	in_child(t, pid, "fork");
}

/* More denials than a ring holds, as far as an emulated machine gets in that time. */
#define FLOOD	 20000
#define FLOOD_MS 1000

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* And once more, to look. */
static void flood(struct rf_try *t)
{
	int64_t end = now_ms() + FLOOD_MS;

	for (int i = 0; i < FLOOD && now_ms() < end; i++) {
		int fd = open(t->secret, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		rf_try_read(t, fd, "open");
		return;
	}
	rf_try_open(t, t->secret);
}

#define ROW(name, words, fn, ...)                                                                  \
	{                                                                                          \
		.id = "tasks." name, .text = words, .ask = RF_ASK_FILE(READ, "%secret"),           \
		.needs = RF_NEEDS_SECRET, .run = fn, ##__VA_ARGS__                                 \
	}

static const struct rf_attempt attempts[] = {
	ROW("child", "read a denied file from a child", child),
	ROW("double-fork", "read it from an orphan", double_fork),
	ROW("session", "read it from a session of its own", own_session),
	ROW("sibling", "read it from a child of its own parent", sibling),
	ROW("clone3", "read it from a child made by clone3", raw_clone3),
	ROW("thread", "read it from a thread", thread),
	ROW("exec", "read it by a program that was executed", after_exec, .becomes = true),
	ROW("flood", "read it after a flood of denials", flood),
};

const struct rf_attempt_group rf_attack_tasks = {attempts, RF_ARRAY_LEN(attempts)};
