/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences about addresses. Both packed policies divide the addresses into intervals with one
 * list of entries each, and lists divide the ports; one address, port and protocol of every part
 * stands for all of it.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lsm/match_net.h"
#include "sandbox/base/map64.h"
#include "sandbox/launch/diff_parts.h"

struct key {
	uint8_t bytes[16];
};

/* First ports of the parts that two lists make. */
RF_VEC_DEFINE(ports, uint32_t);

struct side {
	struct rf_img img;
	const struct rf_image_head *head;
	bool present;
	uint32_t first, count; /* list of the interval at hand */
};

struct inet {
	struct rf_differ *differ;
	struct side side[2];
	struct rf_map64 known; /* pairs of lists */
	struct ports ports;
};

static void done(struct inet *n)
{
	rf_map64_done(&n->known);
	ports_done(&n->ports);
}

/* Key i of a side: its interval begins there. */
static const struct key *key_at(const struct side *s, uint32_t i)
{
	uint32_t at = s->head->addr_keys_off + 4 * i;

	return (const struct key *)(const void *)&s->img.pages[at >> RF_PAGE_SHIFT]
		.cell[at & RF_PAGE_MASK];
}

static uint32_t n_keys(const struct side *s)
{
	return s->present ? s->head->n_addr : 0;
}

static void read_list(struct side *s, uint32_t i)
{
	s->first = s->count = 0;
	if (!s->present)
		return;
	(void)!rf_img_cell(&s->img, s->head->addr_lists_off + i * 2, &s->first);
	(void)!rf_img_cell(&s->img, s->head->addr_lists_off + i * 2 + 1, &s->count);
}

static int compare_ports(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int add_ports(struct inet *n, const struct side *s, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = first + 4 * i;
		const struct rf_net_entry *e =
			(const struct rf_net_entry *)&s->img.pages[at >> RF_PAGE_SHIFT]
				.cell[at & RF_PAGE_MASK];

		if (ports_push(&n->ports, e->port_first) < 0 ||
		    ports_push(&n->ports, (uint32_t)e->port_last + 1) < 0)
			return rf_differ_no_memory(n->differ);
	}
	return 0;
}

static int divide_ports(struct inet *n)
{
	size_t kept = 0;
	int r = 0;

	n->ports.len = 0;
	if (ports_push(&n->ports, 0) < 0)
		return rf_differ_no_memory(n->differ);
	for (int i = 0; i < 2 && r == 0; i++) {
		struct side *s = &n->side[i];

		if (s->present)
			r = add_ports(n, s, s->first, s->count);
		if (r == 0 && s->present)
			r = add_ports(n, s, s->head->net_any_off, s->head->n_net_any);
	}
	if (r < 0)
		return r;
	qsort(n->ports.data, n->ports.len, sizeof(uint32_t), compare_ports);
	for (size_t i = 0; i < n->ports.len; i++)
		if (n->ports.data[i] <= UINT16_MAX &&
		    (i == 0 || n->ports.data[i] != n->ports.data[kept - 1]))
			n->ports.data[kept++] = n->ports.data[i];
	n->ports.len = kept;
	return 0;
}

/* A port of the part that reads well. */
static uint16_t pick_port(const struct inet *n, size_t i)
{
	static const uint16_t nice[] = {443, 80, 53, 22, 8080};
	uint32_t first = n->ports.data[i],
		 last = i + 1 < n->ports.len ? n->ports.data[i + 1] - 1 : UINT16_MAX;

	for (size_t k = 0; k < RF_ARRAY_LEN(nice); k++)
		if (nice[k] >= first && nice[k] <= last)
			return nice[k];
	return (uint16_t)(first == 0 && last > 0 ? 1 : first);
}

static const char *const protocol_names[] = {"tcp", "udp", "sctp", "icmp", "other"};

static void spell(struct rf_question *q)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	bool four = memcmp(q->address, mapped, sizeof(mapped)) == 0;
	char text[INET6_ADDRSTRLEN];

	(void)inet_ntop(four ? AF_INET : AF_INET6, four ? q->address + 12 : q->address, text,
			sizeof(text));
	(void)snprintf(q->text, sizeof(q->text), "%s %s%s%s:%u",
		       protocol_names[__builtin_ctz(q->protocol)], four ? "" : "[", text,
		       four ? "" : "]", q->port);
}

static int answer(const struct side *s, const struct rf_question *q, struct rf_answer *ret)
{
	struct rf_net_query query = {.port = q->port,
				     .protocol = q->protocol,
				     .session = (__u8)q->session,
				     .rights = q->rights};

	memset(ret, 0, sizeof(*ret));
	ret->rule = RF_RULE_NONE;
	memcpy(query.addr, q->address, sizeof(query.addr));
	return s->present ? rf_net_answer(&s->img, s->head, &query, ret) : 0;
}

/* The rights that two policies decide differently, in *ret; a digest of who decides, in *ret_who.
 */
static int differing(struct inet *n, struct rf_question *q, uint32_t *ret, uint64_t *ret_who)
{
	uint32_t asked = q->rights;

	*ret = 0;
	*ret_who = 0;
	for (uint32_t bit = 1; bit <= RF_NET_LISTEN; bit <<= 1) {
		struct rf_answer a[2];

		q->rights = asked & bit;
		if (!q->rights)
			continue;
		if (answer(&n->side[0], q, &a[0]) || answer(&n->side[1], q, &a[1]))
			return rf_err_set(n->differ->err, -EBADMSG, "the packed policy is damaged");
		if (a[0].verdict == a[1].verdict && a[0].errno_value == a[1].errno_value)
			continue;
		*ret |= bit;
		*ret_who = *ret_who * 1099511628211u + a[0].rule * 65536u + a[1].rule + 1;
	}
	q->rights = asked;
	return 0;
}

