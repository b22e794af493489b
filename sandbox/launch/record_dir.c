/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and making the directory of records. See record_dir.h. */
#include "sandbox/launch/record_dir.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/base/fd.h"

#define ROOT_DIR "/run"

/* Opens base/name below fd, made if asked; only what nobody else can write is accepted. */
static int open_below(int fd, const char *name, bool make, int *ret, struct rf_err *err)
{
	RF_AUTOCLOSE int dir = -1;
	int r;

	if (make && mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
		return rf_err_sys(err, -errno, "cannot make the runtime directory %s", name);
	dir = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return rf_err_sys(err, -errno, "cannot open the runtime directory %s", name);
	r = rf_fd_secure_dir_check(dir, name, err);
	if (r < 0)
		return r;
	*ret = RF_TAKE_FD(dir);
	return 0;
}

/* The user's runtime directory, by environment or by convention; it must be theirs. */
static int open_base(int *ret, struct rf_err *err)
{
	const char *given = geteuid() == 0 ? NULL : secure_getenv("XDG_RUNTIME_DIR");
	char path[PATH_MAX] = ROOT_DIR;
	RF_AUTOCLOSE int fd = -1;
	int r;

	if (geteuid() != 0)
		(void)snprintf(path, sizeof(path), "/run/user/%u", geteuid());
	if (given && given[0] == '/')
		(void)snprintf(path, sizeof(path), "%s", given);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open the runtime directory %s", path);
	r = rf_fd_secure_dir_check(fd, path, err);
	if (r < 0)
		return r;
	*ret = RF_TAKE_FD(fd);
	return 0;
}

int rf_record_dir_open(int *ret, bool make, struct rf_err *err)
{
	RF_AUTOCLOSE int base = -1;
	RF_AUTOCLOSE int own = -1;
	int r = open_base(&base, err);

	if (r == 0)
		r = open_below(base, "ringfence", make, &own, err);
	if (r == 0)
		r = open_below(own, "sandboxes", make, ret, err);
	return r;
}

int rf_record_dir_of_user(int users_fd, const char *name, uid_t uid)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_BENEATH,
	};
	RF_AUTOCLOSE int base =
		openat(users_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	long fd;

	if (base < 0 || fstat(base, &st) < 0)
		return -errno;
	if (st.st_uid != uid)
		return -EPERM;
	fd = syscall(__NR_openat2, base, "ringfence/sandboxes", &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

void rf_record_history_remove(int dir_fd, const char *file)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%.*s.policies", (int)strcspn(file, "."), file);
	(void)unlinkat(dir_fd, name, 0);
}
