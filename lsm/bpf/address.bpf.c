/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses: read from the kernel, made comparable, asked about.
 *
 * IPv4 is ::ffff:a.b.c.d, mapped IPv4 is IPv4, and the unspecified address as a peer is what the
 * kernel makes of it.
 */
#include "lsm/bpf/address.bpf.h"

static __always_inline void set_v4(struct rf_work *w, __u32 addr)
{
	__builtin_memset(w->rec.o.inet.addr, 0, 16);
	w->rec.o.inet.addr[10] = 0xff;
	w->rec.o.inet.addr[11] = 0xff;
	__builtin_memcpy(&w->rec.o.inet.addr[12], &addr, 4);
}

static __always_inline void set_head(struct rf_work *w, __u16 family, __u16 port)
{
	w->rec.obj = RF_OBJ_INET;
	w->rec.o.inet.family = family;
	w->rec.o.inet.port = __builtin_bswap16(port);
	w->rec.o.inet.protocol = w->sock_protocol == RF_P_MPTCP ? RF_P_TCP : w->sock_protocol;
}

int rf_net_address(struct rf_work *w, __u32 sock_family)
{
	struct rf_raw_address raw = {};
	__u64 addr;
	__u32 len;

	if (!w)
		return -1;
	addr = w->at_object;
	len = w->at_len;
	if (!addr || len < 8)
		return -1;
	if (bpf_probe_read_kernel(&raw, len < 24 ? 8 : 24, (void *)addr))
		return -1;
	if (raw.family == RF_AF_UNSPEC)
		raw.family = sock_family;
	if (raw.family == RF_AF_INET6 && len >= 24) {
		set_head(w, RF_AF_INET6, raw.port);
		__builtin_memcpy(w->rec.o.inet.addr, raw.v6, 16);
		return 0;
	}
	if (raw.family != RF_AF_INET)
		return -1;
	set_head(w, RF_AF_INET, raw.port);
	set_v4(w, raw.v4);
	return 0;
}

