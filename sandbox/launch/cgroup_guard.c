/* SPDX-License-Identifier: Apache-2.0 */
/* A Landlock domain around everything but cgroup v2. See cgroup_guard.h. */
#include "sandbox/launch/cgroup_guard.h"

#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/landlock_abi.h"
#include "sandbox/launch/landlock_grant.h"

/* Mounts of cgroup v2 that one mount namespace may show; more are refused, not forgotten. */
#define MOUNTS_MAX 32

struct mounts {
	char *paths[MOUNTS_MAX];
	size_t n;
};

static void free_mounts(struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->n; i++)
		free(mounts->paths[i]);
	mounts->n = 0;
}

int rf_cgroup_guard_available(struct rf_err *err)
{
	if (geteuid() != 0 || rf_landlock_abi() > 0)
		return 0;
	return rf_err_set(err, -EOPNOTSUPP,
			  "root could leave its cgroup, and there is no Landlock to prevent it");
}

static int find_mounts(struct mounts *mounts, struct rf_err *err)
{
	FILE *table = setmntent("/proc/self/mounts", "re");
	const struct mntent *entry;
	int r = 0;

	if (!table)
		return rf_err_sys(err, -errno, "cannot read /proc/self/mounts");
	while (r == 0 && (entry = getmntent(table))) {
		if (!rf_str_eq(entry->mnt_type, "cgroup2"))
			continue;
		if (mounts->n == MOUNTS_MAX)
			r = rf_err_set(err, -E2BIG, "cgroup v2 is mounted more than %d times",
				       MOUNTS_MAX);
		else if (!(mounts->paths[mounts->n] = strdup(entry->mnt_dir)))
			r = rf_err_sys(err, -ENOMEM, "cannot list cgroup v2");
		else
			mounts->n++;
	}
	(void)endmntent(table);
	return r;
}

/* Is path a mount of cgroup v2 (1), above one (2), or neither (0)? */
static int relation(const struct mounts *mounts, const char *path)
{
	size_t len = strlen(path);
	int above = 0;

	for (size_t i = 0; i < mounts->n; i++) {
		if (rf_str_eq(mounts->paths[i], path))
			return 1;
		if (strncmp(mounts->paths[i], path, len) == 0 && mounts->paths[i][len] == '/')
			above = 2;
	}
	return above;
}

/*
 * Landlock refuses each rename and link between two directories in a domain that does not handle
 * and grant it. With it such a name must not be writable where the old one was not.
 */
static int grant_moving(int ruleset, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || rf_landlock_allow_path(ruleset, fd, RF_LL_REFER) < 0)
		return rf_err_sys(err, -errno, "Landlock does not take /");
	return 0;
}

static int grant_writing(int ruleset, const char *path, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return 0; /* gone, or not to be reached: stays refused */
	if (rf_landlock_allow_path(ruleset, fd, RF_LL_WRITE_FILE) < 0 && errno != EBADFD)
		return rf_err_sys(err, -errno, "Landlock does not take %s", path);
	return 0;
}

/* Grants every entry of a directory that is above a mount of cgroup v2, but not the way down. */
static int grant_around(int ruleset, const struct mounts *mounts, const char *dir_path,
			struct rf_err *err)
{
	RF_AUTOCLOSEDIR DIR *dir = opendir(*dir_path ? dir_path : "/");
	const struct dirent *entry;
	char path[PATH_MAX];
	int r = 0;

	if (!dir)
		return rf_err_sys(err, -errno, "cannot read %s", *dir_path ? dir_path : "/");
	while (r == 0 && (entry = readdir(dir))) {
		if (rf_str_eq(entry->d_name, ".") || rf_str_eq(entry->d_name, ".."))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir_path, entry->d_name) >= PATH_MAX)
			continue;
		switch (relation(mounts, path)) {
		case 0:
			r = grant_writing(ruleset, path, err);
			break;
		case 2:
			r = grant_around(ruleset, mounts, path, err);
			break;
		default:
			break;
		}
	}
	return r;
}

static bool held_by(const struct rf_launch *launch, enum rf_section section, const char *name)
{
	for (size_t i = 0; launch->report && i < launch->report->n; i++) {
		const struct rf_coverage *item = &launch->report->items[i];

		if (item->section == section && item->kind == RF_ITEM_DEFAULT)
			return item->by && rf_str_eq(item->by, name);
	}
	return false;
}

/* The fence over files keeps cgroup v2 from being written already. */
static bool files_suffice(const struct rf_launch *launch, const struct mounts *mounts)
{
	const struct rf_policy *policy = launch->policy;

	if (!held_by(launch, RF_SECTION_FILES, "landlock") ||
	    policy->files_default != RF_DEFAULT_DENY || policy->mode == RF_MODE_AUDIT)
		return false;
	for (size_t i = 0; i < policy->n_files; i++) {
		const struct rf_file_rule *rule = &policy->files[i];

		if (rule->rule.deny || !(rule->rights & (RF_FILE_WRITE | RF_FILE_APPEND)))
			continue;
		for (size_t j = 0; j < rule->n_paths; j++)
			for (size_t k = 0; k < mounts->n; k++)
				if (rf_ll_overlaps(&rule->paths[j], mounts->paths[k], true))
					return false;
	}
	return true;
}

static bool is_weak_user(const struct rf_launch *launch)
{
	bool overrides = !launch->policy->sections[RF_SECTION_CAPABILITIES].present ||
			 (launch->policy->capabilities_keep & UINT64_C(1) << CAP_DAC_OVERRIDE);

	return launch->uid != 0 && (launch->changes_user || !overrides);
}

int rf_cgroup_guard_make(const struct rf_launch *launch, int *ret_fd, struct rf_err *err)
{
	RF_CLEANUP(free_mounts) struct mounts mounts = {.n = 0};
	struct rf_ll_ruleset ruleset = {.handled_fs = RF_LL_WRITE_FILE};
	bool moves = rf_landlock_abi() >= RF_LL_ABI_REFER;
	RF_AUTOCLOSE int fd = -1;
	int r;

	*ret_fd = -1;
	if (is_weak_user(launch) || launch->audit_mode || launch->policy->mode == RF_MODE_AUDIT)
		return 0;
	r = find_mounts(&mounts, err);
	if (r < 0 || files_suffice(launch, &mounts))
		return r;
	if (moves)
		ruleset.handled_fs |= RF_LL_REFER;
	fd = rf_landlock_create(&ruleset, rf_landlock_abi());
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot make a Landlock ruleset");
	r = moves ? grant_moving(fd, err) : 0;
	if (r == 0)
		r = grant_around(fd, &mounts, "", err);
	if (r == 0)
		*ret_fd = RF_TAKE_FD(fd);
	return r;
}

int rf_cgroup_guard_enter(int fd, struct rf_err *err)
{
	if (rf_landlock_restrict(fd, 1) < 0)
		return rf_err_sys(err, -errno, "cannot enter the Landlock domain around cgroups");
	return 0;
}
