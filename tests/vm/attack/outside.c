/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to act on a process outside the fence, or to take something from it. */
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/vm/attack/attack.h"

static pid_t pid_of(const char *text)
{
	return (pid_t)atol(text);
}

static int trace_attach(char **arg)
{
	if (ptrace(PTRACE_ATTACH, pid_of(arg[0]), NULL, NULL) < 0)
		return refused("PTRACE_ATTACH");
	ptrace(PTRACE_DETACH, pid_of(arg[0]), NULL, NULL);
	return WORKED;
}

static int trace_seize(char **arg)
{
	return ptrace(PTRACE_SEIZE, pid_of(arg[0]), NULL, NULL) < 0 ? refused("PTRACE_SEIZE")
								    : WORKED;
}

/* Whoever is the parent is asked to trace. */
static int trace_me(char **arg)
{
	(void)arg;
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? refused("PTRACE_TRACEME") : WORKED;
}

static int by_vm(char **arg, long call)
{
	char text[12] = "OVERWRITTEN";
	struct iovec mine = {text, 11};
	struct iovec its = {(void *)strtoul(arg[1], NULL, 0), 11};

	if (syscall(call, pid_of(arg[0]), &mine, 1, &its, 1, 0) < 0)
		return refused("process_vm");
	puts(text);
	return WORKED;
}

static int vm_read(char **arg)
{
	return by_vm(arg, SYS_process_vm_readv);
}

static int vm_write(char **arg)
{
	return by_vm(arg, SYS_process_vm_writev);
}

/* PID ADDRESS: /proc/PID/mem */
static int mem_write(char **arg)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/%s/mem", arg[0]);
	fd = open(name, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return refused("open mem");
	if (pwrite(fd, "OVERWRITTEN", 11, (off_t)strtoul(arg[1], NULL, 0)) != 11)
		return refused("write mem");
	return WORKED;
}

static int send_signal(char **arg)
{
	return kill(pid_of(arg[0]), atoi(arg[1])) < 0 ? refused("kill") : WORKED;
}

static int send_tgsignal(char **arg)
{
	if (syscall(SYS_tgkill, pid_of(arg[0]), pid_of(arg[0]), atoi(arg[1])) < 0)
		return refused("tgkill");
	return WORKED;
}

static int pidfd_signal(char **arg)
{
	int fd = (int)syscall(SYS_pidfd_open, pid_of(arg[0]), 0);

	if (fd < 0)
		return refused("pidfd_open");
	if (syscall(SYS_pidfd_send_signal, fd, atoi(arg[1]), NULL, 0) < 0)
		return refused("pidfd_send_signal");
	return WORKED;
}

/* PID FD: a copy of a descriptor of another process, read. */
static int getfd(char **arg)
{
	int got, fd = (int)syscall(SYS_pidfd_open, pid_of(arg[0]), 0);

	if (fd < 0)
		return refused("pidfd_open");
	got = (int)syscall(SYS_pidfd_getfd, fd, atoi(arg[1]), 0);
	return got < 0 ? refused("pidfd_getfd") : show_fd(got);
}

static int compare(char **arg)
{
	if (syscall(SYS_kcmp, getpid(), pid_of(arg[0]), 0, 0, 0) < 0)
		return refused("kcmp");
	return WORKED;
}

static int limit(char **arg)
{
	const struct rlimit none = {0, 0};

	if (prlimit(pid_of(arg[0]), RLIMIT_CORE, &none, NULL) < 0)
		return refused("prlimit");
	return WORKED;
}

static int priority(char **arg)
{
	return setpriority(PRIO_PROCESS, (id_t)pid_of(arg[0]), 19) < 0 ? refused("setpriority")
								       : WORKED;
}

static int affinity(char **arg)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(pid_of(arg[0]), sizeof(set), &set) < 0)
		return refused("sched_setaffinity");
	return WORKED;
}

/* The victim: a value in memory, a file as descriptor 7; prints "PID ADDRESS" and sleeps. */
static int victim(char **arg)
{
	static char value[12] = "UNTOUCHED..";
	int fd = open(arg[0], O_RDONLY | O_CLOEXEC);

	if (dup2(fd, 7) < 0)
		return untried("open");
	printf("%d %p\n", getpid(), (void *)value);
	fflush(stdout);
	signal(SIGUSR1, SIG_DFL);
	for (;;) {
		pause();
		if (strcmp(value, "UNTOUCHED..") != 0)
			return REFUSED;
	}
}

