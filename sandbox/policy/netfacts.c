/* SPDX-License-Identifier: Apache-2.0 */
/* Summing up the network's rules. See netfacts.h. */
#include "sandbox/policy/netfacts.h"

#include <string.h>

static bool names_every(const struct rf_net_rule *rule, const char *text)
{
	for (size_t i = 0; i < rule->n_unix; i++)
		if (!rule->unix_names[i].literal && strcmp(rule->unix_names[i].text, text) == 0)
			return true;
	return false;
}

static bool is_for_all(const struct rf_net_rule *rule)
{
	if (rule->rule.session != RF_SESSION_ANY)
		return false;
	if (rule->is_unix)
		return names_every(rule, "/**") && names_every(rule, "@*");
	return !rule->n_to && !rule->n_ports && rule->protocols == RF_PROTO_ANY;
}

static void add_allow(struct rf_net_facts *facts, const struct rf_net_rule *rule)
{
	bool listen = rule->rights & RF_NET_LISTEN;

	facts->listen_some |= listen;
	if (rule->is_unix) {
		facts->unix_some = true;
		facts->unix_all |= is_for_all(rule) && (rule->rights & RF_NET_ALL) == RF_NET_ALL;
		return;
	}
	facts->inet_some = true;
	facts->inet_all |= is_for_all(rule) && (rule->rights & RF_NET_ALL) == RF_NET_ALL;
	facts->inet_listen_some |= listen;
	facts->inet_listen_all |= listen && is_for_all(rule);
}

static uint32_t judged(const struct rf_policy *policy)
{
	uint32_t rights = policy->audit_connect_allowed ? RF_NET_CONNECT : 0;

	if (policy->network_default == RF_DEFAULT_DENY)
		return RF_NET_ALL;
	for (size_t i = 0; i < policy->n_network; i++)
		if (!policy->network[i].is_unix)
			rights |= policy->network[i].rights;
	return rights;
}

void rf_net_facts(struct rf_net_facts *ret, const struct rf_policy *policy)
{
	bool all = !policy->sections[RF_SECTION_NETWORK].present ||
		   policy->network_default == RF_DEFAULT_ALLOW;

	*ret = (struct rf_net_facts){!all, all, all, all, all, all, all, all, false, 0};
	if (!policy->sections[RF_SECTION_NETWORK].present)
		return;
	ret->inet_judged = judged(policy);
	for (size_t i = 0; i < policy->n_network; i++)
		if (!policy->network[i].rule.deny)
			add_allow(ret, &policy->network[i]);
	for (size_t i = 0; i < policy->n_network; i++) {
		const struct rf_net_rule *rule = &policy->network[i];

		if (!rule->rule.deny || rule->rule.mode == RF_MODE_AUDIT)
			continue;
		ret->refuses = true;
		ret->inet_denied |=
			!rule->is_unix && (rule->rights & (RF_NET_CONNECT | RF_NET_SEND));
		if (rule->is_unix)
			ret->unix_all = false;
		else if (rule->rights & RF_NET_LISTEN)
			ret->inet_listen_all = false;
	}
}

bool rf_net_refuses_pairs(const struct rf_policy *policy, const struct rf_net_facts *facts)
{
	return policy->sections[RF_SECTION_NETWORK].present &&
	       policy->network_default == RF_DEFAULT_DENY && policy->mode != RF_MODE_AUDIT &&
	       !facts->unix_some;
}
