/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that lives and dies together: alignment, limits, independence of pieces. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/base/arena.h"

static void pieces_are_zeroed_aligned_and_apart(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_arena_freep) struct rf_arena *arena = rf_arena_new(1 << 20);
	unsigned char *a = rf_arena_alloc(arena, 3), *b = rf_arena_alloc(arena, 5);

	assert_int_equal((uintptr_t)a % _Alignof(max_align_t), 0);
	assert_int_equal((uintptr_t)b % _Alignof(max_align_t), 0);
	assert_int_equal(a[0] | a[1] | a[2], 0);
	memset(a, 0xff, 3);
	assert_int_equal(b[0] | b[4], 0);
}

static void limit_holds_and_leaves_the_rest_usable(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_arena_freep) struct rf_arena *arena = rf_arena_new(64);

	assert_null(rf_arena_alloc(arena, 65));
	assert_non_null(rf_arena_alloc(arena, 48));
	assert_null(rf_arena_alloc(arena, 32));
	assert_non_null(rf_arena_alloc(arena, 16));
	assert_int_equal(rf_arena_used(arena), 64);
	assert_null(rf_arena_alloc(arena, 1));
}

static void absurd_sizes_are_refused(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_arena_freep) struct rf_arena *arena = rf_arena_new(SIZE_MAX);

	assert_null(rf_arena_alloc(arena, SIZE_MAX));
	assert_null(rf_arena_alloc(arena, SIZE_MAX - 64));
	assert_null(rf_arena_array(arena, SIZE_MAX / 2, 4));
	assert_null(rf_arena_strndup(arena, "x", SIZE_MAX));
}

static void copies_are_whole(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_arena_freep) struct rf_arena *arena = rf_arena_new(1 << 20);
	const char data[] = {1, 0, 2};

	assert_string_equal(rf_arena_strdup(arena, "policy"), "policy");
	assert_string_equal(rf_arena_strndup(arena, "policy", 3), "pol");
	assert_string_equal(rf_arena_strdup(arena, ""), "");
	assert_memory_equal(rf_arena_memdup(arena, data, 3), data, 3);
}

static void pieces_larger_than_a_block_work(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_arena_freep) struct rf_arena *arena = rf_arena_new(1 << 20);
	char *first = rf_arena_strdup(arena, "first");
	unsigned char *big = rf_arena_alloc(arena, 100000);

	assert_non_null(big);
	memset(big, 0xaa, 100000);
	for (int i = 0; i < 2000; i++)
		assert_non_null(rf_arena_alloc(arena, 100));
	assert_string_equal(first, "first");
	assert_int_equal(big[99999], 0xaa);
}

static void freeing_nothing_is_fine(void **state RF_UNUSED)
{
	assert_null(rf_arena_free(NULL));
}

UNIT_MAIN(cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
	  cmocka_unit_test(limit_holds_and_leaves_the_rest_usable),
	  cmocka_unit_test(absurd_sizes_are_refused), cmocka_unit_test(copies_are_whole),
	  cmocka_unit_test(pieces_larger_than_a_block_work),
	  cmocka_unit_test(freeing_nothing_is_fine));
