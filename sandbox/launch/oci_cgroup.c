/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a container's cgroup and judging it. See oci_cgroup.h. */
#include "sandbox/launch/oci_cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "lsm/abi_armed.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

#define CGROUP2_MAGIC 0x63677270
#define KERNFS_HANDLE 0xfe /* FILEID_KERNFS */

/* Longest cgroup file that is read; a container at this stage has one process. */
#define TEXT_MAX 65536

/* Below a container's cgroup, while it has one process. */
#define DEPTH_MAX 8

static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

const char *rf_oci_cgroup_root(void)
{
	struct statfs fs;

	for (size_t i = 0; i < RF_ARRAY_LEN(mounts); i++)
		if (statfs(mounts[i], &fs) == 0 && fs.f_type == CGROUP2_MAGIC)
			return mounts[i];
	return NULL;
}

/* The path of a process in cgroup v2, as /proc tells it. */
static int read_path(const char *of, char ret[4096], struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL;
	char file[64], *line, *at;
	int r;

	(void)snprintf(file, sizeof(file), "/proc/%s/cgroup", of);
	r = rf_fd_read_file(file, TEXT_MAX, &text, NULL, err);
	if (r < 0)
		return r;
	at = text;
	for (line = strsep(&at, "\n"); line; line = strsep(&at, "\n")) {
		if (!rf_str_has_prefix(line, "0::/") || strlen(line + 3) >= 4096)
			continue;
		memcpy(ret, line + 3, strlen(line + 3) + 1);
		return 0;
	}
	return rf_err_set(err, -EOPNOTSUPP, "process %s is in no cgroup of version 2", of);
}

/* starttime, the 22nd word of stat; the name before it may hold anything but is in parentheses. */
static int read_start(pid_t pid, uint64_t *ret, struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL;
	char file[64], *at, *word = NULL;
	int r;

	(void)snprintf(file, sizeof(file), "/proc/%d/stat", (int)pid);
	r = rf_fd_read_file(file, TEXT_MAX, &text, NULL, err);
	if (r < 0)
		return r;
	at = strrchr(text, ')');
	at = at ? at + 2 : text;
	for (int i = 3; at && i <= 22; i++)
		word = strsep(&at, " ");
	if (!word || rf_parse_u64(word, UINT64_MAX, ret) < 0)
		return rf_err_set(err, -EBADMSG, "%s is not understood", file);
	return 0;
}

static void read_runtime(char ret[16])
{
	RF_AUTOFREE char *text = NULL;
	char file[64];

	(void)snprintf(file, sizeof(file), "/proc/%d/comm", (int)getppid());
	if (rf_fd_read_file(file, 64, &text, NULL, NULL) == 0)
		(void)snprintf(ret, 16, "%.*s", (int)strcspn(text, "\n"), text);
}

/* crun with systemd puts the container below its scope, where exec sessions may join a sibling. */
static void take_scope(char *path)
{
	char *last = strrchr(path, '/');

	if (!rf_str_eq(last, "/container"))
		return;
	*last = '\0';
	if (!rf_str_has_suffix(path, ".scope"))
		*last = '/';
}

