/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would allow a refused system call, for the summary of a run: every layer that refuses it is
 * asked, with the code of `why`.
 */
#ifndef RF_CLI_RUN_ADVICE_H
#define RF_CLI_RUN_ADVICE_H

#include "cli/run_calls.h"
#include "sandbox/audit/tape.h"
#include "sandbox/base/str.h"

/*
 * data: struct rf_calls. 1: a sentence was added; 0: it is no call that the filter's default
 * refused; or a negative errno. As rf_summary_advisor.
 */
int rf_run_advise(void *data, struct rf_str *out, const struct rf_node *event);

#endif
