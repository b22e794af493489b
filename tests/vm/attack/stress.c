/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that moves names, at once, around files whose verdict is known by where they are:
 * below DIR/open all may be read, below DIR/denied and under the name "secret" nothing may. Both
 * end when DIR/stop is there, "inside" after so many seconds at least, "outside" after so many at
 * most. "outside" renames, exchanges, mounts, removes and makes anew, always within one verdict or
 * with new content after another; "inside" opens, renames and links in the fence and counts every
 * wrong answer.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/vm/attack/attack.h"

#define DIRS	 6
#define FOR_STOP 120 /* s, in which whoever started it says that it may end */

struct tally {
	atomic_long calls, leaked, refused;
};

static struct tally *tally;

static const char *dir_of(unsigned int i, bool open)
{
	static char text[4][64];
	static unsigned int next;
	char *ret = text[next++ % 4];

	snprintf(ret, sizeof(text[0]), "%s/d%u", open ? "open" : "denied", i % DIRS);
	return ret;
}

static void put(const char *dir, const char *name, const char *content)
{
	char path[256]; /* a folder of this program is at most 160 bytes long */
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
	if (fd >= 0 && write(fd, content, strlen(content)) < 0)
		perror("write");
	if (fd >= 0)
		close(fd);
}

/* ---- outside ---- */

/* A folder and its files go and come again, perhaps as the same inodes, on the other side. */
static void churn(unsigned int seed)
{
	bool open = seed & 1;
	const char *dir = dir_of(seed >> 1, open);
	char path[160];

	if (mkdir(dir, 0755) < 0 && errno == EEXIST) {
		static const char *const names[] = {"file", "secret", "sub/file"};

		for (int i = 0; i < 3; i++) {
			snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
			unlink(path);
		}
		snprintf(path, sizeof(path), "%s/sub", dir);
		rmdir(path);
		rmdir(dir);
		return;
	}
	put(dir, "file", open ? "plain" : "SECRET");
	put(dir, "secret", "SECRET");
	snprintf(path, sizeof(path), "%s/sub", dir);
	mkdir(path, 0755);
	put(path, "file", open ? "plain" : "SECRET");
}

static void move(unsigned int seed)
{
	bool open = seed & 1;
	const char *a = dir_of(seed >> 1, open), *b = dir_of(seed >> 4, open);

	if (seed & 0x100)
		renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
	else
		rename(a, b);
}

/* What may be read gets a denied name, and goes away again; and one open name another. */
static void remount(unsigned int seed)
{
	const char *at = seed & 1 ? "denied/m" : "open/m";

	mkdir(at, 0755);
	if (seed & 2)
		umount2(at, MNT_DETACH);
	else
		mount(dir_of(seed >> 2, true), at, NULL, MS_BIND, NULL);
}

static int outside(char **arg)
{
	static void (*const work[])(unsigned int seed) = {churn, churn, move, remount};
	long until = time(NULL) + atol(arg[1]);

	if (chdir(arg[0]) < 0)
		return untried("chdir");
	for (unsigned int w = 0; w < 4; w++)
		if (fork() == 0) {
			srandom(w + 1);
			while (time(NULL) < until && access("stop", F_OK) < 0)
				work[w]((unsigned int)random());
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	while (umount2("denied/m", MNT_DETACH) == 0 || umount2("open/m", MNT_DETACH) == 0)
		;
	return WORKED;
}

/* ---- inside ---- */

/* may: whether the name is one that may be read, as long as it exists. */
static void look(const char *path, bool may)
{
	char text[16] = "", link[40], where[256] = "";
	int fd = open(path, O_RDONLY);

	atomic_fetch_add(&tally->calls, 1);
	if (fd < 0) {
		if (may && errno == EACCES) {
			atomic_fetch_add(&tally->refused, 1);
			fprintf(stderr, "refused: %s\n", path);
		}
		return;
	}
	if (!may || (read(fd, text, sizeof(text) - 1) >= 0 && strcmp(text, "SECRET") == 0)) {
		atomic_fetch_add(&tally->leaked, 1);
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if (readlink(link, where, sizeof(where) - 1) < 0)
			perror(link);
		fprintf(stderr, "leaked: %s: %s, now at %s\n", path, text, where);
	}
	close(fd);
}

static void inside_move(unsigned int seed)
{
	const char *a = dir_of(seed, true), *b = dir_of(seed >> 3, true);
	char from[160], to[160];

	if (seed & 0x10000) {
		renameat2(AT_FDCWD, a, AT_FDCWD, b, seed & 0x20000 ? RENAME_EXCHANGE : 0);
		return;
	}
	/* Out of the denied side, and the secret under another name: never. */
	snprintf(from, sizeof(from), seed & 0x20000 ? "%s/secret" : "%s/file",
		 dir_of(seed >> 6, seed & 0x20000));
	snprintf(to, sizeof(to), "%s/gained-%d", b, getpid());
	if (seed & 0x40000 ? link(from, to) == 0 : rename(from, to) == 0) {
		atomic_fetch_add(&tally->leaked, 1);
		fprintf(stderr, "leaked by another name: %s\n", from);
		unlink(to);
	}
}

static void inside_look(unsigned int seed)
{
	static const char *const names[] = {"file", "sub/file", "secret", "../m/file",
					    "sub/../file"};
	bool open = seed & 1;
	unsigned int name = (seed >> 1) % 5;
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", dir_of(seed >> 4, open), names[name]);
	look(path, open && name != 2);
}

static int inside(char **arg)
{
	long until = time(NULL) + atol(arg[1]), last = until + FOR_STOP;

	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (tally == MAP_FAILED || chdir(arg[0]) < 0)
		return untried("start");
	for (unsigned int w = 0; w < 3; w++)
		if (fork() == 0) {
			srandom(w + 100);
			while (time(NULL) < until ||
			       (access("stop", F_OK) < 0 && time(NULL) < last))
				(w == 2 ? inside_move : inside_look)((unsigned int)random());
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	printf("calls %ld leaked %ld refused %ld\n", tally->calls, tally->leaked, tally->refused);
	return tally->leaked || tally->calls < 100 ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct attack attacks[] = {
		{"inside", 2, inside}, {"outside", 2, outside}, {NULL, 0, NULL}};

	return run_attack(attacks, argc, argv);
}