static bool is_within(const char *path, const char *parent)
{
	size_t len = strlen(parent);

	return strncmp(path, parent, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* Armed, it would fence whoever else is there or comes there. */
static int check_path(const char *path, pid_t pid, struct rf_err *err)
{
	char other[4096], parent[32];
	int levels = 0;

	if (rf_str_eq(path, "/") || strstr(path, "/../") || rf_str_has_suffix(path, " (deleted)"))
		return rf_err_set(
			err, -EPERM,
			"process %d is in cgroup %.160s, not in one of its own; start the "
			"container with a cgroup",
			(int)pid, path);
	for (const char *c = path; *c; c++)
		levels += *c == '/';
	if (levels > RF_ARMED_LEVEL_MAX)
		return rf_err_set(err, -ELOOP, "cgroup %.160s is deeper than %d levels", path,
				  RF_ARMED_LEVEL_MAX);
	(void)snprintf(parent, sizeof(parent), "%d", (int)getppid());
	if (read_path("self", other, err) < 0)
		return err ? err->code : -EIO;
	if (is_within(other, path))
		return rf_err_set(err, -EPERM, "cgroup %.160s is the hook's own, too", path);
	if (getppid() > 1 && read_path(parent, other, NULL) == 0 && is_within(other, path))
		return rf_err_set(err, -EPERM, "cgroup %.160s is the runtime's own, too", path);
	return 0;
}

/* Counts processes other than pid in a cgroup and below it; negative: it cannot be read. */
static int count_others(int parent, const char *name, pid_t pid, int depth)
{
	RF_AUTOCLOSE int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	RF_AUTOCLOSE int procs = -1;
	RF_AUTOCLOSEDIR DIR *dir = NULL;
	RF_AUTOFREE char *text = NULL;
	int others = 0;
	char *at;

	if (fd < 0 || depth > DEPTH_MAX ||
	    rf_fd_open_read_at(fd, "cgroup.procs", &procs, NULL) < 0 ||
	    rf_fd_read_all(procs, TEXT_MAX, &text, NULL, NULL) < 0)
		return -EIO;
	at = text;
	for (const char *line = strsep(&at, "\n"); line; line = strsep(&at, "\n")) {
		uint64_t listed;

		others += *line &&
			  (rf_parse_u64(line, UINT32_MAX, &listed) < 0 || listed != (uint64_t)pid);
	}
	dir = fdopendir(fd);
	if (!dir)
		return -EIO;
	(void)RF_TAKE_FD(fd);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		int below = 0;

		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			below = count_others(dirfd(dir), entry->d_name, pid, depth + 1);
		if (below < 0)
			return below;
		others += below;
	}
	return others;
}

static int open_dir(struct rf_oci_cgroup *cgroup, struct rf_err *err)
{
	struct stat st;
	int others;

	cgroup->fd = open(cgroup->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (cgroup->fd < 0 || fstat(cgroup->fd, &st) < 0)
		return rf_err_sys(err, -errno, "cannot open the container's cgroup %s",
				  cgroup->path);
	cgroup->id = st.st_ino;
	others = count_others(cgroup->fd, ".", cgroup->pid, 0);
	if (others < 0)
		return rf_err_sys(err, others, "cannot read who is in cgroup %s", cgroup->path);
	if (others > 0)
		return rf_err_set(err, -EPERM,
				  "cgroup %.200s holds %d processes besides the container's first",
				  cgroup->path, others);
	return 0;
}

int rf_oci_cgroup_find(struct rf_oci_cgroup *ret, pid_t pid, struct rf_err *err)
{
	const char *root = rf_oci_cgroup_root();
	char path[4096] = "", number[32];
	int r;

	if (pid <= 1 || pid == getpid())
		return rf_err_set(err, -EINVAL, "process %d is no container's first", (int)pid);
	if (!root)
		return rf_err_set(err, -EOPNOTSUPP, "no cgroup v2 is mounted on %s", mounts[0]);
	ret->pid = pid;
	ret->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (ret->pidfd < 0)
		return rf_err_sys(err, -errno, "cannot open process %d", (int)pid);
	(void)snprintf(number, sizeof(number), "%d", (int)pid);
	if ((r = read_path(number, path, err)) < 0 ||
	    (r = read_start(pid, &ret->init_start, err)) < 0)
		return r;
	read_runtime(ret->runtime);
	take_scope(path);
	r = check_path(path, pid, err);
	if (r < 0)
		return r;
	if (snprintf(ret->path, sizeof(ret->path), "%s%s", root, path) >= (int)sizeof(ret->path))
		return rf_err_set(err, -ENAMETOOLONG, "the container's cgroup has too long a path");
	r = open_dir(ret, err);
	return r < 0 ? r : rf_oci_cgroup_alive(ret, err);
}

void rf_oci_cgroup_done(struct rf_oci_cgroup *cgroup)
{
	rf_cleanup_close(&cgroup->fd);
	rf_cleanup_close(&cgroup->pidfd);
}

int rf_oci_cgroup_alive(const struct rf_oci_cgroup *cgroup, struct rf_err *err)
{
	struct pollfd p = {.fd = cgroup->pidfd, .events = POLLIN};

	if (poll(&p, 1, 0) != 0)
		return rf_err_set(err, -ESRCH, "process %d has ended", (int)cgroup->pid);
	return 0;
}

int rf_oci_cgroup_by_id(uint64_t id)
{
	const char *root = rf_oci_cgroup_root();
	RF_AUTOCLOSE int mount = root ? open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + sizeof(id)];
	} h = {.handle = {.handle_bytes = sizeof(id), .handle_type = KERNFS_HANDLE}};
	int fd;

	if (mount < 0)
		return -ENOENT;
	memcpy(h.bytes + sizeof(struct file_handle), &id, sizeof(id));
	fd = open_by_handle_at(mount, &h.handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