/* One address and port: protocols whose answers come from the same rules are one difference. */
static int compare_protocols(struct inet *n, struct rf_question *q)
{
	uint64_t told[5];
	uint32_t told_rights[5];
	size_t n_told = 0;

	for (unsigned int p = 0; p < RF_ARRAY_LEN(protocol_names); p++) {
		uint32_t rights, asked = q->rights;
		uint64_t who;
		size_t i = 0;
		int r;

		q->protocol = (uint8_t)(1u << p);
		r = differing(n, q, &rights, &who);
		if (r < 0)
			return r;
		while (i < n_told && (told[i] != who || told_rights[i] != rights))
			i++;
		if (!rights || i < n_told)
			continue;
		told[n_told] = who;
		told_rights[n_told++] = rights;
		spell(q);
		q->rights = rights;
		r = rf_differ_confirm(n->differ, q);
		q->rights = asked;
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_unspecified(const uint8_t address[16])
{
	static const uint8_t four[16] = {[10] = 0xff, [11] = 0xff}, six[16];

	return memcmp(address, four, 16) == 0 || memcmp(address, six, 16) == 0;
}

/* An interval that both sides have one list for; its lists are read. */
static int compare_part(struct inet *n, const uint8_t address[16])
{
	struct rf_question q = {.kind = RF_WHY_INET, .rights = RF_NET_ALL};
	uint32_t unused;
	int r = rf_map64_put(&n->known,
			     (uint64_t)n->side[0].first << 40 | (uint64_t)n->side[0].count << 31 |
				     (uint64_t)n->side[1].first << 9 | n->side[1].count,
			     0, &unused);

	if (r < 0)
		return rf_differ_no_memory(n->differ);
	if (r > 0)
		return 0;
	memcpy(q.address, address, 16);
	/* As a peer it would be loopback. */
	if (is_unspecified(address))
		q.rights = RF_NET_BIND | RF_NET_LISTEN;
	r = divide_ports(n);
	for (size_t i = 0; i < n->ports.len && r == 0; i++) {
		q.port = pick_port(n, i);
		for (q.session = 0; q.session < n->differ->n_sessions && r == 0; q.session++)
			r = compare_protocols(n, &q);
	}
	return r;
}

/* An address of [first, last] that reads well; last NULL: to the end. */
static void pick_address(uint8_t ret[16], const struct key *first, const struct key *next)
{
	static const struct key nice[] = {
		{{[10] = 0xff, [11] = 0xff, 1, 1, 1, 1}},
		{{0x26, 0x06, 0x47, 0, 0x47, 0, [15] = 0x11}},
	};
	struct key up = *first;

	for (size_t i = 0; i < RF_ARRAY_LEN(nice); i++) {
		if (memcmp(&nice[i], first, 16) < 0 || (next && memcmp(&nice[i], next, 16) >= 0))
			continue;
		memcpy(ret, &nice[i], 16);
		return;
	}
	for (int i = 15; i >= 0 && ++up.bytes[i] == 0; i--)
		;
	memcpy(ret, next && memcmp(&up, next, 16) >= 0 ? first : &up, 16);
}

/* The intervals of both sides together, those of IPv4 first: they read better as examples. */
static int sweep(struct inet *n, bool four)
{
	static const struct key zero, begin = {{[10] = 0xff, [11] = 0xff}}, end = {{[9] = 1}};
	const struct key *at = &zero;
	uint32_t i[2] = {0, 0};

	while (at) {
		const struct key *next = NULL;
		uint8_t address[16];
		int r = 0;

		for (int s = 0; s < 2; s++) {
			while (i[s] + 1 < n_keys(&n->side[s]) &&
			       memcmp(key_at(&n->side[s], i[s] + 1), at, 16) <= 0)
				i[s]++;
			read_list(&n->side[s], i[s]);
			if (i[s] + 1 < n_keys(&n->side[s]) &&
			    (!next || memcmp(key_at(&n->side[s], i[s] + 1), next, 16) < 0))
				next = key_at(&n->side[s], i[s] + 1);
		}
		/* A bound of the mapped addresses divides, too. */
		if (memcmp(at, &begin, 16) < 0 && (!next || memcmp(next, &begin, 16) > 0))
			next = &begin;
		else if (memcmp(at, &end, 16) < 0 && (!next || memcmp(next, &end, 16) > 0))
			next = &end;
		pick_address(address, at, next);
		if ((memcmp(at, &begin, 16) >= 0 && memcmp(at, &end, 16) < 0) == four)
			r = compare_part(n, address);
		if (r < 0)
			return r;
		at = next;
	}
	return 0;
}

int rf_diff_inet(struct rf_differ *differ)
{
	RF_CLEANUP(done) struct inet n = {.differ = differ};
	int r;

	for (int i = 0; i < 2; i++) {
		const struct rf_image *image = differ->side[i].image;

		n.side[i].img = (struct rf_img){image->pages, (__u32)image->n_pages};
		n.side[i].head = rf_img_head(&n.side[i].img);
		if (!n.side[i].head)
			return rf_err_set(differ->err, -EBADMSG, "the packed policy is damaged");
		n.side[i].present = n.side[i].head->sections >> RF_SEC_NETWORK & 1;
	}
	if (!n.side[0].present && !n.side[1].present)
		return 0;
	r = sweep(&n, true);
	return r < 0 ? r : sweep(&n, false);
}
