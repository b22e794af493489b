/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One question about an IP address, as the hooks put it to rf_cg_judge.
 */
#ifndef RF_BPF_CGROUP_NET_H
#define RF_BPF_CGROUP_NET_H

#include "lsm/bpf/cgroup_record.bpf.h"

#define IPPROTO_RF_ICMP	   1
#define IPPROTO_RF_TCP	   6
#define IPPROTO_RF_UDP	   17
#define IPPROTO_RF_ICMPV6  58
#define IPPROTO_RF_SCTP	   132
#define IPPROTO_RF_UDPLITE 136
#define IPPROTO_RF_MPTCP   262

static __always_inline __u32 rf_cg_protocol(__u32 protocol)
{
	switch (protocol) {
	case IPPROTO_RF_TCP:
	case IPPROTO_RF_MPTCP:
		return RF_NP_TCP;
	case IPPROTO_RF_UDP:
	case IPPROTO_RF_UDPLITE:
		return RF_NP_UDP;
	case IPPROTO_RF_SCTP:
		return RF_NP_SCTP;
	case IPPROTO_RF_ICMP:
	case IPPROTO_RF_ICMPV6:
		return RF_NP_ICMP;
	default:
		return RF_NP_OTHER;
	}
}

/* One question, as the record will tell it. */
struct rf_cg_ask {
	__u32 addr[4]; /* network order, IPv4 mapped */
	__u32 protocol;
	__u16 port;
	__u16 family;
	__u32 right;
	__u8 hook;
	__u8 operation;
	__u8 unknown; /* the address is not known: refuse, if the policy refuses any */
};

static __always_inline void rf_cg_set_addr4(struct rf_cg_ask *ask, __u32 addr)
{
	ask->addr[0] = 0;
	ask->addr[1] = 0;
	ask->addr[2] = __builtin_bswap32(0xffff);
	ask->addr[3] = addr;
	ask->family = RF_AF_INET;
}

static __always_inline void rf_cg_set_addr6(struct rf_cg_ask *ask, __u32 a, __u32 b, __u32 c,
					    __u32 d)
{
	ask->addr[0] = a;
	ask->addr[1] = b;
	ask->addr[2] = c;
	ask->addr[3] = d;
	ask->family = a || b || c != __builtin_bswap32(0xffff) ? RF_AF_INET6 : RF_AF_INET;
}

/* 1 goes on, 0 refuses; records. The verifier looks at it once and not per program. */
int rf_cg_judge(const struct rf_cg_ask *ask);

/*
 * 0.0.0.0 as a peer is the socket's own address, else one of the device that the socket is bound
 * to, else loopback; :: is the loopback address of IPv6, or of IPv4 where the socket's own address
 * is one. An own address of many (multicast, broadcast) is none to the kernel: so loopback has to
 * be allowed with any.
 */
static __always_inline int rf_cg_judge_peer(struct rf_cg_ask *ask, const struct bpf_sock_addr *ctx,
					    __u32 own)
{
	const struct bpf_sock *sk = ctx->sk;
	const __u32 mapped = __builtin_bswap32(0xffff);

	if (ask->addr[3] || ask->addr[0] || ask->addr[1] ||
	    (ask->addr[2] && ask->addr[2] != mapped))
		return rf_cg_judge(ask) & 1;
	if (ask->addr[2] && own) {
		ask->addr[3] = own;
		if (!(rf_cg_judge(ask) & 1))
			return 0;
	} else if (ask->addr[2] && (!sk || sk->bound_dev_if)) {
		ask->unknown = 1;
	} else if (sk && !sk->src_ip6[0] && !sk->src_ip6[1] && sk->src_ip6[2] == mapped) {
		ask->addr[2] = mapped;
	}
	ask->addr[3] = __builtin_bswap32(ask->addr[2] ? 0x7f000001 : 1);
	return rf_cg_judge(ask) & 1;
}

/* The socket's own IPv4 address, if it has one. */
static __always_inline __u32 rf_cg_own(const struct bpf_sock_addr *ctx)
{
	const struct bpf_sock *sk = ctx->sk;

	return sk ? sk->src_ip4 : 0;
}

static __always_inline int rf_cg_judge4(struct bpf_sock_addr *ctx, __u32 own, __u32 right,
					__u8 hook, __u8 operation)
{
	struct rf_cg_ask ask = {.right = right, .hook = hook, .operation = operation};

	rf_cg_set_addr4(&ask, ctx->user_ip4);
	ask.port = __builtin_bswap16((__u16)ctx->user_port);
	ask.protocol = ctx->protocol;
	if (right == RF_A_BIND)
		return rf_cg_judge(&ask) & 1;
	return rf_cg_judge_peer(&ask, ctx, own);
}

static __always_inline int rf_cg_judge6(struct bpf_sock_addr *ctx, __u32 own, __u32 right,
					__u8 hook, __u8 operation)
{
	struct rf_cg_ask ask = {.right = right, .hook = hook, .operation = operation};

	rf_cg_set_addr6(&ask, ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2],
			ctx->user_ip6[3]);
	ask.port = __builtin_bswap16((__u16)ctx->user_port);
	ask.protocol = ctx->protocol;
	if (right == RF_A_BIND)
		return rf_cg_judge(&ask) & 1;
	return rf_cg_judge_peer(&ask, ctx, own);
}

#endif
