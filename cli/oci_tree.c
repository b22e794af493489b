/* SPDX-License-Identifier: Apache-2.0 */
/* Copying an installation to a node. See oci_tree.h. */
#include "cli/oci_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "cli/oci_lock.h"
#include "config.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/hash.h"
#include "sandbox/base/install.h"
#include "sandbox/base/str.h"

#define FILE_MAX  ((size_t)64 << 20)
#define DEPTH_MAX 8
#define NEW	  ".new-"
#define HELPER	  "ringfence-"

struct copy {
	struct rf_hash hash; /* of all names and contents: the copy's name */
	int to;		     /* releases/.new-... */
};

static int open_dir(int at, const char *name, int *ret, struct rf_err *err)
{
	*ret = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return *ret < 0 ? rf_err_sys(err, -errno, "cannot open %s", name) : 0;
}

/* ---- removing ---- */

static int remove_at(int at, const char *name, int depth, struct rf_err *err)
{
	RF_AUTOCLOSEDIR DIR *dir = NULL;
	int fd, r = 0;

	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return rf_err_sys(err, -errno, "cannot remove %s", name);
	r = depth > DEPTH_MAX ? rf_err_set(err, -ELOOP, "%s is too deep", name)
			      : open_dir(at, name, &fd, err);
	if (r < 0)
		return r;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return rf_err_sys(err, -ENOMEM, "remove %s", name);
	}
	for (struct dirent *entry = readdir(dir); entry && r == 0; entry = readdir(dir))
		if (!rf_str_eq(entry->d_name, ".") && !rf_str_eq(entry->d_name, ".."))
			r = remove_at(dirfd(dir), entry->d_name, depth + 1, err);
	if (r == 0 && unlinkat(at, name, AT_REMOVEDIR) < 0)
		r = rf_err_sys(err, -errno, "cannot remove %s", name);
	return r;
}

/* Copies but these two, and whatever a killed copy left. */
static int prune(int releases, const char *keep, const char *keep_too, struct rf_err *err)
{
	RF_AUTOCLOSEDIR DIR *dir = NULL;
	int fd = -1, r = open_dir(releases, ".", &fd, err);

	if (r < 0)
		return r;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return rf_err_sys(err, -ENOMEM, "read the releases");
	}
	for (struct dirent *entry = readdir(dir); entry && r == 0; entry = readdir(dir))
		if (!rf_str_eq(entry->d_name, ".") && !rf_str_eq(entry->d_name, "..") &&
		    !rf_str_eq(entry->d_name, keep) && !rf_str_eq(entry->d_name, keep_too))
			r = remove_at(releases, entry->d_name, 0, err);
	return r;
}

/* ---- copying ---- */

static int copy_file(struct copy *c, const char *from, const char *to, mode_t mode,
		     struct rf_err *err)
{
	RF_AUTOFREE char *data = NULL;
	RF_AUTOCLOSE int fd = -1;
	size_t len = 0;
	int r = rf_fd_read_file(from, FILE_MAX, &data, &len, err);

	if (r < 0)
		return r;
	fd = openat(c->to, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0 || fchmod(fd, mode) < 0)
		return rf_err_sys(err, -errno, "cannot write %s", to);
	rf_hash_add(&c->hash, to, strlen(to) + 1);
	rf_hash_add(&c->hash, &len, sizeof(len));
	rf_hash_add(&c->hash, data, len);
	r = rf_fd_write_all(fd, data, len, err);
	return r < 0 ? rf_err_wrap(err, r, "%s", to) : 0;
}

static int copy_dir(struct copy *c, const char *from, const char *to, int depth, const char *prefix,
		    struct rf_err *err);

static int copy_entry(struct copy *c, const char *from, const char *to, const char *name, int depth,
		      const char *prefix, struct rf_err *err)
{
	char source[PATH_MAX], target[PATH_MAX];
	struct stat st;

	if (snprintf(source, sizeof(source), "%s/%s", from, name) >= PATH_MAX ||
	    snprintf(target, sizeof(target), "%s/%s", to, name) >= PATH_MAX)
		return rf_err_set(err, -ENAMETOOLONG, "%s is too long", from);
	if (stat(source, &st) < 0)
		return rf_err_sys(err, -errno, "cannot examine %s", source);
	if (S_ISREG(st.st_mode))
		return copy_file(c, source, target, st.st_mode & 0111 ? 0755 : 0644, err);
	/* Helpers lie flat; a build tree has other things beside them. */
	return S_ISDIR(st.st_mode) && !*prefix ? copy_dir(c, source, target, depth + 1, "", err)
					       : 0;
}

/* In the order of names, so that equal installations have equal hashes. */
static int copy_dir(struct copy *c, const char *from, const char *to, int depth, const char *prefix,
		    struct rf_err *err)
{
	struct dirent **entries = NULL;
	int n, r = 0;

