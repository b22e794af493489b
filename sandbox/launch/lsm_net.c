/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Section network as intervals of addresses, each with the list of rules that speak of it.
 *
 * Rules that name no address are in one list of their own: repeated in every interval they would
 * be most of a large table.
 */
#include <string.h>

#include "sandbox/launch/pack.h"
#include "sandbox/policy/addr_points.h"
#include "sandbox/policy/netfacts.h"

/* One address range of one rule. */
struct span {
	struct rf_addr_key first, last;
	uint32_t rule; /* into policy->network */
};

RF_VEC_DEFINE(spans, struct span);
RF_VEC_DEFINE(rule_list, uint32_t);
RF_VEC_DEFINE(entries, struct rf_net_entry);

/* A list that was written: which rules, and where its entries are. */
struct written {
	size_t at; /* into pool */
	uint32_t n_rules, first, count;
};

RF_VEC_DEFINE(written_lists, struct written);

#define FEW_KEYS 64

struct net {
	struct rf_pack *pack;
	const struct rf_policy *policy;
	struct rf_err *err;
	struct spans spans;
	struct rf_addr_points points;
	struct spans active;
	struct rule_list now, pool;
	struct written_lists lists;
	uint32_t *table; /* of lists + 1, by hash */
	size_t table_size;
	struct entries entries;
	uint32_t keys;			 /* where they go, if that is known beforehand; else 0 */
	struct rf_addr_points addresses; /* finished keys, and the list of each */
	struct rule_list list_of;
};

static void done(struct net *n)
{
	spans_done(&n->spans);
	rf_addr_points_done(&n->points);
	spans_done(&n->active);
	rule_list_done(&n->now);
	rule_list_done(&n->pool);
	written_lists_done(&n->lists);
	free(n->table);
	entries_done(&n->entries);
	rf_addr_points_done(&n->addresses);
	rule_list_done(&n->list_of);
}

static int no_memory(struct net *n)
{
	return rf_err_set(n->err, -ENOMEM, "no memory to pack the network rules");
}

static int compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	int c = rf_addr_compare(&x->first, &y->first);

	return c ? c : x->rule < y->rule ? -1 : x->rule > y->rule;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct rf_addr_range *x = a, *y = b;

	return memcmp(x->first, y->first, sizeof(x->first));
}

static int add_span(struct net *n, const struct span *span)
{
	if (spans_push(&n->spans, *span) < 0 ||
	    rf_addr_points_cut(&n->points, &span->first, &span->last) < 0)
		return no_memory(n);
	return 0;
}

/* The ranges of one rule, those that overlap as one: so a rule speaks once of an address. */
static int add_spans(struct net *n, uint32_t number)
{
	const struct rf_net_rule *rule = &n->policy->network[number];
	RF_AUTOFREE struct rf_addr_range *to = calloc(rule->n_to + 1, sizeof(*to));
	struct span span = {.rule = number};
	int r = 0;

	if (!to)
		return no_memory(n);
	if (rule->n_to)
		memcpy(to, rule->to, rule->n_to * sizeof(*to));
	qsort(to, rule->n_to, sizeof(*to), compare_ranges);
	for (size_t i = 0; i < rule->n_to && r == 0; i++) {
		if (i > 0 && memcmp(to[i].first, span.last.b, sizeof(span.last.b)) <= 0) {
			if (memcmp(to[i].last, span.last.b, sizeof(span.last.b)) > 0)
				memcpy(span.last.b, to[i].last, sizeof(span.last.b));
			continue;
		}
		if (i > 0)
			r = add_span(n, &span);
		memcpy(span.first.b, to[i].first, sizeof(span.first.b));
		memcpy(span.last.b, to[i].last, sizeof(span.last.b));
	}
	return r == 0 && rule->n_to ? add_span(n, &span) : r;
}

static int collect(struct net *n)
{
	const struct rf_policy *policy = n->policy;

	for (uint32_t i = 0; i < policy->n_network; i++) {
		int r = policy->network[i].is_unix ? 0 : add_spans(n, i);

		if (r < 0)
			return r;
	}
	if (n->spans.len)
		qsort(n->spans.data, n->spans.len, sizeof(struct span), compare_spans);
	return rf_addr_points_settle(&n->points) < 0 ? no_memory(n) : 0;
}

