/* SPDX-License-Identifier: Apache-2.0 */
/* What the network section as a whole allows some, all or nothing of. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/policy/netfacts.h"

static const struct rf_pattern every[] = {{.text = "/**"}, {.text = "@*"}};
static const struct rf_pattern some[] = {{.text = "/run/x"}};

static struct rf_policy policy_of(struct rf_net_rule *rules, size_t n, enum rf_default dflt)
{
	struct rf_policy policy = {.network = rules, .n_network = n, .network_default = dflt};

	policy.sections[RF_SECTION_NETWORK].present = true;
	return policy;
}

static void an_absent_section_allows_everything(void **state RF_UNUSED)
{
	struct rf_policy policy = {.network_default = RF_DEFAULT_DENY};
	struct rf_net_facts facts;

	rf_net_facts(&facts, &policy);
	assert_false(facts.refuses);
	assert_true(facts.inet_some && facts.unix_all && facts.inet_listen_all);
}

static void deny_without_rules_allows_nothing(void **state RF_UNUSED)
{
	struct rf_policy policy = policy_of(NULL, 0, RF_DEFAULT_DENY);
	struct rf_net_facts facts;

	rf_net_facts(&facts, &policy);
	assert_true(facts.refuses);
	assert_false(facts.inet_some || facts.unix_some || facts.unix_all || facts.listen_some ||
		     facts.inet_listen_some || facts.inet_listen_all);
}

static void some_and_all_of_unix_sockets(void **state RF_UNUSED)
{
	struct rf_net_rule rules[2] = {
		{.is_unix = true, .rights = RF_NET_ALL, .unix_names = every, .n_unix = 2}};
	struct rf_policy policy = policy_of(rules, 1, RF_DEFAULT_DENY);
	struct rf_net_facts facts;

	rf_net_facts(&facts, &policy);
	assert_true(facts.unix_some && facts.unix_all && facts.listen_some);
	assert_false(facts.inet_some || facts.inet_listen_some);
	rules[0].rights = RF_NET_CONNECT;
	rf_net_facts(&facts, &policy);
	assert_true(facts.unix_some);
	assert_false(facts.unix_all || facts.listen_some);
	rules[0].rights = RF_NET_ALL;
	rules[1] = (struct rf_net_rule){
		.is_unix = true, .rights = RF_NET_CONNECT, .unix_names = some, .n_unix = 1};
	rules[1].rule.deny = true;
	policy.n_network = 2;
	rf_net_facts(&facts, &policy);
	assert_false(facts.unix_all);
	rules[1].rule.mode = RF_MODE_AUDIT;
	rf_net_facts(&facts, &policy);
	assert_true(facts.unix_all);
}

static void listening_on_some_and_on_every_port(void **state RF_UNUSED)
{
	struct rf_port_range port = {.first = 80, .last = 80};
	struct rf_net_rule rule = {.rights = RF_NET_LISTEN, .protocols = RF_PROTO_ANY};
	struct rf_policy policy = policy_of(&rule, 1, RF_DEFAULT_DENY);
	struct rf_net_facts facts;

	rf_net_facts(&facts, &policy);
	assert_true(facts.listen_some && facts.inet_listen_some && facts.inet_listen_all);
	rule.ports = &port;
	rule.n_ports = 1;
	rf_net_facts(&facts, &policy);
	assert_true(facts.inet_listen_some);
	assert_false(facts.inet_listen_all);
	rule.rule.deny = true;
	policy.network_default = RF_DEFAULT_ALLOW;
	rf_net_facts(&facts, &policy);
	assert_true(facts.refuses && facts.inet_listen_some && facts.unix_all);
	assert_false(facts.inet_listen_all);
}

static void what_is_judged_of_ip(void **state RF_UNUSED)
{
	struct rf_net_rule rules[2] = {
		{.is_unix = true, .rights = RF_NET_BIND, .unix_names = some, .n_unix = 1},
		{.rights = RF_NET_CONNECT | RF_NET_SEND, .protocols = RF_PROTO_ANY}};
	struct rf_policy policy = policy_of(rules, 1, RF_DEFAULT_ALLOW);
	struct rf_net_facts facts;

	rf_net_facts(&facts, &policy);
	assert_int_equal(facts.inet_judged, 0);
	policy.audit_connect_allowed = true;
	rf_net_facts(&facts, &policy);
	assert_int_equal(facts.inet_judged, RF_NET_CONNECT);
	policy.audit_connect_allowed = false;
	policy.n_network = 2;
	rules[1].rule.mode = RF_MODE_AUDIT;
	rf_net_facts(&facts, &policy);
	assert_int_equal(facts.inet_judged, RF_NET_CONNECT | RF_NET_SEND);
	assert_false(facts.inet_denied);
	rules[1].rule = (struct rf_rule){.deny = true};
	rf_net_facts(&facts, &policy);
	assert_true(facts.inet_denied);
	policy.network_default = RF_DEFAULT_DENY;
	rf_net_facts(&facts, &policy);
	assert_int_equal(facts.inet_judged, RF_NET_ALL);
	policy.sections[RF_SECTION_NETWORK].present = false;
	rf_net_facts(&facts, &policy);
	assert_int_equal(facts.inet_judged, 0);
}

UNIT_MAIN(cmocka_unit_test(what_is_judged_of_ip),
	  cmocka_unit_test(an_absent_section_allows_everything),
	  cmocka_unit_test(deny_without_rules_allows_nothing),
	  cmocka_unit_test(some_and_all_of_unix_sockets),
	  cmocka_unit_test(listening_on_some_and_on_every_port));
