/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What passed through a reader of events, counted for Prometheus: `audit --metrics`.
 *
 * Rules are counted by their ids up to a bound, the rest under the id "others". Safe to use from
 * two threads.
 */
#ifndef RF_AUDIT_COUNTS_H
#define RF_AUDIT_COUNTS_H

#include "sandbox/audit/tape.h"
#include "sandbox/base/err.h"
#include "sandbox/base/str.h"

struct rf_counts;

struct rf_counts *rf_counts_new(void); /* NULL without memory */
struct rf_counts *rf_counts_free(struct rf_counts *counts);

void rf_counts_add(struct rf_counts *counts, const struct rf_node *event);
void rf_counts_add_bad(struct rf_counts *counts); /* a line that is no event */

/* Appends the metrics in the text format. */
int rf_counts_text(struct rf_counts *counts, struct rf_str *out) RF_MUST_CHECK;

/*
 * Serves counts at http://ADDRESS/metrics from a thread of its own until stopped. address:
 * unix:PATH, or a loopback address with a port, 127.0.0.1:9464 or [::1]:9464; -EINVAL for anything
 * else. counts must live longer.
 */
struct rf_metrics;
int rf_metrics_start(struct rf_metrics **ret, const char *address, struct rf_counts *counts,
		     struct rf_err *err) RF_MUST_CHECK;
struct rf_metrics *rf_metrics_stop(struct rf_metrics *metrics);

#endif
