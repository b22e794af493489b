/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `run --summary` prints at the end.
 */
#ifndef RF_CLI_RUN_SUMMARY_H
#define RF_CLI_RUN_SUMMARY_H

#include "sandbox/audit/summary.h"
#include "sandbox/launch/select.h"

/*
 * Writes to standard error what was denied and the change that would allow it; with `always` also
 * that nothing was. observed: something on this host reports denials to us. What Landlock (by
 * `selection`) refuses without anybody hearing of it is named as such.
 */
void rf_run_summary_print(const struct rf_summary *summary, bool always, bool observed,
			  const struct rf_selection *selection);

#endif
