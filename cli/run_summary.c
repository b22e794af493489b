/* SPDX-License-Identifier: Apache-2.0 */
/* See run_summary.h. */
#include "cli/run_summary.h"

#include "lsm/audit_status.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/landlock_abi.h"

#define SUMMARY_LINES 20 /* different denials */

static bool landlock_holds_something(const struct rf_selection *selection)
{
	for (size_t i = 0; i < selection->n; i++) {
		const struct rf_chosen *chosen = &selection->chosen[i];

		if (chosen->backend == &rf_backend_landlock && (chosen->sections & ~chosen->second))
			return true;
	}
	return false;
}

/* Why what Landlock refuses is not heard, or may not be; NULL: it is, or Landlock holds nothing. */
static const char *unheard(const struct rf_selection *selection)
{
	int on;

	if (!landlock_holds_something(selection))
		return NULL;
	if (rf_landlock_abi() < RF_LL_ABI_LOG)
		return "is not told here: Landlock tells of denials since Linux 6.15";
	on = rf_audit_is_on();
	if (on < 0)
		return "may not be told here: whether the kernel's audit is on cannot be asked";
	return on ? NULL
		  : "is not told here: the kernel's audit is off (auditctl -e 1 turns it on)";
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
	(void)!rf_fd_write_all(STDERR_FILENO, rf_str_text(&text), text.len, NULL);
}
