/* SPDX-License-Identifier: Apache-2.0 */
/* The same system call by another door: other ABIs, unknown numbers, filters upon filters. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/vm/attack/attack.h"

static long gate(long nr, unsigned long first, unsigned long second)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(first), "c"(second), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}

/* NUMBER TEXT: a call through the 32-bit gate of a 64-bit program; the text is put below 4 GiB. */
static int by_int80(char **arg)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long r;

	if (low == MAP_FAILED)
		return untried("mmap");
	snprintf(low, 4096, "%s", arg[1]);
	r = gate(atol(arg[0]), (unsigned long)low, 0755);
	errno = r < 0 ? (int)-r : 0;
	return r < 0 ? refused("int 0x80") : WORKED;
}

static int by_x32(char **arg)
{
	return syscall(0x40000000L | atol(arg[0]), arg[1], 0755L) < 0 ? refused("x32") : WORKED;
}

/* NUMBER [ARGUMENT…] */
static int by_number(char **arg)
{
	long v[6] = {0};

	for (int i = 0; i < 6 && arg[i + 1]; i++)
		v[i] = strtol(arg[i + 1], NULL, 0);
	if (syscall(atol(arg[0]), v[0], v[1], v[2], v[3], v[4], v[5]) < 0)
		return refused("syscall");
	return WORKED;
}

static int by_mkdir(char **arg)
{
	return syscall(SYS_mkdir, arg[0], 0755) < 0 ? refused("mkdir") : WORKED;
}

static int by_mkdirat(char **arg)
{
	return syscall(SYS_mkdirat, -100, arg[0], 0755) < 0 ? refused("mkdirat") : WORKED;
}

/* A filter of the attacker's own that allows all must not widen the first one. */
static int own_filter(char **arg)
{
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog prog = {.len = 1, .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) < 0)
		return untried("install a filter");
	return by_mkdir(arg);
}

/* Answers each call that a listener's filter hands over with "go on". */
static void *say_continue(void *arg)
{
	int fd = *(int *)arg;

	for (;;) {
		struct seccomp_notif req = {0};
		struct seccomp_notif_resp resp = {0};

		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0)
			continue;
		resp.id = req.id;
		resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
	return NULL;
}

static int listener_filter(char **arg)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {.len = 4, .filter = code};
	pthread_t thread;
	int fd;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return untried("no_new_privs");
	fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			  &prog);
	if (fd < 0)
		return refused("listener");
	if (pthread_create(&thread, NULL, say_continue, &fd) != 0)
		return untried("pthread_create");
	return by_mkdir(arg);
}

/* REQUEST [HIGH]: ioctl on standard input; HIGH is or-ed in above the 32 bits the kernel takes. */
static int ioctl_stdin(char **arg)
{
	char byte = 'x';
	unsigned long high = arg[1] ? strtoul(arg[1], NULL, 0) << 32 : 0;

	if (syscall(SYS_ioctl, STDIN_FILENO, strtoul(arg[0], NULL, 0) | high, &byte) < 0)
		return refused("ioctl");
	return WORKED;
}

static const struct attack attacks[] = {
	{"int80", 2, by_int80},
	{"x32", 2, by_x32},
	{"number", 1, by_number},
	{"mkdir", 1, by_mkdir},
	{"mkdirat", 1, by_mkdirat},
	{"own-filter", 1, own_filter},
	{"listener-filter", 1, listener_filter},
	{"ioctl", 1, ioctl_stdin},
	{NULL, 0, NULL},
};

int main(int argc, char **argv)
{
	return run_attack(attacks, argc, argv);
}
