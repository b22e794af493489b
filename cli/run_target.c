/* SPDX-License-Identifier: Apache-2.0 */
/* Opening what --events names; see run_target.h. */
#include "cli/run_target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"

static int open_file(const char *path, int *ret, struct rf_err *err)
{
	RF_AUTOCLOSE int fd =
		open(path,
		     O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		     0600);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return rf_err_set(err, -ELOOP,
				  "--events %s is a symbolic link; name the file it leads to",
				  path);
	if (fd < 0)
		return rf_err_sys(err, -errno, "--events: open %s", path);
	if (fstat(fd, &st) < 0)
		return rf_err_sys(err, -errno, "--events: look at %s", path);
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return rf_err_set(err, -EINVAL, "--events %s is neither a file nor a FIFO", path);
	if (fcntl(fd, F_SETFL, O_APPEND) < 0) /* writes may wait; only the open must not */
		return rf_err_sys(err, -errno, "--events: set up %s", path);
	*ret = RF_TAKE_FD(fd);
	return 0;
}

int rf_run_target_open(const char *target, int *ret, struct rf_err *err)
{
	uint64_t number = STDOUT_FILENO;
	int flags;

	if (rf_str_has_prefix(target, "fd:")) {
		if (rf_parse_u64(target + 3, 1 << 20, &number) < 0)
			return rf_err_set(err, -EINVAL,
					  "--events %s: no descriptor number after fd:", target);
	} else if (!rf_str_eq(target, "-")) {
		return open_file(target, ret, err);
	}
	flags = fcntl((int)number, F_GETFL);
	if (flags < 0)
		return rf_err_sys(err, -errno, "--events %s", target);
	/* A standard output that was closed has been filled with one of these. */
	if ((flags & O_ACCMODE) == O_RDONLY)
		return rf_err_set(err, -EBADF, "--events %s is not open for writing", target);
	*ret = fcntl((int)number, F_DUPFD_CLOEXEC, 3);
	if (*ret < 0)
		return rf_err_sys(err, -errno, "--events %s", target);
	return 0;
}
