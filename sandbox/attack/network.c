/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reaching a denied address by every call and spelling. Nothing is sent there but the first packet
 * of a connection: the effect is that the kernel went on instead of refusing.
 */
#include "sandbox/attack/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif

/* Documentation networks and the metadata service; the discard port. */
static const struct {
	const char *address;
	uint16_t port;
} candidates[] = {
	{"127.0.0.1", 9},    {"192.0.2.1", 9},	 {"169.254.169.254", 80},
	{"10.255.255.1", 9}, {"2001:db8::1", 9},
};

static void to_mapped(const char *text, uint8_t ret[16])
{
	memset(ret, 0, 16);
	if (inet_pton(AF_INET6, text, ret) == 1)
		return;
	ret[10] = ret[11] = 0xff;
	(void)inet_pton(AF_INET, text, ret + 12);
}

/* The first that is denied; one whose denial is in force goes before one whose is not. */
static void find(struct rf_scene *scene, uint32_t rights, uint8_t protocol,
		 struct rf_scene_address *ret)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(candidates); i++) {
		struct rf_question q = {.kind = RF_WHY_INET,
					.rights = rights,
					.protocol = protocol,
					.port = candidates[i].port};
		struct rf_expectation e;

		if (rights & (RF_NET_BIND | RF_NET_LISTEN))
			q.port = (uint16_t)(47800 + i);
		to_mapped(candidates[i].address, q.address);
		rf_expect_question(scene, &q, &e);
		if (strcmp(e.verdict, "allowed") == 0 || strcmp(e.verdict, "would_deny") == 0 ||
		    (ret->found && !e.applies))
			continue;
		ret->found = true;
		memcpy(ret->address, q.address, sizeof(ret->address));
		ret->port = q.port;
		if (e.applies)
			return;
	}
}

void rf_network_find(struct rf_scene *scene)
{
	find(scene, RF_NET_CONNECT, RF_PROTO_TCP, &scene->connect);
	find(scene, RF_NET_SEND, RF_PROTO_UDP, &scene->send);
	find(scene, RF_NET_BIND, RF_PROTO_TCP, &scene->bind);
}

/* ---- */

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static bool is_v4(const struct rf_scene_address *a)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(a->address, prefix, sizeof(prefix)) == 0;
}

/* As IPv4 where it is, unless mapped is asked for. Returns the length. */
static socklen_t fill(const struct rf_scene_address *a, bool mapped, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (is_v4(a) && !mapped) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons(a->port);
		memcpy(&ret->in.sin_addr, a->address + 12, 4);
		return sizeof(ret->in);
	}
	ret->in6.sin6_family = AF_INET6;
	ret->in6.sin6_port = htons(a->port);
	memcpy(&ret->in6.sin6_addr, a->address, 16);
	return sizeof(ret->in6);
}

static int family(const struct rf_scene_address *a, bool mapped)
{
	return is_v4(a) && !mapped ? AF_INET : AF_INET6;
}

/* The kernel's own errors on the way to an address: whoever gets one was let through. */
static void tell(struct rf_try *t, long r, const char *what)
{
	static const int went_on[] = {EINPROGRESS, ECONNREFUSED, ENETUNREACH,	EHOSTUNREACH,
				      ETIMEDOUT,   EAGAIN,	 EADDRNOTAVAIL, ENETDOWN};

	for (size_t i = 0; r < 0 && i < RF_ARRAY_LEN(went_on); i++)
		if (errno == went_on[i] && errno != t->refusal) {
			rf_try_passed(t, "the kernel went on");
			return;
		}
	rf_try_result(t, r, what);
}

static int make(struct rf_try *t, int fam, int type, int protocol)
{
	int fd = socket(fam, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		rf_try_failed(t, "socket");
	return fd;
}

static void connect_with(struct rf_try *t, int type, int protocol, bool mapped)
{
	const struct rf_scene_address *a =
		type == SOCK_DGRAM ? &t->scene->send : &t->scene->connect;
	union address to;
	socklen_t len = fill(a, mapped, &to);
	int fd = make(t, family(a, mapped), type, protocol);

	if (fd >= 0)
		tell(t, connect(fd, &to.any, len), "connect");
}

static void by_tcp(struct rf_try *t)
{
	connect_with(t, SOCK_STREAM, 0, false);
}

static void by_mapped(struct rf_try *t)
{
	connect_with(t, SOCK_STREAM, 0, true);
}

static void by_mptcp(struct rf_try *t)
{
	connect_with(t, SOCK_STREAM, IPPROTO_MPTCP, false);
}

static void by_udp(struct rf_try *t)
{
	connect_with(t, SOCK_DGRAM, 0, false);
}

static void by_udp_mapped(struct rf_try *t)
{
	connect_with(t, SOCK_DGRAM, 0, true);
}

/* 0.0.0.0 as a peer is this machine. */
static void by_zero(struct rf_try *t)
{
	struct rf_scene_address zero = t->scene->connect;
	union address to;
	socklen_t len;
	int fd;

	if (!is_v4(&zero) || zero.address[12] != 127) {
		errno = 0;
		rf_try_untried(t, "the denied address is not loopback");
		return;
	}
	memset(zero.address + 12, 0, 4);
	len = fill(&zero, false, &to);
	fd = make(t, AF_INET, SOCK_STREAM, 0);
	if (fd >= 0)
		tell(t, connect(fd, &to.any, len), "connect");
}

static void by_fast_open(struct rf_try *t)
{
	union address to;
	socklen_t len = fill(&t->scene->connect, false, &to);
	int fd = make(t, family(&t->scene->connect, false), SOCK_STREAM, 0);

	if (fd >= 0)
		tell(t, sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, &to.any, len), "sendto");
}

