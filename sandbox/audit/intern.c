/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table of keys with open addressing, at most half full; see intern.h.
 */
#include "sandbox/audit/intern.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sandbox/base/arena.h"
#include "sandbox/base/vec.h"

struct entry {
	const char *key;
	uint32_t len;
	uint32_t hash;
};

RF_VEC_DEFINE(entry_vec, struct entry);

struct rf_intern {
	struct rf_arena *arena;
	struct entry_vec entries;
	uint32_t *slots; /* number + 1; 0: free */
	uint32_t mask, max;
	uint64_t seed;
};

struct rf_intern *rf_intern_free(struct rf_intern *intern)
{
	if (!intern)
		return NULL;
	(void)rf_arena_free(intern->arena);
	entry_vec_done(&intern->entries);
	free(intern->slots);
	free(intern);
	return NULL;
}

struct rf_intern *rf_intern_new(uint32_t max, size_t max_bytes)
{
	RF_CLEANUP(rf_intern_freep) struct rf_intern *intern = calloc(1, sizeof(*intern));
	uint32_t n_slots = 16;

	if (!intern)
		return NULL;
	while (n_slots / 2 < max)
		n_slots *= 2;
	intern->max = max;
	intern->mask = n_slots - 1;
	intern->slots = calloc(n_slots, sizeof(*intern->slots));
	intern->arena = rf_arena_new(max_bytes);
	/* Whoever writes events cannot know which keys collide. */
	if (getrandom(&intern->seed, sizeof(intern->seed), GRND_NONBLOCK) < 0)
		intern->seed = (uint64_t)(uintptr_t)intern;
	return intern->slots && intern->arena ? RF_TAKE_PTR(intern) : NULL;
}

static uint32_t hash_of(const struct rf_intern *intern, const void *key, size_t len)
{
	const unsigned char *bytes = key;
	uint64_t hash = intern->seed ^ len, word = 0;

	for (; len >= sizeof(word); len -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	word = 0;
	memcpy(&word, bytes, len);
	hash = (hash ^ word) * UINT64_C(0xbf58476d1ce4e5b9);
	return (uint32_t)(hash ^ hash >> 32);
}

static int add_new(struct rf_intern *intern, const void *key, size_t len, uint32_t hash)
{
	struct entry entry = {.len = (uint32_t)len, .hash = hash};
	char *copy;

	if (intern->entries.len >= intern->max)
		return -ENOSPC;
	copy = rf_arena_alloc(intern->arena, len + 1);
	if (!copy)
		return -ENOSPC;
	memcpy(copy, key, len);
	entry.key = copy;
	if (entry_vec_push(&intern->entries, entry) < 0)
		return -ENOSPC;
	return 1;
}

int rf_intern_add(struct rf_intern *intern, const void *key, size_t len, uint32_t *ret)
{
	uint32_t hash = hash_of(intern, key, len), at = hash & intern->mask;
	int r;

	for (; intern->slots[at] != 0; at = (at + 1) & intern->mask) {
		const struct entry *entry = &intern->entries.data[intern->slots[at] - 1];

		if (entry->hash == hash && entry->len == len && memcmp(entry->key, key, len) == 0) {
			*ret = intern->slots[at] - 1;
			return 0;
		}
	}
	r = add_new(intern, key, len, hash);
	if (r < 0)
		return r;
	*ret = (uint32_t)intern->entries.len - 1;
	intern->slots[at] = *ret + 1;
	return 1;
}

const char *rf_intern_key(const struct rf_intern *intern, uint32_t number, size_t *ret_len)
{
	if (ret_len)
		*ret_len = intern->entries.data[number].len;
	return intern->entries.data[number].key;
}

uint32_t rf_intern_count(const struct rf_intern *intern)
{
	return (uint32_t)intern->entries.len;
}
