/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to reach, or to be reached at, an address; and the servers that tell whether one was. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/vm/attack/attack.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un un;
};

/* ADDRESS PORT to a socket address, its length is returned. */
static socklen_t fill(union address *to, const char *text, const char *port)
{
	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, text, &to->v4.sin_addr) == 1) {
		to->v4.sin_family = AF_INET;
		to->v4.sin_port = htons((in_port_t)atoi(port));
		return sizeof(to->v4);
	}
	inet_pton(AF_INET6, text, &to->v6.sin6_addr);
	to->v6.sin6_family = AF_INET6;
	to->v6.sin6_port = htons((in_port_t)atoi(port));
	return sizeof(to->v6);
}

/* PATH, or @NAME for an abstract one. */
static socklen_t fill_unix(union address *to, const char *text)
{
	memset(to, 0, sizeof(*to));
	to->un.sun_family = AF_UNIX;
	snprintf(to->un.sun_path, sizeof(to->un.sun_path), "%s", text);
	if (text[0] != '@')
		return sizeof(to->un);
	to->un.sun_path[0] = 0;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text));
}

static int connect_as(char **arg, int type, int protocol)
{
	union address to;
	socklen_t length = fill(&to, arg[0], arg[1]);
	int s = socket(to.any.sa_family, type, protocol);

	if (s < 0)
		return refused("socket");
	if (connect(s, &to.any, length) < 0)
		return refused("connect");
	return write(s, "hello\n", 6) == 6 ? WORKED : refused("write");
}

static int tcp(char **arg)
{
	return connect_as(arg, SOCK_STREAM, 0);
}

static int mptcp(char **arg)
{
	return connect_as(arg, SOCK_STREAM, IPPROTO_MPTCP);
}

static int sctp(char **arg)
{
	return connect_as(arg, SOCK_STREAM, IPPROTO_SCTP);
}

/* The socket option that connects to a list of addresses. */
static int sctp_connectx(char **arg)
{
	union address to;
	socklen_t length = fill(&to, arg[0], arg[1]);
	int s = socket(to.any.sa_family, SOCK_STREAM, IPPROTO_SCTP);

	if (s < 0)
		return refused("socket");
	if (setsockopt(s, IPPROTO_SCTP, 110, &to.any, length) < 0)
		return refused("connectx");
	return write(s, "hello\n", 6) == 6 ? WORKED : refused("write");
}

/* ADDRESS PORT N: the same address so many times in one list. */
static int sctp_connectx_many(char **arg)
{
	union address to;
	socklen_t length = fill(&to, arg[0], arg[1]);
	unsigned int n = (unsigned int)atoi(arg[2]);
	int s = socket(to.any.sa_family, SOCK_STREAM, IPPROTO_SCTP);
	char list[64 * sizeof(to)];

	for (unsigned int i = 0; i < n; i++)
		memcpy(list + i * length, &to, length);
	if (s < 0)
		return refused("socket");
	return setsockopt(s, IPPROTO_SCTP, 110, list, n * length) < 0 ? refused("connectx")
								      : WORKED;
}

/* ADDRESS PORT N: a message to there that names so many more addresses. */
static int sctp_message(char **arg)
{
	const struct in_addr more = {htonl(INADDR_LOOPBACK)};
	union address to;
	socklen_t length = fill(&to, arg[0], arg[1]);
	unsigned int n = (unsigned int)atoi(arg[2]);
	union {
		struct cmsghdr align;
		char room[64 * CMSG_SPACE(sizeof(more))];
	} control = {.room = {0}};
	struct iovec iov = {(char[]){"hello\n"}, 6};
	struct msghdr msg = {.msg_name = &to,
			     .msg_namelen = length,
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = n ? &control : NULL,
			     .msg_controllen = n * CMSG_SPACE(sizeof(more))};
	int s = socket(to.any.sa_family, SOCK_SEQPACKET, IPPROTO_SCTP);

	for (unsigned int i = 0; i < n; i++) {
		struct cmsghdr *c = (void *)(control.room + i * CMSG_SPACE(sizeof(more)));

		*c = (struct cmsghdr){CMSG_LEN(sizeof(more)), IPPROTO_SCTP, 7 /* DSTADDRV4 */};
		memcpy(CMSG_DATA(c), &more, sizeof(more));
	}
	if (s < 0)
		return refused("socket");
	return sendmsg(s, &msg, 0) < 0 ? refused("sendmsg") : WORKED;
}

static int udp_connected(char **arg)
{
	return connect_as(arg, SOCK_DGRAM, 0);
}

