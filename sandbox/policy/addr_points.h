/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the rules about addresses begin to say something else: the first address of each interval
 * in which every address is spoken of by the same rules.
 */
#ifndef RF_POLICY_ADDR_POINTS_H
#define RF_POLICY_ADDR_POINTS_H

#include "sandbox/base/vec.h"
#include "sandbox/policy/policy.h"

/* An address as in struct rf_addr_range; in their order by rf_addr_compare. */
struct rf_addr_key {
	uint8_t b[16];
};

RF_VEC_DEFINE(rf_addr_points, struct rf_addr_key);

/* For qsort, of keys or of what begins with one. */
int rf_addr_compare(const void *a, const void *b);

/* A range begins, and after its end the next interval does. 0 or -ENOMEM. */
int rf_addr_points_cut(struct rf_addr_points *points, const struct rf_addr_key *first,
		       const struct rf_addr_key *last) RF_MUST_CHECK;

/* After the last range: in order, each once, the first of all addresses among them. 0 or -ENOMEM.
 */
int rf_addr_points_settle(struct rf_addr_points *points) RF_MUST_CHECK;

#endif
