/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets: a denied one by other names, an abstract one, and services that do the work. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "sandbox/attack/scene.h"

#define NAME "docker.sock"

static int fill(struct sockaddr_un *at, const char *path)
{
	if (strlen(path) >= sizeof(at->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memset(at, 0, sizeof(*at));
	at->sun_family = AF_UNIX;
	memcpy(at->sun_path, path, strlen(path));
	return 0;
}

static socklen_t length(const struct sockaddr_un *at)
{
	size_t len = strlen(at->sun_path + 1) + 1;

	/* An abstract name ends where it ends. */
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (at->sun_path[0] != 0));
}

/*
 * The kernel notes who listens. The supervisor's own sockets serve its sandbox (`why --last`), so
 * it is a process of its own that does, and is gone.
 */
static int listen_as_another(int fd)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(listen(fd, 4) < 0);
	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0 ? 0 : -1;
}

static int serve(struct rf_try *t, const char *path, int type)
{
	struct sockaddr_un at;

	t->value = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (t->value < 0 || fill(&at, path) < 0)
		return -errno;
	if (path[0] == '@')
		at.sun_path[0] = 0;
	if (bind((int)t->value, (struct sockaddr *)&at, length(&at)) < 0 ||
	    (type == SOCK_STREAM && listen_as_another((int)t->value) < 0))
		return -errno;
	/* Everybody may, as far as modes go. */
	return path[0] != '@' && chmod(path, 0666) < 0 ? -errno : 0;
}

static int serve_stream(struct rf_try *t)
{
	return serve(t, rf_try_path(t->dir, NAME), SOCK_STREAM);
}

static int serve_datagram(struct rf_try *t)
{
	return serve(t, rf_try_path(t->dir, NAME), SOCK_DGRAM);
}

#define ABSTRACT "@ringfence-attack"

static int serve_abstract(struct rf_try *t)
{
	return serve(t, ABSTRACT, SOCK_STREAM);
}

static void connect_path(struct rf_try *t, const char *path)
{
	struct sockaddr_un to;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || fill(&to, path) < 0) {
		rf_try_failed(t, "socket");
		return;
	}
	if (path[0] == '@')
		to.sun_path[0] = 0;
	rf_try_result(t, connect(fd, (struct sockaddr *)&to, length(&to)), "connect");
}

static void plain(struct rf_try *t)
{
	connect_path(t, rf_try_path(t->dir, NAME));
}

static void relative(struct rf_try *t)
{
	if (chdir(t->dir) < 0)
		rf_try_failed(t, "chdir");
	else
		connect_path(t, NAME);
}

static void by_symlink(struct rf_try *t)
{
	const char *link = rf_try_path(t->open, "s");

	if (symlink(rf_try_path(t->dir, NAME), link) < 0)
		rf_try_failed(t, "symlink");
	else
		connect_path(t, link);
}

static void by_link(struct rf_try *t)
{
	const char *name = rf_try_path(t->open, "s");

	if (link(rf_try_path(t->dir, NAME), name) < 0)
		rf_try_failed(t, "link");
	else
		connect_path(t, name);
}

static void by_rename(struct rf_try *t)
{
	const char *name = rf_try_path(t->open, "s");

	if (rename(rf_try_path(t->dir, NAME), name) < 0)
		rf_try_failed(t, "rename");
	else
		connect_path(t, name);
}

static void by_proc(struct rf_try *t)
{
	char path[64];
	int fd = open(rf_try_path(t->dir, NAME), O_PATH | O_CLOEXEC);

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0)
		rf_try_failed(t, "open as a path");
	else
		connect_path(t, path);
}

static void by_datagram(struct rf_try *t)
{
	struct sockaddr_un to;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || fill(&to, rf_try_path(t->dir, NAME)) < 0)
		rf_try_failed(t, "socket");
	else
		rf_try_result(t,
			      sendto(fd, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&to, length(&to)),
			      "sendto");
}

static void abstract(struct rf_try *t)
{
	connect_path(t, ABSTRACT);
}

static void bind_new(struct rf_try *t)
{
	struct sockaddr_un at;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || fill(&at, rf_try_path(t->dir, NAME)) < 0)
		rf_try_failed(t, "socket");
	else
		rf_try_result(t, bind(fd, (struct sockaddr *)&at, length(&at)), "bind");
}

static bool is_there(const struct rf_try *t)
{
	struct stat st;

	return lstat(rf_try_path(t->dir, NAME), &st) == 0;
}

#define SERVICE(name, path)                                                                        \
	static void ask_##name(struct rf_try *t)                                                   \
	{                                                                                          \
		connect_path(t, path);                                                             \
	}

#define DOCKER	"/run/docker.sock"
#define SYSTEMD "/run/systemd/private"
#define DBUS	"/run/dbus/system_bus_socket"

SERVICE(docker, DOCKER)
SERVICE(systemd, SYSTEMD)
SERVICE(dbus, DBUS)

#define ROW(name, words, right, object, fn, ...)                                                   \
	{                                                                                          \
		.id = "unix." name, .text = words, .ask = RF_ASK_UNIX(right, object), .run = fn,   \
		##__VA_ARGS__                                                                      \
	}
#define OWN(name, words, fn, ...)                                                                  \
	ROW(name, words, CONNECT, "%dir/" NAME, fn, .needs = RF_NEEDS_SECRET, ##__VA_ARGS__)

static const struct rf_attempt attempts[] = {
	OWN("path", "connect to a denied socket", plain, .prepare = serve_stream),
	OWN("relative", "connect to it from its folder", relative, .prepare = serve_stream),
	OWN("symlink", "connect to it through a symbolic link", by_symlink, .prepare = serve_stream,
	    .also = RF_NEEDS_OPEN),
	OWN("link", "connect to it by a hard link", by_link, .prepare = serve_stream,
	    .also = RF_NEEDS_OPEN | RF_NEEDS_SAME),
	OWN("rename", "connect to it after a rename", by_rename, .prepare = serve_stream,
	    .also = RF_NEEDS_OPEN | RF_NEEDS_SAME),
	OWN("proc-fd", "connect to it through /proc/self/fd", by_proc, .prepare = serve_stream),
	OWN("datagram", "send it a datagram", by_datagram, .prepare = serve_datagram),
	ROW("abstract", "connect to an abstract name", CONNECT, ABSTRACT, abstract,
	    .prepare = serve_abstract),
	ROW("bind", "make a socket at a denied name", BIND, "%dir/" NAME, bind_new,
	    .needs = RF_NEEDS_SECRET, .happened = is_there),
	ROW("docker", "ask the container engine", CONNECT, DOCKER, ask_docker),
	ROW("systemd", "ask the manager of services", CONNECT, SYSTEMD, ask_systemd),
	ROW("dbus", "ask the system's bus", CONNECT, DBUS, ask_dbus),
};

const struct rf_attempt_group rf_attack_unix = {attempts, RF_ARRAY_LEN(attempts)};
