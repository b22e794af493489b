/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors: reading whole files within limits, writing them whole, and asking who may change
 * them. Every descriptor made here is close-on-exec.
 */
#ifndef RF_BASE_FD_H
#define RF_BASE_FD_H

#include <stddef.h>
#include <sys/types.h>

#include "sandbox/base/err.h"

/*
 * Opens a regular file for reading, without waiting and without becoming its controlling terminal:
 * a FIFO, socket, device or directory in its place is refused, not waited for. The last component
 * may be a symbolic link. *ret is the descriptor.
 */
int rf_fd_open_read(const char *path, int *ret, struct rf_err *err) RF_MUST_CHECK;

/* As above, with path relative to dirfd (or AT_FDCWD). */
int rf_fd_open_read_at(int dirfd, const char *path, int *ret, struct rf_err *err) RF_MUST_CHECK;

/*
 * Reads to the end of file from the current position; more than limit bytes are -EFBIG and nothing
 * is returned. *ret is NUL-terminated (the NUL is not counted) and freed by the caller. Works for
 * pipes. ret_len may be NULL.
 */
int rf_fd_read_all(int fd, size_t limit, char **ret, size_t *ret_len, struct rf_err *err)
	RF_MUST_CHECK;

/* Opens with rf_fd_open_read and reads with rf_fd_read_all; the error names the path. */
int rf_fd_read_file(const char *path, size_t limit, char **ret, size_t *ret_len, struct rf_err *err)
	RF_MUST_CHECK;

/* Writes all bytes, going on after short writes and signals. */
int rf_fd_write_all(int fd, const void *data, size_t len, struct rf_err *err) RF_MUST_CHECK;

/* Makes a directory and its missing parents, each with mode (less the umask); existing is fine. */
int rf_fd_mkdirs(const char *path, mode_t mode, struct rf_err *err) RF_MUST_CHECK;

/*
 * Puts a file in place whole or not at all: a temporary name in the same directory, then rename.
 * mode is exact, whatever the umask. Readers see the old or the new file. Not synced to disk: what
 * is written this way can be made again. name has no slash.
 */
int rf_fd_write_atomic(int dirfd, const char *name, mode_t mode, const void *data, size_t len,
		       struct rf_err *err) RF_MUST_CHECK;

/*
 * Makes sure that descriptors 0 to 2 are open, so that no file opened later becomes somebody's
 * standard output. A closed one is opened on /dev/null in the direction that nobody uses: reading
 * standard input or writing standard output still fails as on a closed descriptor.
 */
int rf_fd_fill_std(struct rf_err *err) RF_MUST_CHECK;

/*
 * Refuses (-EPERM) a file or directory that somebody other than root or the caller may change: the
 * owner must be root or the effective user, and neither group nor others may write (an ACL shows in
 * the group bits). name is for the sentence only.
 */
int rf_fd_secure_check(int fd, const char *name, struct rf_err *err) RF_MUST_CHECK;

/* The same, and it must be a directory (-ENOTDIR). */
int rf_fd_secure_dir_check(int fd, const char *name, struct rf_err *err) RF_MUST_CHECK;

#endif
