/* SPDX-License-Identifier: Apache-2.0 */
/* See run_summary.h. */
#include "cli/run_summary.h"

#include "lsm/audit_status.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/landlock_abi.h"

#define SUMMARY_LINES 20 /* different denials */

/* As the first layer of a section: what a second one refuses, the first tells. */
static bool holds_something(const struct rf_selection *selection, const struct rf_backend *backend)
{
	for (size_t i = 0; i < selection->n; i++) {
		const struct rf_chosen *chosen = &selection->chosen[i];

		if (chosen->backend == backend && (chosen->sections & ~chosen->second))
			return true;
	}
	return false;
}

/* Why what Landlock refuses is not heard, or may not be; NULL: it is, or Landlock holds nothing. */
static const char *unheard(const struct rf_selection *selection)
{
	int on;

	if (!holds_something(selection, &rf_backend_landlock))
		return NULL;
	if (rf_landlock_abi() < RF_LL_ABI_LOG)
		return "is not told here: Landlock tells of denials since Linux 6.15";
	on = rf_audit_is_on();
	if (on < 0)
		return "may not be told here: whether the kernel's audit is on cannot be asked";
	return on ? NULL
		  : "is not told here: the kernel's audit is off (auditctl -e 1 turns it on)";
}

/* With --summary always they are listed. */
static void count_weaker(const struct rf_selection *selection, struct rf_str *out)
{
	size_t none = 0, stricter = 0;

	for (size_t i = 0; i < selection->report.n; i++) {
		const struct rf_coverage *item = &selection->report.items[i];

		none += item->need == RF_NEED_SHOULD && item->hold == RF_HOLD_NONE;
		stricter += item->need == RF_NEED_SHOULD && item->hold == RF_HOLD_STRICTER;
	}
	if (none || stricter)
		(void)rf_str_addf(out,
				  "ringfence: of the policy's items, %zu are not enforced here and "
				  "%zu only more strictly; --summary always lists them\n",
				  none, stricter);
}

void rf_run_summary_print(const struct rf_summary *summary, bool always, bool observed,
			  const struct rf_selection *selection)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT((size_t)1 << 20);
	uint64_t count = rf_summary_count(summary);
	const char *why;

	if (count == 0 && !always)
		return;
	if (count > 0)
		(void)!rf_summary_text(summary, &text, SUMMARY_LINES);
	else
		(void)rf_str_add(&text, observed
						? "ringfence: no denial was recorded\n"
						: "ringfence: denials cannot be seen on this host, "
						  "so there may have been some\n");
	why = observed ? unheard(selection) : NULL;
	if (why)
		(void)rf_str_addf(&text, "ringfence: what Landlock refused %s\n", why);
	if (observed && holds_something(selection, &rf_backend_caps))
		(void)rf_str_add(&text, "ringfence: what was refused for want of a capability is "
					"not told here: only BPF LSM records it\n");
	if (!always)
		count_weaker(selection, &text);
	(void)!rf_fd_write_all(STDERR_FILENO, rf_str_text(&text), text.len, NULL);
}
