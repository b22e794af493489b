/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no policy gives away: ringfence's own kernel side, files, folders and processes, and the
 * ways by which the kernel starts programs outside. Nothing is written, even where it is not
 * refused.
 */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "sandbox/attack/scene.h"

#define PINS   "/sys/fs/bpf/ringfence"
#define RUN    "/run/ringfence"
#define CACHE  "/var/cache/ringfence"
#define CONFIG "/etc/ringfence"
#define MARK   "/.attack-mark"
/* This file system takes no dots. */
#define BPFFS_MARK "/sys/fs/bpf/attack-mark"

/* Names below the folders of the installation: see rf_try_installed. */
#define PROGRAM "%libexec/ringfence-probe"
#define POLICY	"%data" MARK

/* ---- bpf(2) ---- */

#define BPF_COMMANDS 40

/* Empty arguments: what is not refused fails on them, or answers a question. */
static void every_command(struct rf_try *t)
{
	for (int command = 0; command < BPF_COMMANDS; command++) {
		union bpf_attr attr;
		char what[32];

		memset(&attr, 0, sizeof(attr));
		if (syscall(SYS_bpf, command, &attr, sizeof(attr)) >= 0 ||
		    !rf_try_is_refusal(t, errno)) {
			(void)snprintf(what, sizeof(what), "command %d", command);
			rf_try_passed(t, what);
			return;
		}
	}
	rf_try_failed(t, "bpf");
}

static void list_programs(struct rf_try *t)
{
	union bpf_attr attr = {.start_id = 0};

	rf_try_result(t, syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr)),
		      "BPF_PROG_GET_NEXT_ID");
}

static void open_pin(struct rf_try *t)
{
	union bpf_attr attr = {.pathname = (uint64_t)(uintptr_t)PINS};
	long r = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));

	/* A folder is no pin: whoever is told so has come through. */
	if (r < 0 && (errno == EISDIR || errno == EINVAL))
		r = 0;
	rf_try_result(t, r, "BPF_OBJ_GET");
}

/* ---- bpffs ---- */

static void list_pins(struct rf_try *t)
{
	rf_try_result(t, open(PINS, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open");
}

static void make_in_pins(struct rf_try *t)
{
	rf_try_result(t, mkdir(BPFFS_MARK, 0700), "mkdir");
}

static void new_bpffs(struct rf_try *t)
{
	long fs = syscall(SYS_fsopen, "bpf", 1);

	if (fs < 0 || syscall(SYS_fsconfig, fs, 6, NULL, NULL, 0) < 0)
		rf_try_failed(t, "make a bpffs");
	else
		rf_try_passed(t, "made a bpffs");
}

/* Where the kernel's settings would have names that nobody protects. It gets no place. */
static void new_proc(struct rf_try *t)
{
	long fs = syscall(SYS_fsopen, "proc", 1);

	if (fs < 0 || syscall(SYS_fsconfig, fs, 6, NULL, NULL, 0) < 0 ||
	    syscall(SYS_fsmount, fs, 1, 0) < 0)
		rf_try_failed(t, "make a procfs");
	else
		rf_try_passed(t, "made a procfs");
}

/* Only marks it for expiry, if that: it is in use. */
static void unmount_bpffs(struct rf_try *t)
{
	if (umount2("/sys/fs/bpf", MNT_EXPIRE) < 0 && (errno == EBUSY || errno == EAGAIN))
		rf_try_passed(t, "umount2 was not refused");
	else
		rf_try_failed(t, "umount2");
}

/* The mode that they have already. */
static void chmod_same(struct rf_try *t, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		rf_try_failed(t, "stat");
	else
		rf_try_result(t, chmod(path, st.st_mode & 07777), "chmod");
}

static void chmod_pins(struct rf_try *t)
{
	chmod_same(t, PINS);
}

/* ---- folders ---- */

static void list(struct rf_try *t, const char *dir)
{
	rf_try_result(t, open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open");
}

static void plant(struct rf_try *t, const char *path)
{
	rf_try_result(t, open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), "create");
}

static void list_run(struct rf_try *t)
{
	list(t, RUN);
}

static void plant_run(struct rf_try *t)
{
	plant(t, RUN MARK);
}

static void list_cache(struct rf_try *t)
{
	list(t, CACHE);
}

static void plant_cache(struct rf_try *t)
{
	plant(t, CACHE MARK);
}

static void plant_config(struct rf_try *t)
{
	plant(t, CONFIG MARK);
}

static void plant_policy(struct rf_try *t)
{
	plant(t, rf_try_installed(POLICY));
}

static void write_program(struct rf_try *t)
{
	rf_try_result(t, open(rf_try_installed(PROGRAM), O_WRONLY | O_CLOEXEC), "open");
}

static void chmod_program(struct rf_try *t)
{
	chmod_same(t, rf_try_installed(PROGRAM));
}

static void unmark(const struct rf_try *t RF_UNUSED)
{
	static const char *const marks[] = {RUN MARK, CACHE MARK, CONFIG MARK};

	for (size_t i = 0; i < RF_ARRAY_LEN(marks); i++)
		(void)unlink(marks[i]);
	(void)unlink(rf_try_installed(POLICY));
	(void)rmdir(BPFFS_MARK);
}

/* ---- the supervisor ---- */

static void signal_supervisor(struct rf_try *t)
{
	rf_try_result(t, kill(t->scene->supervisor, SIGCONT), "kill");
}

static void trace_supervisor(struct rf_try *t)
{
	rf_try_result(t, ptrace(PTRACE_SEIZE, t->scene->supervisor, NULL, NULL), "ptrace");
}

static void read_supervisor(struct rf_try *t)
{
	char text[RF_TOKEN_LEN];
	struct iovec mine = {text, sizeof(text)};
	struct iovec its = {(void *)(uintptr_t)t->scene, sizeof(text)};

	rf_try_result(t, syscall(SYS_process_vm_readv, t->scene->supervisor, &mine, 1, &its, 1, 0),
		      "process_vm_readv");
}

static void limit_supervisor(struct rf_try *t)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) < 0)
		rf_try_failed(t, "getrlimit");
	else
		rf_try_result(t, prlimit(t->scene->supervisor, RLIMIT_CORE, &limit, NULL),
			      "prlimit");
}

