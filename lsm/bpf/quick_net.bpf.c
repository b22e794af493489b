/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses that are plainly allowed: no deny rule, no rule in audit mode and no audited rule says
 * a word about them. Everything else is for address.bpf.c.
 */
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

/* As rf_net_address and make_query; 0, or -1: not an address that counts. */
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
	rf_peer_address(query);
	return 0;
}

/* The interval of the address where there are few; the same search as rf_key_search. */
static __always_inline int find_interval(const struct rf_img *img, const struct rf_image_head *head,
					 const __u64 *addr, __u32 *ret)
{
	const struct rf_page *page;
	__u64 at = 0;

	if (!head->n_addr || head->n_addr > RF_FEW)
		return rf_net_interval(img, head, addr, ret);
	page = rf_img_page(img, head->addr_keys_off >> RF_PAGE_SHIFT);
	if (!page)
		return -1;
	RF_UNROLL
	for (__u64 step = RF_FEW / 2; step; step >>= 1) {
		__u64 probe = at + step, byte = (probe & (RF_FEW - 1)) << 4;
		const __u64 *key = (const __u64 *)(const void *)((const char *)page + byte);

		at += step * (rf_key_at_most(key, addr) & rf_borrow(probe, head->n_addr, 0));
	}
	*ret = (__u32)at;
	return 0;
}

/* A list's two cells, which lie side by side in one page. */
static __always_inline int list_of(const struct rf_img *img, __u32 at, __u32 *first, __u32 *count)
{
	const struct rf_page *page = rf_img_page(img, at >> RF_PAGE_SHIFT);

	if (!page)
		return -1;
	at &= RF_PAGE_MASK & ~1u;
	*first = page->cell[at];
	*count = page->cell[at + 1];
	return 0;
}

/* Adds what a list allows; -1 where it says anything else, or is long. */
static __always_inline int add_list(const struct rf_img *img, __u32 first, __u32 count,
				    const struct rf_net_query *query, __u32 *allowed)
{
	const struct rf_page *page;

	if (!count)
		return 0;
	if (count > RF_FEW)
		return -1;
	page = rf_img_page(img, first >> RF_PAGE_SHIFT);
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

	if (find_interval(img, head, query->addr, &no) ||
	    list_of(img, head->addr_lists_off + no * 2u, &first, &count) ||
	    add_list(img, head->net_any_off, head->n_net_any, query, &allowed) ||
	    add_list(img, first, count, query, &allowed))
		return 0;
	return !(query->rights & ~allowed);
}

int rf_quick_net(struct rf_quick_net *q)
{
	struct rf_net_query query = {};
	const struct rf_image_head *head;
	struct rf_quick_self self;
	struct rf_sandbox *sb;
	struct rf_img img;

	if (!q || !rf_quick_self(&self, bpf_get_current_task_btf()))
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
