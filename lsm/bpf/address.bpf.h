/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses as rules mean them, for both ways of asking: address.bpf.c, quick_net.bpf.h.
 */
#ifndef RF_BPF_ADDRESS_H
#define RF_BPF_ADDRESS_H

#include "lsm/bpf/sock.bpf.h"

#include "lsm/match_net.h"

static __always_inline bool rf_has_network(const struct rf_image_head *head)
{
	return head->sections & (1U << RF_SEC_NETWORK);
}

/*
 * Of what reaches an address that is not known: refused, where the policy refuses any address. 1:
 * so, and in audit mode told; 0: nothing is refused.
 */
static __always_inline int rf_net_unjudged(struct rf_work *w, __u32 rights)
{
	const struct rf_image_head *head;
	struct rf_img img;

	head = rf_head_of(w->image, &img);
	if (head && (!rf_has_network(head) || (head->net_families & RF_FAM_HIDDEN)))
		return 0;
	rf_refuse(w, rights, RF_RULE_UNJUDGED, RF_CODE_LOOKUP);
	return 1;
}

static __always_inline __u8 rf_protocol_bit(__u32 protocol)
{
	switch (protocol) {
	case RF_P_TCP:
	case RF_P_MPTCP:
	case RF_P_SMC:
		return RF_NP_TCP;
	case RF_P_UDP:
	case RF_P_UDPLITE:
		return RF_NP_UDP;
	case RF_P_SCTP:
		return RF_NP_SCTP;
	case RF_P_ICMP:
	case RF_P_ICMPV6:
		return RF_NP_ICMP;
	default:
		return RF_NP_OTHER;
	}
}

/* About one right at the local address in the record. Numbers of echo requests (ping) are no ports.
 */
static __always_inline void rf_local_ask(struct rf_work *w, __u32 right)
{
	__u8 protocol = rf_protocol_bit(w->sock_protocol);

	if (w->rec.o.inet.port || !(protocol & (RF_NP_TCP | RF_NP_UDP | RF_NP_SCTP)))
		rf_net_ask(w, right);
	else
		rf_ports_ask(w, right);
}

/* struct sockaddr_in and sockaddr_in6, as in every user space header. */
struct rf_raw_address {
	__u16 family;
	__u16 port;
	union {
		__u32 v4;
		struct {
			__u32 flow;
			__u8 v6[16];
		};
	};
};

/* 0.0.0.0, which is ::ffff:0.0.0.0, or ::? */
static __always_inline bool rf_is_unspecified(const __u64 *addr)
{
	return !addr[0] && (!addr[1] || addr[1] == __builtin_bswap64(0xffff00000000ULL));
}

/*
 * As a peer of a socket that is bound to nothing, the unspecified address is the loopback one: that
 * is where the kernel sends it. Of other sockets: rf_net_zero.
 */
static __always_inline void rf_peer_address(struct rf_net_query *query)
{
	const __u64 v4_any = __builtin_bswap64(0xffff00000000ULL);
	const __u64 v4_loop = __builtin_bswap64(0xffff7f000001ULL);
	const __u64 v6_loop = __builtin_bswap64(1);

	if (query->addr[0])
		return;
	if (query->addr[1] == v4_any)
		query->addr[1] = v4_loop;
	else if (!query->addr[1])
		query->addr[1] = v6_loop;
}

#endif
