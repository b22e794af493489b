/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a policy argument to an open file (POLICY.md 3).
 *
 * Names are looked for in the caller's configuration, in /etc/ringfence and in the installed
 * library, never in the working directory: the confined project must not choose its fence. What
 * somebody else could have written there is refused, not skipped.
 */
#include "sandbox/policy/search.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/install.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/limits.h"

#define SYSTEM_DIR "/etc/ringfence"

void rf_found_done(struct rf_found *found)
{
	if (found->fd >= 0)
		close(found->fd);
	free(found->name);
	free(found->dir);
	*found = (struct rf_found)RF_FOUND_INIT;
}

/* "dir/" of a path, "" if it has none. */
static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
}

static int check_trust(const struct rf_found *found, const char *path, struct rf_err *err)
{
	RF_AUTOCLOSE int dir = open(found->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dir < 0)
		return rf_err_sys(err, -errno, "open %s", found->dir);
	r = rf_fd_secure_dir_check(dir, found->dir, err);
	return r < 0 ? r : rf_fd_secure_check(found->fd, path, err);
}

/*
 * What has no name but the one that its maker gave it is called so, and marked as no file: a path
 * through a descriptor's number is nothing that a reader of our messages could look up.
 */
static int name_memory(char **name)
{
	static const char before[] = "/memfd:", after[] = " (deleted)";
	char target[NAME_MAX + sizeof(before) + sizeof(after)];
	ssize_t len = -1;
	char *given;

	if (rf_str_has_prefix(*name, "/proc/self/fd/"))
		len = readlink(*name, target, sizeof(target) - 1);
	if (len < 0)
		return 0;
	target[len] = '\0';
	if (!rf_str_has_prefix(target, before) || !rf_str_has_suffix(target, after))
		return 0;
	given = strndup(target + 1, (size_t)len - 1 - strlen(after));
	if (!given)
		return -ENOMEM;
	free(*name);
	*name = given;
	return 0;
}

static int open_path(const char *name, const char *base_dir, bool base_trusted,
		     struct rf_found *ret, struct rf_err *err)
{
	bool absolute = name[0] == '/' || !base_dir;
	int r;

	while (base_dir && rf_str_has_prefix(name, "./"))
		name += 2;
	if (asprintf(&ret->name, "%s%s", absolute ? "" : base_dir, name) < 0) {
		ret->name = NULL;
		return rf_err_sys(err, -ENOMEM, "policy %s", name);
	}
	r = rf_fd_open_read(ret->name, &ret->fd, err);
	if (r < 0)
		return r;
	ret->dir = dir_of(ret->name);
	if (!ret->dir || name_memory(&ret->name) < 0)
		return rf_err_sys(err, -ENOMEM, "policy %s", name);
	ret->trusted = base_trusted;
	return base_trusted ? check_trust(ret, ret->name, err) : 0;
}

/*
 * Whether the folder, which this user may not enter, is somebody else's: a HOME that was kept when
 * the user was changed is not where this user keeps policies. The owner is that of the nearest
 * directory on the way up that can be looked at.
 */
static bool is_anothers(const char *dir)
{
	RF_AUTOFREE char *path = strdup(dir);
	struct stat st;
	char *slash;

	while (path && stat(path, &st) < 0) {
		slash = errno == EACCES ? strrchr(path, '/') : NULL;
		if (!slash || slash == path)
			return false;
		*slash = '\0';
	}
	return path && st.st_uid != geteuid();
}

/*
 * Whether a fence around us keeps the folder's list, which its mode would give: what lies there is
 * out of sight for a run inside of a run, which can only narrow the fence that it has.
 */
static bool is_fenced_off(const char *dir)
{
	return faccessat(AT_FDCWD, dir, R_OK | X_OK, AT_EACCESS) == 0;
}

/* 0 found, -ENOENT not there (err untouched), else an error. */
static int try_dir(const char *dir, const char *name, struct rf_found *ret, struct rf_err *err)
{
	struct rf_err local = RF_ERR_INIT;
	RF_AUTOFREE char *file = NULL;
	RF_AUTOCLOSE int dir_fd = -1;
	int r;

	if (asprintf(&file, "%s.json", name) < 0 || asprintf(&ret->dir, "%s/", dir) < 0) {
		ret->dir = NULL;
		return rf_err_sys(err, -ENOMEM, "policy %s", name);
	}
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0) {
		r = -errno;
		if (r == -ENOENT || r == -ENOTDIR ||
		    (r == -EACCES && (is_anothers(dir) || is_fenced_off(dir))))
			return -ENOENT;
		return rf_err_sys(err, r, "open %s", dir);
	}
	/* Before looking for the name: who can write here can also have taken it away. */
	r = rf_fd_secure_dir_check(dir_fd, dir, err);
	if (r < 0)
		return r;
	r = rf_fd_open_read_at(dir_fd, file, &ret->fd, &local);
	if (r == -ENOENT)
		return r;
	if (r < 0)
		return rf_err_set(err, r, "%s/%s", dir, rf_err_text(&local));
	return rf_fd_secure_check(ret->fd, file, err);
}

static bool is_name(const char *name)
{
	if (!isalnum((unsigned char)name[0]) || strlen(name) > RF_LIMIT_ID_BYTES)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	return true;
}

static int try_dirs(char *const *dirs, size_t n, const char *name, struct rf_found *ret,
		    struct rf_err *err)
{
	RF_AUTOSTR struct rf_str tried = RF_STR_INIT(8192);
	int r;

	for (size_t i = 0; i < n; i++) {
		r = try_dir(dirs[i], name, ret, err);
		if (r != -ENOENT)
			return r;
		rf_found_done(ret);
		rf_str_addf(&tried, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", dirs[i]);
	}
	return rf_err_set(err, -ENOENT, "there is no policy \"%s\" in %s", name,
			  rf_str_text(&tried));
}

int rf_search_open(const struct rf_load_options *options, const char *name, const char *base_dir,
		   bool base_trusted, struct rf_found *ret, struct rf_err *err)
{
	RF_AUTOFREE char *user = NULL, *data = NULL, *library = NULL, *etc = NULL;
	const char *bare = name + (name[0] == '@');
	char *dirs[3];
	size_t n = 0;
	int r;

	if (strchr(name, '/') || rf_str_has_suffix(name, ".json"))
		return open_path(name, base_dir, base_trusted, ret, err);
	if (!is_name(bare))
		return rf_err_set(err, -EINVAL, "\"%s\" is neither a file nor a policy's name",
				  name);
	r = rf_install_datadir(&data, err);
	if (r < 0)
		return r;
	etc = strdup(SYSTEM_DIR);
	if (!etc || asprintf(&library, "%s/policies", data) < 0 ||
	    (options->user_config_dir &&
	     asprintf(&user, "%s/ringfence", options->user_config_dir) < 0))
		return rf_err_sys(err, -ENOMEM, "policy %s", name);
	if (options->search_user && user && user[0] == '/')
		dirs[n++] = user;
	dirs[n++] = etc;
	dirs[n++] = library;
	r = try_dirs(dirs, n, bare, ret, err);
	if (r < 0)
		return r;
	ret->trusted = true;
	ret->name = strdup(name);
	return ret->name ? 0 : rf_err_sys(err, -ENOMEM, "policy %s", name);
}
