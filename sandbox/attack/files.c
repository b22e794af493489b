/* SPDX-License-Identifier: Apache-2.0 */
/* Every right on a denied file, at its own door; the effect is looked for from outside. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "sandbox/attack/scene.h"

static bool exists(const struct rf_try *t, const char *name)
{
	struct stat st;

	return lstat(rf_try_path(t->dir, name), &st) == 0;
}

static bool was_made(const struct rf_try *t)
{
	return exists(t, "new");
}

static void open_with(struct rf_try *t, int flags)
{
	int fd = open(t->secret, flags | O_CLOEXEC);

	if (fd >= 0 && !(flags & O_TRUNC) && write(fd, "x", 1) != 1)
		fd = -1;
	rf_try_result(t, fd, "open");
}

static void write_it(struct rf_try *t)
{
	open_with(t, O_WRONLY);
}

static void append_it(struct rf_try *t)
{
	open_with(t, O_WRONLY | O_APPEND);
}

/* O_TRUNC truncates whatever the access mode is. */
static void open_truncating(struct rf_try *t)
{
	open_with(t, O_RDONLY | O_TRUNC);
}

static void truncate_it(struct rf_try *t)
{
	rf_try_result(t, truncate(t->secret, 0), "truncate");
}

static void map_it(struct rf_try *t)
{
	int fd = open(t->secret, O_RDWR | O_CLOEXEC);
	char *at = MAP_FAILED;

	if (fd >= 0)
		at = mmap(NULL, RF_TOKEN_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		rf_try_failed(t, "map");
		return;
	}
	at[0] = 'x';
	rf_try_passed(t, "mapped writable");
}

static void unlink_it(struct rf_try *t)
{
	rf_try_result(t, unlink(t->secret), "unlink");
}

static void rename_away(struct rf_try *t)
{
	rf_try_result(t, rename(t->secret, rf_try_path(t->dir, "new")), "rename");
}

static void replace_it(struct rf_try *t)
{
	const char *own = rf_try_path(t->open, "own");
	int fd = open(own, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		rf_try_failed(t, "make a file");
	else
		rf_try_result(t, rename(own, t->secret), "rename over it");
}

static void create_new(struct rf_try *t)
{
	rf_try_result(t, open(rf_try_path(t->dir, "new"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644),
		      "create");
}

static void make_folder(struct rf_try *t)
{
	rf_try_result(t, mkdir(rf_try_path(t->dir, "new"), 0755), "mkdir");
}

static void make_symlink(struct rf_try *t)
{
	rf_try_result(t, symlink("/", rf_try_path(t->dir, "new")), "symlink");
}

static void make_fifo(struct rf_try *t)
{
	rf_try_result(t, mkfifo(rf_try_path(t->dir, "new"), 0644), "mknod");
}

static void make_tmpfile(struct rf_try *t)
{
	char path[64];
	int fd = open(t->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0) {
		rf_try_failed(t, "O_TMPFILE");
		return;
	}
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rf_try_result(
		t, linkat(AT_FDCWD, path, AT_FDCWD, rf_try_path(t->dir, "new"), AT_SYMLINK_FOLLOW),
		"linkat");
}

static void move_in(struct rf_try *t)
{
	const char *own = rf_try_path(t->open, "own");
	int fd = open(own, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		rf_try_failed(t, "make a file");
	else
		rf_try_result(t, rename(own, rf_try_path(t->dir, "new")), "rename");
}

static void list_it(struct rf_try *t)
{
	rf_try_result(t, open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open the folder");
}

/* ---- metadata ---- */

static bool has_mode(const struct rf_try *t)
{
	struct stat st;

	return stat(t->secret, &st) == 0 && (st.st_mode & 07777) == 0640;
}

static void change_mode(struct rf_try *t)
{
	rf_try_result(t, chmod(t->secret, 0640), "chmod");
}

static void change_owner(struct rf_try *t)
{
	rf_try_result(t, chown(t->secret, geteuid(), getegid()), "chown");
}

static bool has_time(const struct rf_try *t)
{
	struct stat st;

	return stat(t->secret, &st) == 0 && st.st_mtim.tv_sec == 1;
}

static void change_times(struct rf_try *t)
{
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	rf_try_result(t, utimensat(AT_FDCWD, t->secret, times, 0), "utimensat");
}

static void change_xattr(struct rf_try *t)
{
	rf_try_result(t, setxattr(t->secret, "user.attack", "x", 1, 0), "setxattr");
}

static int give_xattr(struct rf_try *t)
{
	return setxattr(t->secret, "user.attack", "x", 1, 0) < 0 ? -errno : 0;
}

static void read_xattr(struct rf_try *t)
{
	char value[4];

	rf_try_result(t, getxattr(t->secret, "user.attack", value, sizeof(value)), "getxattr");
}

#define ROW(name, words, right, object, fn, ...)                                                   \
	{                                                                                          \
		.id = "files." name, .text = words, .ask = RF_ASK_FILE(right, object),             \
		.needs = RF_NEEDS_SECRET, .run = fn, ##__VA_ARGS__                                 \
	}
#define OPEN .also = RF_NEEDS_OPEN | RF_NEEDS_SAME

static const struct rf_attempt attempts[] = {
	ROW("write", "write a denied file", WRITE, "%secret", write_it, .happened = rf_try_changed),
	ROW("append", "append to it", APPEND, "%secret", append_it, .happened = rf_try_changed),
	ROW("open-truncate", "open it to read and truncate", WRITE, "%secret", open_truncating,
	    .happened = rf_try_changed),
	ROW("truncate", "truncate it", WRITE, "%secret", truncate_it, .happened = rf_try_changed),
	ROW("map", "map it writable", WRITE, "%secret", map_it, .happened = rf_try_changed),
	ROW("unlink", "unlink it", REMOVE, "%secret", unlink_it, .happened = rf_try_changed),
	ROW("rename", "rename it within its folder", REMOVE, "%secret", rename_away,
	    .happened = rf_try_changed),
	ROW("replace", "rename another file over it", REMOVE, "%secret", replace_it, OPEN,
	    .happened = rf_try_changed),
	ROW("create", "make a file in a denied folder", CREATE, "%dir/new", create_new,
	    .happened = was_made),
	ROW("mkdir", "make a folder there", CREATE, "%dir/new", make_folder, .happened = was_made),
	ROW("symlink", "make a symbolic link there", CREATE, "%dir/new", make_symlink,
	    .happened = was_made),
	ROW("mkfifo", "make a pipe there", CREATE, "%dir/new", make_fifo, .happened = was_made),
	ROW("tmpfile", "make a file without a name there and give it one", CREATE, "%dir/new",
	    make_tmpfile, .happened = was_made),
	ROW("move-in", "rename a file into it", CREATE, "%dir/new", move_in, OPEN,
	    .happened = was_made),
	ROW("list", "list a denied folder", READ, "%dir", list_it),
	ROW("chmod", "change the mode of a denied file", METADATA, "%secret", change_mode,
	    .item = "files.unseen", .happened = has_mode),
	ROW("chown", "change its owner", METADATA, "%secret", change_owner, .item = "files.unseen"),
	ROW("utimes", "change its times", METADATA, "%secret", change_times, .item = "files.unseen",
	    .happened = has_time),
	ROW("setxattr", "give it an extended attribute", METADATA, "%secret", change_xattr,
	    .item = "files.unseen"),
	ROW("getxattr", "read one of its extended attributes", READ, "%secret", read_xattr,
	    .item = "files.unseen", .prepare = give_xattr),
};

const struct rf_attempt_group rf_attack_files = {attempts, RF_ARRAY_LEN(attempts)};
