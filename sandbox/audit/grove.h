/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of names with counts: paths by component, call stacks by frame, processes by parent.
 *
 * Bounded: where there is no room for another node, its counts go to the nearest ancestor that
 * exists. Parents are made before their children.
 */
#ifndef RF_AUDIT_GROVE_H
#define RF_AUDIT_GROVE_H

#include <stdint.h>

#include "sandbox/audit/intern.h"
#include "sandbox/base/vec.h"

#define RF_GROVE_ROOT 0 /* exists from the start, has no name */

struct rf_grove_node {
	uint32_t parent; /* of the root: the root */
	uint32_t depth;
	const char *name; /* raw bytes, owned by the grove */
	uint32_t len;
	uint32_t first, n_children; /* a range of rf_grove.order, after finish */
	uint64_t own_denied, own_allowed;
	uint64_t denied, allowed; /* with all below, after finish */
};

RF_VEC_DEFINE(rf_grove_node_vec, struct rf_grove_node);

struct rf_grove {
	struct rf_intern *names;
	struct rf_grove_node_vec nodes;
	uint32_t *order;   /* children of a node stand together, the most denied first */
	uint64_t squeezed; /* times that there was no room for a node */
};

int rf_grove_init(struct rf_grove *grove, uint32_t max, size_t max_bytes) RF_MUST_CHECK;
void rf_grove_done(struct rf_grove *grove);

/* The child of parent with this name, made if need be; parent itself if there is no room. */
uint32_t rf_grove_child(struct rf_grove *grove, uint32_t parent, const void *name, size_t len);

/* Adds to a node's own counts. */
void rf_grove_count(struct rf_grove *grove, uint32_t node, uint64_t denied, uint64_t allowed);

/* Sums up and orders; nothing may be added afterwards. -ENOMEM. */
int rf_grove_finish(struct rf_grove *grove) RF_MUST_CHECK;

#endif
