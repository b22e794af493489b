/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of TCP for Landlock, and its answers about section network. See landlock_net.h. */
#include "sandbox/launch/landlock_net.h"

#include <string.h>

#include "sandbox/launch/landlock_abi.h"
#include "sandbox/launch/landlock_judge.h"
#include "sandbox/policy/netfacts.h"

#define ALL_PORTS 65536

static bool has_port(const struct rf_ll_ports *ports, uint32_t port)
{
	return ports->bits[port / 64] >> (port % 64) & 1;
}

static void set_port(struct rf_ll_ports *ports, uint32_t port, bool on)
{
	uint64_t bit = UINT64_C(1) << (port % 64);

	if (has_port(ports, port) == on)
		return;
	ports->bits[port / 64] ^= bit;
	ports->n = on ? ports->n + 1 : ports->n - 1;
}

static void set_ports(struct rf_ll_ports *ports, const struct rf_net_rule *rule, bool on)
{
	if (!rule->n_ports)
		for (uint32_t port = 0; port < ALL_PORTS; port++)
			set_port(ports, port, on);
	for (size_t i = 0; i < rule->n_ports; i++)
		for (uint32_t port = rule->ports[i].first; port <= rule->ports[i].last; port++)
			set_port(ports, port, on);
}

/* Can ports alone say this rule, as far as TCP goes? */
static bool is_by_port(const struct rf_net_rule *rule)
{
	return !rule->is_unix && !rule->n_to && (rule->protocols & RF_PROTO_TCP) &&
	       rule->rule.mode != RF_MODE_AUDIT && rule->rule.session != RF_SESSION_EXEC;
}

static void apply(struct rf_ll_net *net, const struct rf_net_rule *rule)
{
	bool on = !rule->rule.deny;

	if (rule->rights & RF_NET_CONNECT)
		set_ports(&net->connect, rule, on);
	if (rule->rights & RF_NET_BIND)
		set_ports(&net->bind, rule, on);
}

/* Too many to be named one by one: none, which is stricter. */
static void limit(struct rf_ll_ports *ports)
{
	if (ports->n > RF_LL_PORTS_MAX && ports->n < ALL_PORTS)
		memset(ports, 0, sizeof(*ports));
}

void rf_ll_net_plan(struct rf_ll_net *ret, const struct rf_policy *policy, int abi)
{
	struct rf_net_facts facts;

	memset(ret, 0, sizeof(*ret));
	rf_net_facts(&facts, policy);
	if (abi < RF_LL_ABI_NET || !facts.refuses || facts.inet_all || !facts.inet_some ||
	    policy->network_default != RF_DEFAULT_DENY || policy->mode == RF_MODE_AUDIT)
		return;
	for (size_t i = 0; i < policy->n_network; i++)
		if (!policy->network[i].rule.deny && is_by_port(&policy->network[i]))
			apply(ret, &policy->network[i]);
	for (size_t i = 0; i < policy->n_network; i++)
		if (policy->network[i].rule.deny && is_by_port(&policy->network[i]))
			apply(ret, &policy->network[i]);
	limit(&ret->connect);
	limit(&ret->bind);
	if (ret->connect.n < ALL_PORTS)
		ret->handled |= RF_LL_NET_CONNECT_TCP;
	if (ret->bind.n < ALL_PORTS)
		ret->handled |= RF_LL_NET_BIND_TCP;
}

static uint64_t granted(const struct rf_ll_net *net, uint32_t port)
{
	uint64_t access = 0;

	if (has_port(&net->connect, port))
		access |= RF_LL_NET_CONNECT_TCP;
	/* Port 0 would grant every port that the kernel chooses. */
	if (port && has_port(&net->bind, port))
		access |= RF_LL_NET_BIND_TCP;
	return access & net->handled;
}

