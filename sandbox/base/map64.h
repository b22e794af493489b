/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing table from 64-bit keys to 32-bit values, for sets that are only added to: pairs of
 * states, of lists, of verdicts.
 *
 * A zeroed struct is an empty table. Any key will do but UINT64_MAX.
 */
#ifndef RF_BASE_MAP64_H
#define RF_BASE_MAP64_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sandbox/base/cleanup.h"

struct rf_map64_slot {
	uint64_t key; /* plus one; 0: free */
	uint32_t value;
};

struct rf_map64 {
	struct rf_map64_slot *slots;
	size_t len, size; /* size: 0 or a power of two, at least 4/3 of len */
};

static inline RF_UNUSED void rf_map64_done(struct rf_map64 *map)
{
	free(map->slots);
	map->slots = NULL;
	map->len = map->size = 0;
}

/* The slot of a key, or the free one where it belongs. size must not be 0. */
static inline struct rf_map64_slot *rf_map64_slot(const struct rf_map64 *map, uint64_t key)
{
	uint64_t h = key * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(h ^ h >> 29) & (map->size - 1);

	while (map->slots[at].key && map->slots[at].key != key + 1)
		at = (at + 1) & (map->size - 1);
	return &map->slots[at];
}

static inline RF_UNUSED int rf_map64_grow(struct rf_map64 *map)
{
	struct rf_map64 grown = {.len = map->len, .size = map->size ? map->size * 2 : 64};

	grown.slots = calloc(grown.size, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->size; i++)
		if (map->slots[i].key)
			*rf_map64_slot(&grown, map->slots[i].key - 1) = map->slots[i];
	free(map->slots);
	*map = grown;
	return 0;
}

/*
 * The value of a key, which is `value` from now on if it was not there. 1: it was there, 0: it is
 * new, or -ENOMEM. *ret is written in both good cases.
 */
static inline RF_UNUSED RF_MUST_CHECK int rf_map64_put(struct rf_map64 *map, uint64_t key,
						       uint32_t value, uint32_t *ret)
{
	struct rf_map64_slot *slot;

	if (map->len * 4 >= map->size * 3 && rf_map64_grow(map) < 0)
		return -ENOMEM;
	slot = rf_map64_slot(map, key);
	if (slot->key) {
		*ret = slot->value;
		return 1;
	}
	slot->key = key + 1;
	slot->value = *ret = value;
	map->len++;
	return 0;
}

#endif
