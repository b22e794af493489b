/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses that are plainly allowed: no deny rule, no rule in audit mode and no audited rule says
 * a word about them. Everything else is for address.bpf.c. Only where the kernel's memory is read
 * by casts; see casts.bpf.c.
 */
#ifndef RF_BPF_QUICK_NET_H
#define RF_BPF_QUICK_NET_H

#include "lsm/bpf/address.bpf.h"
#include "lsm/bpf/self.bpf.h"

#define RF_FEW 16 /* entries of a list, intervals of the table: the short way is for short ones */

/* What cannot be read is of no family. */
static __always_inline int read_raw(struct rf_raw_address *raw, __u64 address, __u32 len)
{
	__u64 *to = (__u64 *)raw;

	if (!rf_casts)
		return bpf_probe_read_kernel(raw, len, (void *)address);
	to[0] = RF_CAST(struct timespec64, address)->tv_sec;
	if (len > 8) {
		to[1] = RF_CAST(struct timespec64, address + 8)->tv_sec;
		to[2] = RF_CAST(struct timespec64, address + 16)->tv_sec;
	}
	return 0;
}

/*
 * As rf_net_address and make_query; 0, or -1: not an address that counts, or one whose meaning
 * depends on the socket.
 */
static __always_inline int read_peer(const struct rf_quick_net *q, struct rf_net_query *query)
{
	struct rf_raw_address raw __attribute__((aligned(8))) = {};

	if (q->len < 8 || read_raw(&raw, q->address, q->len < 24 ? 8 : 24))
		return -1;
	query->port = __builtin_bswap16(raw.port);
	if (raw.family == RF_AF_INET6 && q->len >= 24) {
		__builtin_memcpy(query->addr, raw.v6, 16);
	} else if (raw.family == RF_AF_INET) {
		query->addr[0] = 0;
		query->addr[1] = (__u64)raw.v4 << 32 | __builtin_bswap32(0xffff);
	} else {
		return -1;
	}
	return rf_is_unspecified(query->addr) ? -1 : 0;
}

/* The page that was looked up last: what a short way needs mostly lies in one. */
struct last_page {
	const struct rf_page *page;
	__u32 no;
};

static __always_inline const struct rf_page *page_of(const struct rf_img *img, __u32 cell,
						     struct last_page *last)
{
	__u32 no = cell >> RF_PAGE_SHIFT;

	if (!last->page || no != last->no) {
		last->page = rf_img_page(img, no);
		last->no = no;
	}
	return last->page;
}

/* A step of a search: on to the key at *at + step, if there is one and it is not above. */
static __always_inline void search(const struct rf_page *page, __u32 n, __u64 high, __u64 low,
				   __u32 step, __u32 *at)
{
	__u32 probe = *at + step;

	if (probe < n) {
		__u64 byte = (__u64)(probe & (RF_FEW - 1)) << 4;
		const __u64 *key = (const __u64 *)(const void *)((const char *)page + byte);
		__u64 key_high = __builtin_bswap64(key[0]);

		if (key_high < high || (key_high == high && __builtin_bswap64(key[1]) <= low))
			*at = probe;
	}
	RF_FORGET(*at); /* the verifier is not to follow each way through the search */
}

/* The interval of the address where there are few; as rf_key_search finds it, but with branches. */
static __always_inline int find_interval(const struct rf_img *img, const struct rf_image_head *head,
					 const __u64 *addr, struct last_page *last, __u32 *ret)
{
	__u64 high = __builtin_bswap64(addr[0]), low = __builtin_bswap64(addr[1]);
	const struct rf_page *page;
	__u32 at = 0, n = head->n_addr;

	if (!n || n > RF_FEW)
		return rf_net_interval(img, head, addr, ret);
	page = page_of(img, head->addr_keys_off, last);
	if (!page)
		return -1;
	RF_UNROLL
	for (__u32 step = RF_FEW / 2; step; step >>= 1)
		search(page, n, high, low, step, &at);
	*ret = at;
	return 0;
}