int rf_ll_net_grant(int ruleset, const struct rf_ll_net *net, struct rf_err *err)
{
	for (uint32_t port = 0; port < ALL_PORTS; port++) {
		uint64_t access = granted(net, port);

		if (access && rf_landlock_allow_port(ruleset, port, access) < 0)
			return rf_err_sys(err, -errno, "Landlock does not take port %u", port);
	}
	return 0;
}

/* ---- answers ---- */

struct judge {
	const struct rf_policy *policy;
	struct rf_net_facts facts;
	struct rf_ll_net net;
	int abi;
};

/* Is anything granted that this rule denies? Errs to yes. */
static bool reaches(const struct rf_ll_net *net, const struct rf_net_rule *rule)
{
	struct rf_ll_ports ports = {.n = 0};

	set_ports(&ports, rule, true);
	for (size_t i = 0; i < RF_ARRAY_LEN(ports.bits); i++)
		if (((rule->rights & RF_NET_CONNECT) && (ports.bits[i] & net->connect.bits[i])) ||
		    ((rule->rights & RF_NET_BIND) && (ports.bits[i] & net->bind.bits[i])))
			return true;
	return false;
}

static void judge_deny(const struct judge *j, const struct rf_net_rule *rule,
		       struct rf_coverage *item)
{
	if (rule->rule.mode == RF_MODE_AUDIT)
		rf_ll_answer(item, RF_HOLD_NONE, "Landlock cannot let pass and record");
	else if (rule->rule.kill)
		rf_ll_answer(item, RF_HOLD_NONE, "Landlock refuses but does not kill");
	else if (rule->is_unix ? j->facts.unix_some : j->facts.inet_all)
		rf_ll_answer(item, RF_HOLD_NONE, "Landlock cannot take it out of what is allowed");
	else if (!rule->is_unix && (rule->rights & RF_NET_LISTEN) && j->facts.listen_some)
		rf_ll_answer(item, RF_HOLD_NONE, "Landlock does not see listening");
	else if (!rule->is_unix && (rule->protocols & RF_PROTO_TCP) && reaches(&j->net, rule))
		rf_ll_answer(item, RF_HOLD_NONE, "Landlock knows ports, not addresses");
	else if (rule->rule.errno_value && rule->rule.errno_value != EACCES)
		rf_ll_answer(item, RF_HOLD_STRICTER, "Landlock always answers EACCES");
	else
		rf_ll_answer(item, RF_HOLD_EXACT, "%s", "");
}

static void judge_allow(const struct judge *j, const struct rf_net_rule *rule,
			struct rf_coverage *item)
{
	const struct rf_ll_net *net = &j->net;
	bool cut = ((rule->rights & RF_NET_CONNECT) && !net->connect.n) ||
		   ((rule->rights & RF_NET_BIND) && !net->bind.n);

	if (rule->is_unix || j->facts.inet_all)
		rf_ll_answer(item, RF_HOLD_EXACT, "%s", "");
	else if (j->abi < RF_LL_ABI_NET)
		rf_ll_answer(item, RF_HOLD_NONE,
			     "Landlock ABI %d does not see the network (ABI 4, Linux 6.7)", j->abi);
	else if (rule->n_to)
		rf_ll_answer(item, RF_HOLD_STRICTER,
			     "Landlock knows ports, not addresses: nothing of it is granted");
	else if (rule->protocols != RF_PROTO_TCP)
		rf_ll_answer(item, RF_HOLD_STRICTER,
			     "Landlock knows TCP only: nothing else is granted");
	else if (rule->rule.session == RF_SESSION_EXEC)
		rf_ll_answer(item, RF_HOLD_STRICTER, "exec sessions cannot be told apart");
	else if (cut)
		rf_ll_answer(item, RF_HOLD_STRICTER, "more than %d ports", RF_LL_PORTS_MAX);
	else
		rf_ll_answer(item, RF_HOLD_EXACT, "%s", "");
}

