/* SPDX-License-Identifier: Apache-2.0 */
/* Stamps of directories: every name that comes or goes is told, and what is fresh has none. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/policy/stamp.h"

/* As if all had stayed for a while when looking began. */
#define LATER 60

static char root[64], dir[96], name[128], deep[160];

static int set_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/rf-test-stamp-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	(void)snprintf(dir, sizeof(dir), "%s/dir", root);
	(void)snprintf(name, sizeof(name), "%s/name", dir);
	(void)snprintf(deep, sizeof(deep), "%s/missing/deeper", dir);
	return mkdir(dir, 0700);
}

static int tear_down(void **state)
{
	char command[96];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static bool take(const char *path, int64_t since, const char *want_dir, uint64_t *ret)
{
	RF_AUTOFREE char *found = NULL;

	if (!rf_stamp_take(path, since, &found, ret))
		return false;
	assert_string_equal(found, want_dir);
	return true;
}

static void every_name_that_comes_or_goes_is_told(void **state)
{
	uint64_t stamp;

	(void)state;
	assert_true(take(name, rf_stamp_now() + LATER, dir, &stamp));
	assert_true(rf_stamp_holds(dir, stamp));
	usleep(20000); /* a tick of the coarsest clock */
	assert_int_equal(symlink("x", name), 0);
	assert_false(rf_stamp_holds(dir, stamp));
	assert_int_equal(unlink(name), 0);
	assert_false(rf_stamp_holds(dir, stamp));
}

static void what_is_fresh_has_no_stamp(void **state)
{
	uint64_t stamp;

	(void)state;
	assert_false(take(name, rf_stamp_now(), dir, &stamp));
	assert_false(take(name, rf_stamp_now() + 2, dir, &stamp));
}

static void the_deepest_directory_that_exists_decides(void **state)
{
	uint64_t stamp;

	(void)state;
	assert_true(take(deep, rf_stamp_now() + LATER, dir, &stamp));
	assert_true(take(dir, rf_stamp_now() + LATER, root, &stamp));
}

static void a_link_on_the_way_has_no_stamp(void **state)
{
	char link[96], below[160];
	uint64_t stamp;

	(void)state;
	(void)snprintf(link, sizeof(link), "%s/link", root);
	(void)snprintf(below, sizeof(below), "%s/x", link);
	assert_int_equal(symlink("dir", link), 0);
	assert_false(take(below, rf_stamp_now() + LATER, link, &stamp));
	assert_true(take(name, rf_stamp_now() + LATER, dir, &stamp));
	assert_false(rf_stamp_holds(link, stamp));
}

static void another_directory_of_the_name_is_told(void **state)
{
	char other[96];
	uint64_t stamp;

	(void)state;
	(void)snprintf(other, sizeof(other), "%s/other", root);
	assert_true(take(name, rf_stamp_now() + LATER, dir, &stamp));
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(rename(other, dir), 0);
	assert_false(rf_stamp_holds(dir, stamp));
	assert_int_equal(rmdir(dir), 0);
	assert_false(rf_stamp_holds(dir, stamp));
}

/* Where the kernel makes names up there is nothing to trust. */
static void proc_has_no_stamp(void **state)
{
	uint64_t stamp;

	(void)state;
	assert_false(take("/proc/no-such-name", rf_stamp_now() + LATER, "/proc", &stamp));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

UNIT_MAIN(TEST(every_name_that_comes_or_goes_is_told), TEST(what_is_fresh_has_no_stamp),
	  TEST(the_deepest_directory_that_exists_decides), TEST(a_link_on_the_way_has_no_stamp),
	  TEST(another_directory_of_the_name_is_told), TEST(proc_has_no_stamp));
