/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts over time in a fixed number of bins, however long the time: where an event does not fit,
 * the bins become twice as wide.
 */
#ifndef RF_AUDIT_TIMELINE_H
#define RF_AUDIT_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#define RF_TIMELINE_BINS   200
#define RF_TIMELINE_SERIES 10

struct rf_timeline {
	bool started;
	int64_t start; /* ns since 1970, a multiple of width */
	int64_t width; /* ns of a bin */
	uint64_t bins[RF_TIMELINE_BINS][RF_TIMELINE_SERIES];
};

/* Counts n in a series at a time. A zeroed timeline is empty. */
void rf_timeline_add(struct rf_timeline *timeline, int64_t time, unsigned int series, uint64_t n);

/* ns since 1970 of "2026-01-05T10:11:12.123456789Z" with up to nine decimals; -1 for other text. */
int64_t rf_timeline_parse(const char *text);

#endif
