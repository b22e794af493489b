/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counted trees; see grove.h. A node's key is its parent's number and its own name.
 */
#include "sandbox/audit/grove.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 1024 /* of a longer name, the beginning */

int rf_grove_init(struct rf_grove *grove, uint32_t max, size_t max_bytes)
{
	*grove = (struct rf_grove){.names = rf_intern_new(max, max_bytes)};
	if (!grove->names || !rf_grove_node_vec_add(&grove->nodes))
		return -ENOMEM;
	grove->nodes.data[0].name = "";
	return 0;
}

void rf_grove_done(struct rf_grove *grove)
{
	grove->names = rf_intern_free(grove->names);
	rf_grove_node_vec_done(&grove->nodes);
	free(grove->order);
	grove->order = NULL;
}

uint32_t rf_grove_child(struct rf_grove *grove, uint32_t parent, const void *name, size_t len)
{
	char key[sizeof(parent) + NAME_MAX_BYTES];
	struct rf_grove_node node = {.parent = parent};
	uint32_t number;
	int r = -ENOSPC;

	len = len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES;
	memcpy(key, &parent, sizeof(parent));
	memcpy(key + sizeof(parent), name, len);
	if (rf_grove_node_vec_reserve(&grove->nodes, grove->nodes.len + 1) == 0)
		r = rf_intern_add(grove->names, key, sizeof(parent) + len, &number);
	if (r < 0) {
		grove->squeezed++;
		return parent;
	}
	if (r > 0) {
		node.name = rf_intern_key(grove->names, number, NULL) + sizeof(parent);
		node.len = (uint32_t)len;
		node.depth = grove->nodes.data[parent].depth + 1;
		grove->nodes.data[grove->nodes.len++] = node;
	}
	return number + 1; /* 0 is the root */
}

void rf_grove_count(struct rf_grove *grove, uint32_t node, uint64_t denied, uint64_t allowed)
{
	grove->nodes.data[node].own_denied += denied;
	grove->nodes.data[node].own_allowed += allowed;
}

static int by_parent_then_weight(const void *a, const void *b, void *data)
{
	const struct rf_grove_node *nodes = data;
	const struct rf_grove_node *x = &nodes[*(const uint32_t *)a],
				   *y = &nodes[*(const uint32_t *)b];
	size_t len = x->len < y->len ? x->len : y->len;
	int r;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->denied != y->denied)
		return x->denied > y->denied ? -1 : 1;
	if (x->allowed != y->allowed)
		return x->allowed > y->allowed ? -1 : 1;
	r = memcmp(x->name, y->name, len);
	return r != 0 ? r : x->len < y->len ? -1 : x->len > y->len;
}

int rf_grove_finish(struct rf_grove *grove)
{
	struct rf_grove_node *nodes = grove->nodes.data;
	uint32_t n = (uint32_t)grove->nodes.len;

	grove->order = calloc(n, sizeof(*grove->order));
	if (!grove->order)
		return -ENOMEM;
	for (uint32_t i = n; i-- > 0;) {
		nodes[i].denied += nodes[i].own_denied;
		nodes[i].allowed += nodes[i].own_allowed;
		if (i == RF_GROVE_ROOT)
			break;
		nodes[nodes[i].parent].denied += nodes[i].denied;
		nodes[nodes[i].parent].allowed += nodes[i].allowed;
	}
	for (uint32_t i = 1; i < n; i++)
		grove->order[i - 1] = i;
	qsort_r(grove->order, n - 1, sizeof(*grove->order), by_parent_then_weight, nodes);
	for (uint32_t i = 0; i + 1 < n; i++) {
		struct rf_grove_node *parent = &nodes[nodes[grove->order[i]].parent];

		if (parent->n_children++ == 0)
			parent->first = i;
	}
	return 0;
}
