/* SPDX-License-Identifier: Apache-2.0 */
/* What the section `kernel` is about: mounts, namespaces, io_uring, BPF, perf, keys, modules. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/attack/scene.h"

/* Mounted in namespaces of its own, so that nobody else sees it. */
static void mount_tmpfs(struct rf_try *t)
{
	if (unshare(CLONE_NEWNS) < 0) {
		rf_try_failed(t, "unshare");
		return;
	}
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0) {
		rf_try_failed(t, "mount");
		return;
	}
	rf_try_result(t, mount("none", "/tmp", "tmpfs", 0, NULL), "mount");
}

/* MS_REMOUNT without a change, of a mount that is none: only its refusal tells. */
static void call_mount(struct rf_try *t)
{
	if (mount("none", "/proc/self/fd", "ringfence-attack", 0, NULL) < 0 && errno == ENODEV)
		rf_try_passed(t, "the call reached the list of file systems");
	else
		rf_try_failed(t, "mount");
}

static void open_fs(struct rf_try *t)
{
	rf_try_result(t, syscall(SYS_fsopen, "tmpfs", 1), "fsopen");
}

static void private_mount(struct rf_try *t)
{
	long mnt, fs = syscall(SYS_fsopen, "tmpfs", 1);

	if (fs < 0 || syscall(SYS_fsconfig, fs, 6, NULL, NULL, 0) < 0) {
		rf_try_failed(t, "fsconfig");
		return;
	}
	mnt = syscall(SYS_fsmount, fs, 1, 0);
	rf_try_result(t, mnt, "fsmount");
}

static void set_mount(struct rf_try *t)
{
	struct {
		uint64_t set, clear, propagation, userns_fd;
	} attr = {0};

	rf_try_result(t, syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attr, sizeof(attr)),
		      "mount_setattr");
}

/* MNT_EXPIRE only marks a mount, and what is in use not even that. */
static void unmount(struct rf_try *t)
{
	if (umount2("/", MNT_EXPIRE) < 0 && (errno == EBUSY || errno == EAGAIN || errno == EINVAL))
		rf_try_passed(t, "umount2 was not refused");
	else
		rf_try_failed(t, "umount2");
}

static void pivot(struct rf_try *t)
{
	if (syscall(SYS_pivot_root, "/", "/") < 0 && (errno == EBUSY || errno == EINVAL))
		rf_try_passed(t, "pivot_root was not refused");
	else
		rf_try_failed(t, "pivot_root");
}

/* ---- namespaces ---- */

static void user_namespace(struct rf_try *t)
{
	rf_try_result(t, unshare(CLONE_NEWUSER), "unshare");
}

static void cloned_user_namespace(struct rf_try *t)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	rf_try_result(t, pid, "clone");
}

static void namespaces(struct rf_try *t)
{
	static const int flags[] = {CLONE_NEWNS,  CLONE_NEWUTS, CLONE_NEWIPC,
				    CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWCGROUP};

	for (size_t i = 0; i < RF_ARRAY_LEN(flags); i++)
		if (unshare(flags[i]) == 0) {
			rf_try_passed(t, "unshare");
			return;
		}
	rf_try_failed(t, "unshare");
}

static void cloned_namespace(struct rf_try *t)
{
	long pid = syscall(SYS_clone, CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	rf_try_result(t, pid, "clone");
}

/* The newer sibling, whose flags no filter can see. */
static void clone3_namespace(struct rf_try *t)
{
	uint64_t args[8] = {CLONE_NEWUTS, 0, 0, 0, SIGCHLD};
	long pid = syscall(SYS_clone3, args, sizeof(args));

	if (pid == 0)
		_exit(0);
	rf_try_result(t, pid, "clone3");
}

static void enter_namespace(struct rf_try *t)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/uts", t->scene->victim);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		rf_try_failed(t, "open a namespace");
	else
		rf_try_result(t, setns(fd, 0), "setns");
}

static void enter_by_pidfd(struct rf_try *t)
{
	long fd = syscall(SYS_pidfd_open, t->scene->victim, 0);

	if (fd < 0)
		rf_try_failed(t, "pidfd_open");
	else
		rf_try_result(t, setns((int)fd, CLONE_NEWUTS), "setns");
}

/* ---- the rest of the keys ---- */

static void make_ring(struct rf_try *t)
{
	uint32_t params[30] = {0};

	rf_try_result(t, syscall(SYS_io_uring_setup, 2, params), "io_uring_setup");
}

