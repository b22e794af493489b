/* SPDX-License-Identifier: Apache-2.0 */
/* A lock in a folder of a node. See oci_lock.h. */
#include "cli/oci_lock.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/base/fd.h"

#define LOCK	     RF_OCI_LOCK_FILE
#define WAIT_S	     15 /* a copy of the programs is made under it, and synced */
#define TRIES_A_S    20
#define TRY_PAUSE_NS (1000000000L / TRIES_A_S)

static int take(int fd, const char *path, struct rf_err *err)
{
	const struct timespec pause = {.tv_nsec = TRY_PAUSE_NS};

	for (int tries = WAIT_S * TRIES_A_S; flock(fd, LOCK_EX | LOCK_NB) < 0; tries--) {
		if (errno != EWOULDBLOCK)
			return rf_err_sys(err, -errno, "cannot lock %s/" LOCK, path);
		if (tries == 0)
			return rf_err_set(err, -EBUSY,
					  "another process has held the lock %s/" LOCK
					  " for %d seconds; lslocks names it",
					  path, WAIT_S);
		/* A signal: whoever watches is to end. */
		if (nanosleep(&pause, NULL) < 0)
			return rf_err_sys(err, -errno, "cannot lock %s/" LOCK, path);
	}
	return 0;
}

/* Who waited may have got the file of one that was taken away meanwhile. */
static bool is_there(int dir, int fd)
{
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && fstatat(dir, LOCK, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

int rf_oci_lock(int dir, const char *path, int *ret, struct rf_err *err)
{
	for (;;) {
		RF_AUTOCLOSE int fd =
			openat(dir, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		int r;

		if (fd < 0)
			return rf_err_sys(err, -errno, "cannot open %s/" LOCK, path);
		r = take(fd, path, err);
		if (r < 0)
			return r;
		if (is_there(dir, fd)) {
			*ret = RF_TAKE_FD(fd);
			return 0;
		}
	}
}

int rf_oci_lock_remove(int dir, struct rf_err *err)
{
	if (unlinkat(dir, LOCK, 0) < 0 && errno != ENOENT)
		return rf_err_sys(err, -errno, "cannot remove " LOCK);
	return 0;
}
