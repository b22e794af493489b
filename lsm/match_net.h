/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Decisions about addresses, and adding up lists of entries; see lsm/match.h.
 */
#ifndef RF_LSM_MATCH_NET_H
#define RF_LSM_MATCH_NET_H

#include "lsm/match.h"

/* What is asked: one address in network order, IPv4 as ::ffff:a.b.c.d, unspecified made loopback.
 */
struct rf_net_query {
	__u64 addr[2]; /* bytes in network order */
	__u16 port;    /* host order */
	__u8 protocol; /* one enum rf_net_proto bit, RF_NP_* */
	__u8 session;
	__u32 rights; /* RF_A_CONNECT … */
};

#define RF_NP_TCP   0x1
#define RF_NP_UDP   0x2
#define RF_NP_SCTP  0x4
#define RF_NP_ICMP  0x8
#define RF_NP_OTHER 0x10

/*
 * What follows has no branches that depend on the data: the verifier would follow every way through
 * a search or a list. RF_OPAQUE keeps the optimiser from putting branches back.
 */

/* 1 if a < b + borrow, 128-bit subtraction by halves. */
static __always_inline __u64 rf_borrow(__u64 a, __u64 b, __u64 borrow)
{
	__u64 r = (~a & b) | (~(a ^ b) & (a - b - borrow));

	RF_OPAQUE(r);
	return r >> 63;
}

/* 1 if the key (memory order) is not above the address. */
static __always_inline __u64 rf_key_at_most(const __u64 *key, const __u64 *addr)
{
	__u64 low = rf_borrow(__builtin_bswap64(addr[1]), __builtin_bswap64(key[1]), 0);

	return 1 - rf_borrow(__builtin_bswap64(addr[0]), __builtin_bswap64(key[0]), low);
}

/* The last of keys[0..n) that is at most the address; keys[0] always is. n <= 1024. */
static __always_inline __u32 rf_key_search(const struct rf_page *page, __u32 n, const __u64 *addr)
{
	__u64 at = 0;

	RF_UNROLL
	for (__u64 step = RF_NET_KEYS_PER_PAGE / 2; step; step >>= 1) {
		__u64 probe = at + step, byte = (probe & (RF_NET_KEYS_PER_PAGE - 1)) << 4;
		const __u64 *key = (const __u64 *)(const void *)((const char *)page + byte);

		at += step * (rf_key_at_most(key, addr) & rf_borrow(probe, n, 0));
	}
	return (__u32)at;
}

/* The number of the interval that holds the address. */
static __always_inline int rf_net_interval(const struct rf_img *img,
					   const struct rf_image_head *head, const __u64 *addr,
					   __u32 *ret)
{
	__u32 pages = (head->n_addr + RF_NET_KEYS_PER_PAGE - 1) / RF_NET_KEYS_PER_PAGE;
	__u32 no = 0, n = head->n_addr;
	const struct rf_page *page;

	if (!n || n > RF_NET_ADDR_MAX)
		return -1;
	if (pages > 1) {
		page = rf_img_page(img, head->addr_top_off >> RF_PAGE_SHIFT);
		if (!page)
			return -1;
		no = rf_key_search(page, pages, addr);
		n -= no * RF_NET_KEYS_PER_PAGE;
	}
	page = rf_img_page(img, (head->addr_keys_off >> RF_PAGE_SHIFT) + no);
	if (!page)
		return -1;
	*ret = no * RF_NET_KEYS_PER_PAGE + rf_key_search(page, n, addr);
	return 0;
}

/* The flag of entries that are only for the other session. */
#define RF_NE_OTHER(session) (RF_NE_EXEC >> ((session)&1))

/* All ones if value is 0, else 0. */
static __always_inline __u32 rf_mask_zero(__u32 value)
{
	__u64 r = (__u64)value - 1;

	RF_OPAQUE(r);
	return (__u32)(r >> 32);
}

/* The rights of the query that a network entry speaks of. */
static __always_inline __u32 rf_net_entry_rights(const struct rf_net_entry *entry,
						 const struct rf_net_query *query)
{
	__u32 range = (__u32)entry->port_last - entry->port_first;
	__u32 port = ((__u32)query->port - entry->port_first) & 0xffff;
	__u32 other = entry->flags & RF_NE_OTHER(query->session);

	return entry->rights & query->rights & rf_mask_zero((range - port) >> 31 | other) &
	       ~rf_mask_zero(entry->protocols & query->protocol);
}

