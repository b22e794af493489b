/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls by the kernel's seccomp filters, and section `kernel` as far as calls express it.
 *
 * The filter is the very last thing the child installs, so it need not allow what the launch itself
 * does, only exec. Every launch has one, whatever the policy: some calls are always refused.
 */
#include "sandbox/launch/backend.h"

#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#include "sandbox/base/fd.h"
#include "sandbox/launch/filter.h"
#include "sandbox/policy/sysanswer.h"
#include "sandbox/policy/syscalls.h"

#define NAME	       "seccomp"
#define ACTIONS_LOGGED "/proc/sys/kernel/seccomp/actions_logged"

static int available(struct rf_err *err)
{
	uint32_t action = SECCOMP_RET_LOG;

	if (syscall(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
		return 0;
	if (errno == ENOSYS)
		return rf_err_set(err, -EOPNOTSUPP,
				  "this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)");
	return rf_err_sys(err, -EOPNOTSUPP, "seccomp(2) is refused here: %s", strerror(errno));
}

/* NULL: a filter holds this value of the key exactly. */
static const char *why_not_kernel(enum rf_kernel_key key, enum rf_kernel_value value)
{
	if (value == RF_KERNEL_ALLOW)
		return NULL;
	switch (key) {
	case RF_KERNEL_PTRACE:
		return "a filter cannot see which process a call is about, nor /proc/PID/mem";
	case RF_KERNEL_SIGNALS:
		return "a filter cannot see which process a signal is for";
	case RF_KERNEL_FILELESS_EXEC:
		return "a filter cannot see what kind of file is executed";
	default:
		break;
	}
	return value == RF_KERNEL_DENY ? NULL : "a filter cannot see who made an object";
}

static const char *why_not_filter(const struct rf_policy *policy)
{
	for (size_t i = 0; i < policy->n_filters; i++)
		if (policy->filters[i].kind == RF_FILTER_OCI && policy->mode == RF_MODE_AUDIT)
			return "an OCI profile decides by itself and cannot let pass and record";
	return NULL;
}

static int judge(const struct rf_policy *policy, enum rf_section section, struct rf_report *report,
		 struct rf_err *err)
{
	size_t first = report->n;
	int r = rf_report_items(report, policy, section, err);

	for (size_t i = first; r == 0 && i < report->n; i++) {
		struct rf_coverage *item = &report->items[i];
		const char *why =
			section == RF_SECTION_KERNEL
				? why_not_kernel(item->key, policy->kernel[item->key].value)
				: why_not_filter(policy);

		if (why) {
			(void)snprintf(item->why, sizeof(item->why), "%s", why);
			continue;
		}
		item->hold = RF_HOLD_EXACT;
		item->by = NAME;
	}
	return r;
}

/* Keys that another back-end holds: in audit mode it records them, once. */
static uint32_t held_elsewhere(const struct rf_launch *launch)
{
	uint32_t keys = 0;

	for (int key = 0; launch->report && key < RF_KERNEL_COUNT; key++) {
		const struct rf_coverage *item =
			rf_report_kernel(launch->report, (enum rf_kernel_key)key);

		if (item && item->hold != RF_HOLD_NONE && item->by && strcmp(item->by, NAME) != 0)
			keys |= 1u << key;
	}
	return keys;
}

/* Whether a back-end of this name holds the section. */
static bool is_held_by(const struct rf_launch *launch, int section, const char *name)
{
	for (size_t i = 0; launch->report && i < launch->report->n; i++) {
		const struct rf_coverage *item = &launch->report->items[i];

		if ((int)item->section == section && item->by && strcmp(item->by, name) == 0)
			return true;
	}
	return false;
}

/* Audit mode lets calls pass as LOG, which leaves no trace where the administrator turned it off.
 */
static int check_logged(const struct rf_policy *policy, struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL;
	size_t len = 0;

	if (policy->mode != RF_MODE_AUDIT || !policy->sections[RF_SECTION_SECCOMP].present)
		return 0;
	if (rf_fd_read_file(ACTIONS_LOGGED, 4096, &text, &len, NULL) < 0)
		return 0;
	for (const char *word = text; *word; word += strspn(word, " \n")) {
		size_t n = strcspn(word, " \n");

		if (n == 3 && memcmp(word, "log", 3) == 0)
			return 0;
		word += n;
	}
	return rf_err_set(err, -EOPNOTSUPP,
			  "audit mode cannot record system calls: kernel.seccomp.actions_logged "
			  "lacks \"log\"");
}

/* A filter without exec would leave a child that can do nothing but fail. */
static int check_exec(const struct rf_blob *blob, struct rf_err *err)
{
	const struct rf_abi *abi = rf_abi_at(0);
	struct seccomp_data call = {.arch = abi->audit_arch, .nr = __NR_execve};
	uint32_t answer = 0;
	int r = rf_filter_ask(&answer, blob->data, blob->len, &call);

	if (r < 0)
		return rf_err_sys(err, r, "the system-call filter");
	if (answer == SECCOMP_RET_ALLOW || answer == SECCOMP_RET_LOG)
		return 0;
	return rf_err_set(err, -EINVAL,
			  "section seccomp refuses execve, so no command can be started");
}

static int prepare(struct rf_launch *launch, uint32_t sections RF_UNUSED, struct rf_err *err)
{
	/* These judge addresses; what they do not see they leave to us. */
	bool by_cgroup = is_held_by(launch, RF_SECTION_NETWORK, "cgroup-sockaddr");
	bool by_port = is_held_by(launch, RF_SECTION_NETWORK, "landlock");
	const struct rf_sys_context context = {
		.session = launch->joins ? RF_SESSION_EXEC : RF_SESSION_INIT,
		.network_families = by_cgroup || by_port,
		.network_ports = by_port,
		.hold_self = !is_held_by(launch, RF_SECTION_KERNEL, "bpf-lsm"),
		.hold_cgroup = by_cgroup || is_held_by(launch, RF_SECTION_DEVICES, "cgroup-device"),
		.kernel_elsewhere = held_elsewhere(launch),
	};
	RF_AUTOFREE struct rf_blob *blob = calloc(1, sizeof(*blob));
	int r;

	if (!blob)
		return rf_err_set(err, -ENOMEM, "the system-call filter: no memory");
	r = check_logged(launch->policy, err);
	if (r == 0)
		r = rf_filter_make(launch->policy, &context, blob, err);
	if (r < 0)
		return r;
	r = check_exec(blob, err);
	if (r < 0) {
		rf_blob_done(blob);
		return r;
	}
	launch->state[RF_CELL_SECCOMP] = RF_TAKE_PTR(blob);
	return 0;
}

static int child(struct rf_launch *launch, struct rf_err *err)
{
	const struct rf_blob *blob = launch->state[RF_CELL_SECCOMP];

	if (!blob)
		return rf_err_set(err, -EINVAL, "the system-call filter was not prepared");
	return rf_filter_install(blob->data, blob->len, err);
}

static void undo(struct rf_launch *launch)
{
	struct rf_blob *blob = launch->state[RF_CELL_SECCOMP];

	if (blob)
		rf_blob_done(blob);
	free(blob);
	launch->state[RF_CELL_SECCOMP] = NULL;
}

const struct rf_backend rf_backend_seccomp = {
	.name = NAME,
	.sections = 1u << RF_SECTION_SECCOMP | 1u << RF_SECTION_KERNEL,
	.cell = RF_CELL_SECCOMP,
	.needs_privilege = true,
	.stage = RF_STAGE_LAST,
	.available = available,
	.judge = judge,
	.prepare = prepare,
	.child = child,
	.undo = undo,
};
