/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the caller's cgroup is, and whether a cgroup of ours may stand below it.
 *
 * Under systemd, cgroups of root that are not delegated belong to systemd: there, as where the
 * caller is in the root cgroup, a folder `ringfence` at the root is used.
 */
#include "sandbox/launch/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/select.h"

#define SELF_CGROUP_MAX 65536
#define CONTROLLERS_MAX 4096

static bool is_cgroup2(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* The mount point of cgroup v2; the usual ones first, they need no parsing. */
static int find_mount(char ret[PATH_MAX], struct rf_err *err)
{
	static const char *const usual[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	char line[PATH_MAX * 2];
	struct mntent entry;
	FILE *mounts;
	int r = -EOPNOTSUPP;

	for (size_t i = 0; i < RF_ARRAY_LEN(usual); i++)
		if (is_cgroup2(usual[i])) {
			(void)snprintf(ret, PATH_MAX, "%s", usual[i]);
			return 0;
		}
	mounts = setmntent("/proc/self/mounts", "re");
	if (!mounts)
		return rf_err_sys(err, -EOPNOTSUPP, "cannot read /proc/self/mounts");
	while (r < 0 && getmntent_r(mounts, &entry, line, sizeof(line)))
		if (rf_str_eq(entry.mnt_type, "cgroup2") && is_cgroup2(entry.mnt_dir) &&
		    snprintf(ret, PATH_MAX, "%s", entry.mnt_dir) < PATH_MAX)
			r = 0;
	(void)endmntent(mounts);
	return r < 0 ? rf_err_set(err, r, "cgroup v2 is not mounted") : 0;
}

/* Our path in the v2 hierarchy, with its leading slash. */
static int read_own(char ret[PATH_MAX], struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL;
	const char *line;
	size_t len;
	int r = rf_fd_read_file("/proc/self/cgroup", SELF_CGROUP_MAX, &text, NULL, err);

	if (r < 0)
		return r;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return rf_err_set(err, -EOPNOTSUPP, "/proc/self/cgroup names no cgroup v2");
	line = strchr(line, '/');
	len = line ? strcspn(line, "\n") : 0;
	if (!len || len >= PATH_MAX || strncmp(line, "/..", 3) == 0)
		return rf_err_set(err, -EOPNOTSUPP,
				  "the caller's cgroup is outside its cgroup namespace");
	memcpy(ret, line, len);
	ret[len] = '\0';
	return 0;
}

static uint32_t parse_controllers(const char *text)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} known[] = {{"memory", RF_CONTROLLER_MEMORY},
		     {"pids", RF_CONTROLLER_PIDS},
		     {"cpu", RF_CONTROLLER_CPU}};
	uint32_t found = 0;

	while (*text) {
		size_t len = strcspn(text, " \n");

		for (size_t i = 0; i < RF_ARRAY_LEN(known); i++)
			if (strlen(known[i].name) == len && strncmp(text, known[i].name, len) == 0)
				found |= known[i].bit;
		text += len + strspn(text + len, " \n");
	}
	return found;
}

/* What children of the parent get. */
static uint32_t read_controllers(int parent_fd)
{
	RF_AUTOFREE char *text = NULL;
	RF_AUTOCLOSE int fd = -1;

	if (rf_fd_open_read_at(parent_fd, "cgroup.subtree_control", &fd, NULL) < 0 ||
	    rf_fd_read_all(fd, CONTROLLERS_MAX, &text, NULL, NULL) < 0)
		return 0;
	return parse_controllers(text);
}

static bool is_delegated(const char *path)
{
	static const char *const marks[] = {"user.delegate", "trusted.delegate"};
	char value = '\0';

	for (size_t i = 0; i < RF_ARRAY_LEN(marks); i++)
		if (getxattr(path, marks[i], &value, 1) == 1 && value == '1')
			return true;
	return false;
}

/* The documented test of sd_booted(3). */
static bool is_systemd_running(void)
{
	struct stat st;

	return lstat("/run/systemd/system/", &st) == 0 && S_ISDIR(st.st_mode);
}

static bool may_write(int parent_fd)
{
	return faccessat(parent_fd, ".", W_OK | X_OK, AT_EACCESS) == 0 &&
	       faccessat(parent_fd, "cgroup.procs", W_OK, AT_EACCESS) == 0;
}

int rf_cgroup_find(struct rf_cgroup_site *ret, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;
	struct rf_cgroup_site site = RF_CGROUP_SITE_INIT;
	char mount[PATH_MAX], own[PATH_MAX];
	bool root_of_all;
	int r = find_mount(mount, err);

	if (r == 0)
		r = read_own(own, err);
	if (r < 0)
		return r;
	root_of_all = rf_str_eq(own, "/");
	if (snprintf(site.parent, sizeof(site.parent), "%s%s", mount, root_of_all ? "" : own) >=
	    (int)sizeof(site.parent))
		return rf_err_sys(err, -EOPNOTSUPP, "the cgroup's path is too long");
	if (!root_of_all && geteuid() == 0 && is_systemd_running() && !is_delegated(site.parent)) {
		(void)snprintf(site.parent, sizeof(site.parent), "%s", mount);
		root_of_all = true;
	}
	site.own_slice = root_of_all;
	fd = open(site.parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return rf_err_sys(err, -EOPNOTSUPP, "cannot open cgroup %s", site.parent);
	if (!may_write(fd))
		return rf_err_set(err, -EOPNOTSUPP, "cgroup %s is not delegated to the caller",
				  site.parent);
	site.controllers = read_controllers(fd);
	site.parent_fd = RF_TAKE_FD(fd);
	*ret = site;
	return 0;
}

void rf_cgroup_site_done(struct rf_cgroup_site *site)
{
	if (site->parent_fd >= 0)
		(void)close(site->parent_fd);
	site->parent_fd = -1;
}
