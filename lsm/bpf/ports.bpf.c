/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bind to port 0, or listening without a bind, for which the kernel chooses a port after the last
 * hook: it is judged by all ports that may be chosen. One that a rule refuses refuses it; each has
 * to be allowed.
 */
#include "lsm/bpf/address.bpf.h"

/* Rules that allow parts of the range are put together in any order, as far as these walks find. */
#define RF_PORT_WALKS 4

struct ports {
	struct rf_work *w;
	struct rf_img img;
	__u32 cell;	   /* of the first entry */
	__u32 first, last; /* what may be chosen */
	__u32 next;	   /* the first port that no entry seen so far allows */
	__u32 allows;	   /* only look for that */
	struct rf_net_query query;
};

/* Where the range cannot be read it is all that users may have. */
static __always_inline void read_range(struct ports *p, struct sock *sk)
{
	struct net *net = BPF_CORE_READ(sk, __sk_common.skc_net.net);
	struct local_ports *ports = &net->ipv4.ip_local_ports;
	struct local_ports___pair *pair = (void *)ports;
	int range[2] = {};

	if (bpf_core_field_exists(pair->range)) {
		bpf_core_read(range, sizeof(range), &pair->range);
	} else {
		__u32 both = BPF_CORE_READ(ports, range);

		range[0] = both & 0xffff;
		range[1] = both >> 16;
	}
	p->first = range[0];
	p->last = range[1];
	if (p->first < 1 || p->first > p->last || p->last > 65535) {
		p->first = 1024;
		p->last = 65535;
	}
}

static long look_at(__u64 i, struct ports *p)
{
	const struct rf_page *page = rf_img_page(&p->img, p->cell >> RF_PAGE_SHIFT);
	__u32 at = (p->cell + (__u32)i * 4u) & RF_PAGE_MASK & ~3u;
	const struct rf_net_entry *entry;
	__u32 rights, port;

	if (!page) {
		p->w->code = RF_CODE_IMAGE;
		return 1;
	}
	RF_OPAQUE(at);
	at &= RF_PAGE_MASK & ~3u;
	entry = (const struct rf_net_entry *)&page->cell[at];
	port = entry->port_first > p->first ? entry->port_first : p->first;
	if (port > p->last || port > entry->port_last)
		return 0;
	p->query.port = port; /* the entry's first in the range */
	rights = rf_net_entry_rights(entry, &p->query);
	if (entry->flags & (RF_NE_DENY | RF_NE_AUDIT_MODE)) {
		if (!p->allows)
			rf_tally_add(&p->w->tally, rights, entry->flags, entry->rule);
	} else if (!p->allows && p->next > p->last) {
		rf_tally_add(&p->w->tally, rights, entry->flags, entry->rule);
	} else if (rights && entry->port_first <= p->next && entry->port_last >= p->next) {
		p->next = entry->port_last + 1;
	}
	return 0;
}

static __always_inline int walk(struct ports *p, __u32 cell, __u32 count)
{
	if (count > RF_NET_LIST_MAX)
		return -1;
	p->cell = cell;
	bpf_loop(count, look_at, p, 0);
	return p->w->code == RF_CODE_IMAGE ? -1 : 0;
}

static __always_inline int answer_ports(struct ports *p, const struct rf_image_head *head,
					struct rf_answer *answer)
{
	__u32 no, cell, count;

	p->w->tally = rf_tally_empty(head);
	if (rf_net_interval(&p->img, head, p->query.addr, &no))
		return -1;
	if (rf_img_cell(&p->img, head->addr_lists_off + no * 2u, &cell) ||
	    rf_img_cell(&p->img, head->addr_lists_off + no * 2u + 1u, &count))
		return -1;
	if (head->net_default & p->query.rights)
		p->next = p->last + 1;
	p->allows = 1;
	for (int i = 0; i < RF_PORT_WALKS && p->next <= p->last; i++)
		if (walk(p, head->net_any_off, head->n_net_any) || walk(p, cell, count))
			return -1;
	p->allows = 0;
	if (walk(p, head->net_any_off, head->n_net_any) || walk(p, cell, count))
		return -1;
	return rf_tally_end(&p->img, head, &p->w->tally, p->query.rights, head->net_default,
			    answer);
}

int rf_ports_ask(struct rf_work *w, __u32 right)
{
	const struct rf_image_head *head;
	struct rf_answer answer = {};
	struct ports p = {.w = w};

	if (!w)
		return -1;
	w->access |= right;
	head = rf_head_of(w->image, &p.img);
	if (head && !rf_has_network(head))
		return 0;
	__builtin_memcpy(p.query.addr, w->rec.o.inet.addr, 16);
	p.query.protocol = rf_protocol_bit(w->sock_protocol);
	p.query.session = w->session & 1;
	p.query.rights = right;
	read_range(&p, (void *)w->at_sock);
	p.next = p.first;
	if (!head || answer_ports(&p, head, &answer))
		return rf_refuse(w, right, RF_RULE_UNJUDGED, RF_CODE_IMAGE);
	rf_take_answer(w, &answer);
	return 0;
}
