/* SPDX-License-Identifier: Apache-2.0 */
/* Entries in a directory; see cache.h. */
#include "sandbox/launch/cache.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/log.h"
#include "sandbox/base/str.h"
#include "sandbox/base/sum.h"
#include "sandbox/base/vec.h"

#define MAGIC "ringfence cache 2"

#define TOUCH_S 3600

struct header {
	char magic[24];
	char key[RF_HASH_HEX_LEN];
	uint64_t sum; /* of the content */
	uint64_t len;
};

/* The first variable that is an absolute path, and what follows it there. */
static int user_dir(const char *variable, const char *below_home, const char *tail, char *ret,
		    size_t size)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	int n;

	if (base && base[0] == '/')
		n = snprintf(ret, size, "%s/%s", base, tail);
	else if (home && home[0] == '/')
		n = snprintf(ret, size, "%s/%s/%s", home, below_home, tail);
	else
		return -ENOENT;
	return n > 0 && (size_t)n < size ? 0 : -ENOENT;
}

static int cache_dir(const char *kind, char *ret, size_t size)
{
	if (geteuid() == 0)
		return snprintf(ret, size, "/var/cache/ringfence") < (int)size ? 0 : -ENOENT;
	if (strcmp(kind, RF_CACHE_LAUNCH) == 0 || strcmp(kind, RF_CACHE_FILTER) == 0)
		return user_dir("XDG_CONFIG_HOME", ".config", "ringfence/cache", ret, size);
	return user_dir("XDG_CACHE_HOME", ".cache", "ringfence", ret, size);
}

/* The directory, made if asked; -ENOENT unless it is safe. */
static int open_dir(const char *kind, bool make, int *ret)
{
	RF_AUTOCLOSE int fd = -1;
	char path[PATH_MAX];

	if (cache_dir(kind, path, sizeof(path)) < 0)
		return -ENOENT;
	if (make && rf_fd_mkdirs(path, 0700, NULL) < 0)
		return -ENOENT;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || rf_fd_secure_dir_check(fd, path, NULL) < 0)
		return -ENOENT;
	*ret = RF_TAKE_FD(fd);
	return 0;
}

static void entry_name(const char *kind, const char *key, char ret[96])
{
	(void)snprintf(ret, 96, "%.64s.%.16s", key, kind);
}

int rf_cache_path(const char *kind, const char key[RF_HASH_HEX_LEN + 1], char *ret, size_t size)
{
	char dir[PATH_MAX], name[96];
	int n;

	if (cache_dir(kind, dir, sizeof(dir)) < 0)
		return -ENOENT;
	entry_name(kind, key, name);
	n = snprintf(ret, size, "%s/%s", dir, name);
	return n > 0 && (size_t)n < size ? 0 : -ENOENT;
}

