/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuse BACKING MOUNTPOINT [fresh] [hide] [keep]: a small file system server, for names that move
 * without a rename on the mount: what is moved in BACKING is found elsewhere by the next look-up.
 *
 * One object of BACKING is one node, so that the kernel knows a directory again where it meets it
 * under another name, and moves its dentry there. "fresh": each look-up gives a new node and inode
 * number. "hide": an open file that is removed is renamed first, as libfuse does it. "keep": the
 * kernel may believe names for an hour. Nodes are never forgotten: each holds a descriptor, so
 * that no number of BACKING comes back while it runs.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "tests/vm/attack/attack.h"

#define NODES	 60000
#define BUFFER	 (1 << 18)
#define READABLE (1 << 16) /* bytes answered at once */

struct node {
	int fd; /* O_PATH */
	dev_t dev;
	ino_t ino;
	unsigned int opened;
};

static struct node nodes[NODES];
static uint64_t last = FUSE_ROOT_ID;
static bool fresh, hide;
static unsigned int valid, hidden;
static int device;
static uint64_t unique;
static char buffer[BUFFER] __attribute__((aligned(8)));
static char answer_text[READABLE] __attribute__((aligned(8)));

/* error: 0, or an errno. */
static void answer(int error, void *data, size_t size)
{
	struct fuse_out_header head = {.unique = unique, .error = -error};
	struct iovec parts[2] = {{&head, sizeof(head)}, {data, error ? 0 : size}};

	head.len = (uint32_t)(sizeof(head) + parts[1].iov_len);
	/* Who asked may be gone (ENOENT). */
	if (writev(device, parts, 2) < 0 && errno != ENOENT)
		perror("fuse: answer");
}

static void answer_result(int r)
{
	answer(r < 0 ? errno : 0, NULL, 0);
}

static int fd_of(uint64_t id)
{
	return id <= last ? nodes[id].fd : -1;
}

/* An O_PATH descriptor opened for use. */
static int reopen(uint64_t id, int flags)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd_of(id));
	return open(name, (flags & ~O_NOFOLLOW) | O_CLOEXEC, 0600);
}

static void fill_attr(struct fuse_attr *ret, const struct stat *st, uint64_t id)
{
	*ret = (struct fuse_attr){
		.ino = fresh ? id : st->st_ino,
		.size = (uint64_t)st->st_size,
		.blocks = (uint64_t)st->st_blocks,
		.mode = st->st_mode,
		.nlink = (uint32_t)st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.blksize = 4096,
		.mtime = (uint64_t)st->st_mtim.tv_sec,
		.ctime = (uint64_t)st->st_ctim.tv_sec,
	};
}

static uint64_t find_node(const struct stat *st)
{
	for (uint64_t id = FUSE_ROOT_ID; !fresh && id <= last; id++) {
		if (nodes[id].ino == st->st_ino && nodes[id].dev == st->st_dev)
			return id;
	}
	return 0;
}

/* 0, or -1 with errno. */
static int find_entry(struct fuse_entry_out *ret, uint64_t parent, const char *name)
{
	bool self = strcmp(name, ".") == 0;
	int fd = self ? dup(fd_of(parent)) : openat(fd_of(parent), name, O_PATH | O_NOFOLLOW);
	struct stat st;
	uint64_t id;

	memset(ret, 0, sizeof(*ret));
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	id = self ? parent : find_node(&st);
	if (id) {
		close(fd);
	} else if (last + 1 < NODES) {
		id = ++last;
		nodes[id] = (struct node){.fd = fd, .dev = st.st_dev, .ino = st.st_ino};
	} else {
		close(fd);
		errno = ENFILE;
		return -1;
	}
	ret->nodeid = id;
	ret->generation = 1;
	ret->entry_valid = valid;
	ret->attr_valid = valid;
	fill_attr(&ret->attr, &st, id);
	return 0;
}

static void answer_entry(int r, uint64_t parent, const char *name)
{
	struct fuse_entry_out entry;

	if (r >= 0)
		r = find_entry(&entry, parent, name);
	answer(r < 0 ? errno : 0, &entry, sizeof(entry));
}

