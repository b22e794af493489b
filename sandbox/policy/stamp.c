/* SPDX-License-Identifier: Apache-2.0 */
/* Stamps of directories. See stamp.h. */
#include "sandbox/policy/stamp.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/base/sum.h"

/* FAT's clock ticks every two seconds, though it is not trusted here; others are far finer. */
#define STILL_S 3

#define XFS_MAGIC 0x58465342

/* Where every change of a name is this kernel's and changes the ctime at once. */
static bool is_trusted(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	switch ((uint32_t)fs.f_type) {
	case EXT4_SUPER_MAGIC:
	case XFS_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case TMPFS_MAGIC:
	case OVERLAYFS_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

static int open_dir(const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

static uint64_t sum_of(const struct stat *st)
{
	const uint64_t members[] = {st->st_dev, st->st_ino, (uint64_t)st->st_ctim.tv_sec,
				    (uint64_t)st->st_ctim.tv_nsec};

	return rf_sum64(members, sizeof(members));
}

int64_t rf_stamp_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

/* Cuts the last component; false at the root. */
static bool cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || !path[1])
		return false;
	slash[slash == path] = '\0';
	return true;
}

bool rf_stamp_take(const char *path, int64_t since, char **ret_dir, uint64_t *ret)
{
	RF_AUTOFREE char *dir = strdup(path);
	RF_AUTOCLOSE int fd = -1;
	struct stat st;

	while (fd < 0) {
		if (!dir || !cut(dir))
			return false;
		fd = open_dir(dir);
		if (fd < 0 && errno != ENOENT) /* a link, or a file, on the way */
			return false;
	}
	if (fstat(fd, &st) < 0 || !is_trusted(fd) || st.st_ctim.tv_sec >= since - STILL_S)
		return false;
	*ret = sum_of(&st);
	*ret_dir = RF_TAKE_PTR(dir);
	return true;
}

bool rf_stamp_holds(const char *dir, uint64_t stamp)
{
	RF_AUTOCLOSE int fd = open_dir(dir);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && sum_of(&st) == stamp;
}
