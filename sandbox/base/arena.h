/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that lives and dies together: many small pieces, one free.
 *
 * For things that are built once and then only read, such as a policy. Pieces never move. Nothing
 * is freed singly.
 */
#ifndef RF_BASE_ARENA_H
#define RF_BASE_ARENA_H

#include <stddef.h>

#include "sandbox/base/cleanup.h"

struct rf_arena;

/* An empty arena that hands out at most limit bytes; NULL without memory. */
struct rf_arena *rf_arena_new(size_t limit);

/* Frees every piece. Accepts NULL; returns NULL. */
struct rf_arena *rf_arena_free(struct rf_arena *arena);

RF_DEFINE_CLEANUP(struct rf_arena, rf_arena_freep, rf_arena_free)

/* Each returns memory owned by the arena, aligned for any type, or NULL: no memory, or limit. */
void *rf_arena_alloc(struct rf_arena *arena, size_t size);		 /* zeroed */
void *rf_arena_array(struct rf_arena *arena, size_t count, size_t size); /* zeroed */
void *rf_arena_memdup(struct rf_arena *arena, const void *data, size_t size);
char *rf_arena_strdup(struct rf_arena *arena, const char *text);
char *rf_arena_strndup(struct rf_arena *arena, const char *text, size_t len);

/* Bytes handed out so far. */
size_t rf_arena_used(const struct rf_arena *arena);

#endif
