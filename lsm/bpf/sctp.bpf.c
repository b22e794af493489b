/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SCTP's own door: socket options that take many addresses. They do not pass socket_bind or
 * socket_connect. Messages that name more addresses: route.bpf.c.
 */
#include "lsm/bpf/address.bpf.h"

#define RF_SCTP_ADDRESSES 16 /* of one call; more are not judged, hence refused */

/* include/uapi/linux/sctp.h: what the hook is told of the caller's own calls. */
#define RF_SCTP_SET_PEER_PRIMARY_ADDR 5
#define RF_SCTP_PRIMARY_ADDR	      6
#define RF_SCTP_BINDX_ADD	      100
#define RF_SCTP_CONNECTX	      110
#define RF_SCTP_SENDMSG_CONNECT	      201

#define RF_SIZE_IN  16 /* struct sockaddr_in, sockaddr_in6 */
#define RF_SIZE_IN6 28

struct packed {
	struct rf_work *w;
};

static __always_inline long cannot_judge(struct rf_work *w)
{
	const struct rf_image_head *head;
	struct rf_img img;

	head = rf_head_of(w->image, &img);
	if (!head || (head->sections & (1U << RF_SEC_NETWORK)))
		rf_refuse(w, w->list_right, RF_RULE_UNJUDGED, RF_CODE_LOOKUP);
	w->list_ended = 1;
	return 1;
}

static long ask_one(__u64 i, struct packed *p)
{
	struct rf_work *w = p->w;
	__u16 family = 0;
	__u32 size;

	if (!w->list_left || w->missing) {
		w->list_ended = 1;
		return 1;
	}
	if (bpf_probe_read_kernel(&family, sizeof(family), (void *)w->list_at))
		return cannot_judge(w);
	size = family == RF_AF_INET6 ? RF_SIZE_IN6 : RF_SIZE_IN;
	w->at_object = w->list_at;
	w->at_len = size;
	if (size > w->list_left || rf_net_address(w, family))
		return cannot_judge(w);
	if (w->list_right == RF_A_BIND)
		rf_local_ask(w, RF_A_BIND);
	else
		rf_net_ask(w, w->list_right);
	w->list_at += size;
	w->list_left -= size;
	return 0;
}

/* The addresses come one behind the other, each of its family's size. */
SEC("lsm/sctp_bind_connect")
int BPF_PROG(rf_sctp, struct sock *sk, int optname, struct sockaddr *address, int addrlen, int ret)
{
	__u32 right = RF_A_CONNECT;
	struct packed p = {};
	int r;

	if (ret)
		return ret;
	switch (optname) {
	case RF_SCTP_BINDX_ADD:
		right = RF_A_BIND;
		break;
	case RF_SCTP_CONNECTX:
	case RF_SCTP_PRIMARY_ADDR:
	case RF_SCTP_SET_PEER_PRIMARY_ADDR:
	case RF_SCTP_SENDMSG_CONNECT:
		break;
	default: /* the peer's messages, in whosever time they arrive */
		return 0;
	}
	r = rf_begin(&p.w, RF_SEC_NETWORK, RF_H_SCTP_BIND_CONNECT,
		     right == RF_A_BIND ? RF_OP_BIND : RF_OP_CONNECT);
	if (!p.w)
		return r;
	rf_sock_start(p.w, sk);
	p.w->list_at = (__u64)address;
	p.w->list_left = addrlen;
	p.w->list_right = right;
	p.w->list_ended = 0;
	bpf_loop(RF_SCTP_ADDRESSES + 1, ask_one, &p, 0);
	if (!p.w->list_ended)
		cannot_judge(p.w);
	return rf_end(p.w);
}
