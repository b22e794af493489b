/* SPDX-License-Identifier: Apache-2.0 */
/* Making and removing the sandbox's cgroup. See cgroup.h; cgroup_site.c finds the place. */
#include "sandbox/launch/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

#define SLICE "ringfence"

/* The folder of ours goes away when another launch ends: making below it is tried again. */
#define MAKE_TRIES 8

/* A fenced command may nest cgroups; deeper than this its leavings stay for the administrator. */
#define REMOVE_DEPTH 16

int rf_cgroup_path(const struct rf_cgroup_site *site, const char *name, char ret[PATH_MAX],
		   struct rf_err *err)
{
	int len = snprintf(ret, PATH_MAX, "%s%s%s%s", site->parent,
			   strcmp(site->parent, "/") ? "/" : "",
			   site->own_slice ? SLICE "/" : SLICE "-", name);

	if (len < 0 || len >= PATH_MAX)
		return rf_err_sys(err, -ENAMETOOLONG, "cgroup %s", site->parent);
	return 0;
}

int rf_cgroup_write(int cgroup_fd, const char *file, const char *value, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = openat(cgroup_fd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open %s of the cgroup", file);
	/* One write is one request to the kernel: a second one would be another. */
	if (write(fd, value, strlen(value)) < 0)
		return rf_err_sys(err, -errno, "cannot write %s to %s of the cgroup", value, file);
	return 0;
}

/* The controllers that our parent got are handed on; those it has not are not asked for. */
static void hand_down_controllers(const struct rf_cgroup_site *site, int slice_fd)
{
	static const struct {
		uint32_t bit;
		const char *request;
	} controllers[] = {{1, "+memory"}, {2, "+pids"}, {4, "+cpu"}};

	for (size_t i = 0; i < RF_ARRAY_LEN(controllers); i++)
		if (site->controllers & controllers[i].bit)
			(void)!rf_cgroup_write(slice_fd, "cgroup.subtree_control",
					       controllers[i].request, NULL);
}

/* The directory below which the sandbox's own is made, and the name it has there. */
static int open_slice(const struct rf_cgroup_site *site, bool controlled, int *ret,
		      struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;

	if (mkdirat(site->parent_fd, SLICE, 0755) < 0 && errno != EEXIST)
		return rf_err_sys(err, -errno, "cannot make cgroup %s/" SLICE, site->parent);
	fd = openat(site->parent_fd, SLICE, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open cgroup %s/" SLICE, site->parent);
	if (controlled)
		hand_down_controllers(site, fd);
	*ret = RF_TAKE_FD(fd);
	return 0;
}

static int make_below(int parent_fd, const char *name, int *ret_fd, uint64_t *ret_id,
		      struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;
	struct stat st;
	int r;

	if (mkdirat(parent_fd, name, 0755) < 0)
		return rf_err_sys(err, -errno, "cannot make cgroup %s", name);
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = rf_err_sys(err, -errno, "cannot open cgroup %s", name);
		(void)unlinkat(parent_fd, name, AT_REMOVEDIR);
		return r;
	}
	*ret_id = st.st_ino;
	*ret_fd = RF_TAKE_FD(fd);
	return 0;
}

int rf_cgroup_make(const struct rf_cgroup_site *site, const char *name, bool controlled,
		   int *ret_fd, uint64_t *ret_id, struct rf_err *err)
{
	char full[NAME_MAX + 1];
	int r = -ENOENT;

	if (!site->own_slice) {
		(void)snprintf(full, sizeof(full), SLICE "-%s", name);
		return make_below(site->parent_fd, full, ret_fd, ret_id, err);
	}
	for (int i = 0; i < MAKE_TRIES && r == -ENOENT; i++) {
		RF_AUTOCLOSE int slice = -1;

		rf_err_clear(err);
		r = open_slice(site, controlled, &slice, err);
		if (r == 0)
			r = make_below(slice, name, ret_fd, ret_id, err);
	}
	return r;
}

int rf_cgroup_populated(int cgroup_fd)
{
	RF_AUTOCLOSE int fd = openat(cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text) - 1);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	return strstr(text, "populated 0") ? 0 : 1;
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int rf_cgroup_wait_empty(int cgroup_fd, int milliseconds)
{
	RF_AUTOCLOSE int fd = openat(cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t end = now_ms() + milliseconds;
	int populated = fd < 0 ? -errno : rf_cgroup_populated(cgroup_fd);

	while (populated == 1) {
		struct pollfd p = {.fd = fd, .events = POLLPRI};
		int64_t left = end - now_ms();
		char text[256];

		if (left <= 0)
			break;
		/* The kernel reports a change since the file was last read. */
		(void)!pread(fd, text, sizeof(text), 0);
		populated = rf_cgroup_populated(cgroup_fd);
		if (populated == 1 && poll(&p, 1, (int)left) >= 0)
			populated = rf_cgroup_populated(cgroup_fd);
	}
	return populated;
}

int rf_cgroup_kill(int cgroup_fd, struct rf_err *err)
{
	return rf_cgroup_write(cgroup_fd, "cgroup.kill", "1", err);
}

static int remove_at(int dirfd, const char *name, int depth);

/* Removes the cgroups inside; files of cgroupfs vanish with their directory. */
static int remove_children(int dirfd, const char *name, int depth)
{
	RF_AUTOCLOSE int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	RF_AUTOCLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int kept = fd;

	if (!dir)
		return -errno;
	(void)RF_TAKE_FD(fd);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			(void)!remove_at(kept, entry->d_name, depth + 1);
	return 0;
}

static int remove_at(int dirfd, const char *name, int depth)
{
	int r;

	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY || depth > REMOVE_DEPTH)
		return -errno;
	r = remove_children(dirfd, name, depth);
	if (r < 0)
		return r;
	return unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
}

int rf_cgroup_remove(const char *path)
{
	return remove_at(AT_FDCWD, path, 0);
}
