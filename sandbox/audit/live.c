/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader's side of live events: its socket, and the rings of sandboxes that run already.
 */
#include "sandbox/audit/live.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "sandbox/audit/running.h"
#include "sandbox/base/fd.h"

#define LINE_MAX_BYTES 131072
#define PEERS_MAX      1024

struct live {
	rf_live_fn *fn;
	void *data;
	int listen_fd;
	char path[108]; /* of our socket; empty: none */
	struct rf_running *running;
	struct pollfd polls[2 + 1 + PEERS_MAX]; /* signals, socket, rings, supervisors */
	size_t n_peers;
	char line[LINE_MAX_BYTES];
};

enum {
	POLL_SIGNALS,
	POLL_SOCKET,
	POLL_RINGS,
	POLL_PEERS
};

/* One more than supervisors speak to would hear of some sandboxes and not of others. */
static int find_place(struct rf_err *err)
{
	struct rf_readers *others = rf_readers_open(RF_READERS_DIR);
	size_t n = rf_readers_count(others);

	(void)rf_readers_close(others);
	if (n >= RF_READERS_MAX)
		return rf_err_set(err, -EUSERS,
				  "%d readers follow the events already; end one of them first",
				  RF_READERS_MAX);
	return 0;
}

/*
 * No two readers take one place, and nobody takes a socket that does not listen yet for one that a
 * dead reader left (readers.c).
 */
int rf_live_lock(struct rf_err *err)
{
	RF_AUTOCLOSE int dir = -1;
	/* What is around it is everybody's to look at: the service's socket is there. */
	int r = rf_fd_mkdirs(RF_RUN_DIR, 0755, err);

	if (r == 0)
		r = rf_fd_mkdirs(RF_READERS_DIR, 0700, err);
	if (r < 0)
		return r;
	dir = open(RF_READERS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return rf_err_sys(err, -errno, "open %s", RF_READERS_DIR);
	while (flock(dir, LOCK_EX) < 0)
		if (errno != EINTR)
			return rf_err_sys(err, -errno, "lock %s", RF_READERS_DIR);
	return RF_TAKE_FD(dir);
}

static int open_socket(struct live *live, struct rf_err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	RF_AUTOCLOSE int lock = rf_live_lock(err);
	mode_t mask;
	int r = lock < 0 ? lock : find_place(err);

	if (r < 0)
		return r;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), RF_READERS_DIR "/%d",
		       (int)getpid());
	(void)unlink(address.sun_path); /* of a dead process that had our number */
	live->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (live->listen_fd < 0)
		return rf_err_sys(err, -errno, "make a socket for events");
	mask = umask(0177);
	r = bind(live->listen_fd, (const struct sockaddr *)&address, sizeof(address));
	(void)umask(mask);
	if (r == 0) {
		(void)snprintf(live->path, sizeof(live->path), "%s", address.sun_path);
		r = listen(live->listen_fd, PEERS_MAX);
	}
	return r < 0 ? rf_err_sys(err, -errno, "listen for events on %s", address.sun_path) : 0;
}

static void accept_peers(struct live *live)
{
	while (live->n_peers < PEERS_MAX) {
		int fd = accept4(live->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		live->polls[POLL_PEERS + live->n_peers++] =
			(struct pollfd){.fd = fd, .events = POLLIN};
	}
}

/* Everything one supervisor has sent. 1: it is gone. */
static int read_peer(struct live *live, int fd, struct rf_err *err)
{
	for (;;) {
		ssize_t n = recv(fd, live->line, sizeof(live->line), 0);
		int r;

		if (n == 0)
			return 1;
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : 1;
		r = live->fn(live->data, live->line, (size_t)n, err);
		if (r < 0)
			return r;
	}
}

static int read_peers(struct live *live, struct rf_err *err)
{
	size_t i = 0;

	while (i < live->n_peers) {
		struct pollfd *peer = &live->polls[POLL_PEERS + i];
		int r = peer->revents ? read_peer(live, peer->fd, err) : 0;

		if (r < 0)
			return r;
		if (r == 0) {
			i++;
			continue;
		}
		(void)close(peer->fd);
		*peer = live->polls[POLL_PEERS + --live->n_peers];
	}
	return 0;
}

static int follow(struct live *live, struct rf_err *err)
{
	for (;;) {
		int r;

		if (poll(live->polls, POLL_PEERS + live->n_peers, -1) < 0 && errno != EINTR)
			return rf_err_sys(err, -errno, "wait for events");
		if (live->polls[POLL_SOCKET].revents)
			accept_peers(live);
		/* A container has no supervisor that would send its events: its hook only knocks.
		 */
		r = live->polls[POLL_SOCKET].revents ? rf_running_renew(live->running, err) : 0;
		if (r == 0)
			r = rf_running_drain(live->running, err);
		if (r == 0)
			r = read_peers(live, err);
		if (r < 0 || live->polls[POLL_SIGNALS].revents)
			return r;
	}
}

/* Ends by SIGINT or SIGTERM pass through poll, so that our socket does not stay behind. */
static int open_signals(struct rf_err *err)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? rf_err_sys(err, -errno, "wait for signals") : fd;
}

static int start(struct live *live, bool follow_on, struct rf_err *err)
{
	int r = 0, fd;

	if (follow_on) {
		fd = open_signals(err);
		if (fd < 0)
			return fd;
		live->polls[POLL_SIGNALS] = (struct pollfd){.fd = fd, .events = POLLIN};
		r = open_socket(live, err);
		live->polls[POLL_SOCKET] = (struct pollfd){.fd = live->listen_fd, .events = POLLIN};
	}
	if (r == 0)
		r = rf_running_open(&live->running, follow_on, live->fn, live->data, err);
	if (r == 0)
		r = rf_running_drain(live->running, err);
	if (r == 0)
		live->polls[POLL_RINGS] =
			(struct pollfd){.fd = rf_running_fd(live->running), .events = POLLIN};
	return r;
}

int rf_live_read(bool follow_on, rf_live_fn *fn, void *data, struct rf_err *err)
{
	RF_AUTOFREE struct live *live = calloc(1, sizeof(*live));
	int r;

	if (!live)
		return rf_err_sys(err, -ENOMEM, "read live events");
	live->fn = fn;
	live->data = data;
	live->listen_fd = -1;
	live->polls[POLL_SIGNALS].fd = -1;
	r = start(live, follow_on, err);
	if (r == 0 && follow_on)
		r = follow(live, err);
	if (live->path[0])
		(void)unlink(live->path);
	for (size_t i = 0; i < live->n_peers; i++)
		(void)close(live->polls[POLL_PEERS + i].fd);
	if (live->listen_fd >= 0)
		(void)close(live->listen_fd);
	if (live->polls[POLL_SIGNALS].fd >= 0)
		(void)close(live->polls[POLL_SIGNALS].fd);
	(void)rf_running_close(live->running);
	return r;
}
