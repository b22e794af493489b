/* SPDX-License-Identifier: Apache-2.0 */
/* The error record: first failure wins, context in front, nothing lost silently. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/base/err.h"

static void first_failure_wins(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_err_set(&err, -ENOENT, "first %d", 1), -ENOENT);
	assert_int_equal(rf_err_set(&err, -EPERM, "second"), -EPERM);
	assert_int_equal(err.code, -ENOENT);
	assert_string_equal(rf_err_text(&err), "first 1");
}

static void without_record_the_code_still_travels(void **state RF_UNUSED)
{
	assert_int_equal(rf_err_set(NULL, -EIO, "x"), -EIO);
	assert_int_equal(rf_err_sys(NULL, -EIO, "x"), -EIO);
	assert_int_equal(rf_err_wrap(NULL, -EIO, "x"), -EIO);
	rf_err_place(NULL, 1, 1, "/a");
	rf_err_clear(NULL);
	assert_string_equal(rf_err_text(NULL), "no error");
}

static void failure_never_becomes_success(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_err_set(&err, 0, "zero"), -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	rf_err_clear(&err);
	assert_int_equal(rf_err_wrap(&err, 7, "positive"), -EINVAL);
	assert_int_equal(err.code, -EINVAL);
}

static void system_words_are_appended(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_err_sys(&err, -ENOENT, "open %s", "a.json"), -ENOENT);
	assert_string_equal(err.msg, "open a.json: No such file or directory");
}

static void context_goes_in_front(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;

	rf_err_set(&err, -EINVAL, "not a number");
	assert_int_equal(rf_err_wrap(&err, -EINVAL, "policy %s", "a.json"), -EINVAL);
	assert_string_equal(err.msg, "policy a.json: not a number");
}

static void wrapping_nothing_tells_the_code(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_err_wrap(&err, -EACCES, "cgroup"), -EACCES);
	assert_string_equal(err.msg, "cgroup: Permission denied");
}

static void long_message_is_cut_visibly(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;
	char text[1000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	rf_err_sys(&err, -EIO, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_string_equal(err.msg + sizeof(err.msg) - 5, "x...");
}

static void context_is_cut_before_the_cause(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;
	char text[300];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	rf_err_set(&err, -EIO,
		   "the cause of it all, told in a sentence that is rather long "
		   "so that not both of them fit the record together");
	rf_err_wrap(&err, -EIO, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_non_null(strstr(err.msg, "x...: the cause of it all"));
	assert_non_null(strstr(err.msg, "fit the record together"));
}

static void both_too_long_keep_the_beginnings(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;
	char text[376];

	memset(text, 'c', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	rf_err_set(&err, -EIO, "%s", text);
	memset(text, 'x', sizeof(text) - 1);
	rf_err_wrap(&err, -EIO, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_memory_equal(err.msg, "xxx", 3);
	assert_non_null(strstr(err.msg, "x...: ccc"));
	assert_string_equal(err.msg + sizeof(err.msg) - 5, "c...");
}

static void first_place_stays(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;
	char pointer[200];

	rf_err_place(&err, 3, 4, "/files");
	rf_err_place(&err, 5, 6, "/network");
	assert_int_equal(err.line, 3);
	assert_int_equal(err.column, 4);
	assert_string_equal(err.pointer, "/files");

	rf_err_clear(&err);
	memset(pointer, 'p', sizeof(pointer));
	pointer[sizeof(pointer) - 1] = '\0';
	rf_err_place(&err, 1, 1, pointer);
	assert_string_equal(err.pointer + RF_ERR_POINTER_MAX - 5, "p...");
}

UNIT_MAIN(cmocka_unit_test(first_failure_wins),
	  cmocka_unit_test(without_record_the_code_still_travels),
	  cmocka_unit_test(failure_never_becomes_success),
	  cmocka_unit_test(system_words_are_appended), cmocka_unit_test(context_goes_in_front),
	  cmocka_unit_test(wrapping_nothing_tells_the_code),
	  cmocka_unit_test(long_message_is_cut_visibly),
	  cmocka_unit_test(context_is_cut_before_the_cause),
	  cmocka_unit_test(both_too_long_keep_the_beginnings), cmocka_unit_test(first_place_stays));
