/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that lives and dies together: a list of blocks with a bump pointer. See arena.h. */
#include "sandbox/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#define BLOCK_BYTES 16384
#define ALIGNMENT   alignof(max_align_t)

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

struct rf_arena {
	struct block *blocks; /* the first is the one being filled */
	size_t used, limit;
};

struct rf_arena *rf_arena_new(size_t limit)
{
	struct rf_arena *arena = calloc(1, sizeof(*arena));

	if (arena)
		arena->limit = limit;
	return arena;
}

struct rf_arena *rf_arena_free(struct rf_arena *arena)
{
	if (!arena)
		return NULL;
	while (arena->blocks) {
		struct block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	free(arena);
	return NULL;
}

/* A block with room for size bytes at the head of the list. */
static struct block *block_for(struct rf_arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	size_t block_size = size > BLOCK_BYTES ? size : BLOCK_BYTES, bytes;

	if (block && size <= block->size - block->used)
		return block;
	if (__builtin_add_overflow(block_size, sizeof(*block), &bytes))
		return NULL;
	block = calloc(1, bytes);
	if (!block)
		return NULL;
	block->size = block_size;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *rf_arena_alloc(struct rf_arena *arena, size_t size)
{
	struct block *block;
	size_t rounded;
	void *piece;

	if (__builtin_add_overflow(size, ALIGNMENT - 1, &rounded))
		return NULL;
	rounded &= ~(ALIGNMENT - 1);
	if (rounded > arena->limit - arena->used)
		return NULL;
	block = block_for(arena, rounded);
	if (!block)
		return NULL;
	piece = block->bytes + block->used;
	block->used += rounded;
	arena->used += rounded;
	return piece;
}

void *rf_arena_array(struct rf_arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return rf_arena_alloc(arena, bytes);
}

void *rf_arena_memdup(struct rf_arena *arena, const void *data, size_t size)
{
	void *copy = rf_arena_alloc(arena, size);

	if (copy && size)
		memcpy(copy, data, size);
	return copy;
}

char *rf_arena_strndup(struct rf_arena *arena, const char *text, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		return NULL;
	copy = rf_arena_alloc(arena, len + 1);
	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

char *rf_arena_strdup(struct rf_arena *arena, const char *text)
{
	return rf_arena_strndup(arena, text, strlen(text));
}

size_t rf_arena_used(const struct rf_arena *arena)
{
	return arena->used;
}
