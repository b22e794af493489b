/* SPDX-License-Identifier: Apache-2.0 */
/* `ringfence status --metrics`: the kernel side's counters as Prometheus reads them. */
#ifndef RF_CLI_STATUS_METRICS_H
#define RF_CLI_STATUS_METRICS_H

#include <stdbool.h>

#include "lsm/rules.h"
#include "sandbox/base/str.h"

/* lsm: NULL if nothing is loaded. */
int rf_status_metrics(struct rf_str *out, struct rf_lsm *lsm) RF_MUST_CHECK;

#endif