static void take_descriptor(struct rf_try *t)
{
	long fd = syscall(SYS_pidfd_open, t->scene->supervisor, 0);

	if (fd < 0)
		rf_try_failed(t, "pidfd_open");
	else
		rf_try_result(t, syscall(SYS_pidfd_getfd, fd, 2, 0), "pidfd_getfd");
}

static void schedule_supervisor(struct rf_try *t)
{
	rf_try_result(t,
		      setpriority(PRIO_PROCESS, (id_t)t->scene->supervisor,
				  getpriority(PRIO_PROCESS, (id_t)t->scene->supervisor)),
		      "setpriority");
}

/* ---- audit, and what the kernel starts outside ---- */

/* An AUDIT_SET that sets nothing. */
static void configure_audit(struct rf_try *t)
{
	struct {
		struct nlmsghdr head;
		struct audit_status status;
	} request = {.head = {.nlmsg_len = sizeof(request),
			      .nlmsg_type = AUDIT_SET,
			      .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK}};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char more[512];
	} answer = {.error.error = -EPERM};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	/* Filters refuse this one with errors of their own. */
	if (fd < 0 && errno != EPROTONOSUPPORT) {
		rf_try_held(t, errno, "socket");
		return;
	}
	if (fd < 0 || send(fd, &request, sizeof(request), 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0) {
		rf_try_failed(t, "audit netlink");
		return;
	}
	errno = -answer.error.error;
	rf_try_result(t, answer.error.error, "AUDIT_SET");
}

static void open_to_write(struct rf_try *t, const char *path)
{
	rf_try_result(t, open(path, O_WRONLY | O_CLOEXEC), "open");
}

static void actions_logged(struct rf_try *t)
{
	open_to_write(t, "/proc/sys/kernel/seccomp/actions_logged");
}

/* Whoever writes 0 there takes every hook away. */
static void ftrace(struct rf_try *t)
{
	open_to_write(t, "/proc/sys/kernel/ftrace_enabled");
}

static void core_pattern(struct rf_try *t)
{
	open_to_write(t, "/proc/sys/kernel/core_pattern");
}

static void modprobe_path(struct rf_try *t)
{
	open_to_write(t, "/proc/sys/kernel/modprobe");
}

static void usermode_helper(struct rf_try *t)
{
	open_to_write(t, "/proc/sys/kernel/usermodehelper/bset");
}

static void sysrq(struct rf_try *t)
{
	open_to_write(t, "/proc/sysrq-trigger");
}

static void uevent_helper(struct rf_try *t)
{
	open_to_write(t, "/sys/kernel/uevent_helper");
}

static void binfmt(struct rf_try *t)
{
	open_to_write(t, "/proc/sys/fs/binfmt_misc/register");
}

#define FILE_ROW(name, words, right, path, fn, ...)                                                \
	{                                                                                          \
		.id = "self." name, .text = words, .ask = RF_ASK_FILE(right, path), .run = fn,     \
		.undo = unmark, ##__VA_ARGS__                                                      \
	}
