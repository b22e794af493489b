/* SPDX-License-Identifier: Apache-2.0 */
/* A second thread rewrites what a system call points at, between any check and the use. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>

#include "tests/vm/attack/attack.h"

enum {
	TRIES = 4000,
	ROOM = 4096
};

static char shared[ROOM];
static size_t first_difference;
static char letters[2];
static struct sockaddr_in peer;
static in_addr_t peers[2];

/* The two names differ in one byte, so that each state of the buffer is one of them. */
static void *flip_name(void *arg)
{
	for (unsigned int i = 0;; i++)
		__atomic_store_n(&shared[first_difference], letters[i & 1], __ATOMIC_RELAXED);
	return arg;
}

static void *flip_peer(void *arg)
{
	for (unsigned int i = 0;; i++)
		__atomic_store_n(&peer.sin_addr.s_addr, peers[i & 1], __ATOMIC_RELAXED);
	return arg;
}

/* ALLOWED DENIED, one byte apart: shows what the opens that worked read but the allowed text. */
static int open_race(char **arg)
{
	char text[256], usual[256];
	ssize_t usual_size = 0, n;
	pthread_t thread;
	int fd = open(arg[0], O_RDONLY | O_CLOEXEC);

	snprintf(shared, sizeof(shared), "%s", arg[0]);
	if (fd < 0 || strlen(arg[0]) != strlen(arg[1]) ||
	    (usual_size = read(fd, usual, sizeof(usual))) < 0)
		return untried("names");
	close(fd);
	while (arg[0][first_difference] == arg[1][first_difference])
		first_difference++;
	letters[0] = arg[0][first_difference];
	letters[1] = arg[1][first_difference];
	if (pthread_create(&thread, NULL, flip_name, NULL) != 0)
		return untried("thread");
	for (int i = 0; i < TRIES; i++) {
		fd = open(shared, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		n = read(fd, text, sizeof(text));
		close(fd);
		if (n == usual_size && memcmp(text, usual, (size_t)n) == 0)
			continue;
		return write(STDOUT_FILENO, text, (size_t)n) == n ? WORKED : UNTRIED;
	}
	errno = EACCES;
	return refused("open");
}

/* ALLOWED DENIED PORT: sends datagrams; the denied server tells whether one came. */
static int send_race(char **arg)
{
	pthread_t thread;
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	peer.sin_family = AF_INET;
	peer.sin_port = htons((in_port_t)atoi(arg[2]));
	peers[0] = inet_addr(arg[0]);
	peers[1] = inet_addr(arg[1]);
	if (s < 0 || pthread_create(&thread, NULL, flip_peer, NULL) != 0)
		return untried("thread");
	for (int i = 0; i < TRIES; i++)
		(void)sendto(s, "hello\n", 6, 0, (struct sockaddr *)&peer, sizeof(peer));
	return WORKED;
}

static const struct attack attacks[] = {
	{"open", 2, open_race},
	{"send", 3, send_race},
	{NULL, 0, NULL},
};

int main(int argc, char **argv)
{
	return run_attack(attacks, argc, argv);
}