static void make_polled_ring(struct rf_try *t)
{
	uint32_t params[30] = {[2] = 2 /* IORING_SETUP_SQPOLL */};

	rf_try_result(t, syscall(SYS_io_uring_setup, 2, params), "io_uring_setup");
}

static void make_map(struct rf_try *t)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	rf_try_result(t, syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)), "bpf");
}

static void perf_event(struct rf_try *t)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof(attr),
				       .config = PERF_COUNT_SW_CPU_CLOCK,
				       .exclude_kernel = 1,
				       .exclude_hv = 1};

	rf_try_result(t, syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0), "perf_event_open");
}

static void add_key(struct rf_try *t)
{
	rf_try_result(t,
		      syscall(SYS_add_key, "user", "ringfence-attack", "x", 1,
			      -1 /* KEY_SPEC_THREAD_KEYRING */),
		      "add_key");
}

static void ask_key(struct rf_try *t)
{
	rf_try_result(t, syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -4, 1), "keyctl");
}

static void load_module(struct rf_try *t)
{
	static const char image[64] = "no module";

	if (syscall(SYS_init_module, image, sizeof(image), "") < 0 &&
	    (errno == ENOEXEC || errno == EKEYREJECTED || errno == EBADMSG))
		rf_try_passed(t, "the kernel looked into the image");
	else
		rf_try_failed(t, "init_module");
}

static void load_module_file(struct rf_try *t)
{
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	if (syscall(SYS_finit_module, fd, "", 0) < 0 &&
	    (errno == ENOEXEC || errno == EKEYREJECTED || errno == EBADMSG))
		rf_try_passed(t, "the kernel looked into the file");
	else
		rf_try_failed(t, "finit_module");
}

/* No segments and an architecture that is none: nothing could be loaded. */
static void load_kernel(struct rf_try *t)
{
	if (syscall(SYS_kexec_load, 0, 0, NULL, 0xff000000ul) < 0 && errno == EINVAL)
		rf_try_passed(t, "kexec_load was not refused");
	else
		rf_try_failed(t, "kexec_load");
}

#define ROW(name, words, key, fn, ...)                                                             \
	{                                                                                          \
		.id = "kernel." name, .text = words, .ask = RF_ASK_KERNEL(key), .run = fn,         \
		##__VA_ARGS__                                                                      \
	}

static const struct rf_attempt attempts[] = {
	ROW("mount", "mount a file system", MOUNT, mount_tmpfs),
	ROW("mount-call", "call mount without a namespace of its own", MOUNT, call_mount),
	ROW("fsopen", "open a file system by the new calls", MOUNT, open_fs),
	ROW("fsmount", "make a mount that is attached nowhere", MOUNT, private_mount),
	ROW("mount-setattr", "change attributes of a mount", MOUNT, set_mount),
	ROW("umount", "unmount", MOUNT, unmount),
	ROW("pivot-root", "change the root of all", MOUNT, pivot),
	ROW("user-namespace", "make a user namespace", USER_NAMESPACES, user_namespace),
	ROW("user-clone", "make one by clone", USER_NAMESPACES, cloned_user_namespace),
	ROW("namespaces", "make any other namespace", NAMESPACES, namespaces),
	ROW("clone", "make one by clone", NAMESPACES, cloned_namespace),
	ROW("clone3", "make one by clone3", NAMESPACES, clone3_namespace),
	ROW("setns", "enter a namespace by its file", NAMESPACES, enter_namespace),
	ROW("setns-pidfd", "enter those of a process outside", NAMESPACES, enter_by_pidfd),
	ROW("io-uring", "make an io_uring", IO_URING, make_ring),
	ROW("io-uring-sqpoll", "make one that the kernel polls", IO_URING, make_polled_ring),
	ROW("bpf", "make a BPF map", BPF, make_map),
	ROW("perf", "open a performance event", PERF_EVENTS, perf_event),
	ROW("add-key", "add a key to a keyring", KEYRINGS, add_key),
	ROW("keyring", "ask for a keyring", KEYRINGS, ask_key),
	ROW("init-module", "load a module from memory", MODULES, load_module),
	ROW("finit-module", "load a module from a file", MODULES, load_module_file),
	ROW("kexec", "load another kernel", MODULES, load_kernel),
};

const struct rf_attempt_group rf_attack_kernel = {attempts, RF_ARRAY_LEN(attempts)};
