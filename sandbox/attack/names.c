/* SPDX-License-Identifier: Apache-2.0 */
/* A denied file by every spelling of its name, and by names that change under the look-up. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "sandbox/attack/scene.h"

/* Thousands of rounds, also where the other thread does not get its turn at once. */
#define RACE_NS 150000000

static void plain(struct rf_try *t)
{
	rf_try_open(t, t->secret);
}

/* "/a/./b/../b//c": the same file. */
static void spelled(struct rf_try *t)
{
	char path[3 * PATH_MAX], last[NAME_MAX + 1];

	(void)snprintf(last, sizeof(last), "%s", strrchr(t->dir, '/') + 1);
	(void)snprintf(path, sizeof(path), "%s/../%s/.///./%s", t->dir, last, t->scene->secret);
	rf_try_open(t, path);
}

/* Almost as long as a path may be. */
static void padded(struct rf_try *t)
{
	char path[PATH_MAX];
	size_t len = strlen(t->dir), tail = strlen(t->scene->secret) + 1;

	memcpy(path, t->dir, len);
	while (len + tail + 2 < sizeof(path) - 1) {
		memcpy(path + len, "/.", 2);
		len += 2;
	}
	(void)snprintf(path + len, sizeof(path) - len, "/%s", t->scene->secret);
	rf_try_open(t, path);
}

static int make_chain(struct rf_try *t)
{
	const char *target = t->secret;

	for (int i = 0; i < 3; i++) {
		char name[16];
		const char *link;

		(void)snprintf(name, sizeof(name), "link%d", i);
		link = rf_try_path(t->dir, name);
		if (symlink(target, link) < 0)
			return -errno;
		target = link;
	}
	return 0;
}

static void chain(struct rf_try *t)
{
	rf_try_open(t, rf_try_path(t->dir, "link2"));
}

static void own_symlink(struct rf_try *t)
{
	const char *link = rf_try_path(t->open, "link");

	if (symlink(t->secret, link) < 0)
		rf_try_failed(t, "symlink");
	else
		rf_try_open(t, link);
}

static void relative(struct rf_try *t)
{
	int dir = open(t->dir, O_PATH | O_CLOEXEC);

	if (dir < 0)
		rf_try_failed(t, "open the folder");
	else
		rf_try_read(t, openat(dir, t->scene->secret, O_RDONLY | O_CLOEXEC), "openat");
}

static void from_cwd(struct rf_try *t)
{
	if (chdir(t->dir) < 0)
		rf_try_failed(t, "chdir");
	else
		rf_try_open(t, t->scene->secret);
}

static void proc_cwd(struct rf_try *t)
{
	if (chdir(t->dir) < 0)
		rf_try_failed(t, "chdir");
	else
		rf_try_open(t, rf_try_path("/proc/self/cwd", t->scene->secret));
}

static void proc_root(struct rf_try *t)
{
	rf_try_open(t, rf_try_path("/proc/self/root", t->secret));
}

static void proc_task_root(struct rf_try *t)
{
	rf_try_open(t, rf_try_path("/proc/thread-self/root", t->secret));
}

/* Through the root of another process: one that is inside, too, and one that is not. */
static void other_root(struct rf_try *t)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/root", getppid());
	rf_try_open(t, rf_try_path(path, t->secret));
}

static void outside_root(struct rf_try *t)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/root", t->scene->victim);
	rf_try_open(t, rf_try_path(path, t->secret));
}

static void by_magic_link(struct rf_try *t, const char *folder)
{
	char path[64];
	int fd = open(t->secret, O_PATH | O_CLOEXEC);

	if (fd < 0) {
		rf_try_failed(t, "open as a path");
		return;
	}
	(void)snprintf(path, sizeof(path), "%s/%d", folder, fd);
	rf_try_open(t, path);
}

static void proc_fd(struct rf_try *t)
{
	by_magic_link(t, "/proc/self/fd");
}

static void dev_fd(struct rf_try *t)
{
	by_magic_link(t, "/dev/fd");
}

static void by_openat2(struct rf_try *t)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};

	rf_try_read(t, (int)syscall(SYS_openat2, AT_FDCWD, t->secret, &how, sizeof(how)),
		    "openat2");
}

/* A name with everything that names should not have. */
#define ODD_NAME "odd\n\xff\x1b[2J (deleted)"

static int make_odd(struct rf_try *t)
{
	const char *folder = rf_try_path(t->dir, ODD_NAME);

	return link(t->secret, folder) < 0 ? -errno : 0;
}

static void odd(struct rf_try *t)
{
	rf_try_open(t, rf_try_path(t->dir, ODD_NAME));
}

#define DEEP 120

/* A file far below, reached step by step. */
static int make_deep(struct rf_try *t)
{
	char path[PATH_MAX];
	size_t len = (size_t)snprintf(path, sizeof(path), "%s", t->dir);

	for (int i = 0; i < DEEP && len + 12 < sizeof(path); i++) {
		len += (size_t)snprintf(path + len, sizeof(path) - len, "/deep");
		if (mkdir(path, 0755) < 0)
			return -errno;
	}
	(void)snprintf(path + len, sizeof(path) - len, "/secret");
	return link(t->secret, path) < 0 ? -errno : 0;
}

