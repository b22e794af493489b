/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories that a server moves while a fence looks. In TREE, "pub/d" and "secret/d" take turns,
 * so do "secret/e" and "secret/x/e", "secret/g" and "limbo/g", "pub/h" and "pub/x/h". The policy
 * allows what is below pub but for files named "key", and nothing else of TREE: so all but what was
 * below "d" and "h" and is no key reads SECRET, which nobody may see at any time.
 *
 *   make TREE              everything at its first place
 *   move TREE              in the server's own folder, until TREE/stop is there
 *   look TREE SECONDS      inside: every way in, by names and by descriptors; counts
 *   handle FILE            prints what open_by_handle_at takes
 *   by-handle HANDLE DIR   reads it
 */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/vm/attack/attack.h"

struct mover {
	const char *place[2];
};

static const struct mover movers[] = {
	{{"pub/d", "secret/d"}},
	{{"secret/e", "secret/x/e"}},
	{{"secret/g", "limbo/g"}},
	{{"pub/h", "pub/x/h"}},
};

#define MOVERS (sizeof(movers) / sizeof(movers[0]))
#define ALWAYS 3 /* the one whose files may always be read */

static const char *const files[] = {"f", "sub/f", "key", "sub/key"};

static int put(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done ? 0 : -1;
}

static int make(char **arg)
{
	static const char *const dirs[] = {"pub", "pub/x", "secret", "secret/x", "limbo"};
	char path[64];

	if (chdir(arg[0]) < 0)
		return untried("chdir");
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		mkdir(dirs[i], 0755);
	for (size_t i = 0; i < MOVERS; i++) {
		mkdir(movers[i].place[0], 0755);
		snprintf(path, sizeof(path), "%s/sub", movers[i].place[0]);
		mkdir(path, 0755);
		for (int k = 0; k < 4; k++) {
			bool plain = k < 2 && movers[i].place[0][0] == 'p';

			snprintf(path, sizeof(path), "%s/%s", movers[i].place[0], files[k]);
			if (put(path, plain ? "plain" : "SECRET") < 0)
				return untried(path);
		}
	}
	return WORKED;
}

static int move_once(long n)
{
	const struct mover *mover = &movers[n % MOVERS];
	int back = n / MOVERS % 2;

	return rename(mover->place[back], mover->place[!back]);
}

/*
 * In bursts, and with room between, in which what is found at an old place is kept, and then looked
 * for at the new one. In the end all is at its second place.
 */
static int move(char **arg)
{
	if (chdir(arg[0]) < 0)
		return untried("chdir");
	for (long n = 0; access("stop", F_OK) < 0 || n % (2 * MOVERS) != MOVERS; n++) {
		if (move_once(n) < 0)
			return untried("rename");
		usleep(n % 32 < 8 ? (useconds_t)(n % 7) * 1000 : 100000);
	}
	return WORKED;
}

static long tries, read_plain, leaked, refusals;

static void look_at(int dir, const char *name, bool always)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char text[16] = "";

	tries++;
	if (fd < 0) {
		refusals += always && (errno == EACCES || errno == EPERM);
		return;
	}
	if (read(fd, text, sizeof(text) - 1) < 0)
		perror("read");
	close(fd);
	read_plain += strcmp(text, "plain") == 0;
	if (strcmp(text, "SECRET") == 0) {
		leaked++;
		fprintf(stderr, "leaked: %s\n", name);
	}
}

/* What changes something where neither name would allow it. */
static void reach_into(int dir)
{
	int fd = openat(dir, "new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	tries++;
	if (fd < 0 && mkdirat(dir, "newdir", 0700) < 0 && renameat(dir, "f", dir, "f2") < 0 &&
	    linkat(dir, "f", AT_FDCWD, "pub/stolen", 0) < 0 &&
	    renameat(dir, "sub", AT_FDCWD, "pub/stolen") < 0 && unlinkat(dir, "f", 0) < 0)
		return;
	leaked++;
	fprintf(stderr, "changed: %s\n", strerrorname_np(errno));
	if (fd >= 0)
		close(fd);
}

static void look_by(const struct mover *mover, int held, bool always)
{
	char path[64];

	for (int k = 0; k < 4; k++) {
		for (int at = 0; at < 2; at++) {
			snprintf(path, sizeof(path), "%s/%s", mover->place[at], files[k]);
			look_at(AT_FDCWD, path, always && k < 2);
		}
		if (held >= 0)
			look_at(held, files[k], always && k < 2);
	}
}

static int look(char **arg)
{
	int held[MOVERS] = {-1, -1, -1, -1};
	time_t end = time(NULL) + atoi(arg[1]);

	if (chdir(arg[0]) < 0)
		return untried("chdir");
	for (unsigned int n = 0; time(NULL) < end; n++) {
		unsigned int i = n % MOVERS;
		int fd = -1;

		/* Held for some turns, so that it moves under the descriptor. */
		if (n / MOVERS % 8 == 0 || held[i] < 0)
			fd = open(movers[i].place[n / 32 % 2], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0) {
			close(held[i]);
			held[i] = fd;
		}
		look_by(&movers[i], held[i], i == ALWAYS);
		if (held[i] >= 0 && (i == 1 || i == 2))
			reach_into(held[i]);
	}
	printf("tries %ld plain %ld leaked %ld refused %ld\n", tries, read_plain, leaked, refusals);
	return leaked ? REFUSED : WORKED;
}

union handle {
	struct file_handle head;
	unsigned char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

static int show_handle(char **arg)
{
	union handle handle = {.head.handle_bytes = MAX_HANDLE_SZ};
	int mount_id;

	if (name_to_handle_at(AT_FDCWD, arg[0], &handle.head, &mount_id, 0) < 0)
		return untried("name_to_handle_at");
	for (size_t i = 0; i < sizeof(struct file_handle) + handle.head.handle_bytes; i++)
		printf("%02x", handle.bytes[i]);
	return WORKED;
}

static int by_handle(char **arg)
{
	int fd, dir = open(arg[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	union handle handle = {.head.handle_bytes = 0};

	for (size_t i = 0; i < sizeof(handle.bytes) && arg[0][2 * i]; i++) {
		char digits[3] = {arg[0][2 * i], arg[0][2 * i + 1], 0};

		handle.bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	if (dir < 0)
		return untried("open directory");
	fd = open_by_handle_at(dir, &handle.head, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? refused("open_by_handle_at") : show_fd(fd);
}

static const struct attack attacks[] = {
	{"make", 1, make},	    {"move", 1, move},		 {"look", 2, look},
	{"handle", 1, show_handle}, {"by-handle", 2, by_handle}, {NULL, 0, NULL},
};

int main(int argc, char **argv)
{
	return run_attack(attacks, argc, argv);
}
