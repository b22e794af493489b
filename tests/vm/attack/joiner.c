/* SPDX-License-Identifier: Apache-2.0 */
/*
 * joiner reach READY: waits within a sandbox for processes that join it by `ringfence exec`, and
 * tells which it could signal, by what they were then, and what of the launcher's it could have; 0
 * after five minutes or when READY is gone. (It does not stop them: their launcher would stop too.)
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/vm/attack/attack.h"

static int read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? 0 : -1;
}

static int last_pid(void)
{
	char text[128], *space;

	if (read_text("/proc/loadavg", text, sizeof(text)) < 0)
		return 0;
	space = strrchr(text, ' ');
	return space ? atoi(space + 1) : 0;
}

static void look_at(int pid, int pidfd)
{
	char path[64], text[8192];
	int taken = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	(void)read_text(path, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	printf("reached %s\n", text);
	(void)snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	if (read_text(path, text, sizeof(text)) == 0)
		printf("environment\n");
	for (int fd = 3; fd < 64; fd++)
		taken += syscall(SYS_pidfd_getfd, pidfd, fd, 0) >= 0;
	if (taken)
		printf("descriptors\n");
}

static void reach(int pid)
{
	int pidfd = pid == getpid() ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGWINCH, NULL, 0) == 0)
		look_at(pid, pidfd);
	(void)close(pidfd);
}

static int reach_joiners(char **arg)
{
	time_t end = time(NULL) + 300;
	int last = last_pid();

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (close(open(arg[0], O_WRONLY | O_CREAT, 0600)) < 0)
		return untried("ready");
	while (access(arg[0], F_OK) == 0 && time(NULL) < end) {
		int now = last_pid();

		for (int pid = now > last ? last + 1 : now; pid <= now + 1; pid++)
			reach(pid);
		last = now;
	}
	return WORKED;
}

int main(int argc, char **argv)
{
	static const struct attack attacks[] = {{"reach", 1, reach_joiners}, {NULL, 0, NULL}};

	return run_attack(attacks, argc, argv);
}
