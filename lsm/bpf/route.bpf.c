/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses beside the one that is asked about: a source route, the routing header of IPv6, more
 * addresses of an SCTP peer. Options of a socket and control messages of a send carry them, and the
 * packet goes to them first.
 *
 * They are not judged but refused, where the policy refuses any address: what an option holds is
 * not shown to the hook.
 */
#include "lsm/bpf/address.bpf.h"

#define RF_SOL_IP   0
#define RF_SOL_IPV6 41

/* include/uapi/linux/in.h, in6.h */
#define RF_IP_OPTIONS	       4
#define RF_IP_RETOPTS	       7
#define RF_IP_PKTINFO	       8
#define RF_IPV6_2292RTHDR      5
#define RF_IPV6_2292PKTOPTIONS 6
#define RF_IPV6_FLOWLABEL_MGR  32
#define RF_IPV6_PKTINFO	       50
#define RF_IPV6_RTHDR	       57

#define RF_SCTP_DST_V4 7 /* enum sctp_cmsg_type */
#define RF_SCTP_DST_V6 8

#define RF_CONTROLS  16 /* control messages of one call; more are not judged, hence refused */
#define RF_CMSG_HEAD 16

/* struct cmsghdr of a 64-bit caller; the kernel has made a 32-bit caller's into this. */
struct control {
	__u64 len;
	__u32 level;
	__u32 type;
};

static __always_inline bool names_address(const struct control *c)
{
	switch (c->level) {
	case RF_SOL_IP:
		return c->type == RF_IP_RETOPTS;
	case RF_SOL_IPV6:
		return c->type == RF_IPV6_RTHDR || c->type == RF_IPV6_2292RTHDR;
	case RF_P_SCTP:
		return c->type == RF_SCTP_DST_V4 || c->type == RF_SCTP_DST_V6;
	default:
		return false;
	}
}

/* The own address, or the device, of this packet: the peer 0.0.0.0 is that one then. */
static __always_inline bool names_own(const struct control *c)
{
	return (c->level == RF_SOL_IP && c->type == RF_IP_PKTINFO) ||
	       (c->level == RF_SOL_IPV6 && c->type == RF_IPV6_PKTINFO);
}

struct controls {
	__u64 at;
	__u64 left;
	__u32 zero_peer;
	__u32 ended; /* the kernel looks at no more of them either */
};

static long look_at(__u64 i, struct controls *c)
{
	struct control head = {};
	__u64 step;

	if (c->left < RF_CMSG_HEAD) {
		c->ended = 1;
		return 1;
	}
	if (bpf_probe_read_kernel(&head, sizeof(head), (void *)c->at))
		return 1;
	if (head.len < RF_CMSG_HEAD || head.len > c->left) {
		c->ended = 1; /* EINVAL */
		return 1;
	}
	if (names_address(&head) || (c->zero_peer && names_own(&head)))
		return 1;
	step = (head.len + 7) & ~7ULL;
	c->at += step;
	c->left = step < c->left ? c->left - step : 0;
	return 0;
}

int rf_control_ask(struct rf_work *w, __u64 control, __u64 len, __u32 right)
{
	struct controls c = {.at = control, .left = len};

	if (!w)
		return -1;
	c.zero_peer = w->zero_peer;
	bpf_loop(RF_CONTROLS + 1, look_at, &c, 0);
	if (!c.ended)
		rf_net_unjudged(w, right);
	return 0;
}

/* Options that hold addresses, or a list of what may hold some. */
static __always_inline bool is_route(int level, int optname)
{
	if (level == RF_SOL_IP)
		return optname == RF_IP_OPTIONS;
	return level == RF_SOL_IPV6 &&
	       (optname == RF_IPV6_RTHDR || optname == RF_IPV6_2292PKTOPTIONS ||
		optname == RF_IPV6_FLOWLABEL_MGR);
}

SEC("lsm/socket_setsockopt")
int BPF_PROG(rf_sock_option, struct socket *sock, int level, int optname, int ret)
{
	struct rf_work *w;
	struct sock *sk;
	int r;

	if (ret || !bpf_get_current_task_btf()->bpf_storage || !is_route(level, optname))
		return ret;
	r = rf_begin(&w, RF_SEC_NETWORK, RF_H_SOCKET_SETSOCKOPT, RF_OP_CONNECT);
	if (!w)
		return r;
	sk = BPF_CORE_READ(sock, sk);
	rf_sock_start(w, sk);
	w->rec.o.inet.family = rf_sock_family(sk);
	w->rec.o.inet.protocol = w->sock_protocol;
	rf_net_unjudged(w, RF_A_CONNECT);
	return rf_end(w);
}