static int add_entries(struct net *n, uint32_t number)
{
	static const struct rf_port_range all = {0, UINT16_MAX};
	const struct rf_net_rule *rule = &n->policy->network[number];
	const struct rf_port_range *ports = rule->n_ports ? rule->ports : &all;
	size_t n_ports = rule->n_ports ? rule->n_ports : 1;

	for (size_t i = 0; i < n_ports; i++) {
		struct rf_net_entry entry = {.rule = (uint16_t)rule->rule.index,
					     .port_first = ports[i].first,
					     .port_last = ports[i].last,
					     .rights = (uint8_t)rule->rights,
					     .protocols = (uint8_t)rule->protocols,
					     .flags = rf_pack_flags(n->policy, &rule->rule)};

		if (entries_push(&n->entries, entry) < 0)
			return no_memory(n);
	}
	return 0;
}

/* Writes the entries of `now` where they do not straddle a page. */
static int write_list(struct net *n, uint32_t *ret_first, uint32_t *ret_count)
{
	size_t cells, left = RF_PAGE_CELLS - (n->pack->next & RF_PAGE_MASK);
	int r = 0;

	n->entries.len = 0;
	for (size_t i = 0; i < n->now.len && r == 0; i++)
		r = add_entries(n, n->now.data[i]);
	if (r < 0)
		return r;
	if (n->entries.len > RF_NET_LIST_MAX) {
		const struct rf_rule *rule = &n->policy->network[n->now.data[0]].rule;

		return rf_err_set(
			n->err, -E2BIG,
			"%zu network rules and port ranges speak of one address, the limit "
			"is %d; the first of them is %s (%s:%u)",
			n->entries.len, RF_NET_LIST_MAX, rule->id,
			rule->place.file ? rule->place.file : "?", rule->place.line);
	}
	*ret_first = 0;
	*ret_count = (uint32_t)n->entries.len;
	if (n->entries.len == 0)
		return 0;
	cells = n->entries.len * 4;
	r = rf_pack_room(n->pack, cells, cells + 3 > left ? RF_PAGE_CELLS : 4, ret_first, n->err);
	if (r == 0)
		rf_pack_write(n->pack, *ret_first, n->entries.data,
			      n->entries.len * sizeof(*n->entries.data));
	return r;
}

