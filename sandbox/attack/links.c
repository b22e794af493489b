/* SPDX-License-Identifier: Apache-2.0 */
/* Giving a denied file an allowed name: links, renames, mounts, roots and handles. */
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/attack/scene.h"

#define MS_BIND_REC  (0x1000 | 0x4000)
#define MS_SLAVE_REC (0x80000 | 0x4000)

static int sys_mount(const char *from, const char *to, const char *type, unsigned long flags,
		     const char *data)
{
	return (int)syscall(SYS_mount, from, to, type, flags, data);
}

static const char *alias(const struct rf_try *t)
{
	return rf_try_path(t->open, "alias");
}

static void hard_link(struct rf_try *t)
{
	if (link(t->secret, alias(t)) < 0)
		rf_try_failed(t, "link");
	else
		rf_try_open(t, alias(t));
}

static void link_empty(struct rf_try *t)
{
	int fd = open(t->secret, O_PATH | O_CLOEXEC);

	if (fd < 0 || linkat(fd, "", AT_FDCWD, alias(t), AT_EMPTY_PATH) < 0) {
		/* Without CAP_DAC_READ_SEARCH the kernel says that there is no such name. */
		if (fd >= 0 && errno == ENOENT)
			errno = EPERM;
		rf_try_failed(t, "linkat with an empty path");
	} else {
		rf_try_open(t, alias(t));
	}
}

static void link_magic(struct rf_try *t)
{
	char path[64];
	int fd = open(t->secret, O_PATH | O_CLOEXEC);

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || linkat(AT_FDCWD, path, AT_FDCWD, alias(t), AT_SYMLINK_FOLLOW) < 0)
		rf_try_failed(t, "linkat of a magic link");
	else
		rf_try_open(t, alias(t));
}

static void rename_file(struct rf_try *t)
{
	if (rename(t->secret, alias(t)) < 0)
		rf_try_failed(t, "rename");
	else
		rf_try_open(t, alias(t));
}

static void rename_folder(struct rf_try *t)
{
	if (rename(t->dir, alias(t)) < 0)
		rf_try_failed(t, "rename");
	else
		rf_try_open(t, rf_try_path(alias(t), t->scene->secret));
}

static void exchange(struct rf_try *t)
{
	int fd = open(alias(t), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || syscall(SYS_renameat2, AT_FDCWD, alias(t), AT_FDCWD, t->secret, 2) < 0)
		rf_try_failed(t, "exchange");
	else
		rf_try_open(t, alias(t));
}

static void exchange_folder(struct rf_try *t)
{
	if (mkdir(alias(t), 0755) < 0 ||
	    syscall(SYS_renameat2, AT_FDCWD, alias(t), AT_FDCWD, t->dir, 2) < 0)
		rf_try_failed(t, "exchange");
	else
		rf_try_open(t, rf_try_path(alias(t), t->scene->secret));
}

/* ---- mounts: in a mount namespace of its own where one can be had ---- */

static int own_mounts(struct rf_try *t)
{
	if (unshare(CLONE_NEWNS) < 0) {
		rf_try_failed(t, "unshare");
		return -1;
	}
	(void)sys_mount(NULL, "/", NULL, MS_SLAVE_REC, NULL);
	return 0;
}

static void bind_mount(struct rf_try *t)
{
	if (own_mounts(t) < 0)
		return;
	if (mkdir(alias(t), 0755) < 0 || sys_mount(t->dir, alias(t), NULL, MS_BIND_REC, NULL) < 0)
		rf_try_failed(t, "bind mount");
	else
		rf_try_open(t, rf_try_path(alias(t), t->scene->secret));
}

static void user_mount(struct rf_try *t)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		rf_try_failed(t, "unshare");
	else if (mkdir(alias(t), 0755) < 0 ||
		 sys_mount(t->dir, alias(t), NULL, MS_BIND_REC, NULL) < 0)
		rf_try_failed(t, "bind mount");
	else
		rf_try_open(t, rf_try_path(alias(t), t->scene->secret));
}

