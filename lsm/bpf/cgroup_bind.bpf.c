/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Local addresses by cgroup, and the creation of sockets whose traffic none of our hooks sees.
 *
 * A bind to port 0 is judged when the port is known: the question is kept in the socket's storage
 * until then.
 */
#include "lsm/bpf/cgroup_net.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} rf_cg_port SEC(".maps");

/* Leaves the question for post_bind. 0: no room for it, refuse. */
static __always_inline int ask_later(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	__u32 *asked = NULL;

	if (sk)
		asked = bpf_sk_storage_get(&rf_cg_port, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!asked)
		return 0;
	*asked = 1;
	return 1;
}

static __always_inline int was_asked(struct bpf_sock *ctx)
{
	__u32 *asked = bpf_sk_storage_get(&rf_cg_port, ctx, NULL, 0);

	if (!asked || !*asked)
		return 0;
	*asked = 0;
	return 1;
}

SEC("cgroup/bind4")
int rf_cg_bind4(struct bpf_sock_addr *ctx)
{
	if (!ctx->user_port)
		return ask_later(ctx);
	return rf_cg_judge4(ctx, 0, RF_A_BIND, RF_H_CGROUP_BIND, RF_OP_BIND);
}

SEC("cgroup/bind6")
int rf_cg_bind6(struct bpf_sock_addr *ctx)
{
	if (!ctx->user_port)
		return ask_later(ctx);
	return rf_cg_judge6(ctx, 0, RF_A_BIND, RF_H_CGROUP_BIND, RF_OP_BIND);
}

SEC("cgroup/post_bind4")
int rf_cg_pbind4(struct bpf_sock *ctx)
{
	struct rf_cg_ask ask = {
		.right = RF_A_BIND, .hook = RF_H_CGROUP_POST_BIND, .operation = RF_OP_BIND};

	if (!was_asked(ctx))
		return 1;
	rf_cg_set_addr4(&ask, ctx->src_ip4);
	ask.port = (__u16)ctx->src_port;
	ask.protocol = ctx->protocol;
	return rf_cg_judge(&ask) & 1;
}

SEC("cgroup/post_bind6")
int rf_cg_pbind6(struct bpf_sock *ctx)
{
	struct rf_cg_ask ask = {
		.right = RF_A_BIND, .hook = RF_H_CGROUP_POST_BIND, .operation = RF_OP_BIND};

	if (!was_asked(ctx))
		return 1;
	rf_cg_set_addr6(&ask, ctx->src_ip6[0], ctx->src_ip6[1], ctx->src_ip6[2], ctx->src_ip6[3]);
	ask.port = (__u16)ctx->src_port;
	ask.protocol = ctx->protocol;
	return rf_cg_judge(&ask) & 1;
}

/* Sockets whose traffic no hook of ours sees. */
SEC("cgroup/sock_create")
int rf_cg_sock(struct bpf_sock *ctx)
{
	struct rf_cg_note note = {};
	__u32 protocol = rf_cg_protocol(ctx->protocol);
	struct rf_answer a = {.rule = RF_RULE_NONE, .verdict = RF_V_DENIED};
	struct rf_cg_scope s;

	if (rf_cg_scope(&s))
		return 0;
	if (!(s.bind->flags & RF_CGB_PLAIN_SOCKETS))
		return 1;
	/* UDP-Lite connects without asking anybody. */
	if ((ctx->type == RF_SOCK_STREAM && protocol == RF_NP_TCP) ||
	    (ctx->type == RF_SOCK_DGRAM && protocol == RF_NP_UDP &&
	     ctx->protocol != IPPROTO_RF_UDPLITE))
		return 1;
	rf_cg_about(&note, RF_SEC_NETWORK, RF_H_CGROUP_SOCK_CREATE, RF_OP_SOCKET, RF_OBJ_INET,
		    RF_A_CONNECT | RF_A_SEND);
	note.rec.o.inet.family = ctx->family;
	note.rec.o.inet.protocol = ctx->protocol;
	if (s.head->audit_mode) {
		a.would = note.rec.access;
		a.verdict = RF_V_WOULD_DENY;
	} else {
		a.missing = note.rec.access;
	}
	rf_cg_record(&s, &a, &note);
	return rf_cg_verdict(&a, &note);
}