static int read_whole(int fd, void *data, size_t len)
{
	char *at = data;

	while (len) {
		ssize_t n = read(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -ENOENT;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_entry(int fd, const struct stat *st, const char *key, void **ret, size_t *ret_len)
{
	RF_AUTOFREE void *data = NULL;
	struct header header;
	size_t len;

	if (st->st_size < (off_t)sizeof(header) ||
	    st->st_size > (off_t)(RF_CACHE_ENTRY_MAX + sizeof(header)) ||
	    read_whole(fd, &header, sizeof(header)) < 0)
		return -ENOENT;
	len = (size_t)st->st_size - sizeof(header);
	if (strncmp(header.magic, MAGIC, sizeof(header.magic)) != 0 ||
	    memcmp(header.key, key, RF_HASH_HEX_LEN) != 0 || header.len != len)
		return -ENOENT;
	data = malloc(len ? len : 1);
	if (!data || read_whole(fd, data, len) < 0 || rf_sum64(data, len) != header.sum)
		return -ENOENT;
	*ret = RF_TAKE_PTR(data);
	*ret_len = len;
	return 0;
}

/* Its age is since it was last used, to the hour: to note each use would cost more than the use. */
static void touch(int fd, const struct stat *st)
{
	time_t now = time(NULL);

	if (now - st->st_mtime >= 0 && now - st->st_mtime < TOUCH_S)
		return;
	if (futimens(fd, NULL) < 0)
		rf_log_debug("cannot touch a cache entry");
}

int rf_cache_get(const char *kind, const char key[RF_HASH_HEX_LEN + 1], void **ret, size_t *ret_len)
{
	RF_AUTOCLOSE int dir = -1;
	RF_AUTOCLOSE int fd = -1;
	struct stat st;
	char name[96];

	if (open_dir(kind, false, &dir) < 0)
		return -ENOENT;
	entry_name(kind, key, name);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || rf_fd_secure_check(fd, name, NULL) < 0 || fstat(fd, &st) < 0)
		return -ENOENT;
	touch(fd, &st);
	return read_entry(fd, &st, key, ret, ret_len);
}

struct entry {
	char name[96];
	struct timespec used;
	off_t size;
};

RF_VEC_DEFINE(entries, struct entry);

static int compare_age(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->used.tv_sec != y->used.tv_sec)
		return x->used.tv_sec > y->used.tv_sec ? -1 : 1;
	return x->used.tv_nsec > y->used.tv_nsec ? -1 : x->used.tv_nsec < y->used.tv_nsec;
}

static int list(int dir, struct entries *ret)
{
	RF_AUTOCLOSEDIR DIR *stream = NULL;
	RF_AUTOCLOSE int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *found;

	stream = copy >= 0 ? fdopendir(copy) : NULL;
	if (!stream)
		return -errno;
	copy = -1; /* the stream's now */
	while ((found = readdir(stream))) {
		struct entry entry = {.size = 0};
		struct stat st;

		if (strlen(found->d_name) >= sizeof(entry.name) ||
		    fstatat(dir, found->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		memcpy(entry.name, found->d_name, strlen(found->d_name) + 1);
		entry.used = st.st_mtim;
		entry.size = st.st_size;
		if (entries_push(ret, entry) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Newest first, until a limit is reached; the rest goes. */
static void drop_oldest(int dir)
{
	RF_CLEANUP(entries_done) struct entries entries = {0};
	size_t bytes = 0;

	if (list(dir, &entries) < 0 || entries.len == 0)
		return;
	qsort(entries.data, entries.len, sizeof(struct entry), compare_age);
	for (size_t i = 0; i < entries.len; i++) {
		bytes += (size_t)entries.data[i].size;
		if ((i >= RF_CACHE_MAX_ENTRIES || bytes > RF_CACHE_MAX_BYTES) &&
		    unlinkat(dir, entries.data[i].name, 0) < 0)
			rf_log_debug("cannot drop the cache entry %s", entries.data[i].name);
	}
}

void rf_cache_put(const char *kind, const char key[RF_HASH_HEX_LEN + 1], const void *data,
		  size_t len)
{
	struct header header = {.magic = MAGIC, .len = len};
	RF_AUTOFREE char *whole = NULL;
	RF_AUTOCLOSE int dir = -1;
	char name[96];

	if (len > RF_CACHE_ENTRY_MAX || open_dir(kind, true, &dir) < 0)
		return;
	memcpy(header.key, key, RF_HASH_HEX_LEN);
	header.sum = rf_sum64(data, len);
	whole = malloc(sizeof(header) + len);
	if (!whole)
		return;
	memcpy(whole, &header, sizeof(header));
	if (len)
		memcpy(whole + sizeof(header), data, len);
	entry_name(kind, key, name);
	if (rf_fd_write_atomic(dir, name, 0600, whole, sizeof(header) + len, NULL) < 0)
		rf_log_debug("cannot keep the cache entry %s", name);
	drop_oldest(dir);
}

void rf_cache_drop(const char *kind, const char key[RF_HASH_HEX_LEN + 1])
{
	RF_AUTOCLOSE int dir = -1;
	char name[96];

	if (open_dir(kind, false, &dir) < 0)
		return;
	entry_name(kind, key, name);
	if (unlinkat(dir, name, 0) < 0)
		rf_log_debug("cannot drop the cache entry %s", name);
}
