/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Section network: rules about IP addresses and ports, and rules about unix sockets (POLICY.md 15).
 */
#include <string.h>

#include "sandbox/base/parse.h"
#include "sandbox/policy/addr.h"
#include "sandbox/policy/limits.h"
#include "sandbox/policy/names.h"
#include "sandbox/policy/pattern.h"
#include "sandbox/policy/rule.h"

RF_VEC_DEFINE(ranges_vec, struct rf_addr_range);
RF_VEC_DEFINE(ports_vec, struct rf_port_range);

static const struct rf_member rule_members[] = {
	{"protocol", rf_keep_protocol}, {"to", rf_keep_to}, {"ports", rf_keep_ports},
	{"unix", rf_keep_unix},		{NULL, NULL},
};

static void parse_protocol(struct rf_parse *p, struct rf_at at, struct rf_net_rule *rule)
{
	static const char *const names[] = {"tcp", "udp", "sctp", "icmp"};
	size_t choice = 0;

	if (rf_at_choice(p, at, names, RF_ARRAY_LEN(names), &choice))
		rule->protocols = 1u << choice;
}

static bool count_addresses(struct rf_parse *p, struct rf_at at, size_t n)
{
	bool was_below = p->n_addresses <= RF_LIMIT_ADDRESSES;

	p->n_addresses += n;
	if (p->n_addresses <= RF_LIMIT_ADDRESSES)
		return true;
	if (was_below)
		rf_at_error(p, at, "more than %d address ranges, which is the limit",
			    RF_LIMIT_ADDRESSES);
	return false;
}

static void add_ranges(struct rf_parse *p, struct rf_at at, const struct rf_addr_range *ranges,
		       size_t n, struct ranges_vec *ret)
{
	if (!count_addresses(p, at, n))
		return;
	for (size_t i = 0; i < n; i++)
		if (ranges_vec_push(ret, ranges[i]) < 0)
			p->no_memory = true;
}

static void add_set(struct rf_parse *p, struct rf_at at, const char *name, struct ranges_vec *ret)
{
	const struct rf_addr_range *ranges = NULL;
	const char *names[16], *near;
	size_t n = 0;

	if (rf_addr_set_find(name, &ranges, &n) == 0) {
		add_ranges(p, at, ranges, n, ret);
		return;
	}
	for (n = 0; n < RF_ARRAY_LEN(names) && rf_addr_set_at(n); n++)
		names[n] = rf_addr_set_at(n);
	near = rf_suggest(name, names, n);
	rf_at_error(p, at,
		    "unknown set of addresses \"@%s\"%s%s%s there are @loopback, @private, "
		    "@link-local, @metadata, @multicast and @internet",
		    name, near ? "; did you mean \"@" : "", near ? near : "",
		    near ? "\"? Of such sets" : ";");
}

static bool is_variable(const char *text)
{
	return rf_str_has_prefix(text, "${") && strchr(text, '}') == text + strlen(text) - 1;
}

/*
 * "ADDR:PORT" or "[ADDR]:PORT", which only a variable may hold (the proxy of policy agent): cuts
 * the port off and adds it to ports. 0 if there is no port, 1 if there was, -EINVAL told.
 */
static int split_port(struct rf_parse *p, struct rf_at at, char *text, struct ports_vec *ports)
{
	char *colon = strrchr(text, ':');
	uint64_t port = 0;
	bool bracket = text[0] == '[';

	if (!colon || (!bracket && strchr(text, ':') != colon))
		return 0;
	if ((bracket && (colon == text || colon[-1] != ']')) ||
	    rf_parse_u64(colon + 1, 65535, &port) < 0 || port == 0) {
		rf_at_error(p, at, "\"%s\" is neither an address nor ADDRESS:PORT", text);
		return -EINVAL;
	}
	*colon = '\0';
	if (bracket) {
		colon[-1] = '\0';
		memmove(text, text + 1, strlen(text));
	}
	if (ports_vec_push(ports, (struct rf_port_range){(uint16_t)port, (uint16_t)port}) < 0)
		p->no_memory = true;
	return 1;
}

static void parse_to(struct rf_parse *p, const struct rf_rule_draft *in, struct ranges_vec *ret,
		     struct ports_vec *ports, bool *varied)
{
	if (!rf_at_is_list(p, in->to, "addresses"))
		return;
	for (struct rf_at item = rf_at_first(p, in->to); item.json; item = rf_at_next(p, item)) {
		struct rf_addr_range ranges[RF_ADDR_RANGES_MAX];
		const char *text = NULL;
		char *expanded, why[512];
		size_t n = 0;
		int r = 0;

		if (!rf_at_string(p, item, &text))
			continue;
		expanded = rf_vars_expand(p, item, text, false);
		if (!expanded)
			continue;
		*varied |= strstr(text, "${") != NULL;
		if (is_variable(text))
			r = split_port(p, item, expanded, ports);
		if (r > 0 && (json_array_size(in->to.json) > 1 || in->ports.json))
			rf_at_error(p, item,
				    "an address with a port must be the rule's only one, "
				    "without \"ports\"");
		if (r < 0)
			continue;
		if (expanded[0] == '@')
			add_set(p, item, expanded + 1, ret);
		else if (rf_addr_parse(expanded, ranges, &n, why, sizeof(why)) < 0)
			rf_at_error(p, item, "%s", why);
		else
			add_ranges(p, item, ranges, n, ret);
	}
}

