/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules about addresses change anything: every interval of addresses, every range of ports
 * and every protocol that the rules tell apart is asked once.
 */
#include <string.h>

#include "sandbox/policy/addr_points.h"
#include "sandbox/policy/check_use.h"
#include "sandbox/policy/dfa_parts.h"

/* Looks at ranges and rules; beyond, nothing is told. */
#define STEPS_MAX 50000000u

RF_VEC_DEFINE(numbers, uint32_t);

struct inet {
	const struct rf_net_rule *const *rules;
	const struct rf_dfa_input *input;
	struct rf_addr_points points;
	struct numbers ports;
	struct numbers active, matching;
	uint64_t steps;
};

static void done(struct inet *n)
{
	rf_addr_points_done(&n->points);
	numbers_done(&n->ports);
	numbers_done(&n->active);
	numbers_done(&n->matching);
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int find_points(struct inet *n)
{
	int r = 0;

	for (size_t i = 0; i < n->input->n_rules && r == 0; i++)
		for (size_t k = 0; k < n->rules[i]->n_to && r == 0; k++) {
			struct rf_addr_key first, last;

			memcpy(first.b, n->rules[i]->to[k].first, sizeof(first.b));
			memcpy(last.b, n->rules[i]->to[k].last, sizeof(last.b));
			r = rf_addr_points_cut(&n->points, &first, &last);
		}
	return r == 0 ? rf_addr_points_settle(&n->points) : r;
}

static bool speaks_of(const struct rf_net_rule *rule, const struct rf_addr_key *point)
{
	for (size_t k = 0; k < rule->n_to; k++)
		if (memcmp(rule->to[k].first, point->b, sizeof(point->b)) <= 0 &&
		    memcmp(rule->to[k].last, point->b, sizeof(point->b)) >= 0)
			return true;
	return rule->n_to == 0;
}

static bool has_port(const struct rf_net_rule *rule, uint32_t port)
{
	for (size_t k = 0; k < rule->n_ports; k++)
		if (rule->ports[k].first <= port && rule->ports[k].last >= port)
			return true;
	return rule->n_ports == 0;
}

/* Where ranges of ports begin, of the rules that speak of the address. */
static int find_ports(struct inet *n)
{
	size_t kept = 0;
	int r;

	n->ports.len = 0;
	r = numbers_push(&n->ports, 0);
	for (size_t i = 0; i < n->active.len && r == 0; i++) {
		const struct rf_net_rule *rule = n->rules[n->active.data[i]];

		for (size_t k = 0; k < rule->n_ports && r == 0; k++) {
			r = numbers_push(&n->ports, rule->ports[k].first);
			if (r == 0)
				r = numbers_push(&n->ports, rule->ports[k].last + 1u);
		}
	}
	if (r < 0)
		return r;
	qsort(n->ports.data, n->ports.len, sizeof(uint32_t), compare_numbers);
	for (size_t i = 0; i < n->ports.len; i++)
		if (i == 0 || n->ports.data[i] != n->ports.data[kept - 1])
			n->ports.data[kept++] = n->ports.data[i];
	n->ports.len = kept;
	return 0;
}

/* A question that no program can ask makes a rule look useful at worst. */
static int ask(struct inet *n, uint32_t port, uint32_t protocol)
{
	n->matching.len = 0;
	for (size_t i = 0; i < n->active.len; i++) {
		const struct rf_net_rule *rule = n->rules[n->active.data[i]];

		if ((rule->protocols & protocol) && has_port(rule, port) &&
		    numbers_push(&n->matching, n->active.data[i]) < 0)
			return -ENOMEM;
	}
	if (n->matching.len)
		rf_dfa_mark_uses(n->input, n->matching.data, n->matching.len);
	return 0;
}

static int ask_about(struct inet *n, const struct rf_addr_key *point)
{
	int r = 0;

	n->active.len = 0;
	for (uint32_t i = 0; i < n->input->n_rules; i++) {
		n->steps += 1 + n->rules[i]->n_to;
		if (speaks_of(n->rules[i], point) && numbers_push(&n->active, i) < 0)
			return -ENOMEM;
	}
	if (n->active.len)
		r = find_ports(n);
	for (size_t i = 0; n->active.len && i < n->ports.len && r == 0; i++) {
		n->steps += n->active.len * 8;
		if (n->steps > STEPS_MAX)
			return -E2BIG;
		for (uint32_t protocol = 1; protocol <= RF_PROTO_OTHER && r == 0; protocol <<= 1)
			r = ask(n, n->ports.data[i], protocol);
	}
	return r == 0 && n->steps > STEPS_MAX ? -E2BIG : r;
}

int rf_inet_mark_uses(const struct rf_net_rule *const *rules, const struct rf_dfa_input *input)
{
	RF_CLEANUP(done) struct inet n = {.rules = rules, .input = input};
	int r = find_points(&n);

	for (size_t i = 0; i < n.points.len && r == 0; i++)
		r = ask_about(&n, &n.points.data[i]);
	return r;
}
