/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to reach a file by something else than its plain name. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tests/vm/attack/attack.h"

static int show_open(int dir, const char *path, int flags)
{
	int fd = openat(dir, path, flags | O_CLOEXEC);

	return fd < 0 ? refused("open") : show_fd(fd);
}

static int read_plain(char **arg)
{
	return show_open(AT_FDCWD, arg[0], O_RDONLY);
}

/* The access mode that is neither reading nor writing, for ioctl alone. */
static int open_three(char **arg)
{
	return open(arg[0], O_ACCMODE | O_NONBLOCK | O_CLOEXEC) < 0 ? refused("open") : WORKED;
}

static int read_at(char **arg)
{
	int dir = open(arg[0], O_PATH | O_CLOEXEC);

	return dir < 0 ? untried("open directory") : show_open(dir, arg[1], O_RDONLY);
}

static int read_openat2(char **arg)
{
	struct open_how how = {.flags = O_RDONLY};
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, arg[0], &how, sizeof(how));

	return fd < 0 ? refused("openat2") : show_fd(fd);
}

static int reopen(const char *path, int first, int then)
{
	char name[64];
	int fd = open(path, first | O_CLOEXEC), again;

	if (fd < 0)
		return untried("first open");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	again = open(name, then | O_CLOEXEC);
	if (again < 0)
		return refused("reopen");
	if (then == O_RDONLY)
		return show_fd(again);
	return write(again, "OVERWRITTEN", 11) == 11 ? WORKED : refused("write");
}

static int read_opath(char **arg)
{
	return reopen(arg[0], O_PATH, O_RDONLY);
}

static int reopen_write(char **arg)
{
	return reopen(arg[0], O_RDONLY, O_WRONLY);
}

static int reopen_append(char **arg)
{
	return reopen(arg[0], O_WRONLY | O_APPEND, O_WRONLY);
}