/* Takes a descriptor from the helper outside (give). */
static int take(const char *socket_name, int *ret)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char byte;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", socket_name);
	if (s < 0 || connect(s, (struct sockaddr *)&to, sizeof(to)) < 0)
		return untried("connect");
	if (recvmsg(s, &msg, MSG_CMSG_CLOEXEC) < 0)
		return refused("recvmsg");
	c = CMSG_FIRSTHDR(&msg);
	errno = ENOMSG;
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len < CMSG_LEN(sizeof(int)))
		return refused("descriptor");
	memcpy(ret, CMSG_DATA(c), sizeof(*ret));
	return WORKED;
}

static int take_fd(char **arg)
{
	int fd, r = take(arg[0], &fd);

	return r ? r : show_fd(fd);
}

/* SOCKET NAME HOW: a file of the folder that was taken, from there or by going there. */
static int take_folder(char **arg)
{
	int dir, fd, r = take(arg[0], &dir);

	if (r)
		return r;
	if (strcmp(arg[2], "fchdir") == 0 && fchdir(dir) < 0)
		return refused("fchdir");
	fd = openat(strcmp(arg[2], "fchdir") == 0 ? AT_FDCWD : dir, arg[1], O_RDONLY | O_CLOEXEC);
	return fd < 0 ? refused("open") : show_fd(fd);
}

static void give_to(int peer, const char *path, int flags)
{
	char byte = 'x';
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fd = open(path, flags | O_CLOEXEC);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	(void)sendmsg(peer, &msg, MSG_NOSIGNAL);
	close(peer);
	close(fd);
}

/* Outside, offers descriptors of the file for ever. */
static int give(char **arg, int flags)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", arg[0]);
	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(s, 5) < 0 ||
	    daemon(1, 1) < 0)
		return untried("listen");
	for (;;)
		give_to(accept4(s, NULL, NULL, SOCK_CLOEXEC), arg[1], flags);
}

/* SOCKET FILE */
static int give_fd(char **arg)
{
	return give(arg, O_RDONLY);
}

/* SOCKET FOLDER: which is not asked about when it is received, as it cannot be read. */
static int give_path(char **arg)
{
	return give(arg, O_PATH);
}

static int queue_open(char **arg)
{
	return mq_open(arg[0], O_RDWR | O_CLOEXEC) < 0 ? refused("mq_open") : WORKED;
}

static int queue_unlink(char **arg)
{
	return mq_unlink(arg[0]) < 0 ? refused("mq_unlink") : WORKED;
}

/* Makes a queue, sends, takes it up again by its name, receives, removes it. */
static int queue_own(char **arg)
{
	struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 8};
	mqd_t queue = mq_open(arg[0], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attr);
	char text[8] = "";

	if (queue < 0 || mq_send(queue, "sent", 5, 0) < 0 || mq_close(queue) < 0)
		return refused("make a queue");
	queue = mq_open(arg[0], O_RDONLY | O_CLOEXEC);
	if (queue < 0 || mq_receive(queue, text, sizeof(text), NULL) != 5)
		return refused("open it again");
	puts(text);
	return mq_unlink(arg[0]) < 0 ? refused("mq_unlink") : WORKED;
}

static const struct attack attacks[] = {
	{"attach", 1, trace_attach},
	{"seize", 1, trace_seize},
	{"vm-read", 2, vm_read},
	{"vm-write", 2, vm_write},
	{"mem", 2, mem_write},
	{"kill", 2, send_signal},
	{"tgkill", 2, send_tgsignal},
	{"pidfd-kill", 2, pidfd_signal},
	{"getfd", 2, getfd},
	{"kcmp", 1, compare},
	{"prlimit", 1, limit},
	{"priority", 1, priority},
	{"affinity", 1, affinity},
	{"victim", 1, victim},
	{"take-fd", 1, take_fd},
	{"give-fd", 2, give_fd},
	{"give-path", 2, give_path},
	{"take-folder", 3, take_folder},
	{"queue-open", 1, queue_open},
	{"queue-unlink", 1, queue_unlink},
	{"queue-own", 1, queue_own},
	{"trace-me", 0, trace_me},
	{NULL, 0, NULL},
};

int main(int argc, char **argv)
{
	return run_attack(attacks, argc, argv);
}
