/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions that the service asks before it gives a fence away: who is in one, and who has how
 * many. See rules.h.
 */
#include <bpf/bpf.h>
#include <signal.h>

#include "lsm/rules.h"
#include "lsm/rules_parts.h"

int rf_fence_of(struct rf_lsm *lsm, int pidfd, struct rf_task *ret)
{
	/* The system call waits for the storage's lock, so that "none" is an answer on 6.1 too. */
	return bpf_map_lookup_elem(lsm->task_fd, &pidfd, ret) < 0 ? -errno : 0;
}

void rf_fence_plain(struct rf_lsm *lsm, uint32_t slot)
{
	struct rf_sandbox *sb = rf_fence_at(lsm, slot);

	if (sb)
		sb->flags |= RF_SBF_PLAIN;
}

bool rf_fence_in_use(const struct rf_sandbox *sb)
{
	pid_t supervisor = (pid_t)(uint32_t)sb->self_tgid;

	if (sb->tasks > 0)
		return true;
	return sb->state == RF_SB_LIVE &&
	       !(supervisor > 0 && kill(supervisor, 0) < 0 && errno == ESRCH);
}

uint32_t rf_fence_owned(struct rf_lsm *lsm, uint64_t owner)
{
	uint32_t n = 0;

	for (uint32_t slot = 0; slot < rf_fence_limit(lsm); slot++) {
		const struct rf_sandbox *sb = rf_fence_at(lsm, slot);

		n += rf_fence_in_use(sb) && sb->owner &&
		     (owner == UINT64_MAX || sb->owner == owner);
	}
	return n;
}