static void overlay(struct rf_try *t)
{
	char options[3 * PATH_MAX];

	if (own_mounts(t) < 0)
		return;
	(void)snprintf(options, sizeof(options), "lowerdir=%s:%s", t->dir, t->open);
	if (mkdir(alias(t), 0755) < 0 || sys_mount("o", alias(t), "overlay", 0, options) < 0)
		rf_try_failed(t, "mount an overlay");
	else
		rf_try_open(t, rf_try_path(alias(t), t->scene->secret));
}

static void clone_tree(struct rf_try *t)
{
	int tree =
		(int)syscall(SYS_open_tree, AT_FDCWD, t->dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0)
		rf_try_failed(t, "open_tree");
	else
		rf_try_read(t, openat(tree, t->scene->secret, O_RDONLY | O_CLOEXEC), "openat");
}

static void move_tree(struct rf_try *t)
{
	int tree;

	if (own_mounts(t) < 0)
		return;
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, t->dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || mkdir(alias(t), 0755) < 0 ||
	    syscall(SYS_move_mount, tree, "", AT_FDCWD, alias(t), MOVE_MOUNT_F_EMPTY_PATH) < 0)
		rf_try_failed(t, "move_mount");
	else
		rf_try_open(t, rf_try_path(alias(t), t->scene->secret));
}

static void change_root(struct rf_try *t)
{
	if (chroot(t->dir) < 0)
		rf_try_failed(t, "chroot");
	else
		rf_try_open(t, rf_try_path("", t->scene->secret));
}

static void by_handle(struct rf_try *t)
{
	struct {
		struct file_handle head;
		unsigned char room[MAX_HANDLE_SZ];
	} handle = {.head.handle_bytes = MAX_HANDLE_SZ};
	int mount, dir = open(t->scene->open[0] ? t->scene->open : "/", O_RDONLY | O_CLOEXEC);

	if (dir < 0 || name_to_handle_at(AT_FDCWD, t->secret, &handle.head, &mount, 0) < 0)
		rf_try_failed(t, "name_to_handle_at");
	else
		rf_try_read(t, open_by_handle_at(dir, &handle.head, O_RDONLY | O_CLOEXEC),
			    "open_by_handle_at");
}

#define ROW(name, words, fn, ...)                                                                  \
	{                                                                                          \
		.id = "links." name, .text = words, .ask = RF_ASK_FILE(READ, "%secret"),           \
		.needs = RF_NEEDS_SECRET, .run = fn, ##__VA_ARGS__                                 \
	}

#define BOTH .also = RF_NEEDS_OPEN | RF_NEEDS_SAME

static const struct rf_attempt attempts[] = {
	ROW("hard", "link a denied file to an allowed name and read that", hard_link, BOTH),
	ROW("empty-path", "link it by its descriptor and an empty path", link_empty, BOTH),
	ROW("magic", "link it through /proc/self/fd", link_magic, BOTH),
	ROW("rename", "rename it to an allowed name", rename_file, BOTH),
	ROW("rename-folder", "rename its folder to an allowed name", rename_folder, BOTH),
	ROW("exchange", "exchange it with an allowed file", exchange, BOTH),
	ROW("exchange-folder", "exchange its folder with an allowed one", exchange_folder, BOTH),
	ROW("bind-mount", "bind-mount its folder at an allowed name", bind_mount, BOTH),
	ROW("user-mount", "do so in namespaces of its own", user_mount, BOTH),
	ROW("overlay", "mount an overlay of its folder", overlay, BOTH),
	ROW("open-tree", "copy its folder's mount and read from the copy", clone_tree),
	ROW("move-mount", "attach such a copy at an allowed name", move_tree, BOTH),
	ROW("chroot", "make its folder the root", change_root),
	ROW("handle", "open it by a file handle", by_handle),
};

const struct rf_attempt_group rf_attack_links = {attempts, RF_ARRAY_LEN(attempts)};