static void answer_attr(uint64_t id)
{
	struct fuse_attr_out out = {.attr_valid = valid};
	struct stat st;
	int r = fstat(fd_of(id), &st);

	if (r == 0)
		fill_attr(&out.attr, &st, id);
	answer(r < 0 ? errno : 0, &out, sizeof(out));
}

static void set_attr(uint64_t id, const struct fuse_setattr_in *in)
{
	char name[64];
	int r = 0;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd_of(id));
	if (in->valid & FATTR_MODE)
		r = chmod(name, in->mode & 07777);
	if (r == 0 && (in->valid & FATTR_SIZE))
		r = truncate(name, (off_t)in->size);
	if (r < 0)
		answer_result(r);
	else
		answer_attr(id);
}

static void answer_open(uint64_t id, uint32_t flags, bool dir)
{
	int fd = reopen(id, dir ? O_RDONLY | O_DIRECTORY : (int)flags & O_ACCMODE);
	struct fuse_open_out out = {.fh = (uint64_t)fd};

	if (fd >= 0)
		nodes[id].opened++;
	answer(fd < 0 ? errno : 0, &out, sizeof(out));
}

static void answer_create(uint64_t parent, const struct fuse_create_in *in)
{
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} out = {.open = {.fh = 0}};
	const char *name = (const char *)(in + 1);
	int fd = openat(fd_of(parent), name, (int)in->flags | O_CREAT | O_CLOEXEC, in->mode);

	if (fd < 0 || find_entry(&out.entry, parent, name) < 0) {
		answer(errno, NULL, 0);
		return;
	}
	nodes[out.entry.nodeid].opened++;
	out.open.fh = (uint64_t)fd;
	answer(0, &out, sizeof(out));
}

static void answer_read(const struct fuse_read_in *in)
{
	size_t size = in->size < READABLE ? in->size : READABLE;
	ssize_t n = pread((int)in->fh, answer_text, size, (off_t)in->offset);

	answer(n < 0 ? errno : 0, answer_text, n < 0 ? 0 : (size_t)n);
}

static void answer_write(const struct fuse_write_in *in)
{
	ssize_t n = pwrite((int)in->fh, in + 1, in->size, (off_t)in->offset);
	struct fuse_write_out out = {.size = n < 0 ? 0 : (uint32_t)n};

	answer(n < 0 ? errno : 0, &out, sizeof(out));
}

/* Each call reads the folder anew, from its entry of the number in->offset. */
static void answer_readdir(const struct fuse_read_in *in)
{
	size_t used = 0, room = in->size < READABLE ? in->size : READABLE;
	DIR *dir = fdopendir(dup((int)in->fh));
	const struct dirent *entry;

	if (!dir) {
		answer(errno, NULL, 0);
		return;
	}
	rewinddir(dir);
	for (uint64_t at = 1; (entry = readdir(dir)); at++) {
		struct fuse_dirent *out = (void *)(answer_text + used);
		size_t size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + strlen(entry->d_name));

		if (at <= in->offset)
			continue;
		if (used + size > room)
			break;
		memset(out, 0, size);
		out->ino = entry->d_ino;
		out->off = at;
		out->namelen = (uint32_t)strlen(entry->d_name);
		out->type = entry->d_type;
		memcpy(out->name, entry->d_name, out->namelen);
		used += size;
	}
	closedir(dir);
	answer(0, answer_text, used);
}

static void answer_unlink(uint64_t parent, const char *name)
{
	struct fuse_entry_out entry;
	char other[64];

	if (hide && find_entry(&entry, parent, name) == 0 && nodes[entry.nodeid].opened) {
		snprintf(other, sizeof(other), ".fuse_hidden%08x", ++hidden);
		answer_result(renameat(fd_of(parent), name, fd_of(parent), other));
		return;
	}
	answer_result(unlinkat(fd_of(parent), name, 0));
}

static void answer_rename(uint64_t from, uint64_t to, const char *names, uint32_t flags)
{
	answer_result(renameat2(fd_of(from), names, fd_of(to), names + strlen(names) + 1, flags));
}