static void deep(struct rf_try *t)
{
	if (chdir(t->dir) < 0) {
		rf_try_failed(t, "chdir");
		return;
	}
	for (int i = 0; i < DEEP; i++)
		if (chdir("deep") < 0) {
			rf_try_failed(t, "chdir below");
			return;
		}
	rf_try_open(t, "secret");
}

/* ---- races ---- */

struct race {
	struct rf_try *t;
	char path[2 * PATH_MAX]; /* the name that the other thread changes */
	char good[2 * PATH_MAX], bad[2 * PATH_MAX];
	volatile bool stop;
};

static int64_t since(const struct timespec *start)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * INT64_C(1000000000) + now.tv_nsec - start->tv_nsec;
}

/* Reads whatever the name leads to just then, until it was the secret. */
static void race_reads(struct race *race, void *(*other)(void *))
{
	char text[RF_TOKEN_LEN + 1] = "";
	struct timespec start;
	pthread_t thread;
	bool seen = false;

	if (pthread_create(&thread, NULL, other, race) != 0) {
		errno = EAGAIN;
		rf_try_untried(race->t, "no second thread");
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	while (!seen && since(&start) < RACE_NS) {
		int fd = open(race->path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		if (read(fd, text, RF_TOKEN_LEN) == RF_TOKEN_LEN)
			seen = strcmp(text, race->t->scene->token) == 0;
		(void)close(fd);
	}
	race->stop = true;
	(void)pthread_join(thread, NULL);
	if (seen)
		rf_try_passed(race->t, "the secret was read");
	else
		rf_try_held(race->t, 0, "never read");
}

static int touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : close(fd);
}

static void *swap_links(void *arg)
{
	struct race *race = arg;

	while (!race->stop) {
		(void)rename(race->bad, race->path);
		(void)!symlink(race->t->secret, race->bad);
		(void)unlink(race->path);
		(void)!link(race->good, race->path);
	}
	return NULL;
}

static void raced_symlink(struct rf_try *t)
{
	static struct race race;

	race.t = t;
	(void)snprintf(race.path, sizeof(race.path), "%s/name", t->open);
	(void)snprintf(race.good, sizeof(race.good), "%s/good", t->open);
	(void)snprintf(race.bad, sizeof(race.bad), "%s/bad", t->open);
	if (touch(race.good) < 0 || symlink(t->secret, race.bad) < 0)
		rf_try_failed(t, "make a file and a link");
	else
		race_reads(&race, swap_links);
}

/* The bytes of the path change between the check, if it looks at them, and the use. */
static void *rewrite(void *arg)
{
	struct race *race = arg;

	while (!race->stop) {
		memcpy(race->path, race->good, sizeof(race->path));
		memcpy(race->path, race->bad, sizeof(race->path));
	}
	return NULL;
}

static void rewritten(struct rf_try *t)
{
	static struct race race;

	race.t = t;
	(void)snprintf(race.good, sizeof(race.good), "%s/good", t->open);
	(void)snprintf(race.bad, sizeof(race.bad), "%s", t->secret);
	memcpy(race.path, race.good, sizeof(race.path));
	if (touch(race.good) < 0)
		rf_try_failed(t, "make a file");
	else
		race_reads(&race, rewrite);
}

#define AT(name, words, object, fn, ...)                                                           \
	{                                                                                          \
		.id = "names." name, .text = words, .ask = RF_ASK_FILE(READ, object),              \
		.needs = RF_NEEDS_SECRET, .run = fn, ##__VA_ARGS__                                 \
	}
#define ROW(name, words, ...) AT(name, words, "%secret", __VA_ARGS__)

static const struct rf_attempt attempts[] = {
	ROW("plain", "read a denied file by its name", plain),
	ROW("spelled", "read it by a path with dots, double slashes and the way back", spelled),
	ROW("padded", "read it by a path of 4,095 bytes", padded),
	ROW("chain", "read it through symbolic links that were there before", chain,
	    .prepare = make_chain),
	ROW("symlink", "read it through a symbolic link made inside", own_symlink,
	    .also = RF_NEEDS_OPEN),
	ROW("dirfd", "read it relative to a descriptor of its folder", relative),
	ROW("cwd", "read it from its folder", from_cwd),
	ROW("proc-cwd", "read it through /proc/self/cwd", proc_cwd),
	ROW("proc-root", "read it through /proc/self/root", proc_root),
	ROW("thread-root", "read it through /proc/thread-self/root", proc_task_root),
	ROW("other-root", "read it through the root of another process inside", other_root),
	ROW("outside-root", "read it through the root of a process outside", outside_root),
	ROW("proc-fd", "open it as a path and again through /proc/self/fd", proc_fd),
	ROW("dev-fd", "open it as a path and again through /dev/fd", dev_fd),
	ROW("openat2", "read it by openat2", by_openat2),
	AT("deep", "read a denied file 120 folders below, step by step", "%dir/deep/deep/secret",
	   deep, .prepare = make_deep),
	AT("odd", "read a denied file with a newline, wrong UTF-8 and (deleted) in its name",
	   "%dir/" ODD_NAME, odd, .prepare = make_odd),
	ROW("raced-link", "read it through a name that turns into a link to it all the time",
	    raced_symlink, .also = RF_NEEDS_OPEN),
	ROW("rewritten", "read it by a path that a second thread rewrites during the call",
	    rewritten, .also = RF_NEEDS_OPEN),
};

const struct rf_attempt_group rf_attack_names = {attempts, RF_ARRAY_LEN(attempts)};
