/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens files in a loop while somebody replaces the policy: what both policies allow must always
 * work, what both deny never, and every open of the others must get one of the two answers.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/vm/attack/attack.h"

#define WORKERS 3

struct tally {
	atomic_long calls, wrong, opened[4], refused[4];
};

static const char *const names[] = {"both", "none", "first", "second"};

static struct tally *tally;

static void wrong(const char *what)
{
	atomic_fetch_add(&tally->wrong, 1);
	fprintf(stderr, "wrong: %s: %s\n", what, strerror(errno));
}

/* 1: allowed, 0: refused as a policy does; anything else is told. */
static void take(int i, int result)
{
	atomic_fetch_add(&tally->calls, 1);
	if (result >= 0) {
		atomic_fetch_add(&tally->opened[i], 1);
		if (i == 1)
			wrong("what both deny was allowed");
		return;
	}
	atomic_fetch_add(&tally->refused[i], 1);
	if (errno != EACCES && errno != EXDEV)
		wrong("another error");
	else if (i == 0)
		wrong("what both allow was refused");
}

/* A rename and a link ask several questions, which one policy must answer. */
static void move(const char *dir)
{
	char from[256], to[256];

	snprintf(from, sizeof(from), "%s/both/own-%d", dir, getpid());
	snprintf(to, sizeof(to), "%s/both/moved-%d", dir, getpid());
	take(0, rename(from, to));
	take(0, rename(to, from));
	take(0, link(from, to));
	take(0, unlink(to));
	snprintf(to, sizeof(to), "%s/none/moved-%d", dir, getpid());
	take(1, rename(from, to));
	take(1, link(from, to));
}

static void work(const char *dir, long until)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/both/own-%d", dir, getpid());
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	take(0, fd);
	close(fd);
	while (time(NULL) < until) {
		for (int i = 0; i < 4; i++) {
			snprintf(path, sizeof(path), "%s/%s/file", dir, names[i]);
			fd = open(path, O_RDONLY);
			take(i, fd);
			if (fd >= 0)
				close(fd);
		}
		move(dir);
	}
}

static int opens(char **arg)
{
	long until = time(NULL) + atol(arg[1]);

	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (tally == MAP_FAILED)
		return untried("mmap");
	for (int i = 0; i < WORKERS; i++)
		if (fork() == 0) {
			work(arg[0], until);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	printf("calls %ld wrong %ld", tally->calls, tally->wrong);
	for (int i = 0; i < 4; i++)
		printf(" %s %ld/%ld", names[i], tally->opened[i], tally->refused[i]);
	printf("\n");
	return tally->wrong ? 1 : 0;
}

/*
 * Opens one denied file until the file STOP is there and for some rounds, and forks all the while:
 * nothing of it may work.
 */
static int denied(char **arg)
{
	long opened = 0, refused_n = 0, forks = 0;

	while (access(arg[1], F_OK) < 0 || refused_n <= 10 || forks <= 10) {
		int fd = open(arg[0], O_RDONLY), status;
		pid_t pid;

		opened += fd >= 0;
		refused_n += fd < 0 && errno == EACCES;
		pid = fork();
		if (pid == 0)
			_exit(open(arg[0], O_RDONLY) >= 0);
		forks += pid > 0 && waitpid(pid, &status, 0) == pid;
		opened += pid > 0 && status != 0;
		if (opened)
			break;
	}
	printf("opened %ld refused %s\n", opened, refused_n > 10 && forks > 10 ? "many" : "few");
	return opened ? 1 : 0;
}

/*
 * An allowed and a denied file in turn, until the file STOP is there and for some rounds: how many
 * got which answer. Says "started" once some were opened.
 */
static int pair(char **arg)
{
	long good = 0, denied_good = 0, leaked = 0, last = 0;

	while (access(arg[2], F_OK) < 0 || last++ < 10) {
		int fd = open(arg[0], O_RDONLY);

		good += fd >= 0;
		denied_good += fd < 0 && errno == EACCES;
		if (fd >= 0)
			close(fd);
		leaked += open(arg[1], O_RDONLY) >= 0;
		if (good == 100)
			dprintf(STDERR_FILENO, "started\n");
	}
	printf("allowed %s refused %s leaked %ld\n", good ? "some" : "none",
	       denied_good ? "some" : "none", leaked);
	return leaked ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct attack attacks[] = {
		{"opens", 2, opens}, {"denied", 2, denied}, {"pair", 3, pair}, {NULL, 0, NULL}};

	return run_attack(attacks, argc, argv);
}
