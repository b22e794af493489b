/* SPDX-License-Identifier: Apache-2.0 */
/* Freezing and killing by the sandbox's cgroup; see run_loss.h. */
#include "cli/run_loss.h"

#include "sandbox/launch/cgroup.h"

int rf_loss_start(struct rf_loss *loss, enum rf_on_loss how, const struct rf_launch *launch,
		  struct rf_err *err)
{
	const char *word = how == RF_ON_LOSS_KILL ? "kill" : "freeze";

	*loss = (struct rf_loss){.how = how, .cgroup_fd = -1};
	if (how == RF_ON_LOSS_REPORT)
		return 0;
	if (launch->cgroup_fd < 0)
		return rf_err_set(
			err, -EOPNOTSUPP,
			"--on-loss %s needs a cgroup of the sandbox's own, and none could "
			"be made here",
			word);
	if (!launch->hears_all)
		return rf_err_set(err, -EOPNOTSUPP,
				  "--on-loss %s needs every loss to be counted, which only BPF LSM "
				  "does and this run has not; see `ringfence probe`",
				  word);
	loss->cgroup_fd = launch->cgroup_fd;
	return 0;
}

void rf_loss_happened(struct rf_loss *loss)
{
	if (loss->how != RF_ON_LOSS_KILL || loss->killed || loss->cgroup_fd < 0)
		return;
	loss->killed = rf_cgroup_kill(loss->cgroup_fd, NULL) == 0;
}

void rf_loss_hold(struct rf_loss *loss)
{
	if (loss->how == RF_ON_LOSS_FREEZE && !loss->frozen && loss->cgroup_fd >= 0)
		loss->frozen = rf_cgroup_write(loss->cgroup_fd, "cgroup.freeze", "1", NULL) == 0;
}

void rf_loss_release(struct rf_loss *loss)
{
	if (!loss->frozen)
		return;
	(void)!rf_cgroup_write(loss->cgroup_fd, "cgroup.freeze", "0", NULL);
	loss->frozen = false;
}

void rf_loss_end(struct rf_loss *loss)
{
	rf_loss_release(loss);
	loss->cgroup_fd = -1;
}
