/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities by the kernel's own sets: what the policy does not keep leaves every set.
 *
 * Effective, permitted, inheritable, ambient and bounding, through libcap, and the securebits that
 * could bring something back are locked. For a caller without CAP_SETPCAP the bounding set cannot
 * be narrowed; with no_new_privs nothing in it can ever be gained, which is the same.
 */
#include "sandbox/launch/backend.h"

#include <linux/securebits.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>

RF_DEFINE_CLEANUP(struct _cap_struct, caps_freep, cap_free)

static bool is_kept(const struct rf_policy *policy, cap_value_t cap)
{
	return policy->capabilities_keep & (UINT64_C(1) << cap);
}

bool rf_caller_has_setpcap(void)
{
	RF_CLEANUP(caps_freep) cap_t caps = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;

	return caps && cap_get_flag(caps, CAP_SETPCAP, CAP_EFFECTIVE, &value) == 0 &&
	       value == CAP_SET;
}

static int available(struct rf_err *err RF_UNUSED)
{
	return 0;
}

static const char *why_not(const struct rf_policy *policy)
{
	if (policy->mode == RF_MODE_AUDIT)
		return "capability sets cannot let pass and record, which mode audit asks for";
	if (!policy->no_new_privileges && !rf_caller_has_setpcap())
		return "without CAP_SETPCAP only no_new_privileges keeps capabilities from being "
		       "gained";
	return NULL;
}

static int judge(const struct rf_policy *policy, enum rf_section section, struct rf_report *report,
		 struct rf_err *err)
{
	size_t first = report->n;
	const char *why = why_not(policy);
	int r = rf_report_items(report, policy, section, err);

	for (size_t i = first; r == 0 && i < report->n; i++) {
		if (why) {
			(void)snprintf(report->items[i].why, sizeof(report->items[i].why), "%s",
				       why);
			continue;
		}
		report->items[i].hold = RF_HOLD_EXACT;
		report->items[i].by = "capabilities";
	}
	return r;
}

/* How many capabilities this kernel knows: asked once, by libcap when it is loaded. */
static cap_value_t count_caps(void)
{
	return (cap_value_t)cap_max_bits();
}

static int drop_bounding(const struct rf_policy *policy, struct rf_err *err)
{
	for (cap_value_t cap = 0, n = count_caps(); cap < n; cap++)
		if (!is_kept(policy, cap) && cap_drop_bound(cap) < 0)
			return rf_err_sys(err, -errno, "cannot drop capability %d for good", cap);
	return 0;
}

/*
 * Root stays what it is within `keep`; nothing can be brought back by prctl. KEEP_CAPS is not
 * locked: it adds nothing to any set, ends at exec, and daemons that give up root need it.
 */
static int lock_securebits(struct rf_err *err)
{
	unsigned int bits = cap_get_secbits();

	bits &= ~(unsigned int)SECBIT_KEEP_CAPS;
	bits |= SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NOROOT_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
		SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	if (cap_set_secbits(bits) < 0)
		return rf_err_sys(err, -errno, "cannot lock the securebits");
	return 0;
}

/*
 * Takes every capability that is not kept out of three sets, and the kernel takes out of the
 * ambient set what is no longer permitted and inheritable. `spare` stays effective and permitted.
 */
static int drop_sets(const struct rf_policy *policy, cap_value_t spare, struct rf_err *err)
{
	RF_CLEANUP(caps_freep) cap_t caps = cap_get_proc();

	if (!caps)
		return rf_err_sys(err, -errno, "cannot read the capability sets");
	for (cap_value_t cap = 0, n = count_caps(); cap < n; cap++) {
		if (is_kept(policy, cap))
			continue;
		if (cap_set_flag(caps, CAP_INHERITABLE, 1, &cap, CAP_CLEAR) < 0 ||
		    (cap != spare && (cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_CLEAR) < 0 ||
				      cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_CLEAR) < 0)))
			return rf_err_sys(err, -errno, "cannot clear capability %d", cap);
	}
	if (cap_set_proc(caps) < 0)
		return rf_err_sys(err, -errno, "cannot set the capability sets");
	return 0;
}

/* After a change of user the permitted set was kept for this: make it effective again. */
static int raise_permitted(struct rf_err *err)
{
	RF_CLEANUP(caps_freep) cap_t caps = cap_get_proc();

	if (!caps || cap_fill(caps, CAP_EFFECTIVE, CAP_PERMITTED) < 0 || cap_set_proc(caps) < 0)
		return rf_err_sys(err, -errno, "cannot use capabilities after the change of user");
	return 0;
}

static int child(struct rf_launch *launch, struct rf_err *err)
{
	const struct rf_policy *policy = launch->policy;
	/*
	 * Without no_new_privs a filter can only be installed with CAP_SYS_ADMIN. Exec takes it:
	 * the bounding set, inheritable and ambient no longer hold it.
	 */
	cap_value_t spare = policy->no_new_privileges ? -1 : CAP_SYS_ADMIN;
	int r = 0;

	if (policy->mode == RF_MODE_AUDIT)
		return 0;
	if (launch->changes_user)
		r = raise_permitted(err);
	if (r == 0 && rf_caller_has_setpcap()) {
		r = drop_bounding(policy, err);
		if (r == 0)
			r = lock_securebits(err);
	}
	return r == 0 ? drop_sets(policy, spare, err) : r;
}

/* Exec would have taken what was spared. */
static int without_exec(struct rf_launch *launch, struct rf_err *err)
{
	const struct rf_policy *policy = launch->policy;

	if (policy->mode == RF_MODE_AUDIT || policy->no_new_privileges)
		return 0;
	return drop_sets(policy, -1, err);
}

const struct rf_backend rf_backend_caps = {
	.name = "capabilities",
	.sections = 1u << RF_SECTION_CAPABILITIES,
	.cell = RF_CELL_CAPS,
	.stage = RF_STAGE_CAPABILITIES,
	.available = available,
	.judge = judge,
	.child = child,
	.without_exec = without_exec,
};
