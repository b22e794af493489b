/* SPDX-License-Identifier: Apache-2.0 */
/* Typed growable arrays, and the macros of cleanup.h. */
#include "tests/unit/unit.h"

#include <fcntl.h>

#include "sandbox/base/vec.h"

struct pair {
	int a, b;
};

RF_VEC_DEFINE(pair_vec, struct pair);

static void elements_survive_growth(void **state RF_UNUSED)
{
	RF_CLEANUP(pair_vec_done) struct pair_vec vec = {0};

	for (int i = 0; i < 1000; i++)
		assert_int_equal(pair_vec_push(&vec, (struct pair){i, -i}), 0);
	assert_int_equal(vec.len, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(vec.data[i].a, i);
		assert_int_equal(vec.data[i].b, -i);
	}
}

static void added_elements_are_zeroed(void **state RF_UNUSED)
{
	RF_CLEANUP(pair_vec_done) struct pair_vec vec = {0};

	for (int i = 0; i < 20; i++) {
		struct pair *pair = pair_vec_add(&vec);

		assert_non_null(pair);
		assert_int_equal(pair->a | pair->b, 0);
		pair->a = pair->b = -1;
	}
	vec.len = 0;
	assert_int_equal(pair_vec_add(&vec)->a, 0);
}

static void absurd_sizes_leave_the_vector_alone(void **state RF_UNUSED)
{
	RF_CLEANUP(pair_vec_done) struct pair_vec vec = {0};

	assert_int_equal(pair_vec_push(&vec, (struct pair){1, 2}), 0);
	assert_int_equal(pair_vec_reserve(&vec, SIZE_MAX), -ENOMEM);
	assert_int_equal(pair_vec_reserve(&vec, SIZE_MAX / sizeof(struct pair)), -ENOMEM);
	assert_int_equal(vec.len, 1);
	assert_int_equal(vec.data[0].b, 2);
	pair_vec_done(&vec);
	assert_null(vec.data);
}

static void taking_leaves_the_sentinel(void **state RF_UNUSED)
{
	RF_AUTOFREE char *text = strdup("x"), *taken = RF_TAKE_PTR(text);
	int fd = 5;

	assert_null(text);
	assert_string_equal(taken, "x");
	assert_int_equal(RF_TAKE_FD(fd), 5);
	assert_int_equal(fd, -1);
}

static int open_in_scope(void)
{
	RF_AUTOCLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	errno = ERANGE;
	return fd;
}

static void scope_end_closes_and_keeps_errno(void **state RF_UNUSED)
{
	int fd = open_in_scope();

	assert_int_equal(errno, ERANGE);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(errno, EBADF);
}

UNIT_MAIN(cmocka_unit_test(elements_survive_growth), cmocka_unit_test(added_elements_are_zeroed),
	  cmocka_unit_test(absurd_sizes_leave_the_vector_alone),
	  cmocka_unit_test(taking_leaves_the_sentinel),
	  cmocka_unit_test(scope_end_closes_and_keeps_errno));