static void judge_default(const struct judge *j, struct rf_coverage *item)
{
	if (j->policy->network_default == RF_DEFAULT_ALLOW)
		rf_ll_answer(item, RF_HOLD_EXACT, "%s", "");
	else if (j->facts.inet_some && !j->facts.inet_all && j->abi < RF_LL_ABI_NET)
		rf_ll_answer(item, RF_HOLD_NONE,
			     "Landlock ABI %d does not see the network (ABI 4, Linux 6.7)", j->abi);
	else if (j->facts.unix_some && !j->facts.unix_all)
		rf_ll_answer(item, RF_HOLD_NONE,
			     "Landlock does not see the names of unix sockets, so all of them are "
			     "allowed");
	else if (j->policy->kernel[RF_KERNEL_IO_URING].value == RF_KERNEL_ALLOW)
		rf_ll_answer(item, RF_HOLD_NONE, "io_uring makes sockets of every family");
	else
		rf_ll_answer(item, RF_HOLD_EXACT, "%s", "");
}

/* See add_remark of landlock_judge.c. */
static int add_remark(const struct judge *j, struct rf_report *report, const char *id,
		      enum rf_hold hold, const char *why, struct rf_err *err)
{
	struct rf_coverage *item = rf_report_add(report);

	if (!item)
		return rf_err_sys(err, -ENOMEM, "cannot judge the policy");
	item->section = RF_SECTION_NETWORK;
	item->kind = RF_ITEM_SECTION;
	item->id = id;
	item->place = j->policy->sections[RF_SECTION_NETWORK].place;
	item->need = RF_NEED_SHOULD;
	rf_ll_answer(item, hold, "%s", why);
	return 0;
}

/* Where nothing of the section is held, the filter does not stand in for the rest of it. */
static bool holds_any(const struct rf_report *report, size_t from)
{
	for (size_t i = from; i < report->n; i++)
		if (report->items[i].hold != RF_HOLD_NONE)
			return true;
	return false;
}

static int add_remarks(const struct judge *j, struct rf_report *report, size_t from,
		       struct rf_err *err)
{
	const struct rf_net_facts *facts = &j->facts;
	int r = 0;

	if (holds_any(report, from) && rf_net_refuses_pairs(j->policy, facts))
		r = add_remark(j, report, "network.socketpair", RF_HOLD_STRICTER,
			       RF_NET_PAIRS_REFUSED, err);
	if (r == 0 && facts->refuses && facts->listen_some && !facts->inet_listen_all &&
	    facts->inet_some)
		r = add_remark(j, report, "network.listen", RF_HOLD_NONE,
			       "listening is judged by bind alone: without one the kernel chooses "
			       "a port that no rule judges",
			       err);
	return r;
}

static void judge_item(const struct judge *j, struct rf_coverage *item)
{
	if (j->policy->mode == RF_MODE_AUDIT)
		rf_ll_answer(item, RF_HOLD_NONE,
			     "Landlock cannot let pass and record (audit mode)");
	else if (!item->rule)
		judge_default(j, item);
	for (size_t i = 0; item->rule && i < j->policy->n_network; i++) {
		const struct rf_net_rule *rule = &j->policy->network[i];

		if (rule->rule.index != item->rule->index || j->policy->mode == RF_MODE_AUDIT)
			continue;
		if (rule->rule.deny)
			judge_deny(j, rule, item);
		else
			judge_allow(j, rule, item);
	}
}

int rf_ll_judge_network(const struct rf_policy *policy, int abi, struct rf_report *report,
			struct rf_err *err)
{
	size_t from = report->n;
	struct judge j = {.policy = policy, .abi = abi};
	int r = rf_report_items(report, policy, RF_SECTION_NETWORK, err);

	if (r < 0 || report->n == from)
		return r;
	rf_net_facts(&j.facts, policy);
	rf_ll_net_plan(&j.net, policy, abi);
	for (size_t i = from; i < report->n; i++)
		judge_item(&j, &report->items[i]);
	return add_remarks(&j, report, from, err);
}
