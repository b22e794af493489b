/* SPDX-License-Identifier: Apache-2.0 */
/* Ways in that a list of system calls shows and a list of features does not. */
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "tests/vm/attack/attack.h"

#ifndef F_SETOWN_EX
#define F_SETOWN_EX 15
struct f_owner_ex {
	int type;
	pid_t pid;
};
#endif

/* A pair of sockets, whose first sends the signal to its owner when it can be read. */
static int make_pipe(int ends[2], int signal)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
	    fcntl(ends[0], F_SETFL, O_ASYNC) < 0 || fcntl(ends[0], F_SETSIG, signal) < 0)
		return untried("socketpair");
	return WORKED;
}

static int ring_bell(const int ends[2])
{
	return write(ends[1], "x", 1) == 1 ? WORKED : untried("write");
}

/* PID SIGNAL: sent by the kernel, for a descriptor. */
static int owner(char **arg)
{
	int ends[2];

	if (make_pipe(ends, atoi(arg[1])))
		return UNTRIED;
	return fcntl(ends[0], F_SETOWN, atoi(arg[0])) < 0 ? refused("F_SETOWN") : ring_bell(ends);
}

static int owner_ex(char **arg)
{
	struct f_owner_ex who = {.type = 1, .pid = atoi(arg[0])};
	int ends[2];

	if (make_pipe(ends, atoi(arg[1])))
		return UNTRIED;
	return fcntl(ends[0], F_SETOWN_EX, &who) < 0 ? refused("F_SETOWN_EX") : ring_bell(ends);
}

static int owner_ioctl(char **arg)
{
	int pid = atoi(arg[0]), ends[2];

	if (make_pipe(ends, atoi(arg[1])))
		return UNTRIED;
	return ioctl(ends[0], 0x8901 /* FIOSETOWN */, &pid) < 0 ? refused("FIOSETOWN")
								: ring_bell(ends);
}

static volatile sig_atomic_t rang;

static void take(int signal)
{
	(void)signal;
	rang = 1;
}

/* For oneself that is what it is for. */
static int own_owner(char **arg)
{
	int ends[2];

	(void)arg;
	signal(SIGUSR1, take);
	if (make_pipe(ends, SIGUSR1))
		return UNTRIED;
	if (fcntl(ends[0], F_SETOWN, getpid()) < 0)
		return refused("F_SETOWN");
	return ring_bell(ends) || !rang ? UNTRIED : WORKED;
}

static int watch(char **arg)
{
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0)
		return untried("inotify_init");
	return inotify_add_watch(fd, arg[0], IN_CREATE) < 0 ? refused("watch") : WORKED;
}

/* A whole mount: which of its files are opened. */
static int watch_mount(char **arg)
{
	int fd = fanotify_init(FAN_CLOEXEC | FAN_CLASS_NOTIF, O_RDONLY);

	if (fd < 0)
		return untried("fanotify_init");
	return fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN, AT_FDCWD, arg[0]) < 0
		       ? refused("fanotify_mark")
		       : WORKED;
}

/* WHAT MASK PATH: marks it ("0" the file, "0x10" its mount, "0x100" its file system) and goes. */
static int mark(char **arg)
{
	unsigned int what = (unsigned int)strtoul(arg[0], NULL, 0);
	int fd = fanotify_init(FAN_CLOEXEC | FAN_CLASS_CONTENT, O_RDONLY);

	if (fd < 0)
		return untried("fanotify_init");
	return fanotify_mark(fd, FAN_MARK_ADD | what, strtoull(arg[1], NULL, 0), AT_FDCWD, arg[2]) <
			       0
		       ? refused("fanotify_mark")
		       : WORKED;
}

static int whiteout(char **arg)
{
	return renameat2(AT_FDCWD, arg[0], AT_FDCWD, arg[1], RENAME_WHITEOUT) < 0
		       ? refused("renameat2")
		       : WORKED;
}

static int file_flags(char **arg)
{
	int fd = open(arg[0], O_RDONLY | O_CLOEXEC), flags = FS_NODUMP_FL;

	if (fd < 0)
		return untried("open");
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? refused("FS_IOC_SETFLAGS") : WORKED;
}

/* REQUEST PATH: an ioctl with a page of zeroes. */
static int request(char **arg)
{
	static char zeroes[4096];
	int fd = open(arg[1], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return untried("open");
	return ioctl(fd, strtoul(arg[0], NULL, 0), zeroes) < 0 ? refused("ioctl") : WORKED;
}

/* A mapping of the file that may not be executed, remapped with what it then asks for. */
static int remapped(char **arg)
{
	int fd = open(arg[0], O_RDWR | O_CLOEXEC); /* else the mapping is not a shared one */
	void *at;

	if (fd < 0)
		return untried("open");
	at = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return untried("mmap");
	if (syscall(SYS_remap_file_pages, at, 4096, 0, 1, 0) < 0)
		return refused("remap_file_pages");
	return mprotect(at, 4096, PROT_READ | PROT_EXEC) < 0 ? refused("mprotect") : WORKED;
}

static int shared_exec(char **arg)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700);
	void *at;

	(void)arg;
	if (id < 0)
		return untried("shmget");
	at = shmat(id, NULL, SHM_EXEC);
	shmctl(id, IPC_RMID, NULL);
	return at == (void *)-1 ? refused("shmat") : WORKED;
}

/* Through an append descriptor, to somewhere else than the end. */
static int append_hole(char **arg)
{
	int fd = open(arg[0], O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		return untried("open");
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) < 0)
		return refused("fallocate");
	return WORKED;
}

static int append_not(char **arg)
{
	struct iovec iov = {(char[]){"OVERWRITTEN"}, 11};
	int fd = open(arg[0], O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		return untried("open");
	/* RWF_NOAPPEND, since 6.9 */
	return syscall(SYS_pwritev2, fd, &iov, 1, 0, 0, 0x20) < 0 ? refused("pwritev2") : WORKED;
}

int main(int argc, char **argv)
{
	static const struct attack attacks[] = {{"owner", 2, owner},
						{"owner-ex", 2, owner_ex},
						{"owner-ioctl", 2, owner_ioctl},
						{"own-owner", 0, own_owner},
						{"watch", 1, watch},
						{"watch-mount", 1, watch_mount},
						{"mark", 3, mark},
						{"whiteout", 2, whiteout},
						{"flags", 1, file_flags},
						{"request", 2, request},
						{"remap", 1, remapped},
						{"shm-exec", 0, shared_exec},
						{"append-hole", 1, append_hole},
						{"append-not", 1, append_not},
						{NULL, 0, NULL}};

	return run_attack(attacks, argc, argv);
}