/* A list's two cells, which lie side by side in one page. */
static __always_inline int list_of(const struct rf_img *img, __u32 at, struct last_page *last,
				   __u32 *first, __u32 *count)
{
	const struct rf_page *page = page_of(img, at, last);

	if (!page)
		return -1;
	at &= RF_PAGE_MASK & ~1u;
	*first = page->cell[at];
	*count = page->cell[at + 1];
	return 0;
}

/* Adds what a list allows; -1 where it says anything else, or is long. */
static __always_inline int add_list(const struct rf_img *img, __u32 first, __u32 count,
				    const struct rf_net_query *query, struct last_page *last,
				    __u32 *allowed)
{
	const struct rf_page *page;

	if (!count)
		return 0;
	if (count > RF_FEW)
		return -1;
	page = page_of(img, first, last);
	if (!page)
		return -1;
	for (__u32 i = 0; i < RF_FEW; i++) {
		__u32 at = (first + i * 4u) & RF_PAGE_MASK & ~3u, rights;
		const struct rf_net_entry *entry;

		if (i >= count)
			break;
		RF_OPAQUE(at);
		at &= RF_PAGE_MASK & ~3u;
		entry = (const struct rf_net_entry *)&page->cell[at];
		rights = rf_net_entry_rights(entry, query);
		if (rights && (entry->flags & (RF_NE_DENY | RF_NE_AUDIT_MODE | RF_NE_AUDIT)))
			return -1;
		*allowed |= rights;
	}
	return 0;
}

static __always_inline int is_allowed(const struct rf_img *img, const struct rf_image_head *head,
				      const struct rf_net_query *query)
{
	__u32 no, first, count, allowed = head->net_default;
	struct last_page last = {};

	if (find_interval(img, head, query->addr, &last, &no) ||
	    list_of(img, head->addr_lists_off + no * 2u, &last, &first, &count) ||
	    add_list(img, head->net_any_off, head->n_net_any, query, &last, &allowed) ||
	    add_list(img, first, count, query, &last, &allowed))
		return 0;
	return !(query->rights & ~allowed);
}

/* Of a caller that may be fenced. 1: allowed, and nothing is to be recorded. */
static __always_inline int quick_net(const struct rf_quick_net *q, struct task_struct *task)
{
	struct rf_net_query query = {};
	const struct rf_image_head *head;
	struct rf_quick_self self;
	struct rf_sandbox *sb;
	struct rf_img img;

	if (!rf_quick_self(&self, task, rf_casts))
		return 0;
	sb = rf_sandbox_of(self.slot);
	if (!sb || sb->id != self.sandbox)
		return 0;
	head = rf_head_of(rf_image_now(sb, self.slot), &img);
	if (!head || (head->audit_connect && (q->rights & RF_A_CONNECT)))
		return 0;
	if (!rf_has_network(head))
		return 1;
	query.protocol = rf_protocol_bit(q->protocol);
	query.session = self.session;
	query.rights = q->rights;
	if (!q->address) {
		query.addr[0] = q->addr[0];
		query.addr[1] = q->addr[1];
		query.port = q->port;
	} else if (read_peer(q, &query)) {
		return 0;
	}
	return is_allowed(&img, head, &query);
}

/* rf_quick_peer but for a call: for the hook that is run most. */
static __always_inline int rf_quick_peer_near(struct socket *sock, __u64 address, __u32 len,
					      __u32 rights)
{
	struct rf_quick_net q = {.address = address, .len = len, .rights = rights};
	struct task_struct *task = bpf_get_current_task_btf();
	struct sock *sk;

	if (!task->bpf_storage)
		return 1;
	sk = sock->sk;
	if (!sk)
		return 0;
	q.family = sk->__sk_common.skc_family;
	q.protocol = sk->sk_protocol;
	return (q.family == RF_AF_INET || q.family == RF_AF_INET6) && quick_net(&q, task);
}

#endif