/* What the entries seen so far say. A rule is the lowest of its kind, kept as 0xffff - index. */
struct rf_tally {
	__u32 denied, allowed, would;
	__u32 audit;
	__u32 deny_rule, allow_rule, would_rule; /* 0 if none */
};

/* Zeroes that the verifier does not know to be zeroes: else it tells first entries from later. */
static __always_inline struct rf_tally rf_tally_empty(const struct rf_image_head *head)
{
	__u32 zero = head->zero;

	return (struct rf_tally){zero, zero, zero, zero, zero, zero, zero};
}

/* The lower of the rule known so far and of `rule`, which counts only if rights is not 0. */
static __always_inline __u32 rf_tally_rule(__u32 have, __u32 rule, __u32 rights)
{
	__u32 other = (0xffff - rule) & ~rf_mask_zero(rights);

	return have + ((other - have) & ~rf_mask_zero((__u32)rf_borrow(have, other, 0)));
}

static __always_inline void rf_tally_add(struct rf_tally *tally, __u32 rights, __u32 flags,
					 __u32 rule)
{
	__u32 would = rights & ~rf_mask_zero(flags & RF_NE_AUDIT_MODE);
	__u32 denied = rights & ~would & ~rf_mask_zero(flags & RF_NE_DENY);
	__u32 allowed = rights & ~would & ~denied;

	tally->deny_rule = rf_tally_rule(tally->deny_rule, rule, denied);
	tally->would_rule = rf_tally_rule(tally->would_rule, rule, would);
	tally->allow_rule = rf_tally_rule(tally->allow_rule, rule, allowed);
	tally->denied |= denied;
	tally->would |= would;
	tally->allowed |= allowed;
	tally->audit |= allowed & ~rf_mask_zero(flags & RF_NE_AUDIT);
}

static __always_inline int rf_tally_end(const struct rf_img *img, const struct rf_image_head *head,
					const struct rf_tally *tally, __u32 rights, __u32 dflt,
					struct rf_answer *answer)
{
	__u32 missing = rights & (tally->denied | ~(tally->allowed | dflt));

	answer->missing = head->audit_mode ? 0 : missing;
	answer->would = (rights & tally->would & ~missing) | (head->audit_mode ? missing : 0);
	answer->audit = rights & tally->audit & ~missing & ~answer->would;
	answer->rule = RF_RULE_NONE;
	if (tally->denied)
		answer->rule = (__u16)(0xffff - tally->deny_rule);
	else if (!missing && answer->would)
		answer->rule = (__u16)(0xffff - tally->would_rule);
	else if (!missing && tally->allowed)
		answer->rule = (__u16)(0xffff - tally->allow_rule);
	return rf_answer_end(img, head, answer);
}

/* Adds up a list of entries. */
static __always_inline int rf_net_list(const struct rf_img *img, __u32 first, __u32 count,
				       const struct rf_net_query *query, struct rf_tally *tally)
{
	const struct rf_page *page = rf_img_page(img, first >> RF_PAGE_SHIFT);

	if (!page)
		return -1;
	for (__u32 i = 0; i < RF_NET_LIST_MAX; i++) {
		__u32 at = (first + i * 4u) & RF_PAGE_MASK & ~3u;
		const struct rf_net_entry *entry;

		if (i >= count)
			break;
		RF_OPAQUE(at);
		at &= RF_PAGE_MASK & ~3u;
		entry = (const struct rf_net_entry *)&page->cell[at];
		rf_tally_add(tally, rf_net_entry_rights(entry, query), entry->flags, entry->rule);
	}
	return 0;
}

/*
 * An IP access. The section must be present (head->sections). head->audit_connect is for the
 * caller: it asks that allowed connects be recorded whatever the rules say.
 */
static __always_inline int rf_net_answer(const struct rf_img *img, const struct rf_image_head *head,
					 const struct rf_net_query *query, struct rf_answer *answer)
{
	struct rf_tally tally = rf_tally_empty(head);
	__u32 no, first, count;

	if (rf_net_interval(img, head, query->addr, &no))
		return -1;
	if (rf_img_cell(img, head->addr_lists_off + no * 2u, &first) ||
	    rf_img_cell(img, head->addr_lists_off + no * 2u + 1u, &count))
		return -1;
	if (rf_net_list(img, head->net_any_off, head->n_net_any, query, &tally) ||
	    rf_net_list(img, first, count, query, &tally))
		return -1;
	return rf_tally_end(img, head, &tally, query->rights, head->net_default, answer);
}

#endif