/* The number of the list whose rules are in `now`, written if it is new. */
static int intern_list(struct net *n, uint32_t *ret)
{
	uint64_t h = 1469598103934665603u;
	struct written list = {.at = n->pool.len, .n_rules = (uint32_t)n->now.len};
	size_t at;
	int r;

	for (size_t i = 0; i < n->now.len; i++)
		h = (h ^ n->now.data[i]) * 1099511628211u;
	for (at = (h ^ h >> 32) % n->table_size; n->table[at]; at = (at + 1) % n->table_size) {
		const struct written *other = &n->lists.data[n->table[at] - 1];

		if (other->n_rules == list.n_rules &&
		    (!list.n_rules || memcmp(&n->pool.data[other->at], n->now.data,
					     list.n_rules * sizeof(uint32_t)) == 0)) {
			*ret = n->table[at] - 1;
			return 0;
		}
	}
	r = write_list(n, &list.first, &list.count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n->now.len; i++)
		if (rule_list_push(&n->pool, n->now.data[i]) < 0)
			return no_memory(n);
	if (written_lists_push(&n->lists, list) < 0)
		return no_memory(n);
	n->table[at] = (uint32_t)n->lists.len;
	*ret = (uint32_t)n->lists.len - 1;
	return 0;
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The rules of the active spans, each once, in order. */
static int list_active(struct net *n)
{
	size_t kept = 0;

	n->now.len = 0;
	for (size_t i = 0; i < n->active.len; i++)
		if (rule_list_push(&n->now, n->active.data[i].rule) < 0)
			return no_memory(n);
	if (n->now.len > 1)
		qsort(n->now.data, n->now.len, sizeof(uint32_t), compare_u32);
	for (size_t i = 0; i < n->now.len; i++)
		if (i == 0 || n->now.data[i] != n->now.data[kept - 1])
			n->now.data[kept++] = n->now.data[i];
	n->now.len = kept;
	return 0;
}

static int sweep(struct net *n)
{
	size_t next = 0;

	for (size_t p = 0; p < n->points.len; p++) {
		const struct rf_addr_key *point = &n->points.data[p];
		size_t kept = 0;
		uint32_t list = 0;
		int r;

		for (size_t i = 0; i < n->active.len; i++)
			if (rf_addr_compare(&n->active.data[i].last, point) >= 0)
				n->active.data[kept++] = n->active.data[i];
		n->active.len = kept;
		for (;
		     next < n->spans.len && rf_addr_compare(&n->spans.data[next].first, point) == 0;
		     next++)
			if (spans_push(&n->active, n->spans.data[next]) < 0)
				return no_memory(n);
		r = list_active(n);
		if (r == 0)
			r = intern_list(n, &list);
		if (r < 0)
			return r;
		if (n->list_of.len && n->list_of.data[n->list_of.len - 1] == list)
			continue;
		if (rf_addr_points_push(&n->addresses, *point) < 0 ||
		    rule_list_push(&n->list_of, list) < 0)
			return no_memory(n);
	}
	return 0;
}

static int write_keys(struct net *n)
{
	size_t count = n->addresses.len, pages;
	uint32_t lists, keys, top = 0;
	struct rf_image_head *head;
	int r;

	if (count > RF_NET_ADDR_MAX)
		return rf_err_set(
			n->err, -E2BIG,
			"the addresses of the network rules make %zu intervals, the limit "
			"is %d",
			count, RF_NET_ADDR_MAX);
	keys = n->keys;
	r = rf_pack_room(n->pack, count * 2, 2, &lists, n->err);
	if (r == 0 && !keys)
		r = rf_pack_room(n->pack, count * 4, RF_PAGE_CELLS, &keys, n->err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		const struct written *list = &n->lists.data[n->list_of.data[i]];

		*rf_pack_cell(n->pack, lists + 2 * i) = list->first;
		*rf_pack_cell(n->pack, lists + 2 * i + 1) = list->count;
	}
	rf_pack_write(n->pack, keys, n->addresses.data, count * sizeof(struct rf_addr_key));
	pages = (count + RF_NET_KEYS_PER_PAGE - 1) / RF_NET_KEYS_PER_PAGE;
	if (pages > 1)
		r = rf_pack_room(n->pack, pages * 4, RF_PAGE_CELLS, &top, n->err);
	for (size_t i = 0; pages > 1 && r == 0 && i < pages; i++)
		rf_pack_write(n->pack, top + 4 * (uint32_t)i,
			      &n->addresses.data[i * RF_NET_KEYS_PER_PAGE],
			      sizeof(struct rf_addr_key));
	head = rf_pack_head(n->pack);
	head->addr_lists_off = lists;
	head->addr_keys_off = keys;
	head->addr_top_off = top;
	head->n_addr = (uint32_t)count;
	return r;
}

/* The rules that name no address. */
static int write_any(struct net *n)
{
	uint32_t first, count;
	int r;

	n->now.len = 0;
	for (uint32_t i = 0; i < n->policy->n_network; i++)
		if (!n->policy->network[i].is_unix && n->policy->network[i].n_to == 0 &&
		    rule_list_push(&n->now, i) < 0)
			return no_memory(n);
	r = write_list(n, &first, &count);
	if (r < 0)
		return r;
	rf_pack_head(n->pack)->net_any_off = first;
	rf_pack_head(n->pack)->n_net_any = count;
	return 0;
}

int rf_pack_net(struct rf_pack *pack, const struct rf_policy *policy, struct rf_err *err)
{
	RF_CLEANUP(done) struct net n = {.pack = pack, .policy = policy, .err = err};
	struct rf_image_head *head = rf_pack_head(pack);
	bool present = policy->sections[RF_SECTION_NETWORK].present;
	bool allow = !present || policy->network_default == RF_DEFAULT_ALLOW;
	struct rf_net_facts facts;
	int r;

	head->net_default = allow ? RF_NET_ALL : 0;
	head->net_families = allow ? RF_FAM_OTHER | RF_FAM_HIDDEN : 0;
	/* Then what reaches addresses without being asked about them is not made. */
	rf_net_facts(&facts, policy);
	if (facts.inet_denied)
		head->net_families &= ~RF_FAM_HIDDEN;
	if (!present)
		return 0;
	r = collect(&n);
	n.table_size = n.points.len * 2 + 16;
	n.table = calloc(n.table_size, sizeof(*n.table));
	if (!n.table)
		return no_memory(&n);
	/* Few keys have a page with what belongs to them, which mostly is one look-up then. */
	if (r == 0 && n.points.len <= FEW_KEYS)
		r = rf_pack_room(pack, n.points.len * 4, RF_PAGE_CELLS, &n.keys, err);
	if (r == 0)
		r = sweep(&n);
	if (r == 0)
		r = write_any(&n);
	return r < 0 ? r : write_keys(&n);
}