static int fast_open(char **arg)
{
	union address to;
	socklen_t length = fill(&to, arg[0], arg[1]);
	int s = socket(to.any.sa_family, SOCK_STREAM, 0);

	if (s < 0)
		return refused("socket");
	if (sendto(s, "hello\n", 6, MSG_FASTOPEN, &to.any, length) < 0)
		return refused("sendto MSG_FASTOPEN");
	return WORKED;
}

static int udp_sendto(char **arg)
{
	union address to;
	socklen_t length = fill(&to, arg[0], arg[1]);
	int s = socket(to.any.sa_family, SOCK_DGRAM, 0);

	if (s < 0)
		return refused("socket");
	return sendto(s, "hello\n", 6, 0, &to.any, length) < 0 ? refused("sendto") : WORKED;
}

static int udp_sendmmsg(char **arg)
{
	union address to;
	socklen_t length = fill(&to, arg[0], arg[1]);
	struct iovec iov = {(char[]){"hello\n"}, 6};
	struct mmsghdr msg = {
		.msg_hdr = {
			.msg_name = &to, .msg_namelen = length, .msg_iov = &iov, .msg_iovlen = 1}};
	int s = socket(to.any.sa_family, SOCK_DGRAM, 0);

	if (s < 0)
		return refused("socket");
	return sendmmsg(s, &msg, 1, 0) < 0 ? refused("sendmmsg") : WORKED;
}

/* ALLOWED PORT DENIED PORT: connects to the first, dissolves that, and goes to the second. */
static int unspec(char **arg)
{
	union address to, none = {.any.sa_family = AF_UNSPEC};
	socklen_t length = fill(&to, arg[0], arg[1]);
	int s = socket(to.any.sa_family, SOCK_DGRAM, 0);

	if (s < 0 || connect(s, &to.any, length) < 0 || connect(s, &none.any, sizeof(none)) < 0)
		return untried("connect and dissolve");
	length = fill(&to, arg[2], arg[3]);
	if (connect(s, &to.any, length) < 0)
		return refused("connect again");
	return write(s, "hello\n", 6) == 6 ? WORKED : refused("write");
}

/* Connected to an allowed peer, a datagram carries another address. */
static int connected_sendto(char **arg)
{
	union address to;
	socklen_t length = fill(&to, arg[0], arg[1]);
	int s = socket(to.any.sa_family, SOCK_DGRAM, 0);

	if (s < 0 || connect(s, &to.any, length) < 0)
		return untried("connect");
	length = fill(&to, arg[2], arg[3]);
	return sendto(s, "hello\n", 6, 0, &to.any, length) < 0 ? refused("sendto") : WORKED;
}

/* FAMILY TYPE PROTOCOL: only the making of a socket. */
static int make_socket(char **arg)
{
	int s = socket(atoi(arg[0]), atoi(arg[1]), atoi(arg[2]));

	return s < 0 ? refused("socket") : WORKED;
}

/* Uses the connected or fresh socket that was inherited as descriptor arg[0]. */
static int inherited(char **arg)
{
	union address to;
	socklen_t length = fill(&to, arg[1], arg[2]);
	int s = atoi(arg[0]);

	if (connect(s, &to.any, length) < 0)
		return refused("connect");
	return write(s, "hello\n", 6) == 6 ? WORKED : refused("write");
}

/* COMMAND…: gives it a fresh TCP socket as descriptor 9. */
static int with_socket(char **arg)
{
	if (dup2(socket(AF_INET, SOCK_STREAM, 0), 9) < 0)
		return untried("socket");
	execvp(arg[0], arg);
	return untried("exec");
}

static int listen_at(char **arg)
{
	const int one = 1;
	union address at;
	socklen_t length = fill(&at, arg[0], arg[1]);
	int s = socket(at.any.sa_family, SOCK_STREAM, 0);

	if (s < 0)
		return refused("socket");
	setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(s, &at.any, length) < 0)
		return refused("bind");
	return listen(s, 1) < 0 ? refused("listen") : WORKED;
}

/* listen without bind: the kernel chooses the port then. */
static int listen_unbound(char **arg)
{
	int s = socket(AF_INET, SOCK_STREAM, 0);

	(void)arg;
	if (s < 0)
		return refused("socket");
	return listen(s, 1) < 0 ? refused("listen") : WORKED;
}

static int unix_stream(char **arg)
{
	union address to;
	socklen_t length = fill_unix(&to, arg[0]);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (s < 0)
		return refused("socket");
	if (connect(s, &to.any, length) < 0)
		return refused("connect");
	return write(s, "hello\n", 6) == 6 ? WORKED : refused("write");
}

