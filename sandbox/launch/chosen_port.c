/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launch/chosen_port.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/parse.h"

#define RANGE_FILE "/proc/sys/net/ipv4/ip_local_port_range"

void rf_chosen_range(unsigned int *first, unsigned int *last)
{
	RF_AUTOFREE char *text = NULL;
	uint64_t low = 0, high = 0;
	char *second;

	if (rf_fd_read_file(RANGE_FILE, 4096, &text, NULL, NULL) == 0) {
		second = text + strcspn(text, " \t");
		second += strspn(second, " \t");
		text[strcspn(text, " \t\n")] = '\0';
		second[strcspn(second, "\n")] = '\0';
		if (rf_parse_u64(text, RF_PORTS - 1, &low) < 0 ||
		    rf_parse_u64(second, RF_PORTS - 1, &high) < 0)
			low = 0;
	}
	if (low < 1 || low > high) {
		low = 1024;
		high = RF_PORTS - 1;
	}
	*first = (unsigned int)low;
	*last = (unsigned int)high;
}

static void put(const struct rf_net_rule *rule, uint8_t *allowed, uint8_t value)
{
	if (!rule->n_ports)
		memset(allowed, value, RF_PORTS);
	for (size_t i = 0; i < rule->n_ports; i++)
		memset(allowed + rule->ports[i].first, value,
		       rule->ports[i].last - rule->ports[i].first + 1u);
}

static void put_rules(const struct rf_policy *policy, uint32_t right, uint8_t *allowed, bool deny)
{
	for (size_t i = 0; i < policy->n_network; i++) {
		const struct rf_net_rule *rule = &policy->network[i];

		if (!rule->is_unix && rule->rule.deny == deny && rule->rule.mode != RF_MODE_AUDIT &&
		    rule->rights & right)
			put(rule, allowed, !deny);
	}
}

bool rf_chosen_is_mixed(const struct rf_policy *policy, uint32_t right, unsigned int first,
			unsigned int last, unsigned int *ret)
{
	RF_AUTOFREE uint8_t *allowed = malloc(RF_PORTS);
	const uint8_t *refused;

	*ret = first;
	if (!allowed)
		return true;
	memset(allowed, policy->network_default == RF_DEFAULT_ALLOW, RF_PORTS);
	put_rules(policy, right, allowed, false);
	put_rules(policy, right, allowed, true);
	refused = memchr(allowed + first, 0, last - first + 1u);
	if (!refused || !memchr(allowed + first, 1, last - first + 1u))
		return false;
	*ret = (unsigned int)(refused - allowed);
	return true;
}
