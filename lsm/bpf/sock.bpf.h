/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Questions about the network: an address, a unix name, a family.
 */
#ifndef RF_BPF_SOCK_H
#define RF_BPF_SOCK_H

#include "lsm/bpf/path.bpf.h"

#define RF_AF_UNSPEC  0
#define RF_AF_UNIX    1
#define RF_AF_INET    2
#define RF_AF_INET6   10
#define RF_AF_NETLINK 16
#define RF_AF_PACKET  17
#define RF_AF_RDS     21
#define RF_AF_TIPC    30
#define RF_AF_RXRPC   33
#define RF_AF_SMC     43
#define RF_AF_XDP     44

#define RF_SOCK_STREAM 1
#define RF_SOCK_DGRAM  2
#define RF_SOCK_RAW    3

#define RF_P_ICMP    1
#define RF_P_TCP     6
#define RF_P_UDP     17
#define RF_P_ICMPV6  58
#define RF_P_SCTP    132
#define RF_P_UDPLITE 136
#define RF_P_SMC     256
#define RF_P_MPTCP   262

/* Asks about the IP address in the record's inet object. */
int rf_net_ask(struct rf_work *w, __u32 rights);

/* About one right there, with a port that the kernel is to choose. */
int rf_ports_ask(struct rf_work *w, __u32 right);

/* Asks about the unix name in the record's text ("/path" or "@name"); a refusal retells. */
int rf_unix_ask(struct rf_work *w, __u32 rights);

/*
 * Refuses a family that no rule can name, or a raw socket, unless the section's default is allow
 * and, where it reaches IP addresses, no rule refuses any.
 */
int rf_family_ask(struct rf_work *w, __u32 family);

/* Fills the inet object from the address at w->at_object; -1 if there is none that counts. */
int rf_net_address(struct rf_work *w, __u32 sock_family);

/*
 * Makes of an unspecified peer in the inet object, which is about to be asked about, the address
 * that the socket reaches so. 1: that cannot be known, and was refused (in audit mode: told) here.
 */
int rf_net_zero(struct rf_work *w, __u32 rights);

/* Fills it from the own address of the socket at w->at_object. */
int rf_net_local(struct rf_work *w);

/* Asks about the unix socket at w->at_object, unless it has no name. */
int rf_unix_peer_ask(struct rf_work *w, __u32 rights);

/* Refuses a message whose control data names addresses, which nobody would be asked about. */
int rf_control_ask(struct rf_work *w, __u64 control, __u64 len, __u32 right);

/*
 * Refuses a rename (w->text holds both paths) after which more would be allowed to a unix socket:
 * to the renamed one, or to any below a renamed folder. `back`: the second path becomes the first.
 */
int rf_unix_rename_ask(struct rf_work *w, __u32 is_dir, __u32 back);

/* The name of the unix socket at w->at_object: "@name", or its path. 0 named, 1 unnamed. */
int rf_unix_name(struct rf_work *w);

/*
 * The short way to "allowed, nothing to record" for addresses: what it does not answer goes the
 * long way. Either the peer's address is at `address`, or the socket's own is asked about.
 */
struct rf_quick_net {
	__u64 address; /* 0: the own one, which is in addr and port */
	__u64 addr[2];
	__u32 rights;
	__u32 len; /* of what is at `address` */
	__u16 port;
	__u16 family;
	__u16 protocol;
	__u16 spare;
};

/* Of a caller that may be fenced. 1: allowed, and nothing is to be recorded. */
int rf_quick_net(struct rf_quick_net *q);

/* 1: who is outside of fences, and asks nothing; 0: what the socket is, is in q and *ret. */
static __always_inline int rf_quick_socket(struct socket *sock, struct rf_quick_net *q,
					   struct sock **ret)
{
	struct sock *sk;

	*ret = NULL;
	if (!bpf_get_current_task_btf()->bpf_storage)
		return 1;
	sk = sock->sk;
	if (!sk)
		return 0;
	q->family = sk->__sk_common.skc_family;
	q->protocol = sk->sk_protocol;
	*ret = sk;
	return 0;
}

/* The start of a hook about a peer's address: 1 answers it (allowed), 0 goes the long way. */
static __always_inline int rf_quick_peer(struct socket *sock, __u64 address, __u32 len,
					 __u32 rights)
{
	struct rf_quick_net q = {.address = address, .len = len, .rights = rights};
	struct sock *sk;

	if (rf_quick_socket(sock, &q, &sk))
		return 1;
	if (!sk || (q.family != RF_AF_INET && q.family != RF_AF_INET6))
		return 0;
	return rf_quick_net(&q) == 1;
}

/* The same about the socket's own address. */
static __always_inline int rf_quick_local(struct socket *sock, __u32 rights)
{
	struct rf_quick_net q = {.rights = rights};
	struct sock *sk;

	if (rf_quick_socket(sock, &q, &sk))
		return 1;
	if (!sk)
		return 0;
	q.port = sk->__sk_common.skc_num;
	if (!q.port) /* the kernel chooses one after the hook, see ports.bpf.c */
		return 0;
	if (q.family == RF_AF_INET) {
		q.addr[1] = (__u64)sk->__sk_common.skc_rcv_saddr << 32 | __builtin_bswap32(0xffff);
	} else if (q.family == RF_AF_INET6) {
		if (bpf_core_read(q.addr, sizeof(q.addr), &sk->__sk_common.skc_v6_rcv_saddr))
			return 0;
	} else {
		return 0;
	}
	return rf_quick_net(&q) == 1;
}

static __always_inline void rf_sock_start(struct rf_work *w, struct sock *sk)
{
	w->sock_type = RF_READ(sk, sk_type);
	w->sock_protocol = RF_READ(sk, sk_protocol);
	w->at_sock = (__u64)sk;
	w->zero_peer = 0;
	w->rec.obj = RF_OBJ_INET;
}

static __always_inline __u32 rf_sock_family(struct sock *sk)
{
	return RF_READ(sk, __sk_common.skc_family);
}

#endif