static int append(char **arg)
{
	int fd = open(arg[0], O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		return refused("open to append");
	return write(fd, "APPENDED", 8) == 8 ? WORKED : refused("write");
}

static int clear_append(char **arg)
{
	int fd = open(arg[0], O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		return untried("open to append");
	if (fcntl(fd, F_SETFL, 0) < 0)
		return refused("F_SETFL");
	return pwrite(fd, "OVERWRITTEN", 11, 0) == 11 ? WORKED : refused("pwrite");
}

static int truncate_append(char **arg)
{
	int fd = open(arg[0], O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		return untried("open to append");
	return ftruncate(fd, 0) < 0 ? refused("ftruncate") : WORKED;
}

static int link_empty(char **arg)
{
	int fd = open(arg[0], O_PATH | O_CLOEXEC);

	if (fd < 0)
		return untried("open O_PATH");
	if (linkat(fd, "", AT_FDCWD, arg[1], AT_EMPTY_PATH) < 0)
		return refused("linkat");
	return show_open(AT_FDCWD, arg[1], O_RDONLY);
}

static int link_magic(char **arg)
{
	char name[64];
	int fd = open(arg[0], O_PATH | O_CLOEXEC);

	if (fd < 0)
		return untried("open O_PATH");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, name, AT_FDCWD, arg[1], AT_SYMLINK_FOLLOW) < 0)
		return refused("linkat");
	return show_open(AT_FDCWD, arg[1], O_RDONLY);
}

static int link_plain(char **arg)
{
	return link(arg[0], arg[1]) < 0 ? refused("link") : WORKED;
}

static int rename_plain(char **arg)
{
	return rename(arg[0], arg[1]) < 0 ? refused("rename") : WORKED;
}

static int exchange(char **arg)
{
	if (renameat2(AT_FDCWD, arg[0], AT_FDCWD, arg[1], RENAME_EXCHANGE) < 0)
		return refused("exchange");
	return WORKED;
}

/* FILE DIRECTORY: any directory of the same file system that may be opened. */
static int by_handle(char **arg)
{
	struct {
		struct file_handle head;
		unsigned char room[MAX_HANDLE_SZ];
	} handle = {.head.handle_bytes = MAX_HANDLE_SZ};
	int mount_id, fd, dir = open(arg[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return untried("open directory");
	if (name_to_handle_at(AT_FDCWD, arg[0], &handle.head, &mount_id, 0) < 0)
		return refused("name_to_handle_at");
	fd = open_by_handle_at(dir, &handle.head, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? refused("open_by_handle_at") : show_fd(fd);
}

/* FOLDER NAME [BIT]: the bit marks another ABI's call. */
static int tree_clone(char **arg)
{
	long nr = SYS_open_tree | (arg[2] ? strtol(arg[2], NULL, 0) : 0);
	int tree = (int)syscall(nr, AT_FDCWD, arg[0], 1 /* OPEN_TREE_CLONE */);

	return tree < 0 ? refused("open_tree") : show_open(tree, arg[1], O_RDONLY);
}

static int overwrite_at(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return refused("create");
	return write(fd, "OVERWRITTEN", 11) == 11 ? WORKED : refused("write");
}

/* A file system of the attacker's own, never attached: a file called as arg[0] says is made in it.
 */
static int own_mount(char **arg)
{
	int mnt, context = (int)syscall(SYS_fsopen, "tmpfs", 0);

	if (context < 0)
		return refused("fsopen");
	if (syscall(SYS_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0) < 0)
		return refused("fsconfig");
	mnt = (int)syscall(SYS_fsmount, context, 0, 0);
	return mnt < 0 ? refused("fsmount") : overwrite_at(mnt, arg[0]);
}

static int bind_mount(char **arg)
{
	return mount(arg[0], arg[1], NULL, MS_BIND, NULL) < 0 ? refused("mount") : WORKED;
}

static int enter_chroot(char **arg)
{
	return chroot(arg[0]) < 0 ? refused("chroot") : show_open(AT_FDCWD, arg[1], O_RDONLY);
}

/*
 * DIR STEPS NAME [LENGTH]: goes down, by names of that length, until the whole path is longer than
 * any buffer or has more parts than are looked at; then makes a file.
 */
static int deep(char **arg)
{
	int steps = atoi(arg[1]), length = arg[3] ? atoi(arg[3]) : 200;
	char name[256] = "";

	memset(name, 'd', (size_t)length);
	if (chdir(arg[0]) < 0)
		return untried("chdir");
	for (int i = 0; i < steps; i++) {
		if (mkdir(name, 0755) < 0 && errno != EEXIST)
			return refused("mkdir");
		if (chdir(name) < 0)
			return untried("chdir below");
	}
	return overwrite_at(AT_FDCWD, arg[2]);
}

static int overwrite(char **arg)
{
	return overwrite_at(AT_FDCWD, arg[0]);
}

static int tmpfile_link(char **arg)
{
	char name[64];
	int fd = open(arg[0], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return refused("O_TMPFILE");
	if (write(fd, "OVERWRITTEN", 11) != 11)
		return refused("write");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, name, AT_FDCWD, arg[1], AT_SYMLINK_FOLLOW) < 0)
		return refused("linkat");
	return WORKED;
}

/* A file unlinked while open goes on serving its holder, also when opened again. */
static int unlinked_reopen(char **arg)
{
	char name[64];
	int fd = open(arg[0], O_RDWR | O_CREAT | O_CLOEXEC, 0600), again;

	if (fd < 0 || write(fd, "MINE", 4) != 4 || unlink(arg[0]) < 0)
		return untried("unlinked file");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	again = open(name, O_RDONLY | O_CLOEXEC);
	return again < 0 ? refused("reopen") : show_fd(again);
}

static int truncate_path(char **arg)
{
	return truncate(arg[0], 0) < 0 ? refused("truncate") : WORKED;
}

static int set_times(char **arg)
{
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	return utimensat(AT_FDCWD, arg[0], times, 0) < 0 ? refused("utimensat") : WORKED;
}

static const struct attack attacks[] = {
	{"read", 1, read_plain},
	{"open3", 1, open_three},
	{"read-at", 2, read_at},
	{"read-openat2", 1, read_openat2},
	{"read-opath", 1, read_opath},
	{"reopen-write", 1, reopen_write},
	{"reopen-append", 1, reopen_append},
	{"append", 1, append},
	{"clear-append", 1, clear_append},
	{"truncate-append", 1, truncate_append},
	{"overwrite", 1, overwrite},
	{"link", 2, link_plain},
	{"link-empty", 2, link_empty},
	{"link-magic", 2, link_magic},
	{"rename", 2, rename_plain},
	{"exchange", 2, exchange},
	{"by-handle", 2, by_handle},
	{"tree-clone", 2, tree_clone},
	{"own-mount", 1, own_mount},
	{"bind-mount", 2, bind_mount},
	{"chroot", 2, enter_chroot},
	{"deep", 3, deep},
	{"tmpfile-link", 2, tmpfile_link},
	{"unlinked-reopen", 1, unlinked_reopen},
	{"truncate", 1, truncate_path},
	{"times", 1, set_times},
	{NULL, 0, NULL},
};

int main(int argc, char **argv)
{
	return run_attack(attacks, argc, argv);
}