	if (mkdirat(c->to, to, 0755) < 0)
		return rf_err_sys(err, -errno, "cannot make %s", to);
	n = depth > DEPTH_MAX ? -1 : scandir(from, &entries, NULL, alphasort);
	if (n < 0)
		return rf_err_sys(err, depth > DEPTH_MAX ? -ELOOP : -errno, "cannot read %s", from);
	for (int i = 0; i < n; i++) {
		if (r == 0 && entries[i]->d_name[0] != '.' &&
		    rf_str_has_prefix(entries[i]->d_name, prefix))
			r = copy_entry(c, from, to, entries[i]->d_name, depth, prefix, err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int copy_all(struct copy *c, struct rf_err *err)
{
	RF_AUTOFREE char *exe = NULL, *libexec = NULL, *data = NULL;
	int r;

	if ((r = rf_install_executable(&exe, err)) < 0 ||
	    (r = rf_install_libexecdir(&libexec, err)) < 0 ||
	    (r = rf_install_datadir(&data, err)) < 0)
		return r;
	if (mkdirat(c->to, "bin", 0755) < 0 || mkdirat(c->to, "libexec", 0755) < 0 ||
	    mkdirat(c->to, "share", 0755) < 0)
		return rf_err_sys(err, -errno, "cannot make the copy's folders");
	if ((r = copy_file(c, exe, "bin/ringfence", 0755, err)) < 0 ||
	    (r = copy_dir(c, libexec, "libexec/ringfence", 0, HELPER, err)) < 0)
		return r;
	return copy_dir(c, data, "share/ringfence", 0, "", err);
}

/* A whole copy on disk, called by what is in it; name is its name. */
static int make_release(int releases, char name[64], struct rf_err *err)
{
	char temp[64], hex[RF_HASH_HEX_LEN + 1];
	struct copy c = {.to = -1};
	uint64_t random = 0;
	int r;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return rf_err_sys(err, -EIO, "cannot name the copy");
	(void)snprintf(temp, sizeof(temp), NEW "%016" PRIx64, random);
	if (mkdirat(releases, temp, 0755) < 0)
		return rf_err_sys(err, -errno, "cannot make a folder for the copy");
	rf_hash_init(&c.hash);
	r = open_dir(releases, temp, &c.to, err);
	if (r == 0)
		r = copy_all(&c, err);
	if (r == 0 && syncfs(c.to) < 0)
		r = rf_err_sys(err, -errno, "cannot write the copy to disk");
	if (c.to >= 0)
		(void)close(c.to);
	rf_hash_end_hex(&c.hash, hex);
	(void)snprintf(name, 64, RF_VERSION "-%.12s", hex);
	/* It may be there already, by another pod of the same release. */
	if (r == 0 && renameat(releases, temp, releases, name) < 0 && errno != EEXIST &&
	    errno != ENOTEMPTY)
		r = rf_err_sys(err, -errno, "cannot put the copy in place");
	return r;
}

static int switch_to(int prefix, const char *name, struct rf_err *err)
{
	char target[128];

	(void)snprintf(target, sizeof(target), "releases/%s", name);
	if ((unlinkat(prefix, NEW "current", 0) < 0 && errno != ENOENT) ||
	    symlinkat(target, prefix, NEW "current") < 0 ||
	    renameat(prefix, NEW "current", prefix, "current") < 0)
		return rf_err_sys(err, -errno, "cannot switch to %s", target);
	return 0;
}

/* ---- both ---- */

/* Two at once would prune each other's copies. */
static int open_locked(const char *path, int *ret, int *ret_lock, struct rf_err *err)
{
	int r;

	*ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret < 0)
		return rf_err_sys(err, -errno, "cannot open %s", path);
	r = rf_fd_secure_dir_check(*ret, path, err);
	return r < 0 ? r : rf_oci_lock(*ret, path, ret_lock, err);
}

static void read_current(int prefix, char ret[64])
{
	static const char head[] = "releases/";
	char target[128];
	ssize_t n = readlinkat(prefix, "current", target, sizeof(target) - 1);

	ret[0] = '\0';
	if (n <= 0)
		return;
	target[n] = '\0';
	if (rf_str_has_prefix(target, head))
		(void)snprintf(ret, 64, "%.63s", target + sizeof(head) - 1);
}

int rf_oci_tree_install(const char *prefix, struct rf_err *err)
{
	RF_AUTOCLOSE int dir = -1, lock = -1, releases = -1;
	char name[64], before[64], path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%s/releases", prefix) >= PATH_MAX)
		return rf_err_set(err, -ENAMETOOLONG, "%s is too long", prefix);
	if ((r = rf_fd_mkdirs(path, 0755, err)) < 0 ||
	    (r = open_locked(prefix, &dir, &lock, err)) < 0 ||
	    (r = open_dir(dir, "releases", &releases, err)) < 0 ||
	    (r = rf_fd_secure_dir_check(releases, path, err)) < 0)
		return r;
	read_current(dir, before);
	if ((r = make_release(releases, name, err)) < 0)
		return r;
	if (!rf_str_eq(name, before) && (r = switch_to(dir, name, err)) < 0)
		return r;
	printf("%s/%s\n", path, name);
	return prune(releases, name, before, err);
}

int rf_oci_tree_remove(const char *prefix, struct rf_err *err)
{
	RF_AUTOCLOSE int dir = -1, lock = -1;
	int r;

	if (access(prefix, F_OK) < 0 && errno == ENOENT)
		return 0;
	if ((r = open_locked(prefix, &dir, &lock, err)) < 0 ||
	    (r = remove_at(dir, "current", 0, err)) < 0 ||
	    (r = remove_at(dir, NEW "current", 0, err)) < 0 ||
	    (r = remove_at(dir, "releases", 0, err)) < 0 || (r = rf_oci_lock_remove(dir, err)) < 0)
		return r;
	printf("%s\n", prefix);
	(void)rmdir(prefix);
	return 0;
}
