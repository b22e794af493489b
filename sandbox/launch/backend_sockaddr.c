/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network by cgroup socket-address programs, for kernels without BPF LSM.
 *
 * The programs judge TCP and UDP by address and port. What they do not see is left to the filter of
 * system calls, which refuses it whole where the policy allows none of it: listening, unix sockets,
 * families that no rule can name. Where the policy allows some of it, the answer says so.
 */
#include "sandbox/launch/backend.h"

#include "sandbox/base/str.h"
#include "sandbox/launch/cgroup_fence.h"
#include "sandbox/launch/cgroup_guard.h"
#include "sandbox/policy/netfacts.h"

#define CELL RF_CELL_SOCKADDR
#define NAME "cgroup-sockaddr"

static int available(struct rf_err *err)
{
	int r = rf_cgroup_guard_available(err);

	return r < 0 ? r : rf_cg_available(err);
}

static void answer(struct rf_coverage *item, enum rf_hold hold, const char *why)
{
	item->hold = hold;
	item->by = hold == RF_HOLD_NONE ? NULL : NAME;
	(void)snprintf(item->why, sizeof(item->why), "%s", why);
}

static void judge_unix(const struct rf_net_facts *facts, const struct rf_rule *rule,
		       struct rf_coverage *item)
{
	if (!rule->deny || !facts->unix_some)
		answer(item, RF_HOLD_EXACT, "");
	else
		answer(item, RF_HOLD_NONE, "the names of unix sockets are not seen by cgroup");
}

static void judge_inet(const struct rf_net_facts *facts, const struct rf_net_rule *rule,
		       struct rf_coverage *item)
{
	uint32_t plain = RF_PROTO_TCP | RF_PROTO_UDP;

	if (!rule->rule.deny && !(rule->protocols & plain))
		answer(item, RF_HOLD_STRICTER, "SCTP and ICMP sockets are refused");
	else if (rule->rule.deny && (rule->rights & RF_NET_LISTEN) && facts->listen_some)
		answer(item, RF_HOLD_NONE, "listening is not seen by cgroup, only binding");
	else
		answer(item, RF_HOLD_EXACT, "");
}

static void judge_rule(const struct rf_net_facts *facts, const struct rf_net_rule *rule,
		       struct rf_coverage *item)
{
	if (rule->rule.deny && rule->rule.kill)
		answer(item, RF_HOLD_NONE, "the program refuses but does not kill");
	else if (rule->is_unix)
		judge_unix(facts, &rule->rule, item);
	else
		judge_inet(facts, rule, item);
	if (item->hold != RF_HOLD_EXACT || rule->rule.session == RF_SESSION_ANY)
		return;
	answer(item,
	       (rule->rule.session == RF_SESSION_INIT) == rule->rule.deny ? RF_HOLD_STRICTER
									  : RF_HOLD_NONE,
	       "by cgroup, exec sessions are judged as the command");
}

static void judge_default(const struct rf_policy *policy, const struct rf_net_facts *facts,
			  struct rf_coverage *item)
{
	if (policy->network_default == RF_DEFAULT_ALLOW)
		answer(item, RF_HOLD_EXACT, "");
	else if (facts->unix_some && !facts->unix_all)
		answer(item, RF_HOLD_NONE,
		       "the names of unix sockets are not seen by cgroup, so all of them are "
		       "allowed");
	else if (policy->kernel[RF_KERNEL_IO_URING].value == RF_KERNEL_ALLOW)
		answer(item, RF_HOLD_NONE, "io_uring makes sockets of every family");
	else
		answer(item, RF_HOLD_EXACT, "");
}

/* What holds for the section whatever its rules say. Such items never refuse a start. */
static int add_remark(struct rf_report *report, const struct rf_policy *policy, const char *id,
		      enum rf_hold hold, const char *why, struct rf_err *err)
{
	struct rf_coverage *item = rf_report_add(report);

	if (!item)
		return rf_err_sys(err, -ENOMEM, "cannot judge the policy");
	item->section = RF_SECTION_NETWORK;
	item->kind = RF_ITEM_SECTION;
	item->id = id;
	item->place = policy->sections[RF_SECTION_NETWORK].place;
	item->need = RF_NEED_SHOULD;
	answer(item, hold, why);
	return 0;
}

static int add_remarks(struct rf_report *report, const struct rf_policy *policy,
		       const struct rf_net_facts *facts, struct rf_err *err)
{
	int r = 0;

	if (facts->refuses)
		r = add_remark(report, policy, "network.sockets", RF_HOLD_STRICTER,
			       "SCTP, ping and raw sockets cannot be made", err);
	if (r == 0 && rf_net_refuses_pairs(policy, facts))
		r = add_remark(report, policy, "network.socketpair", RF_HOLD_STRICTER,
			       RF_NET_PAIRS_REFUSED, err);
	if (r == 0 && facts->refuses && facts->listen_some && !facts->inet_listen_all)
		r = add_remark(report, policy, "network.listen", RF_HOLD_NONE,
			       "listening is judged by bind alone: without one the kernel chooses "
			       "a port that no rule judges",
			       err);
	return r;
}

static int judge(const struct rf_policy *policy, enum rf_section section, struct rf_report *report,
		 struct rf_err *err)
{
	struct rf_net_facts facts;
	size_t from = report->n;
	int r = rf_report_items(report, policy, section, err);

	if (r < 0 || report->n == from)
		return r;
	rf_net_facts(&facts, policy);
	for (size_t i = from; i < report->n; i++) {
		struct rf_coverage *item = &report->items[i];

		if (!item->rule) {
			judge_default(policy, &facts, item);
			continue;
		}
		for (size_t j = 0; j < policy->n_network; j++)
			if (policy->network[j].rule.index == item->rule->index)
				judge_rule(&facts, &policy->network[j], item);
	}
	return add_remarks(report, policy, &facts, err);
}

static int prepare(struct rf_launch *launch, uint32_t sections RF_UNUSED, struct rf_err *err)
{
	struct rf_cgroup_fence *fence = NULL;
	int r = rf_cgroup_fence_new(&fence, launch, rf_cgroup_network_parts(launch->policy), err);

	if (r == 0)
		launch->state[CELL] = fence;
	return r;
}

static int child(struct rf_launch *launch, struct rf_err *err)
{
	return rf_cgroup_fence_child(launch->state[CELL], err);
}

static const int *child_fds(const struct rf_launch *launch)
{
	return rf_cgroup_fence_fds(launch->state[CELL]);
}

static void undo(struct rf_launch *launch)
{
	rf_cgroup_fence_end(launch->state[CELL], launch, false);
	launch->state[CELL] = NULL;
}

static void leave(struct rf_launch *launch)
{
	rf_cgroup_fence_end(launch->state[CELL], launch, true);
	launch->state[CELL] = NULL;
}

const struct rf_backend rf_backend_sockaddr = {
	.name = NAME,
	.sections = 1U << RF_SECTION_NETWORK,
	.cell = CELL,
	.needs_privilege = true,
	.needs_cgroup = true,
	.available = available,
	.judge = judge,
	.prepare = prepare,
	.child = child,
	.child_fds = child_fds,
	.undo = undo,
	.leave = leave,
	.reclaim = rf_cgroup_fence_reclaim,
};
