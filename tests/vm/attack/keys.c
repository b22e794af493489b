/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys: what the keys of the section `kernel` are about, each once, by a process that bears the
 * attempt's name. "NAME ERROR" is told of each, ERROR is "ok" where the call did what it should.
 *
 * keys prepare COMMAND…: gives the command what only somebody free can make: a context of a new
 * file system, a copy of a mount, a ring, a keyring of the session. The attempts take them up.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/vm/attack/attack.h"

enum {
	CONTEXT = 20, /* descriptors of prepare */
	TREE,
	RING
};

#define NEWTIME		0x80 /* for clone it is a signal's number */
#define SESSION_KEYRING (-3)
#define THREAD_KEYRING	(-1)

static uint64_t flags; /* of the attempt, from the table */

static long new_mount(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL);
}

/* Of what is mounted there, if anything: MNT_EXPIRE marks, and takes nothing away. */
static long unmount(void)
{
	return umount2("/mnt", MNT_EXPIRE);
}

static long pivot(void)
{
	return syscall(SYS_pivot_root, "/", "/");
}

static long open_context(void)
{
	return syscall(SYS_fsopen, "tmpfs", 0);
}

static long pick_context(void)
{
	return syscall(SYS_fspick, AT_FDCWD, "/sys", 0);
}

static long configure(void)
{
	return syscall(SYS_fsconfig, CONTEXT, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0);
}

static long make_mount(void)
{
	return syscall(SYS_fsmount, CONTEXT, 0, 0);
}

static long copy_tree(void)
{
	return syscall(SYS_open_tree, AT_FDCWD, "/sys", 1 /* OPEN_TREE_CLONE */);
}

static long attach_tree(void)
{
	return syscall(SYS_move_mount, TREE, "", AT_FDCWD, "/mnt", 4 /* F_EMPTY_PATH */);
}

static long set_mount(void)
{
	const uint64_t attr[4] = {0};

	return syscall(SYS_mount_setattr, AT_FDCWD, "/sys", 0, attr, sizeof(attr));
}

static long by_unshare(void)
{
	return unshare((int)flags);
}

static long by_clone(void)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long by_clone3(void)
{
	const uint64_t args[8] = {flags, 0, 0, 0, SIGCHLD};
	long pid = syscall(SYS_clone3, args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return pid;
}

/* One's own, which changes nothing. */
static long join(void)
{
	return setns(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), 0);
}

static long join_by_pidfd(void)
{
	return setns((int)syscall(SYS_pidfd_open, getpid(), 0), CLONE_NEWUTS);
}

static long ring(void)
{
	struct io_uring_params p = {.flags = (uint32_t)flags};

	return syscall(SYS_io_uring_setup, 4, &p);
}