/* Bound first, dissolved and connected again. */
static void again(struct rf_try *t)
{
	const struct rf_scene_address *a = &t->scene->connect;
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	struct rf_scene_address any = *a;
	union address to, here;
	socklen_t len = fill(a, false, &to), here_len;
	int fd = make(t, family(a, false), SOCK_STREAM, 0);

	if (fd < 0)
		return;
	memset(any.address + (is_v4(a) ? 12 : 0), 0, is_v4(a) ? 4 : 16);
	any.port = 0;
	here_len = fill(&any, false, &here);
	(void)bind(fd, &here.any, here_len);
	(void)connect(fd, &none, sizeof(none));
	tell(t, connect(fd, &to.any, len), "connect");
}

static void by_sendto(struct rf_try *t)
{
	union address to;
	socklen_t len = fill(&t->scene->send, false, &to);
	int fd = make(t, family(&t->scene->send, false), SOCK_DGRAM, 0);

	if (fd >= 0)
		tell(t, sendto(fd, "x", 1, MSG_NOSIGNAL, &to.any, len), "sendto");
}

static void by_message(struct rf_try *t, bool many)
{
	union address to;
	struct iovec iov = {.iov_base = (void *)(uintptr_t) "x", .iov_len = 1};
	struct mmsghdr msg = {.msg_hdr = {.msg_name = &to, .msg_iov = &iov, .msg_iovlen = 1}};
	int fd = make(t, family(&t->scene->send, false), SOCK_DGRAM, 0);

	if (fd < 0)
		return;
	msg.msg_hdr.msg_namelen = fill(&t->scene->send, false, &to);
	if (many)
		tell(t, sendmmsg(fd, &msg, 1, MSG_NOSIGNAL), "sendmmsg");
	else
		tell(t, sendmsg(fd, &msg.msg_hdr, MSG_NOSIGNAL), "sendmsg");
}

static void by_sendmsg(struct rf_try *t)
{
	by_message(t, false);
}

static void by_sendmmsg(struct rf_try *t)
{
	by_message(t, true);
}

/* Made before the fence was. */
static int make_outside(struct rf_try *t)
{
	t->value = socket(family(&t->scene->connect, false), SOCK_STREAM | SOCK_NONBLOCK, 0);
	return t->value < 0 ? -errno : 0;
}

static void by_inherited(struct rf_try *t)
{
	union address to;
	socklen_t len = fill(&t->scene->connect, false, &to);

	tell(t, connect((int)t->value, &to.any, len), "connect");
}

/* The kernel may refuse a foreign local address only after the fence let it pass. */
static void bind_with(struct rf_try *t, bool reuse)
{
	const int one = 1;
	union address at;
	socklen_t len = fill(&t->scene->bind, false, &at);
	int fd = make(t, family(&t->scene->bind, false), SOCK_STREAM, 0);

	if (fd < 0)
		return;
	if (reuse)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	tell(t, bind(fd, &at.any, len), "bind");
}

static void bind_it(struct rf_try *t)
{
	bind_with(t, false);
}

static void bind_shared(struct rf_try *t)
{
	bind_with(t, true);
}

#define ROW(name, words, right, proto, fn, ...)                                                    \
	{                                                                                          \
		.id = "network." name, .text = words, .ask = RF_ASK_INET(right, proto), .run = fn, \
		##__VA_ARGS__                                                                      \
	}

static const struct rf_attempt attempts[] = {
	ROW("connect", "connect to a denied address", CONNECT, TCP, by_tcp),
	ROW("mapped", "connect to it as IPv4 within IPv6", CONNECT, TCP, by_mapped),
	ROW("zero", "connect to it as 0.0.0.0", CONNECT, TCP, by_zero),
	ROW("mptcp", "connect to it by MPTCP", CONNECT, TCP, by_mptcp),
	ROW("fast-open", "send to it with the first packet", CONNECT, TCP, by_fast_open),
	ROW("again", "connect a socket that was bound and dissolved", CONNECT, TCP, again),
	ROW("inherited", "connect a socket that was made outside", CONNECT, TCP, by_inherited,
	    .prepare = make_outside, .gives = true, .needs = RF_NEEDS_LSM),
	ROW("udp", "connect a datagram socket to a denied address", SEND, UDP, by_udp),
	ROW("udp-mapped", "do so as IPv4 within IPv6", SEND, UDP, by_udp_mapped),
	ROW("sendto", "send a datagram there by sendto", SEND, UDP, by_sendto),
	ROW("sendmsg", "by sendmsg", SEND, UDP, by_sendmsg),
	ROW("sendmmsg", "by sendmmsg", SEND, UDP, by_sendmmsg),
	ROW("bind", "bind to a denied port", BIND, TCP, bind_it),
	ROW("reuse-port", "bind to it with SO_REUSEPORT", BIND, TCP, bind_shared),
};

const struct rf_attempt_group rf_attack_network = {attempts, RF_ARRAY_LEN(attempts)};
