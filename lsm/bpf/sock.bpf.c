/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets: made, bound, connected, listening, sending.
 */
#include "lsm/bpf/quick_net.bpf.h"

#define RF_NETLINK_ROUTE 0
#define RF_NETLINK_AUDIT 9
#define RF_MSG_FASTOPEN	 0x20000000

/* Families and types that rules can speak of. */
static __always_inline bool is_nameable(int family, int type, int protocol)
{
	if (family == RF_AF_UNIX)
		return true;
	if (family == RF_AF_NETLINK)
		return protocol == RF_NETLINK_ROUTE;
	return (family == RF_AF_INET || family == RF_AF_INET6) && type != RF_SOCK_RAW;
}

SEC("lsm/socket_create")
int BPF_PROG(rf_sock_create, int family, int type, int protocol, int kern, int ret)
{
	struct rf_work *w;
	int r;

	/* What rules can speak of is asked about with its address. */
	if (ret || kern || is_nameable(family, type, protocol))
		return ret;
	r = rf_begin(&w, RF_SEC_NETWORK, RF_H_SOCKET_CREATE, RF_OP_SOCKET);
	if (!w)
		return r;
	w->sock_protocol = protocol;
	if (family == RF_AF_NETLINK && protocol == RF_NETLINK_AUDIT)
		rf_refuse(w, RF_A_CONNECT, RF_RULE_SELF, 0);
	rf_family_ask(w, family);
	return rf_end(w);
}

SEC("lsm/socket_connect")
int BPF_PROG(rf_sock_connect, struct socket *sock, struct sockaddr *address, int addrlen, int ret)
{
	struct rf_work *w;
	struct sock *sk;
	__u32 family;
	int r;

	if (ret || rf_quick_peer_near(sock, (__u64)address, addrlen, RF_A_CONNECT))
		return ret;
	sk = BPF_CORE_READ(sock, sk);
	family = rf_sock_family(sk);
	/* AF_UNSPEC ends a connection; unix peers are judged where their socket is known */
	if ((family != RF_AF_INET && family != RF_AF_INET6) ||
	    BPF_CORE_READ(address, sa_family) == RF_AF_UNSPEC)
		return 0;
	r = rf_begin(&w, RF_SEC_NETWORK, RF_H_SOCKET_CONNECT, RF_OP_CONNECT);
	if (!w)
		return r;
	rf_sock_start(w, sk);
	w->at_object = (__u64)address;
	w->at_len = addrlen;
	if (rf_net_address(w, family) == 0 && !rf_net_zero(w, RF_A_CONNECT))
		rf_net_ask(w, RF_A_CONNECT);
	return rf_end(w);
}

/*
 * A datagram's own address, TCP Fast Open, which connects without socket_connect, and what control
 * messages name, also on a connected socket. A stream's address without Fast Open is ignored or
 * refused by the kernel, and so are its control messages.
 */
SEC("lsm/socket_sendmsg")
int BPF_PROG(rf_sock_sendmsg, struct socket *sock, struct msghdr *msg, int size, int ret)
{
	__u32 right = RF_A_SEND, family, type;
	struct rf_work *w;
	struct sock *sk;
	void *name;
	__u64 control;
	int r;

	if (ret || !bpf_get_current_task_btf()->bpf_storage)
		return ret;
	name = msg->msg_name;
	control = msg->msg_controllen;
	if (!name && !control)
		return 0;
	if (!control && sock->type == RF_SOCK_DGRAM &&
	    rf_quick_peer(sock, (__u64)name, BPF_CORE_READ(msg, msg_namelen), RF_A_SEND))
		return 0;
	sk = BPF_CORE_READ(sock, sk);
	family = rf_sock_family(sk);
	if (family != RF_AF_INET && family != RF_AF_INET6)
		return 0;
	type = BPF_CORE_READ(sk, sk_type);
	if (type == RF_SOCK_RAW) {
		name = NULL; /* its making was asked about */
	} else if (type != RF_SOCK_DGRAM && BPF_CORE_READ(sk, sk_protocol) != RF_P_SCTP) {
		if (!(BPF_CORE_READ(msg, msg_flags) & RF_MSG_FASTOPEN))
			return 0;
		control = 0;
	}
	if (type != RF_SOCK_DGRAM)
		right = RF_A_CONNECT;
	if (!name && !control)
		return 0;
	r = rf_begin(&w, RF_SEC_NETWORK, RF_H_SOCKET_SENDMSG, RF_OP_SEND);
	if (!w)
		return r;
	rf_sock_start(w, sk);
	w->rec.o.inet.family = family;
	w->rec.o.inet.protocol = w->sock_protocol;
	w->at_object = (__u64)name;
	w->at_len = BPF_CORE_READ(msg, msg_namelen);
	if (name && rf_net_address(w, family) == 0 && !rf_net_zero(w, right))
		rf_net_ask(w, right);
	if (control)
		rf_control_ask(w, (__u64)BPF_CORE_READ(msg, msg_control), control, right);
	return rf_end(w);
}

