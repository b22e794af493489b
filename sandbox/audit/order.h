/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of one sandbox in the order of their numbers, with every gap explained.
 *
 * The kernel side numbers a record before it reserves room for it (EVENTS.md 6), so records may
 * arrive out of order and numbers may be missing for ever. Later records are held back until the
 * earlier ones arrive or are known lost; then the gap is told as one range. A gap is known lost
 * when a moment existed at which every number given had been committed or counted as lost, and the
 * ring was read to its end after that moment.
 */
#ifndef RF_AUDIT_ORDER_H
#define RF_AUDIT_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/err.h"

enum rf_lost_cause {
	RF_LOST_RING_FULL,
	RF_LOST_RECURSION,
	RF_LOST_READER,
	RF_LOST_COUNT
};

/* Receives records and gaps in order; a negative answer stops and is handed on. */
struct rf_order_sink {
	int (*record)(void *data, const void *bytes, size_t len, struct rf_err *err);
	int (*lost)(void *data, uint64_t first, uint64_t last, enum rf_lost_cause cause,
		    struct rf_err *err);
	void *data;
};

struct rf_order;

/* Most memory that held-back records may take; beyond it the oldest gap counts as lost by us. */
#define RF_ORDER_HELD_MAX ((size_t)32 << 20)

/* first: the number expected first (1 for a new sandbox). NULL without memory. */
struct rf_order *rf_order_new(uint64_t first, const struct rf_order_sink *sink);
struct rf_order *rf_order_free(struct rf_order *order);

RF_DEFINE_CLEANUP(struct rf_order, rf_order_freep, rf_order_free)

/* One record, copied if it must wait. A number seen before is dropped. */
int rf_order_add(struct rf_order *order, uint64_t seq, const void *bytes, size_t len,
		 struct rf_err *err) RF_MUST_CHECK;

/*
 * All numbers up to `through` have arrived or are lost for `cause`: delivers what was held back and
 * tells the gaps, the one at the end included.
 */
int rf_order_settle(struct rf_order *order, uint64_t through, enum rf_lost_cause cause,
		    struct rf_err *err) RF_MUST_CHECK;

/* The number awaited next; everything below was delivered or told as lost. */
uint64_t rf_order_next(const struct rf_order *order);

/* True if records are held back. */
int rf_order_waiting(const struct rf_order *order);

const char *rf_lost_cause_name(enum rf_lost_cause cause);

#endif
