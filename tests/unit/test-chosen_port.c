/* SPDX-License-Identifier: Apache-2.0 */
/* Ports that the kernel chooses: whether rules refuse some of them and not all. */
#include "tests/unit/unit.h"

#include "sandbox/launch/chosen_port.h"

#define BIND RF_NET_BIND

static bool is_mixed_for(uint32_t right, struct rf_net_rule *rules, size_t n, enum rf_default dflt,
			 unsigned int *port)
{
	struct rf_policy policy = {.network = rules, .n_network = n, .network_default = dflt};

	policy.sections[RF_SECTION_NETWORK].present = true;
	return rf_chosen_is_mixed(&policy, right, 32768, 60999, port);
}

static bool is_mixed(struct rf_net_rule *rules, size_t n, enum rf_default dflt, unsigned int *port)
{
	return is_mixed_for(BIND, rules, n, dflt, port);
}

static void a_range_is_read(void **state RF_UNUSED)
{
	unsigned int first = 0, last = 0;

	rf_chosen_range(&first, &last);
	assert_true(first >= 1 && first <= last && last < RF_PORTS);
}

static void one_refused_port_of_it_is_found(void **state RF_UNUSED)
{
	static const struct rf_port_range ends[] = {{60999, 65535}, {1, 100}};
	static const struct rf_port_range beside[] = {{1, 32767}, {61000, 65535}};
	struct rf_net_rule rule = {.rule.deny = true, .rights = BIND, .ports = ends, .n_ports = 2};
	unsigned int port = 0;

	assert_true(is_mixed(&rule, 1, RF_DEFAULT_ALLOW, &port));
	assert_int_equal(port, 60999);
	rule.rule.mode = RF_MODE_AUDIT;
	assert_false(is_mixed(&rule, 1, RF_DEFAULT_ALLOW, &port));
	rule.rule.mode = RF_MODE_ENFORCE;
	rule.rights = RF_NET_CONNECT;
	assert_false(is_mixed(&rule, 1, RF_DEFAULT_ALLOW, &port));
	rule.rights = RF_NET_LISTEN;
	assert_false(is_mixed(&rule, 1, RF_DEFAULT_ALLOW, &port));
	assert_true(is_mixed_for(RF_NET_LISTEN, &rule, 1, RF_DEFAULT_ALLOW, &port));
	rule.rights |= BIND;
	rule.is_unix = true;
	assert_false(is_mixed(&rule, 1, RF_DEFAULT_ALLOW, &port));
	rule.is_unix = false;
	rule.ports = beside;
	assert_false(is_mixed(&rule, 1, RF_DEFAULT_ALLOW, &port));
	rule.n_ports = 0;
	assert_false(is_mixed(&rule, 1, RF_DEFAULT_ALLOW, &port));
}

static void what_is_allowed_in_pieces_is_allowed(void **state RF_UNUSED)
{
	static const struct rf_port_range high = {50000, 60999}, low = {1024, 40000},
					  middle = {40001, 49999}, one = {8080, 8080};
	struct rf_net_rule rules[3] = {{.rights = BIND, .ports = &high, .n_ports = 1},
				       {.rights = BIND, .ports = &low, .n_ports = 1},
				       {.rights = BIND, .ports = &middle, .n_ports = 1}};
	unsigned int port = 0;

	assert_false(is_mixed(rules, 3, RF_DEFAULT_DENY, &port));
	assert_true(is_mixed(rules, 2, RF_DEFAULT_DENY, &port));
	assert_int_equal(port, 40001);
	assert_true(is_mixed(rules, 1, RF_DEFAULT_DENY, &port));
	assert_int_equal(port, 32768);
	rules[0].ports = &one;
	assert_false(is_mixed(rules, 1, RF_DEFAULT_DENY, &port));
	rules[0].n_ports = 0;
	assert_false(is_mixed(rules, 1, RF_DEFAULT_DENY, &port));
	rules[1].rule.deny = true;
	assert_true(is_mixed(rules, 2, RF_DEFAULT_DENY, &port));
}

UNIT_MAIN(cmocka_unit_test(a_range_is_read), cmocka_unit_test(one_refused_port_of_it_is_found),
	  cmocka_unit_test(what_is_allowed_in_pieces_is_allowed));
