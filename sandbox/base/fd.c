/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: bounded reads, whole writes, ownership checks. See fd.h. */
#include "sandbox/base/fd.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "sandbox/base/str.h"

#define READ_CHUNK 16384

/* Longest name plus the suffix of its temporary twin must fit NAME_MAX. */
#define NAME_MAX_BYTES 255
#define TEMP_TRIES     16

int rf_fd_open_read_at(int dirfd, const char *path, int *ret, struct rf_err *err)
{
	RF_AUTOCLOSE int fd =
		openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_LARGEFILE);
	struct stat st;

	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open %s", path);
	if (fstat(fd, &st) < 0)
		return rf_err_sys(err, -errno, "cannot examine %s", path);
	if (S_ISDIR(st.st_mode))
		return rf_err_set(err, -EISDIR, "%s is a directory, not a file", path);
	if (!S_ISREG(st.st_mode))
		return rf_err_set(err, -EINVAL, "%s is not a regular file", path);
	*ret = RF_TAKE_FD(fd);
	return 0;
}

int rf_fd_open_read(const char *path, int *ret, struct rf_err *err)
{
	return rf_fd_open_read_at(AT_FDCWD, path, ret, err);
}

int rf_fd_read_all(int fd, size_t limit, char **ret, size_t *ret_len, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(limit);
	char chunk[READ_CHUNK];
	size_t len;
	int r;

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rf_err_sys(err, -errno, "cannot read");
		if (n == 0)
			break;
		r = rf_str_add_n(&text, chunk, (size_t)n);
		if (r == -EMSGSIZE)
			return rf_err_set(err, -EFBIG, "longer than the limit of %zu bytes", limit);
		if (r < 0)
			return rf_err_sys(err, r, "cannot read");
	}
	len = text.len;
	r = rf_str_take(&text, ret);
	if (r < 0)
		return rf_err_sys(err, r, "cannot read");
	if (ret_len)
		*ret_len = len;
	return 0;
}

int rf_fd_read_file(const char *path, size_t limit, char **ret, size_t *ret_len, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;
	int r = rf_fd_open_read(path, &fd, err);

	if (r < 0)
		return r;
	r = rf_fd_read_all(fd, limit, ret, ret_len, err);
	if (r < 0)
		return rf_err_wrap(err, r, "%s", path);
	return 0;
}

int rf_fd_write_all(int fd, const void *data, size_t len, struct rf_err *err)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rf_err_sys(err, -errno, "cannot write");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int make_dir(const char *path, mode_t mode, struct rf_err *err)
{
	struct stat st;
	int saved;

	if (!mkdir(path, mode))
		return 0;
	saved = errno;
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return 0;
	return rf_err_sys(err, saved == EEXIST ? -ENOTDIR : -saved, "cannot make directory %s",
			  path);
}

int rf_fd_mkdirs(const char *path, mode_t mode, struct rf_err *err)
{
	RF_AUTOFREE char *copy = strdup(path);
	int r;

	if (!copy)
		return rf_err_sys(err, -ENOMEM, "cannot make directory %s", path);
	for (char *slash = copy; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		r = make_dir(copy, mode, err);
		if (r < 0)
			return r;
		*slash = '/';
	}
	return make_dir(copy, mode, err);
}

/* Makes an empty file beside name under a name nobody guesses. */
static int open_temp(int dirfd, const char *name, char temp[NAME_MAX_BYTES + 1], struct rf_err *err)
{
	for (int i = 0; i < TEMP_TRIES; i++) {
		uint64_t random = 0;
		int len, fd;

		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return rf_err_sys(err, -EIO, "cannot name a temporary file");
		len = snprintf(temp, NAME_MAX_BYTES + 1, ".%s.%016llx", name,
			       (unsigned long long)random);
		if (len < 0 || len > NAME_MAX_BYTES)
			return rf_err_sys(err, -ENAMETOOLONG, "cannot write %s", name);
		fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0600);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return rf_err_sys(err, -errno, "cannot make a temporary file for %s", name);
	}
	return rf_err_sys(err, -EEXIST, "cannot make a temporary file for %s", name);
}

int rf_fd_write_atomic(int dirfd, const char *name, mode_t mode, const void *data, size_t len,
		       struct rf_err *err)
{
	char temp[NAME_MAX_BYTES + 1];
	RF_AUTOCLOSE int fd = open_temp(dirfd, name, temp, err);
	int r;

	if (fd < 0)
		return fd;
	r = rf_fd_write_all(fd, data, len, err);
	if (!r && fchmod(fd, mode) < 0)
		r = rf_err_sys(err, -errno, "cannot set the mode of %s", name);
	if (!r && renameat(dirfd, temp, dirfd, name) < 0)
		r = rf_err_sys(err, -errno, "cannot put %s in place", name);
	if (!r)
		return 0;
	(void)unlinkat(dirfd, temp, 0);
	return rf_err_wrap(err, r, "%s", name);
}

int rf_fd_fill_std(struct rf_err *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is this one: those below are open. */
		if (open("/dev/null", flags) != fd)
			return rf_err_sys(err, -errno, "cannot open /dev/null as descriptor %d",
					  fd);
	}
	return 0;
}

static int check_owner(const struct stat *st, const char *name, struct rf_err *err)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return rf_err_set(err, -EPERM,
				  "%s belongs to user %u, who is neither root nor the caller", name,
				  st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return rf_err_set(
			err, -EPERM,
			"%s can be written by others than its owner (mode %04o): take that "
			"away with chmod go-w",
			name, st->st_mode & 07777);
	return 0;
}

int rf_fd_secure_check(int fd, const char *name, struct rf_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return rf_err_sys(err, -errno, "cannot examine %s", name);
	return check_owner(&st, name, err);
}

int rf_fd_secure_dir_check(int fd, const char *name, struct rf_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return rf_err_sys(err, -errno, "cannot examine %s", name);
	if (!S_ISDIR(st.st_mode))
		return rf_err_set(err, -ENOTDIR, "%s is not a directory", name);
	return check_owner(&st, name, err);
}
