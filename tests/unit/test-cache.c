/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of compiled policies: what is kept comes back, and nothing that anybody touched. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/base/cleanup.h"
#include "sandbox/launch/cache.h"
#include "sandbox/launch/image.h"

static char dir[PATH_MAX];
static const char key[RF_HASH_HEX_LEN + 1] =
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/* Root's cache has a fixed place, so this is done as somebody else. */
static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/rf-test-cache-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	if (geteuid() == 0 && (chown(dir, 65534, 65534) < 0 || seteuid(65534) < 0))
		return -1;
	return setenv("XDG_CACHE_HOME", dir, 1);
}

static int tear_down(void **state)
{
	RF_AUTOFREE char *command = NULL;

	(void)state;
	if (getuid() == 0 && seteuid(0) < 0)
		return -1;
	return asprintf(&command, "rm -rf %s", dir) > 0 && system(command) == 0 ? 0 : -1;
}

static bool comes_back(const char *want)
{
	RF_AUTOFREE void *data = NULL;
	size_t len;

	if (rf_cache_get("img", key, &data, &len) < 0)
		return false;
	assert_int_equal(len, strlen(want));
	assert_memory_equal(data, want, len);
	return true;
}

static void keep(const char *text)
{
	rf_cache_put("img", key, text, strlen(text));
}

static void entry_path(char ret[PATH_MAX])
{
	assert_int_equal(rf_cache_path("img", key, ret, PATH_MAX), 0);
	assert_memory_equal(ret, dir, strlen(dir));
}

static void what_is_kept_comes_back(void **state)
{
	struct stat st;
	char path[PATH_MAX];

	(void)state;
	assert_false(comes_back("x"));
	keep("content");
	assert_true(comes_back("content"));
	keep("newer");
	assert_true(comes_back("newer"));
	entry_path(path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_changed_byte_is_noticed(void **state)
{
	char path[PATH_MAX];
	struct stat st;

	(void)state;
	entry_path(path);
	keep("content");
	assert_int_equal(stat(path, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		RF_AUTOCLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
		unsigned char byte, changed;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		changed = byte ^ 0x10;
		assert_int_equal(pwrite(fd, &changed, 1, at), 1);
		/* What follows the magic text's NUL is not looked at. */
		if (at < 18 || at >= 24)
			assert_false(comes_back("content"));
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_true(comes_back("content"));
	assert_int_equal(truncate(path, st.st_size - 1), 0);
	assert_false(comes_back("content"));
}

static void what_others_can_write_is_not_used(void **state)
{
	char path[PATH_MAX], cache[PATH_MAX + 16];

	(void)state;
	entry_path(path);
	keep("content");
	assert_int_equal(chmod(path, 0620), 0);
	assert_false(comes_back("content"));
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(comes_back("content"));
	(void)snprintf(cache, sizeof(cache), "%s/ringfence", dir);
	assert_int_equal(chmod(cache, 0777), 0);
	assert_false(comes_back("content"));
	assert_int_equal(chmod(cache, 0700), 0);
	assert_true(comes_back("content"));
}

static void a_link_or_a_fifo_is_not_followed(void **state)
{
	char path[PATH_MAX], other[PATH_MAX + 8];

	(void)state;
	entry_path(path);
	keep("content");
	(void)snprintf(other, sizeof(other), "%s.other", path);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_false(comes_back("content"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(comes_back("content"));
	assert_int_equal(unlink(path), 0);
}

static void the_oldest_go_first(void **state)
{
	const struct timespec old[2] = {{1000, 0}, {1000, 0}};
	char path[PATH_MAX], last[RF_HASH_HEX_LEN + 1];
	RF_AUTOFREE void *data = NULL;
	size_t len;

	(void)state;
	keep("old");
	entry_path(path);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	for (int i = 0; i < RF_CACHE_MAX_ENTRIES; i++) {
		char name[RF_HASH_HEX_LEN + 1];

		(void)snprintf(name, sizeof(name), "%064d", i);
		rf_cache_put("img", name, "new", 3);
	}
	assert_false(comes_back("old"));
	(void)snprintf(last, sizeof(last), "%064d", RF_CACHE_MAX_ENTRIES - 1);
	assert_int_equal(rf_cache_get("img", last, &data, &len), 0);
}

static struct rf_policy *any_policy(void)
{
	char path[PATH_MAX + 16];
	const char *name = path;
	const struct rf_load_options options = {.n_variables = 0};
	struct rf_problems problems = {0};
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/p.json", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"deny\","
	      "\"rules\":[{\"allow\":[\"read\"],\"paths\":[\"/usr/**\"]}]}}",
	      f);
	assert_int_equal(fclose(f), 0);
	if (rf_policy_load(&policy, &name, 1, &options, &problems, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	rf_problems_done(&problems);
	return policy;
}

/* Whose commands may be allowed to write the cache can put a sum under what they made up. */
static void a_users_image_is_looked_at(void **state)
{
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL;
	RF_CLEANUP(rf_image_freep) struct rf_image *again = NULL;
	struct rf_policy *policy = any_policy();
	RF_AUTOFREE void *data = NULL;
	char name[RF_HASH_HEX_LEN + 1];
	struct rf_image_head *head;
	size_t len;

	(void)state;
	assert_int_equal(rf_image_make(&image, policy, NULL), 0);
	assert_int_equal(rf_image_name(policy, name, NULL), 0);
	assert_int_equal(rf_cache_get("img", name, &data, &len), 0);
	head = data;
	head->files.start = 3; /* the image's head, not a state */
	rf_cache_put("img", name, data, len);
	assert_int_equal(rf_image_make(&again, policy, NULL), 0);
	assert_int_equal(again->n_pages, image->n_pages);
	assert_memory_equal(again->pages, image->pages, image->n_pages * sizeof(*image->pages));
	rf_policy_free(policy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

UNIT_MAIN(TEST(what_is_kept_comes_back), TEST(a_changed_byte_is_noticed),
	  TEST(what_others_can_write_is_not_used), TEST(a_link_or_a_fifo_is_not_followed),
	  TEST(the_oldest_go_first), TEST(a_users_image_is_looked_at));
