/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to run code that exec rules do not allow. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

#include "tests/vm/attack/attack.h"

static int copy_into(int to, const char *path)
{
	char part[65536];
	ssize_t n;
	int from = open(path, O_RDONLY | O_CLOEXEC);

	if (from < 0)
		return -1;
	while ((n = read(from, part, sizeof(part))) > 0) {
		if (write(to, part, (size_t)n) != n)
			return -1;
	}
	close(from);
	return (int)n;
}

static int memfd_exec(char **arg)
{
	int fd = memfd_create("hidden", MFD_CLOEXEC);

	if (fd < 0)
		return refused("memfd_create");
	if (copy_into(fd, arg[0]) < 0)
		return untried("copy");
	fexecve(fd, arg, environ);
	return refused("fexecve");
}

/* PROGRAM SCRATCH: a copy, unlinked before it is run through its descriptor. */
static int unlinked_exec(char **arg)
{
	int again, fd = open(arg[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	char *const argv[] = {arg[0], NULL};

	if (fd < 0 || copy_into(fd, arg[0]) < 0)
		return untried("copy");
	again = open(arg[1], O_RDONLY | O_CLOEXEC);
	if (again < 0 || unlink(arg[1]) < 0)
		return untried("unlink");
	close(fd);
	fexecve(again, argv, environ);
	return refused("fexecve");
}

static int map_exec(char **arg)
{
	int fd = open(arg[0], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return untried("open");
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return refused("mmap");
	return WORKED;
}

static int map_then_protect(char **arg)
{
	int fd = open(arg[0], O_RDONLY | O_CLOEXEC);
	void *at;

	if (fd < 0)
		return untried("open");
	at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return untried("mmap");
	return mprotect(at, 4096, PROT_READ | PROT_EXEC) < 0 ? refused("mprotect") : WORKED;
}

static int memfd_map(char **arg)
{
	int fd = memfd_create("hidden", MFD_CLOEXEC);

	(void)arg;
	if (fd < 0 || ftruncate(fd, 4096) < 0)
		return untried("memfd_create");
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0) == MAP_FAILED)
		return refused("mmap");
	return WORKED;
}

static int run_plain(char **arg)
{
	execv(arg[0], arg);
	return refused("execv");
}

static void *exec_in_thread(void *arg)
{
	char **argv = (char **)arg;

	execv(argv[0], argv);
	exit(refused("execv"));
}

static int run_from_thread(char **arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_in_thread, arg) != 0)
		return untried("pthread_create");
	pthread_join(thread, NULL);
	return UNTRIED;
}

/* Anonymous memory made executable after being written, and called: out of scope, so it works. */
static int jit(char **arg)
{
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int (*call)(void);

	(void)arg;
	if (at == MAP_FAILED)
		return untried("mmap");
	memcpy(at, code, sizeof(code));
	if (mprotect(at, 4096, PROT_READ | PROT_EXEC) < 0)
		return refused("mprotect");
	memcpy(&call, &at, sizeof(call));
	return call() == 42 ? WORKED : UNTRIED;
}

static const struct attack attacks[] = {
	{"memfd", 1, memfd_exec},
	{"unlinked", 2, unlinked_exec},
	{"map", 1, map_exec},
	{"protect", 1, map_then_protect},
	{"memfd-map", 0, memfd_map},
	{"run", 1, run_plain},
	{"thread", 1, run_from_thread},
	{"jit", 0, jit},
	{NULL, 0, NULL},
};

int main(int argc, char **argv)
{
	return run_attack(attacks, argc, argv);
}
