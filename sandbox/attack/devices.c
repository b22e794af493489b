/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes: making denied ones, and opening them by the usual name and by another. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sandbox/attack/scene.h"

#define BLOCK 1
#define CHAR  2

static const char *own_node(const struct rf_try *t)
{
	return rf_try_path(t->open, "node");
}

static void make_node(struct rf_try *t, mode_t type, unsigned int major, unsigned int minor)
{
	rf_try_result(t, mknod(own_node(t), type | 0600, makedev(major, minor)), "mknod");
}

static void make_char(struct rf_try *t)
{
	make_node(t, S_IFCHR, 1, 11);
}

static void make_block(struct rf_try *t)
{
	make_node(t, S_IFBLK, 7, 0);
}

static void open_node(struct rf_try *t, const char *path, int flags)
{
	rf_try_result(t, open(path, flags | O_NONBLOCK | O_CLOEXEC), "open");
}

/* A node of ours outside, which serves there. */
static int node_outside(struct rf_try *t)
{
	RF_AUTOCLOSE int fd = -1;

	if (mknod(own_node(t), S_IFCHR | 0666, makedev(1, 11)) < 0)
		return -errno;
	fd = open(own_node(t), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : 0;
}

static void open_own(struct rf_try *t)
{
	open_node(t, own_node(t), O_RDONLY);
}

static void open_by_proc(struct rf_try *t)
{
	char path[64];
	int fd = open("/dev/kmsg", O_PATH | O_CLOEXEC);

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0)
		rf_try_failed(t, "open as a path");
	else
		open_node(t, path, O_RDONLY);
}

#define OPEN(name, path, flags)                                                                    \
	static void open_##name(struct rf_try *t)                                                  \
	{                                                                                          \
		open_node(t, path, flags);                                                         \
	}

OPEN(kmsg, "/dev/kmsg", O_RDONLY)
OPEN(kmsg_write, "/dev/kmsg", O_WRONLY)
OPEN(mem, "/dev/mem", O_RDONLY)
OPEN(port, "/dev/port", O_RDONLY)
OPEN(tun, "/dev/net/tun", O_RDWR)
OPEN(fuse, "/dev/fuse", O_RDWR)
OPEN(loop, "/dev/loop-control", O_RDWR)
OPEN(vda, "/dev/vda", O_RDONLY)
OPEN(sda, "/dev/sda", O_RDONLY)

#define ROW(name, words, right, type, maj, min, fn, ...)                                           \
	{                                                                                          \
		.id = "devices." name, .text = words, .ask = RF_ASK_DEVICE(right, type, maj, min), \
		.run = fn, ##__VA_ARGS__                                                           \
	}

static const struct rf_attempt attempts[] = {
	ROW("mknod-char", "make a node of the kernel's log", MKNOD, CHAR, 1, 11, make_char,
	    .needs = RF_NEEDS_OPEN),
	ROW("mknod-block", "make a node of a loop device", MKNOD, BLOCK, 7, 0, make_block,
	    .needs = RF_NEEDS_OPEN),
	ROW("own-node", "open the kernel's log by another node of it", READ, CHAR, 1, 11, open_own,
	    .needs = RF_NEEDS_OPEN, .prepare = node_outside),
	ROW("kmsg", "open the kernel's log", READ, CHAR, 1, 11, open_kmsg),
	ROW("kmsg-proc", "open it through /proc/self/fd", READ, CHAR, 1, 11, open_by_proc),
	ROW("kmsg-write", "open it to write", WRITE, CHAR, 1, 11, open_kmsg_write),
	ROW("mem", "open the memory of the machine", READ, CHAR, 1, 1, open_mem,
	    .also = RF_NEEDS_SELF),
	ROW("port", "open its I/O ports", READ, CHAR, 1, 4, open_port),
	ROW("tun", "open the maker of network tunnels", WRITE, CHAR, 10, 200, open_tun),
	ROW("fuse", "open the door of file systems in user space", WRITE, CHAR, 10, 229, open_fuse),
	ROW("loop", "open the maker of loop devices", WRITE, CHAR, 10, 237, open_loop),
	ROW("vda", "open the disk beneath (virtio)", READ, BLOCK, 254, 0, open_vda),
	ROW("sda", "open the disk beneath (SCSI)", READ, BLOCK, 8, 0, open_sda),
};

const struct rf_attempt_group rf_attack_devices = {attempts, RF_ARRAY_LEN(attempts)};
