/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test includes: cmocka with the headers it forgets, and a main of one line.
 *
 * Tests never call skip(): cmocka 1.1.5 reports it as a failure in TAP. A test program that cannot
 * run at all exits with 77.
 */
#ifndef RF_TESTS_UNIT_UNIT_H
#define RF_TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define UNIT_MAIN(...)                                                                             \
	int main(void)                                                                             \
	{                                                                                          \
		const struct CMUnitTest tests[] = {__VA_ARGS__};                                   \
                                                                                                   \
		return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;                          \
	}                                                                                          \
	_Static_assert(1, "takes a semicolon")

#endif
