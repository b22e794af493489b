/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices by the cgroup device program: alone, or behind BPF LSM, which holds the task wherever it
 * goes. Alone it is a fence only as long as nobody leaves the cgroup: see cgroup_guard.h.
 */
#include "sandbox/launch/backend.h"

#include "sandbox/launch/cgroup_fence.h"
#include "sandbox/launch/cgroup_guard.h"

#define CELL RF_CELL_DEVCGROUP
#define NAME "cgroup-device"

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

static void judge_rule(struct rf_coverage *item)
{
	const struct rf_rule *rule = item->rule;

	if (rule->kill && rule->deny)
		answer(item, RF_HOLD_NONE, "the device program refuses but does not kill");
	else if (rule->session == RF_SESSION_ANY)
		answer(item, RF_HOLD_EXACT, "");
	else if ((rule->session == RF_SESSION_INIT) == rule->deny)
		answer(item, RF_HOLD_STRICTER,
		       "by cgroup, exec sessions are judged as the command");
	else
		answer(item, RF_HOLD_NONE, "by cgroup, exec sessions are judged as the command");
}

static int judge(const struct rf_policy *policy, enum rf_section section, struct rf_report *report,
		 struct rf_err *err)
{
	size_t from = report->n;
	int r = rf_report_items(report, policy, section, err);

	for (size_t i = from; r == 0 && i < report->n; i++) {
		if (report->items[i].rule)
			judge_rule(&report->items[i]);
		else
			answer(&report->items[i], RF_HOLD_EXACT, "");
	}
	return r;
}

static int prepare(struct rf_launch *launch, uint32_t sections RF_UNUSED, struct rf_err *err)
{
	struct rf_cgroup_fence *fence = NULL;
	int r = rf_cgroup_fence_new(&fence, launch, RF_CG_DEVICES, err);

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

const struct rf_backend rf_backend_devcgroup = {
	.name = NAME,
	.sections = 1U << RF_SECTION_DEVICES,
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
