/* SPDX-License-Identifier: Apache-2.0 */
/* Further names of an object by mounts: of the same file system, and only of what they show. */
#include "tests/unit/unit.h"

#include "sandbox/launch/mounts.h"

static const char usual[] = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
			    "28 27 0:21 / /proc rw - proc proc rw\n"
			    "30 27 254:0 /w/b /w/a rw - ext4 /dev/vda rw\n"
			    "31 27 254:0 /with\\040blank /x\\134y rw - ext4 /dev/vda rw\n"
			    "32 27 0:4 net:[4026532240] /run/netns/a rw - nsfs nsfs rw\n"
			    "33 27 0:4 net:[4026532241] /run/netns/b rw - nsfs nsfs rw\n"
			    "no line\n";

static void parse(struct rf_mounts *ret, const char *text)
{
	char *copy = strdup(text);
	struct rf_err err = RF_ERR_INIT;

	assert_non_null(copy);
	assert_int_equal(rf_mounts_parse(ret, copy, &err), 0);
}

static void names_lead_from_mount_to_mount(void **state RF_UNUSED)
{
	static const struct {
		uint64_t id;
		const char *path, *name; /* NULL: no further name */
		int longer;
	} rows[] = {
		{30, "/w/a", "/w/b", 0},
		{30, "/w/a/k/l", "/w/b/k/l", 0},
		{27, "/w/b/k", "/w/a/k", 0},
		{27, "/w/b", "/w/a", 0},
		{27, "/w/bc", NULL, 0},
		{27, "/w", NULL, 0}, /* of which the other mount shows a part: not by itself */
		{27, "/", NULL, 0},
		{31, "/x\\y/z", "/with blank/z", 0},
		{27, "/with blank", "/x\\y", 0},
		{28, "/proc/self", NULL, 0},
		{99, "/w/b", NULL, 0},
	};
	struct rf_mounts mounts;

	parse(&mounts, usual);
	assert_int_equal(mounts.vec.len, 3);
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		char *name = NULL;
		int longer = 0;
		size_t at = 0;

		assert_int_equal(
			rf_mounts_name(&mounts, rows[i].id, rows[i].path, &at, &name, &longer),
			rows[i].name != NULL);
		if (!rows[i].name)
			continue;
		assert_string_equal(name, rows[i].name);
		assert_int_equal(longer, rows[i].longer);
		free(name);
		assert_int_equal(
			rf_mounts_name(&mounts, rows[i].id, rows[i].path, &at, &name, &longer), 0);
	}
	rf_mounts_done(&mounts);
}

static void a_name_tells_how_much_longer_it_is(void **state RF_UNUSED)
{
	struct rf_mounts mounts;
	char *name = NULL;
	int longer = 0;
	size_t at = 0;

	parse(&mounts, "1 0 0:21 / /proc rw - proc proc rw\n"
		       "2 0 0:21 / /srv/a/proc rw - proc proc rw\n"
		       "3 0 0:9 /deep/er / rw - tmpfs none rw\n"
		       "4 0 0:9 / /t rw - tmpfs none rw\n");
	assert_int_equal(rf_mounts_name(&mounts, 1, "/proc/1/mem", &at, &name, &longer), 1);
	assert_string_equal(name, "/srv/a/proc/1/mem");
	assert_int_equal(longer, 2);
	free(name);
	at = 0;
	assert_int_equal(rf_mounts_name(&mounts, 4, "/t/deep/er", &at, &name, &longer), 1);
	assert_string_equal(name, "/");
	free(name);
	at = 0;
	assert_int_equal(rf_mounts_name(&mounts, 3, "/k", &at, &name, &longer), 1);
	assert_string_equal(name, "/t/deep/er/k");
	free(name);
	rf_mounts_done(&mounts);
}

static uint64_t sum(const char *text)
{
	struct rf_mounts mounts;
	uint64_t ret;

	parse(&mounts, text);
	ret = rf_mounts_sum(&mounts);
	rf_mounts_done(&mounts);
	return ret;
}

static void the_sum_is_of_what_gives_names(void **state RF_UNUSED)
{
	const char *one = "1 0 8:1 / / rw - x x rw\n2 1 8:1 /a /b rw - x x rw\n";

	assert_int_not_equal(sum(""), 0);
	assert_int_equal(sum(""), sum("1 0 8:1 / / rw - x x rw\n"));
	assert_int_not_equal(sum(one), sum(""));
	assert_int_equal(sum(one), sum("7 0 8:1 /a /b ro - x x rw\n6 7 8:1 / / rw - x x rw\n"
				       "8 6 0:5 / /proc rw - proc proc rw\n"));
	assert_int_not_equal(sum(one), sum("1 0 8:1 / / rw - x\n2 1 8:1 /b /a rw - x\n"));
	assert_int_not_equal(sum(one), sum("1 0 8:2 / / rw - x\n2 1 8:2 /a /b rw - x\n"));
}

UNIT_MAIN(cmocka_unit_test(names_lead_from_mount_to_mount),
	  cmocka_unit_test(a_name_tells_how_much_longer_it_is),
	  cmocka_unit_test(the_sum_is_of_what_gives_names));