int rf_net_local(struct rf_work *w)
{
	struct sock *sk;
	__u32 family;

	if (!w)
		return -1;
	sk = (void *)w->at_object;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	set_head(w, family, __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_num)));
	if (family == RF_AF_INET6)
		return bpf_core_read(w->rec.o.inet.addr, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	set_v4(w, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
	return 0;
}

#define RF_LOOPBACK_V4 0x7f000001

/* Is the socket's own address, as one of IPv6, one of IPv4? */
static __always_inline bool is_own_mapped(struct sock *sk)
{
	__u64 own[2] = {};

	bpf_core_read(own, sizeof(own), &sk->__sk_common.skc_v6_rcv_saddr);
	return !own[0] && (__u32)own[1] == __builtin_bswap32(0xffff);
}

/*
 * ip_route_output_key_hash_rcu makes of 0.0.0.0 the source address, which is the socket's own; if
 * it has none, one of the device that it is bound to; else loopback. Of :: IPv6 makes loopback:
 * that of IPv4 if the socket's own address is one, else ::1, as make_query does.
 */
int rf_net_zero(struct rf_work *w, __u32 rights)
{
	__u64 addr[2];
	struct sock *sk;
	__u32 own;

	if (!w)
		return -1;
	__builtin_memcpy(addr, w->rec.o.inet.addr, sizeof(addr));
	if (!rf_is_unspecified(addr))
		return 0;
	sk = (void *)w->at_sock;
	if (!addr[1]) {
		if (is_own_mapped(sk))
			set_v4(w, __builtin_bswap32(RF_LOOPBACK_V4));
		return 0;
	}
	own = BPF_CORE_READ((struct inet_sock *)sk, inet_saddr);
	w->zero_peer = 1;
	if (own)
		set_v4(w, own);
	else if (BPF_CORE_READ(sk, __sk_common.skc_bound_dev_if) ||
		 BPF_CORE_READ((struct inet_sock *)sk, uc_index))
		return rf_net_unjudged(w, rights);
	return 0;
}

/* The address as rules mean it. */
static __always_inline void make_query(const struct rf_work *w, struct rf_net_query *query,
				       __u32 rights)
{
	__builtin_memcpy(query->addr, w->rec.o.inet.addr, 16);
	query->port = w->rec.o.inet.port;
	query->protocol = rf_protocol_bit(w->sock_protocol);
	query->session = w->session & 1;
	query->rights = rights;
	if (rights & (RF_A_CONNECT | RF_A_SEND))
		rf_peer_address(query);
}

struct list {
	struct rf_work *w;
	struct rf_img img;
	__u32 first; /* cell of the first entry; a list lies in one page */
	struct rf_net_query query;
};

/* The loop of rf_net_answer, by turns: 6.1 gives up on it when it is unrolled. */
static long add_entry(__u64 i, struct list *list)
{
	const struct rf_page *page = rf_img_page(&list->img, list->first >> RF_PAGE_SHIFT);
	__u32 at = (list->first + (__u32)i * 4u) & RF_PAGE_MASK & ~3u;
	const struct rf_net_entry *entry;

	if (!page) {
		list->w->code = RF_CODE_IMAGE;
		return 1;
	}
	RF_OPAQUE(at);
	at &= RF_PAGE_MASK & ~3u;
	entry = (const struct rf_net_entry *)&page->cell[at];
	rf_tally_add(&list->w->tally, rf_net_entry_rights(entry, &list->query), entry->flags,
		     entry->rule);
	return 0;
}

static __always_inline int add_list(struct list *list, __u32 first, __u32 count)
{
	if (count > RF_NET_LIST_MAX)
		return -1;
	list->first = first;
	bpf_loop(count, add_entry, list, 0);
	return list->w->code == RF_CODE_IMAGE ? -1 : 0;
}

static __always_inline int answer_net(struct list *list, const struct rf_image_head *head,
				      struct rf_answer *answer)
{
	struct rf_work *w = list->w;
	__u32 no, first, count;

	w->tally = rf_tally_empty(head);
	if (rf_net_interval(&list->img, head, list->query.addr, &no))
		return -1;
	if (rf_img_cell(&list->img, head->addr_lists_off + no * 2u, &first) ||
	    rf_img_cell(&list->img, head->addr_lists_off + no * 2u + 1u, &count))
		return -1;
	if (add_list(list, head->net_any_off, head->n_net_any) || add_list(list, first, count))
		return -1;
	return rf_tally_end(&list->img, head, &w->tally, list->query.rights, head->net_default,
			    answer);
}

int rf_net_ask(struct rf_work *w, __u32 rights)
{
	const struct rf_image_head *head;
	struct rf_answer answer = {};
	struct list list = {.w = w};

	if (!w)
		return -1;
	w->access |= rights;
	head = rf_head_of(w->image, &list.img);
	if (head && !rf_has_network(head))
		return 0;
	make_query(w, &list.query, rights);
	if (!head || answer_net(&list, head, &answer))
		return rf_refuse(w, rights, RF_RULE_UNJUDGED, RF_CODE_IMAGE);
	rf_take_answer(w, &answer);
	if (head->audit_connect && !answer.missing && !answer.would)
		w->audit |= rights & RF_A_CONNECT;
	return 0;
}

/* What reaches IP addresses by ways on which no hook is: raw sockets, and what stands on UDP or
 * TCP. */
static __always_inline bool is_hidden(__u32 family)
{
	switch (family) {
	case RF_AF_INET:
	case RF_AF_INET6:
	case RF_AF_PACKET:
	case RF_AF_RDS:
	case RF_AF_TIPC:
	case RF_AF_RXRPC:
	case RF_AF_SMC:
	case RF_AF_XDP:
		return true;
	default:
		return false;
	}
}

int rf_family_ask(struct rf_work *w, __u32 family)
{
	const struct rf_image_head *head;
	struct rf_img img;
	__u32 needs = RF_FAM_OTHER | (is_hidden(family) ? RF_FAM_HIDDEN : 0);

	if (!w)
		return -1;
	w->rec.obj = RF_OBJ_INET;
	w->rec.o.inet.family = family;
	w->rec.o.inet.protocol = w->sock_protocol;
	head = rf_head_of(w->image, &img);
	if (head && (!rf_has_network(head) || !(needs & ~head->net_families)))
		return 0;
	return rf_refuse(w, RF_A_CONNECT, head ? RF_RULE_NONE : RF_RULE_UNJUDGED,
			 head ? 0 : RF_CODE_IMAGE);
}
