/* SPDX-License-Identifier: Apache-2.0 */
/* Running or mapping what may not be executed: the program is a copy of true(1), at a denied name.
 */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/attack/scene.h"

#define PROGRAM "/usr/bin/true"

static int copy_to(int to)
{
	char part[16384];
	ssize_t len = -1;
	RF_AUTOCLOSE int from = open(PROGRAM, O_RDONLY | O_CLOEXEC);

	while (from >= 0 && (len = read(from, part, sizeof(part))) > 0)
		if (write(to, part, (size_t)len) != len)
			return -1;
	return len == 0 ? 0 : -1;
}

static int copy_as(const char *path)
{
	RF_AUTOCLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0 || fchmod(fd, 0755) < 0 || copy_to(fd) < 0)
		return -errno;
	return 0;
}

static int make_program(struct rf_try *t)
{
	return copy_as(t->secret);
}

static void run_path(struct rf_try *t, const char *path)
{
	char *argv[] = {(char *)(uintptr_t) "true", NULL}, *env[] = {NULL};

	(void)execve(path, argv, env);
	rf_try_failed(t, "execve");
}

static void run_it(struct rf_try *t)
{
	run_path(t, t->secret);
}

static void *in_thread(void *arg)
{
	struct rf_try *t = arg;

	run_path(t, t->secret);
	return NULL;
}

static void run_from_thread(struct rf_try *t)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, in_thread, t) == 0)
		(void)pthread_join(thread, NULL);
	else
		rf_try_untried(t, "no second thread");
}

static void run_descriptor(struct rf_try *t)
{
	char *argv[] = {(char *)(uintptr_t) "true", NULL}, *env[] = {NULL};
	int fd = open(t->secret, O_PATH | O_CLOEXEC);

	if (fd >= 0)
		(void)syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH);
	rf_try_failed(t, "execveat");
}

static void run_loader(struct rf_try *t, const char *program)
{
	static const char *const loaders[] = {"/lib64/ld-linux-x86-64.so.2",
					      "/lib/ld-linux-aarch64.so.1"};
	char *argv[] = {(char *)(uintptr_t) "ld.so", (char *)(uintptr_t)program, NULL};
	char *env[] = {NULL};

	/* It writes why it failed. */
	(void)close(STDERR_FILENO);
	for (size_t i = 0; i < RF_ARRAY_LEN(loaders); i++)
		(void)execve(loaders[i], argv, env);
	rf_try_failed(t, "execve");
}

static void by_loader(struct rf_try *t)
{
	run_loader(t, t->secret);
}