/* A path is judged in path_mknod, where it is resolved; an abstract name here. */
static __always_inline void ask_unix_bind(struct rf_work *w)
{
	__u32 len = w->at_len - 2;

	if (w->at_len <= 2 || len > 108)
		return;
	RF_PIN(len);
	len &= 127;
	if (bpf_probe_read_kernel(w->text, len, (const char *)w->at_object + 2) || w->text[0])
		return;
	w->text[0] = '@';
	w->text_len = len;
	w->path_len = len;
	w->spot.code = 0;
	rf_unix_ask(w, RF_A_BIND);
}

SEC("lsm/socket_bind")
int BPF_PROG(rf_sock_bind, struct socket *sock, struct sockaddr *address, int addrlen, int ret)
{
	struct rf_work *w;
	struct sock *sk;
	__u32 family;
	int r;

	if (ret)
		return ret;
	r = rf_begin(&w, RF_SEC_NETWORK, RF_H_SOCKET_BIND, RF_OP_BIND);
	if (!w)
		return r;
	sk = BPF_CORE_READ(sock, sk);
	family = rf_sock_family(sk);
	rf_sock_start(w, sk);
	w->at_object = (__u64)address;
	w->at_len = addrlen;
	if (family == RF_AF_UNIX)
		ask_unix_bind(w);
	else if ((family == RF_AF_INET || family == RF_AF_INET6) && rf_net_address(w, family) == 0)
		rf_local_ask(w, RF_A_BIND);
	return rf_end(w);
}

/* listen and accept: the right to listen at the socket's own address. */
static __always_inline int check_listen(__u32 hook, __u32 op, struct socket *sock)
{
	struct rf_work *w;
	struct sock *sk;
	__u32 family;
	int r;

	if (rf_quick_local(sock, RF_A_LISTEN))
		return 0;
	r = rf_begin(&w, RF_SEC_NETWORK, hook, op);
	if (!w)
		return r;
	sk = BPF_CORE_READ(sock, sk);
	family = rf_sock_family(sk);
	rf_sock_start(w, sk);
	w->at_object = (__u64)sk;
	if (family == RF_AF_UNIX)
		rf_unix_peer_ask(w, RF_A_LISTEN);
	else if (family == RF_AF_INET || family == RF_AF_INET6) {
		rf_net_local(w);
		rf_local_ask(w, RF_A_LISTEN);
	}
	return rf_end(w);
}

SEC("lsm/socket_listen")
int BPF_PROG(rf_sock_listen, struct socket *sock, int backlog, int ret)
{
	return ret ? ret : check_listen(RF_H_SOCKET_LISTEN, RF_OP_LISTEN, sock);
}

SEC("lsm/socket_accept")
int BPF_PROG(rf_sock_accept, struct socket *sock, struct socket *newsock, int ret)
{
	return ret ? ret : check_listen(RF_H_SOCKET_ACCEPT, RF_OP_ACCEPT, sock);
}