static void answer_link(uint64_t parent, const struct fuse_link_in *in)
{
	const char *name = (const char *)(in + 1);
	char old[64];

	snprintf(old, sizeof(old), "/proc/self/fd/%d", fd_of(in->oldnodeid));
	answer_entry(linkat(AT_FDCWD, old, fd_of(parent), name, AT_SYMLINK_FOLLOW), parent, name);
}

static void answer_init(const struct fuse_init_in *in)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = 31,
		.max_readahead = in->max_readahead,
		.flags = in->flags & (FUSE_EXPORT_SUPPORT | FUSE_BIG_WRITES),
		.max_write = READABLE,
		.time_gran = 1,
	};

	answer(0, &out, sizeof(out));
}

static void answer_statfs(void)
{
	struct fuse_statfs_out out = {.st = {.bsize = 4096, .frsize = 4096, .namelen = 255}};

	answer(0, &out, sizeof(out));
}

static void serve(const struct fuse_in_header *in)
{
	const void *arg = in + 1;
	uint64_t id = in->nodeid;

	unique = in->unique;
	switch (in->opcode) {
	case FUSE_INIT:
		return answer_init(arg);
	case FUSE_LOOKUP:
		return answer_entry(0, id, arg);
	case FUSE_GETATTR:
		return answer_attr(id);
	case FUSE_SETATTR:
		return set_attr(id, arg);
	case FUSE_MKDIR: {
		const struct fuse_mkdir_in *dir = arg;
		const char *name = (const char *)(dir + 1);

		return answer_entry(mkdirat(fd_of(id), name, dir->mode), id, name);
	}
	case FUSE_UNLINK:
		return answer_unlink(id, arg);
	case FUSE_RMDIR:
		return answer_result(unlinkat(fd_of(id), arg, AT_REMOVEDIR));
	case FUSE_RENAME: {
		const struct fuse_rename_in *to = arg;

		return answer_rename(id, to->newdir, (const char *)(to + 1), 0);
	}
	case FUSE_RENAME2: {
		const struct fuse_rename2_in *to = arg;

		return answer_rename(id, to->newdir, (const char *)(to + 1), to->flags);
	}
	case FUSE_LINK:
		return answer_link(id, arg);
	case FUSE_OPEN:
		return answer_open(id, ((const struct fuse_open_in *)arg)->flags, false);
	case FUSE_OPENDIR:
		return answer_open(id, 0, true);
	case FUSE_CREATE:
		return answer_create(id, arg);
	case FUSE_READ:
		return answer_read(arg);
	case FUSE_WRITE:
		return answer_write(arg);
	case FUSE_READDIR:
		return answer_readdir(arg);
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		close((int)((const struct fuse_release_in *)arg)->fh);
		nodes[id].opened--;
		return answer(0, NULL, 0);
	case FUSE_STATFS:
		return answer_statfs();
	case FUSE_FLUSH:
	case FUSE_FSYNC:
		return answer(0, NULL, 0);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	default:
		return answer(ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	const struct rlimit files = {2 * NODES, 2 * NODES};
	char options[128];
	struct stat st;

	if (argc < 3)
		return UNTRIED;
	for (int i = 3; i < argc; i++) {
		fresh |= strcmp(argv[i], "fresh") == 0;
		hide |= strcmp(argv[i], "hide") == 0;
		valid = strcmp(argv[i], "keep") == 0 ? 3600 : valid;
	}
	umask(0);
	setrlimit(RLIMIT_NOFILE, &files);
	nodes[FUSE_ROOT_ID].fd = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0 || fstat(nodes[FUSE_ROOT_ID].fd, &st) < 0)
		return untried("open");
	nodes[FUSE_ROOT_ID].dev = st.st_dev;
	nodes[FUSE_ROOT_ID].ino = st.st_ino;
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions",
		 device);
	if (mount("fuse", argv[2], "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		return untried("mount");
	for (;;) {
		ssize_t n = read(device, buffer, sizeof(buffer));

		if (n >= (ssize_t)sizeof(struct fuse_in_header))
			serve((const void *)buffer);
		else if (errno != EINTR && errno != EAGAIN && errno != ENOENT)
			return errno == ENODEV ? WORKED : untried("read"); /* unmounted */
	}
}
