/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs that a user names, by what the name is. See output.h. */
#include "sandbox/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/base/cleanup.h"
#include "sandbox/base/fd.h"

static bool is_stream(mode_t mode)
{
	return S_ISCHR(mode) || S_ISFIFO(mode);
}

static int refuse(mode_t mode, const char *path, struct rf_err *err)
{
	if (S_ISDIR(mode))
		return rf_err_set(err, -EISDIR, "cannot write %s: it is a directory", path);
	if (S_ISLNK(mode))
		return rf_err_set(err, -ELOOP,
				  "cannot write %s: it is a symbolic link; name the file it leads "
				  "to, or - for standard output",
				  path);
	return rf_err_set(err, -EINVAL, "cannot write %s: it is a %s, not a file", path,
			  S_ISBLK(mode) ? "block device" : "socket");
}

/* Looked at once more when it is open: what was put in its place meanwhile is not written over. */
static int write_stream(int dir, const char *name, const void *data, size_t len, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open");
	if (fstat(fd, &st) < 0 || !is_stream(st.st_mode))
		return rf_err_set(err, -ESTALE, "it became something else just now");
	return rf_fd_write_all(fd, data, len, err);
}

int rf_output_write(const char *path, mode_t mode, const void *data, size_t len, struct rf_err *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	RF_AUTOFREE char *folder =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	RF_AUTOCLOSE int dir = -1;
	struct stat st;
	int r;

	if (!folder)
		return rf_err_sys(err, -ENOMEM, "cannot write %s", path);
	if (!name[0])
		return rf_err_set(err, -EISDIR, "cannot write %s: it is no name of a file",
				  path[0] ? path : "\"\"");
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return rf_err_sys(err, -errno, "cannot write %s: cannot open %s", path, folder);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return rf_err_sys(err, -errno, "cannot write %s", path);
		st.st_mode = S_IFREG;
	}
	if (!S_ISREG(st.st_mode) && !is_stream(st.st_mode))
		return refuse(st.st_mode, path, err);
	r = S_ISREG(st.st_mode) ? rf_fd_write_atomic(dir, name, mode, data, len, err)
				: write_stream(dir, name, data, len, err);
	return r < 0 ? rf_err_wrap(err, r, "write %s", path) : 0;
}
