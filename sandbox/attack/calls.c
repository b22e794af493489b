/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Denied system calls, with arguments that do nothing, and one of them by other doors: other ABIs,
 * unknown numbers, filters upon filters.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "sandbox/attack/scene.h"

/* keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1): a number if it is let through. */
#define KEY_ARGS 0, -4, 1

static void native(struct rf_try *t)
{
	rf_try_result(t, syscall(SYS_keyctl, KEY_ARGS), "keyctl");
}

#if defined(__x86_64__)
#define KEYCTL_32 288

static sigjmp_buf no_gate;

static void leave_gate(int signal)
{
	siglongjmp(no_gate, signal);
}

static void by_gate(struct rf_try *t)
{
	const struct sigaction leave = {.sa_handler = leave_gate};
	struct sigaction before;
	long r;

	/* Where the kernel has no 32-bit calls the instruction is a fault like any other. */
	if (sigaction(SIGSEGV, &leave, &before) < 0) {
		rf_try_result(t, -1, "sigaction");
		return;
	}
	if (sigsetjmp(no_gate, 1)) {
		(void)sigaction(SIGSEGV, &before, NULL);
		errno = 0;
		rf_try_untried(t, "this kernel has no 32-bit calls");
		return;
	}
	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(KEYCTL_32), "b"(0), "c"(-4), "d"(1), "S"(0), "D"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	(void)sigaction(SIGSEGV, &before, NULL);
	errno = (int)r < 0 ? -(int)r : 0;
	rf_try_result(t, (int)r, "int 0x80");
}

static void by_x32(struct rf_try *t)
{
	rf_try_result(t, syscall(0x40000000l | SYS_keyctl, KEY_ARGS), "x32");
}
#else
static void by_gate(struct rf_try *t)
{
	errno = 0;
	rf_try_untried(t, "this machine has no such gate");
}

static void by_x32(struct rf_try *t)
{
	by_gate(t);
}
#endif

#define UNKNOWN_CALL 4000

static void unknown(struct rf_try *t)
{
	rf_try_result(t, syscall(UNKNOWN_CALL, 0, 0, 0), "a number that is no call");
}

/* A filter of the attacker's own must not widen the one that is there. */
static void own_filter(struct rf_try *t)
{
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog prog = {.len = 1, .filter = code};

	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) < 0)
		rf_try_failed(t, "install a filter");
	else
		native(t);
}

static void no_filter(struct rf_try *t)
{
	(void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_DISABLED, 0, 0, 0);
	native(t);
}

static void *say_continue(void *arg)
{
	int fd = *(const int *)arg;

	for (int i = 0; i < 16; i++) {
		struct seccomp_notif req = {0};
		struct seccomp_notif_resp resp = {0};

		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0)
			continue;
		resp.id = req.id;
		resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		(void)ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
	return NULL;
}

/* Its own listener says "go on" to what the first filter denies. */
static void listener(struct rf_try *t)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_keyctl, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {.len = 4, .filter = code};
	pthread_t thread;
	int fd;

	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			  &prog);
	if (fd < 0)
		rf_try_failed(t, "a filter with a listener");
	else if (pthread_create(&thread, NULL, say_continue, &fd) != 0)
		rf_try_untried(t, "no second thread");
	else
		native(t);
}

/* What the filter lets through fails on the arguments, or does nothing with them. */
static void bare(struct rf_try *t, long r)
{
	if (r >= 0 || !rf_try_is_refusal(t, errno))
		rf_try_passed(t, "the kernel looked at its arguments");
	else
		rf_try_failed(t, "the call");
}

#define CALL(name, ...)                                                                            \
	static void call_##name(struct rf_try *t)                                                  \
	{                                                                                          \
		bare(t, syscall(SYS_##name, __VA_ARGS__));                                         \
	}

#define NO_FILE "/ringfence-attack/none"

CALL(acct, NO_FILE)
CALL(swapon, NO_FILE, 0)
CALL(swapoff, NO_FILE)
CALL(reboot, 0, 0, 0, NULL)
CALL(settimeofday, 1, 1)
CALL(clock_settime, 0, 1)
CALL(sethostname, 1, -1)
CALL(setdomainname, 1, -1)
CALL(delete_module, "ringfence-attack", 0)
CALL(quotactl, -1, NULL, 0, NULL)
CALL(syslog, 10, NULL, 0)
CALL(userfaultfd, 0x80000)
CALL(fanotify_init, 0xffffffff, 0)
CALL(kcmp, 1, 1, 99, 0, 0)
CALL(open_by_handle_at, -1, 1, 0)
CALL(process_madvise, -1, 1, 1, 0, 0)
CALL(personality, 0xffffffff)
#if defined(__x86_64__)
CALL(iopl, 3)
CALL(ioperm, 0x80, 1, 1)
CALL(modify_ldt, 0, 1, 0)
#endif

#define ROW(name, words, fn)                                                                       \
	{                                                                                          \
		.id = "calls." name, .text = words, .ask = RF_ASK_KERNEL(KEYRINGS), .run = fn      \
	}
#define BARE(call, words, ...)                                                                     \
	{                                                                                          \
		.id = "calls." #call, .text = words,                                               \
		.ask = RF_ASK_CALL(SYS_##call, ##__VA_ARGS__), .run = call_##call                  \
	}

static const struct rf_attempt attempts[] = {
	ROW("native", "make a denied call (keyctl)", native),
	ROW("int80", "make it by the 32-bit gate", by_gate),
	ROW("x32", "make it by its x32 number", by_x32),
	ROW("own-filter", "make it after a filter that allows all", own_filter),
	ROW("listener", "make it after a filter whose listener says to go on", listener),
	ROW("no-filter", "make it after turning filters off", no_filter),
	{.id = "calls.unknown",
	 .text = "make a call that nobody knows",
	 .ask = RF_ASK_CALL(UNKNOWN_CALL),
	 .run = unknown},
	BARE(acct, "turn on accounting"),
	BARE(swapon, "turn on a swap file"),
	BARE(swapoff, "turn off a swap file"),
	BARE(reboot, "reboot, without the magic numbers"),
	BARE(settimeofday, "set the time of day"),
	BARE(clock_settime, "set the clock"),
	BARE(sethostname, "set the host name"),
	BARE(setdomainname, "set the domain name"),
	BARE(delete_module, "unload a module"),
	BARE(quotactl, "change quotas"),
	BARE(syslog, "ask for the kernel's log", .args = {10}),
	BARE(userfaultfd, "handle page faults of the kernel"),
	BARE(fanotify_init, "watch every file"),
	BARE(kcmp, "compare kernel objects of processes"),
	BARE(open_by_handle_at, "open by a handle"),
	BARE(process_madvise, "advise on the memory of processes"),
	BARE(personality, "ask for the execution domain", .args = {0xffffffff}),
#if defined(__x86_64__)
	BARE(iopl, "raise the I/O privilege level (of its own process)"),
	BARE(ioperm, "ask for an I/O port (0x80, not used)"),
	BARE(modify_ldt, "read the local descriptor table"),
#endif
};

const struct rf_attempt_group rf_attack_calls = {attempts, RF_ARRAY_LEN(attempts)};