/* A command for a device, on the ring from before the fence. */
static long ring_command(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	unsigned char *sq = mmap(NULL, 4096, rw, MAP_SHARED, RING, IORING_OFF_SQ_RING);
	struct io_uring_sqe *sqe = mmap(NULL, 4096, rw, MAP_SHARED, RING, IORING_OFF_SQES);
	struct io_uring_params p = {0};
	struct io_uring_cqe *cqe;

	/* Where things are is the same in each ring of this size. */
	if (sq == MAP_FAILED || sqe == MAP_FAILED || pread(RING + 1, &p, sizeof(p), 0) < 0)
		return -1;
	*sqe = (struct io_uring_sqe){.opcode = 46 /* URING_CMD */,
				     .fd = open("/dev/null", O_RDWR | O_CLOEXEC)};
	*(unsigned int *)(void *)(sq + p.sq_off.array) = 0;
	__atomic_store_n((unsigned int *)(void *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, RING, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	cqe = (void *)(sq + p.cq_off.cqes);
	errno = cqe->res < 0 ? -cqe->res : 0;
	return cqe->res;
}

static long bpf_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static long perf(void)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof(attr),
				       .config = PERF_COUNT_SW_TASK_CLOCK};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static long new_key(void)
{
	return syscall(SYS_add_key, "user", "ringfence-test", "x", 1, THREAD_KEYRING);
}

/* Of the keyring from before the fence: nothing is made. */
static long old_key(void)
{
	return syscall(SYS_keyctl, 6 /* KEYCTL_DESCRIBE */, SESSION_KEYRING, NULL, 0);
}

static long module_image(void)
{
	static const char image[64] = "no module";

	return syscall(SYS_init_module, image, sizeof(image), "");
}

static long module_file(void)
{
	return syscall(SYS_finit_module, open("/etc/passwd", O_RDONLY | O_CLOEXEC), "", 0);
}

static long kexec(void)
{
	return syscall(SYS_kexec_load, 0, 0, NULL, 0xff000000ul);
}

static long kexec_file(void)
{
	return syscall(SYS_kexec_file_load, open("/etc/passwd", O_RDONLY | O_CLOEXEC), -1, 0, NULL,
		       4 /* KEXEC_FILE_NO_INITRAMFS */);
}

/* By whoever began the container. */
static long trace_me(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

/* A family that no module brings: the kernel has modprobe look for one all the same. */
static long module_request(void)
{
	return socket(12 /* AF_DECnet */, SOCK_STREAM, 0);
}

static const struct {
	const char *name; /* fits into a process's */
	long (*run)(void);
	uint64_t flags;
} attempts[] = {
	{"mount", new_mount, 0},
	{"umount", unmount, 0},
	{"pivot_root", pivot, 0},
	{"fsopen", open_context, 0},
	{"fspick", pick_context, 0},
	{"fsconfig", configure, 0},
	{"fsmount", make_mount, 0},
	{"open_tree", copy_tree, 0},
	{"move_mount", attach_tree, 0},
	{"mount_setattr", set_mount, 0},
	{"unshare-user", by_unshare, CLONE_NEWUSER},
	{"unshare-mnt", by_unshare, CLONE_NEWNS},
	{"unshare-cgroup", by_unshare, CLONE_NEWCGROUP},
	{"unshare-uts", by_unshare, CLONE_NEWUTS},
	{"unshare-ipc", by_unshare, CLONE_NEWIPC},
	{"unshare-pid", by_unshare, CLONE_NEWPID},
	{"unshare-net", by_unshare, CLONE_NEWNET},
	{"unshare-time", by_unshare, NEWTIME},
	{"clone-user", by_clone, CLONE_NEWUSER},
	{"clone-mnt", by_clone, CLONE_NEWNS},
	{"clone-cgroup", by_clone, CLONE_NEWCGROUP},
	{"clone-uts", by_clone, CLONE_NEWUTS},
	{"clone-ipc", by_clone, CLONE_NEWIPC},
	{"clone-pid", by_clone, CLONE_NEWPID},
	{"clone-net", by_clone, CLONE_NEWNET},
	{"clone3-user", by_clone3, CLONE_NEWUSER},
	{"clone3-mnt", by_clone3, CLONE_NEWNS},
	{"clone3-cgroup", by_clone3, CLONE_NEWCGROUP},
	{"clone3-uts", by_clone3, CLONE_NEWUTS},
	{"clone3-ipc", by_clone3, CLONE_NEWIPC},
	{"clone3-pid", by_clone3, CLONE_NEWPID},
	{"clone3-net", by_clone3, CLONE_NEWNET},
	{"clone3-time", by_clone3, NEWTIME},
	{"setns", join, 0},
	{"setns-pidfd", join_by_pidfd, 0},
	{"ring", ring, 0},
	{"ring-polled", ring, IORING_SETUP_SQPOLL},
	{"ring-command", ring_command, 0},
	{"bpf", bpf_map, 0},
	{"perf", perf, 0},
	{"key-new", new_key, 0},
	{"key-old", old_key, 0},
	{"init_module", module_image, 0},
	{"finit_module", module_file, 0},
	{"kexec_load", kexec, 0},
	{"kexec_file_load", kexec_file, 0},
	{"module-request", module_request, 0},
};

static void try(const char *name, long (*run)(void))
{
	long r;

	prctl(PR_SET_NAME, name);
	errno = 0;
	r = run();
	printf("%s %s\n", name, r < 0 ? strerrorname_np(errno) : "ok");
	fflush(stdout);
}

static int prepare(char **command)
{
	struct io_uring_params p = {0};
	char name[] = "/tmp/keys.XXXXXX";
	int params = mkstemp(name);

	if (dup2((int)syscall(SYS_fsopen, "tmpfs", 0), CONTEXT) < 0 ||
	    dup2((int)copy_tree(), TREE) < 0 ||
	    dup2((int)syscall(SYS_io_uring_setup, 4, &p), RING) < 0 ||
	    write(params, &p, sizeof(p)) != sizeof(p) || dup2(params, RING + 1) < 0 ||
	    syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL) < 0 || unlink(name) < 0)
		return untried("prepare");
	execvp(command[0], command);
	return untried("exec");
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "prepare") == 0)
		return prepare(argv + 2);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			flags = attempts[i].flags;
			try(attempts[i].name, attempts[i].run);
			return WORKED;
		}
		waitpid(pid, NULL, 0);
	}
	try("trace-me", trace_me); /* a child's parent is inside */
	return WORKED;
}