#define ROW(name, words, asked, fn, ...)                                                           \
	{                                                                                          \
		.id = "self." name, .text = words, .ask = asked, .needs = RF_NEEDS_SELF,           \
		.run = fn, ##__VA_ARGS__                                                           \
	}
#define ASK(...) __VA_ARGS__

static const struct rf_attempt attempts[] = {
	ROW("bpf", "give every command to bpf(2)", RF_ASK_KERNEL(BPF), every_command),
	ROW("programs", "list the kernel's BPF programs", RF_ASK_KERNEL(BPF), list_programs),
	ROW("pin", "open what ringfence pinned", RF_ASK_KERNEL(BPF), open_pin),
	FILE_ROW("pins", "list what ringfence pinned", READ, PINS, list_pins),
	FILE_ROW("pins-mode", "change its mode", METADATA, PINS, chmod_pins,
		 .item = "files.unseen"),
	FILE_ROW("bpffs", "make a folder in bpffs", CREATE, BPFFS_MARK, make_in_pins),
	ROW("new-bpffs", "make another bpffs", RF_ASK_KERNEL(MOUNT), new_bpffs),
	ROW("new-proc", "make another procfs", RF_ASK_KERNEL(MOUNT), new_proc),
	ROW("umount-bpffs", "unmount bpffs", RF_ASK_KERNEL(MOUNT), unmount_bpffs),
	FILE_ROW("run", "list " RUN, READ, RUN, list_run),
	FILE_ROW("run-plant", "make a file in " RUN, CREATE, RUN MARK, plant_run),
	FILE_ROW("cache", "list " CACHE, READ, CACHE, list_cache),
	FILE_ROW("cache-plant", "make a file in " CACHE, CREATE, CACHE MARK, plant_cache),
	FILE_ROW("config-plant", "make a policy in " CONFIG, CREATE, CONFIG MARK, plant_config),
	FILE_ROW("policy-plant", "make a policy among the installed ones", CREATE, POLICY,
		 plant_policy),
	FILE_ROW("program", "open ringfence's programs to write", WRITE, PROGRAM, write_program),
	FILE_ROW("program-mode", "change the mode of ringfence's programs", METADATA, PROGRAM,
		 chmod_program, .item = "files.unseen"),
	ROW("signal", "send a signal to the supervisor", RF_ASK_KERNEL(SIGNALS), signal_supervisor),
	ROW("trace", "trace the supervisor", RF_ASK_KERNEL(PTRACE), trace_supervisor),
	ROW("memory", "read the supervisor's memory", RF_ASK_KERNEL(PTRACE), read_supervisor),
	ROW("descriptor", "take a descriptor of the supervisor", RF_ASK_KERNEL(PTRACE),
	    take_descriptor),
	ROW("limit", "set a limit of the supervisor", RF_ASK_KERNEL(SIGNALS), limit_supervisor,
	    .also = RF_NEEDS_LSM),
	ROW("priority", "set the supervisor's priority", RF_ASK_KERNEL(SIGNALS),
	    schedule_supervisor, .also = RF_NEEDS_LSM),
	ROW("audit", "configure the kernel's audit", ASK(RF_ASK_CAP(30)), configure_audit),
	FILE_ROW("actions-logged", "open the list of logged denials to write", WRITE,
		 "/proc/sys/kernel/seccomp/actions_logged", actions_logged),
	FILE_ROW("ftrace", "open the switch of ftrace, which the hooks hang on, to write", WRITE,
		 "/proc/sys/kernel/ftrace_enabled", ftrace),
	FILE_ROW("core-pattern", "open the core pattern to write", WRITE,
		 "/proc/sys/kernel/core_pattern", core_pattern),
	FILE_ROW("modprobe", "open the path of modprobe to write", WRITE,
		 "/proc/sys/kernel/modprobe", modprobe_path),
	FILE_ROW("usermode-helper", "open the rights of the kernel's helpers to write", WRITE,
		 "/proc/sys/kernel/usermodehelper/bset", usermode_helper),
	FILE_ROW("sysrq", "open the system request trigger to write", WRITE, "/proc/sysrq-trigger",
		 sysrq),
	FILE_ROW("uevent-helper", "open the uevent helper to write", WRITE,
		 "/sys/kernel/uevent_helper", uevent_helper),
	FILE_ROW("binfmt", "open the registry of executable formats to write", WRITE,
		 "/proc/sys/fs/binfmt_misc/register", binfmt),
};

const struct rf_attempt_group rf_attack_self = {attempts, RF_ARRAY_LEN(attempts)};