static int port_number(const char *text, size_t len, uint16_t *ret)
{
	char digits[8];
	uint64_t value = 0;

	if (len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (rf_parse_u64(digits, 65535, &value) < 0 || value == 0)
		return -EINVAL;
	*ret = (uint16_t)value;
	return 0;
}

static bool parse_port_text(struct rf_parse *p, struct rf_at at, struct rf_port_range *ret)
{
	const char *text = json_string_value(at.json), *dash = strchr(text, '-');
	size_t len = dash ? (size_t)(dash - text) : strlen(text);

	if (port_number(text, len, &ret->first) < 0 ||
	    port_number(dash ? dash + 1 : text, strlen(dash ? dash + 1 : text), &ret->last) < 0) {
		rf_at_error(p, at,
			    "\"%s\" is no range of ports; write \"8000-8999\", with ports "
			    "from 1 to 65535",
			    text);
		return false;
	}
	if (ret->first > ret->last) {
		rf_at_error(p, at, "the range \"%s\" runs backwards", text);
		return false;
	}
	return true;
}

static void parse_ports(struct rf_parse *p, struct rf_at at, struct ports_vec *ret)
{
	if (!rf_at_is_list(p, at, "ports"))
		return;
	for (struct rf_at item = rf_at_first(p, at); item.json; item = rf_at_next(p, item)) {
		struct rf_port_range range = {0};
		uint64_t value = 0;

		if (json_is_string(item.json)) {
			if (!parse_port_text(p, item, &range))
				continue;
		} else if (json_is_integer(item.json) && json_integer_value(item.json) == 0) {
			rf_at_error(p, item,
				    "port 0 asks the kernel to choose; what it chose is "
				    "judged, so name that range, such as \"32768-60999\"");
			continue;
		} else {
			if (!rf_at_integer(p, item, 1, 65535, &value))
				continue;
			range.first = range.last = (uint16_t)value;
		}
		if (ports_vec_push(ret, range) < 0)
			p->no_memory = true;
	}
}

static void parse_ip(struct rf_parse *p, const struct rf_rule_draft *in, struct rf_net_rule *rule)
{
	struct ranges_vec ranges = {0};
	struct ports_vec ports = {0};

	rule->protocols = RF_PROTO_ANY;
	if (in->protocol.json)
		parse_protocol(p, in->protocol, rule);
	if (in->to.json)
		parse_to(p, in, &ranges, &ports, &rule->varied);
	if (in->ports.json)
		parse_ports(p, in->ports, &ports);
	if (in->ports.json && rule->protocols == RF_PROTO_ICMP)
		rf_at_key_error(p, in->ports, "icmp has no ports");
	rule->to = rf_parse_array(p, ranges.data, ranges.len, sizeof(*ranges.data));
	rule->n_to = ranges.len;
	rule->ports = rf_parse_array(p, ports.data, ports.len, sizeof(*ports.data));
	rule->n_ports = ports.len;
	ranges_vec_done(&ranges);
	ports_vec_done(&ports);
}

static void parse_unix(struct rf_parse *p, const struct rf_rule_draft *in, struct rf_net_rule *rule)
{
	static const char sentence[] = "a rule with \"unix\" is about unix sockets and has no "
				       "\"%s\"; write a second rule";
	bool strict = rule->rule.deny && rule->rule.need == RF_NEED_MUST;

	rule->is_unix = true;
	if (in->to.json)
		rf_at_key_error(p, in->to, sentence, "to");
	if (in->ports.json)
		rf_at_key_error(p, in->ports, sentence, "ports");
	if (in->protocol.json)
		rf_at_key_error(p, in->protocol, sentence, "protocol");
	rf_patterns_parse(p, in->unix_names, RF_PATTERN_UNIX, strict, rule->rule.deny,
			  &rule->unix_names, &rule->n_unix);
}

static void parse_rule(struct rf_parse *p, struct rf_at at, struct rf_draft *draft)
{
	struct rf_rule_draft in;
	struct rf_net_rule rule = {0};

	if (!rf_rule_parse(p, at, draft, RF_SECTION_NETWORK, rule_members, &in))
		return;
	rule.rule = in.rule;
	rule.rights = rf_rule_rights(p, &in, rf_net_right_names, RF_NET_RIGHTS);
	if (rule.rights & RF_NET_CONNECT)
		rule.rights |= RF_NET_SEND;
	if (in.unix_names.json)
		parse_unix(p, &in, &rule);
	else
		parse_ip(p, &in, &rule);
	if (rule.rights == RF_NET_LISTEN && !rule.is_unix &&
	    (rule.protocols == RF_PROTO_UDP || rule.protocols == RF_PROTO_ICMP))
		rf_at_error(p, in.list,
			    "sockets of this protocol do not listen; the right is "
			    "\"bind\"");
	if (rf_net_rules_push(&draft->network, rule) < 0)
		p->no_memory = true;
}

static void parse_section_default(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_parse_default(p, at, &((struct rf_draft *)draft)->sections[RF_SECTION_NETWORK]);
}

static void parse_rules(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_rules_parse(p, at, draft, parse_rule);
}

static const struct rf_member members[] = {
	{"need", rf_member_need},
	{"default", parse_section_default},
	{"rules", parse_rules},
	{NULL, NULL},
};

void rf_parse_network(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_section_begin(p, draft, RF_SECTION_NETWORK, at);
	rf_at_object(p, at, members, NULL, draft);
}
