/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two processes outside: one that the fenced ones must not touch, and one that cleans up.
 *
 * Both wait for the end of a pipe that only their maker holds. However that one ends, the pipe
 * does, too; then everything that was made is removed.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "sandbox/attack/scene.h"

/* Where the victim keeps the token: filled in there only. */
static char memory[RF_TOKEN_LEN + 1];

const char *rf_victim_token(void)
{
	return memory;
}

/* The victim's is the read end of the same pipe. */
static int read_end = -1;

static void wait_for_end(const struct rf_scene *scene)
{
	sigset_t all;
	char byte;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)setsid();
	(void)close(scene->victim_pipe);
	while (read(read_end, &byte, 1) < 0 && errno == EINTR)
		;
}

int rf_cleaner_start(struct rf_scene *scene, struct rf_err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return rf_err_sys(err, -errno, "cannot make a pipe");
	read_end = ends[0];
	scene->victim_pipe = ends[1];
	scene->cleaner = fork();
	if (scene->cleaner == 0) {
		wait_for_end(scene);
		rf_scene_remove(scene);
		_exit(0);
	}
	if (scene->cleaner > 0)
		return 0;
	scene->cleaner = 0;
	return rf_err_sys(err, -errno, "cannot start a process to clean up");
}

int rf_victim_start(struct rf_scene *scene, struct rf_err *err)
{
	scene->victim = fork();
	if (scene->victim == 0) {
		memcpy(memory, scene->token, sizeof(memory));
		wait_for_end(scene);
		_exit(0);
	}
	if (scene->victim > 0)
		return 0;
	scene->victim = 0;
	return rf_err_sys(err, -errno, "cannot start a process to stand outside");
}

static void reap(pid_t *pid)
{
	int status;

	if (*pid > 0)
		while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
			;
	*pid = 0;
}

void rf_victim_end(struct rf_scene *scene)
{
	if (scene->victim_pipe >= 0)
		(void)close(RF_TAKE_FD(scene->victim_pipe));
	if (read_end >= 0)
		(void)close(RF_TAKE_FD(read_end));
	reap(&scene->victim);
	reap(&scene->cleaner);
}
