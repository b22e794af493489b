/* SPDX-License-Identifier: Apache-2.0 */
/* Where the names of a container lead, seen from outside: its root, and what is bound into it. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/launch/oci_config.h"

static char dir[] = "/tmp/rf-world-XXXXXX";

/* A folder, or a file with its own name in it. */
static void make(const char *name, bool folder)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (folder) {
		assert_int_equal(mkdir(path, 0700), 0);
		return;
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(name, f);
	fclose(f);
}

static int make_tree(void **state RF_UNUSED)
{
	char link[256];

	if (!mkdtemp(dir))
		return -1;
	make("root", true);
	make("root/run", true);
	make("root/run/file", false);
	make("root/data", true);
	make("root/data/hidden", false);
	make("root/var", true);
	make("volume", true);
	make("volume/secret", false);
	make("volume/deep", true);
	make("volume/deep/er", false);
	make("other", true);
	make("other/er", false);
	(void)snprintf(link, sizeof(link), "%s/root/var/run", dir);
	if (symlink("/run", link) < 0)
		return -1;
	(void)snprintf(link, sizeof(link), "%s/root/data/a", dir);
	if (symlink("/elsewhere", link) < 0)
		return -1;
	(void)snprintf(link, sizeof(link), "%s/volume/link", dir);
	return symlink("secret", link);
}

static int remove_tree(void **state RF_UNUSED)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* Which file of the tree it is; "" none, "->" a link. */
static const char *what_is(const struct rf_view *view, const char *name)
{
	static char text[256];
	RF_AUTOCLOSE int fd = rf_view_object(view, name);
	char path[64], whole[256];
	ssize_t n;

	if (fd < 0)
		return "";
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, whole, sizeof(whole) - 1);
	assert_true(n > (ssize_t)strlen(dir));
	whole[n] = '\0';
	(void)snprintf(text, sizeof(text), "%s", whole + strlen(dir) + 1);
	return text;
}

static struct rf_world world; /* a view only points to it */

static int try_world(struct rf_view *ret, struct rf_oci_config *config, const char *mounts)
{
	struct rf_err err = RF_ERR_INIT;
	char text[2048];
	int r;

	(void)snprintf(text, sizeof(text), "{\"root\":{\"path\":\"root\"},\"mounts\":[%s]}",
		       mounts);
	assert_int_equal(rf_oci_config_parse(config, dir, text, strlen(text), &err), 0);
	world = rf_oci_config_world(config);
	r = rf_view_open(ret, &world, &err);
	rf_err_clear(&err);
	return r;
}

static void open_world(struct rf_view *ret, struct rf_oci_config *config, const char *mounts)
{
	assert_int_equal(try_world(ret, config, mounts), 0);
}

#define BIND(at, source)                                                                           \
	"{\"destination\":\"" at "\",\"type\":\"none\",\"source\":\"" source                       \
	"\",\"options\":[\"rbind\",\"ro\"]}"

static void names_lead_into_what_is_bound(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_oci_config_done) struct rf_oci_config config = {.uid = 0};
	RF_CLEANUP(rf_view_close) struct rf_view view = {.root_fd = -1};

	open_world(
		&view, &config,
		BIND("/data", "volume") "," BIND("/copy/", "volume") "," BIND("/data/deep", "other") "," BIND(
			"/one",
			"volume/secret") "," BIND("/var/run",
						  "other") ","
							   "{\"destination\":\"/copy/deep\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}");
	assert_string_equal(what_is(&view, "/run/file"), "");
	assert_string_equal(what_is(&view, "/run/er"), "other/er");
	assert_string_equal(what_is(&view, "/data/secret"), "volume/secret");
	assert_string_equal(what_is(&view, "/data/hidden"), "");
	assert_string_equal(what_is(&view, "/data/deep/er"), "other/er");
	assert_string_equal(what_is(&view, "/copy/secret"), "volume/secret");
	assert_string_equal(what_is(&view, "/copy/deep/er"), "");
	assert_string_equal(what_is(&view, "/one"), "volume/secret");
	assert_string_equal(what_is(&view, "/data"), "volume");
	assert_string_equal(what_is(&view, "/database"), "");
	/* A link is an object, and leads nowhere. */
	assert_string_equal(what_is(&view, "/data/link"), "volume/link");
	assert_string_equal(what_is(&view, "/data/link/x"), "");
}

static void without_mounts_all_is_the_root(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_oci_config_done) struct rf_oci_config config = {.uid = 0};
	RF_CLEANUP(rf_view_close) struct rf_view view = {.root_fd = -1};

	open_world(&view, &config, "");
	assert_string_equal(what_is(&view, "/run/file"), "root/run/file");
	assert_string_equal(what_is(&view, "/data/hidden"), "root/data/hidden");
	assert_string_equal(what_is(&view, "/var/run/file"), "");
	assert_string_equal(what_is(&view, "/../../volume/secret"), "");
}

/* What is mounted later over what was there covers it. */
static void the_last_mount_counts(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_oci_config_done) struct rf_oci_config config = {.uid = 0};
	RF_CLEANUP(rf_view_close) struct rf_view view = {.root_fd = -1};

	open_world(&view, &config, BIND("/data/deep", "other") "," BIND("/data", "volume"));
	assert_string_equal(what_is(&view, "/data/deep/er"), "volume/deep/er");
}

/* The root's links are followed as far as the name is there, but not where a volume covers them. */
static void links_are_followed_as_a_runtime_does(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_oci_config_done) struct rf_oci_config config = {.uid = 0};
	RF_CLEANUP(rf_view_close) struct rf_view view = {.root_fd = -1};

	open_world(&view, &config,
		   BIND("/var/./x/../run//new/deep",
			"other") "," BIND("/data", "volume") "," BIND("/data/a", "other"));
	assert_string_equal(what_is(&view, "/run/new/deep/er"), "other/er");
	assert_string_equal(what_is(&view, "/data/a/er"), "other/er");
	assert_string_equal(what_is(&view, "/elsewhere/er"), "");
}

static void a_link_in_a_volume_is_refused(void **state RF_UNUSED)
{
	RF_CLEANUP(rf_oci_config_done) struct rf_oci_config config = {.uid = 0};
	RF_CLEANUP(rf_view_close) struct rf_view view = {.root_fd = -1};

	assert_int_equal(try_world(&view, &config,
				   BIND("/data", "volume") "," BIND("/data/link/x", "other")),
			 -EOPNOTSUPP);
}

static void mounts_that_say_nothing_are_refused(void **state RF_UNUSED)
{
	static const char *const rows[] = {
		"{\"root\":{\"path\":\"root\"},\"mounts\":[{\"source\":\"x\"}]}",
		"{\"root\":{\"path\":\"root\"},\"mounts\":[{\"destination\":7}]}",
		"{\"root\":{\"path\":\"root\"},\"mounts\":[1]}",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		RF_CLEANUP(rf_oci_config_done) struct rf_oci_config config = {.uid = 0};
		struct rf_err err = RF_ERR_INIT;

		assert_int_equal(rf_oci_config_parse(&config, dir, rows[i], strlen(rows[i]), &err),
				 -EINVAL);
		assert_non_null(strstr(rf_err_text(&err), "mounts[0].destination"));
		rf_err_clear(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_lead_into_what_is_bound),
		cmocka_unit_test(without_mounts_all_is_the_root),
		cmocka_unit_test(the_last_mount_counts),
		cmocka_unit_test(links_are_followed_as_a_runtime_does),
		cmocka_unit_test(a_link_in_a_volume_is_refused),
		cmocka_unit_test(mounts_that_say_nothing_are_refused),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
