/* SPDX-License-Identifier: Apache-2.0 */
/* Counters over HTTP where libmicrohttpd was not there to build with. */
#include "sandbox/audit/counts.h"

int rf_metrics_start(struct rf_metrics **ret RF_UNUSED, const char *address RF_UNUSED,
		     struct rf_counts *counts RF_UNUSED, struct rf_err *err)
{
	return rf_err_set(err, -EINVAL, "this build serves no metrics; it needs libmicrohttpd");
}

struct rf_metrics *rf_metrics_stop(struct rf_metrics *metrics RF_UNUSED)
{
	return NULL;
}