static int unix_datagram(char **arg)
{
	union address to;
	socklen_t length = fill_unix(&to, arg[0]);
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (s < 0)
		return refused("socket");
	return sendto(s, "hello\n", 6, 0, &to.any, length) < 0 ? refused("sendto") : WORKED;
}

/* A descriptor of the socket's own file, then its magic link: the path never shows. */
static int unix_magic(char **arg)
{
	char name[64], *again[] = {name};
	int fd = open(arg[0], O_PATH | O_CLOEXEC);

	if (fd < 0)
		return untried("O_PATH");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return unix_stream(again);
}

static int unix_bind(char **arg)
{
	union address at;
	socklen_t length = fill_unix(&at, arg[0]);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (s < 0)
		return refused("socket");
	if (bind(s, &at.any, length) < 0)
		return refused("bind");
	return listen(s, 1) < 0 ? refused("listen") : WORKED;
}

/* The kernel chooses an abstract name. */
static int unix_autobind(char **arg)
{
	const union address at = {.any.sa_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)arg;
	if (s < 0)
		return refused("socket");
	if (bind(s, &at.any, sizeof(sa_family_t)) < 0)
		return refused("bind");
	return listen(s, 1) < 0 ? refused("listen") : WORKED;
}

static int pair(char **arg)
{
	int s[2];

	(void)arg;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) < 0)
		return refused("socketpair");
	return write(s[0], "x", 1) == 1 ? WORKED : refused("write");
}

static void note(const char *log)
{
	int fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0 && write(fd, "hit\n", 4) == 4)
		close(fd);
}

/* Takes connections or datagrams for ever and writes a line to the log for each. */
static int serve(int s, const union address *at, socklen_t length, int stream, const char *log)
{
	const int one = 1;
	char byte[64];

	setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(s, &at->any, length) < 0 || (stream && listen(s, 16) < 0))
		return untried("serve");
	if (daemon(1, 1) < 0)
		return untried("daemon");
	for (;;) {
		if (!stream) {
			if (recv(s, byte, sizeof(byte), 0) > 0)
				note(log);
			continue;
		}
		note(accept(s, NULL, NULL) >= 0 ? log : "/dev/null");
	}
}

/* stream|sctp|datagram ADDRESS PORT LOG */
static int serve_ip(char **arg)
{
	const int on = 0x7, stream = strcmp(arg[0], "datagram") != 0;
	const int protocol = strcmp(arg[0], "sctp") == 0 ? IPPROTO_SCTP : 0;
	union address at;
	socklen_t length = fill(&at, arg[1], arg[2]);
	int s = socket(at.any.sa_family, stream ? SOCK_STREAM : SOCK_DGRAM, protocol);

	if (stream && !protocol)
		setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN, &on, sizeof(on));
	return serve(s, &at, length, stream, arg[3]);
}

/* stream|datagram PATH|@NAME LOG */
static int serve_unix(char **arg)
{
	const int stream = strcmp(arg[0], "stream") == 0;
	union address at;
	socklen_t length = fill_unix(&at, arg[1]);

	return serve(socket(AF_UNIX, stream ? SOCK_STREAM : SOCK_DGRAM, 0), &at, length, stream,
		     arg[2]);
}

static const struct attack attacks[] = {
	{"tcp", 2, tcp},
	{"mptcp", 2, mptcp},
	{"sctp", 2, sctp},
	{"sctp-connectx", 2, sctp_connectx},
	{"sctp-connectx-many", 3, sctp_connectx_many},
	{"sctp-message", 3, sctp_message},
	{"fastopen", 2, fast_open},
	{"udp", 2, udp_connected},
	{"sendto", 2, udp_sendto},
	{"sendmmsg", 2, udp_sendmmsg},
	{"unspec", 4, unspec},
	{"connected-sendto", 4, connected_sendto},
	{"socket", 3, make_socket},
	{"inherited", 3, inherited},
	{"with-socket", 1, with_socket},
	{"listen", 2, listen_at},
	{"listen-unbound", 0, listen_unbound},
	{"unix", 1, unix_stream},
	{"unix-datagram", 1, unix_datagram},
	{"unix-magic", 1, unix_magic},
	{"unix-bind", 1, unix_bind},
	{"unix-autobind", 0, unix_autobind},
	{"pair", 0, pair},
	{"serve", 4, serve_ip},
	{"serve-unix", 3, serve_unix},
	{NULL, 0, NULL},
};

int main(int argc, char **argv)
{
	return run_attack(attacks, argc, argv);
}