static void by_script(struct rf_try *t)
{
	const char *script = rf_try_path(t->open, "script");
	int fd = open(script, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	if (fd < 0 || dprintf(fd, "#!%s\n", t->secret) < 0) {
		rf_try_failed(t, "make a script");
		return;
	}
	(void)close(fd);
	run_path(t, script);
}

static void map_fd(struct rf_try *t, int fd, bool later)
{
	int first = later ? PROT_READ : PROT_READ | PROT_EXEC;
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, first, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		rf_try_failed(t, "mmap");
	else if (later)
		rf_try_result(t, mprotect(at, 4096, PROT_READ | PROT_EXEC), "mprotect");
	else
		rf_try_passed(t, "mapped executable");
}

static void map_passwd(struct rf_try *t)
{
	map_fd(t, open("/etc/passwd", O_RDONLY | O_CLOEXEC), false);
}

static void protect_passwd(struct rf_try *t)
{
	map_fd(t, open("/etc/passwd", O_RDONLY | O_CLOEXEC), true);
}

/* ---- a copy of one's own, where the policy lets write ---- */

static const char *own_copy(struct rf_try *t)
{
	const char *path = rf_try_path(t->open, "program");

	if (copy_as(path) == 0)
		return path;
	rf_try_failed(t, "copy a program");
	return NULL;
}

static void run_copy(struct rf_try *t)
{
	const char *path = own_copy(t);

	if (path)
		run_path(t, path);
}

static void load_copy(struct rf_try *t)
{
	const char *path = own_copy(t);

	if (path)
		run_loader(t, path);
}

static void map_copy(struct rf_try *t)
{
	const char *path = own_copy(t);

	if (path)
		map_fd(t, open(path, O_RDONLY | O_CLOEXEC), false);
}

/* ---- programs without a name ---- */

static void run_fd(struct rf_try *t, int fd)
{
	char *argv[] = {(char *)(uintptr_t) "true", NULL}, *env[] = {NULL};
	char path[64];
	int again = -1;

	if (fd < 0 || copy_to(fd) < 0 || fchmod(fd, 0700) < 0) {
		rf_try_failed(t, "copy a program");
		return;
	}
	/* A file that is open to write cannot be run. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	(void)close(fd);
	if (again >= 0)
		(void)syscall(SYS_execveat, again, "", argv, env, AT_EMPTY_PATH);
	rf_try_failed(t, "execveat");
}

static void run_memfd(struct rf_try *t)
{
	run_fd(t, memfd_create("attack", MFD_CLOEXEC));
}

static void map_memfd(struct rf_try *t)
{
	int fd = memfd_create("attack", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, 4096) < 0)
		fd = -1;
	map_fd(t, fd, false);
}

static void run_tmpfile(struct rf_try *t)
{
	run_fd(t, open(t->open, O_TMPFILE | O_RDWR | O_CLOEXEC, 0700));
}

#define ROW(name, words, object, fn, ...)                                                          \
	{                                                                                          \
		.id = "execution." name, .text = words, .ask = RF_ASK_FILE(EXEC, object),          \
		.run = fn, ##__VA_ARGS__                                                           \
	}
#define DENIED .needs = RF_NEEDS_SECRET, .prepare = make_program, .becomes = true
#define UNNAMED(name, words, fn, ...)                                                              \
	{                                                                                          \
		.id = "execution." name, .text = words, .ask = RF_ASK_KERNEL(FILELESS_EXEC),       \
		.run = fn, ##__VA_ARGS__                                                           \
	}

static const struct rf_attempt attempts[] = {
	ROW("path", "run a denied program", "%secret", run_it, DENIED),
	ROW("thread", "run it from a thread", "%secret", run_from_thread, DENIED),
	ROW("descriptor", "run it by a descriptor", "%secret", run_descriptor, DENIED),
	ROW("loader", "have the loader run it", "%secret", by_loader, DENIED),
	ROW("interpreter", "run a script whose interpreter it is", "%secret", by_script, DENIED,
	    .also = RF_NEEDS_OPEN),
	ROW("map", "map a file executable that may only be read", "/etc/passwd", map_passwd,
	    .item = "files.unseen"),
	ROW("mprotect", "map it to read and make that executable", "/etc/passwd", protect_passwd,
	    .item = "files.unseen"),
	ROW("copy", "run a copy where writing is allowed", "%open/program", run_copy,
	    .needs = RF_NEEDS_OPEN, .becomes = true),
	ROW("copy-loader", "have the loader run that copy", "%open/program", load_copy,
	    .needs = RF_NEEDS_OPEN, .becomes = true, .item = "files.unseen"),
	ROW("copy-map", "map that copy executable", "%open/program", map_copy,
	    .needs = RF_NEEDS_OPEN, .item = "files.unseen"),
	UNNAMED("memfd", "run a program from memory", run_memfd, .becomes = true),
	UNNAMED("memfd-map", "map memory of a file executable", map_memfd),
	UNNAMED("tmpfile", "run a program from a file without a name", run_tmpfile,
		.needs = RF_NEEDS_OPEN, .becomes = true),
};

const struct rf_attempt_group rf_attack_execution = {attempts, RF_ARRAY_LEN(attempts)};
