/* SPDX-License-Identifier: Apache-2.0 */
/* The bpf file system that pins live in; see bpffs.h. */
#include "lsm/bpffs.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "lsm/loader.h"

#define BPFFS_MAGIC	0xcafe4a11
#define MNT_NS_INIT_INO 0xeffffff8u /* since 6.17; dynamic numbers are larger */

/* 1: mounted, 0: not, negative: the place is not there. */
static int is_mounted(struct rf_err *err)
{
	struct statfs fs;

	if (statfs(RF_LSM_BPFFS, &fs) < 0)
		return rf_err_sys(err, -errno, "cannot find %s", RF_LSM_BPFFS);
	return fs.f_type == (__typeof__(fs.f_type))BPFFS_MAGIC;
}

/* Who may not look at process 1 knows the kernel's first namespace by its number, where it has one.
 */
static bool is_in_first_namespace(void)
{
	struct stat first, mine;

	if (stat("/proc/self/ns/mnt", &mine) < 0)
		return false;
	if (mine.st_ino == MNT_NS_INIT_INO)
		return true;
	return stat("/proc/1/ns/mnt", &first) == 0 && first.st_dev == mine.st_dev &&
	       first.st_ino == mine.st_ino;
}

int rf_bpffs_ready(struct rf_err *err)
{
	int r = is_mounted(err);

	if (r != 0)
		return r < 0 ? r : 0;
	if (!is_in_first_namespace())
		return rf_err_set(
			err, -EOPNOTSUPP,
			"no bpf file system is mounted on %s in this mount namespace; run: "
			"mount -t bpf bpf %s",
			RF_LSM_BPFFS, RF_LSM_BPFFS);
	if (mount("bpf", RF_LSM_BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700") < 0)
		return rf_err_sys(err, -errno, "cannot mount a bpf file system on %s",
				  RF_LSM_BPFFS);
	return 0;
}
