/* SPDX-License-Identifier: Apache-2.0 */
/* A denied file by descriptors: inherited, reopened with more rights, received, taken. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/attack/scene.h"

/* Open in the process that launches, and so in the victim; the fenced one is not given it. */
static int leave_open(struct rf_try *t)
{
	int fd = open(t->secret, O_RDONLY);

	t->value = fd;
	return fd < 0 ? -errno : 0;
}

static int leave_folder(struct rf_try *t)
{
	int fd = open(t->dir, O_RDONLY | O_DIRECTORY);

	t->value = fd;
	return fd < 0 ? -errno : 0;
}

static int leave_path(struct rf_try *t)
{
	int fd = open(t->secret, O_PATH);

	t->value = fd;
	return fd < 0 ? -errno : 0;
}

static void inherited(struct rf_try *t)
{
	char text[RF_TOKEN_LEN + 1] = "";

	if (pread((int)t->value, text, RF_TOKEN_LEN, 0) == RF_TOKEN_LEN &&
	    strcmp(text, t->scene->token) == 0)
		rf_try_passed(t, "the secret was read");
	else
		rf_try_held(t, errno, "the descriptor is not there");
}

static void from_folder(struct rf_try *t)
{
	rf_try_read(t, openat((int)t->value, t->scene->secret, O_RDONLY | O_CLOEXEC), "openat");
}

static const char *magic(const struct rf_try *t, const char *of)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%s/fd/%ld", of, t->value);
	return path;
}

static void reopen_path(struct rf_try *t)
{
	rf_try_open(t, magic(t, "self"));
}

static void reopen_to_write(struct rf_try *t)
{
	int fd = open(magic(t, "self"), O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "x", 1) != 1)
		fd = -1;
	rf_try_result(t, fd, "open again to write");
}

static void change_mode(struct rf_try *t)
{
	rf_try_result(t, fchmod((int)t->value, 0600), "fchmod");
}

static bool has_mode(const struct rf_try *t)
{
	struct stat st;

	return stat(t->secret, &st) == 0 && (st.st_mode & 07777) == 0600;
}

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

/* One end is given; in its queue waits a descriptor of the secret, sent from outside. */
static int queue_descriptor(struct rf_try *t)
{
	union control control = {.room = {0}};
	struct iovec iov = {.iov_base = (void *)(uintptr_t) "x", .iov_len = 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
	RF_AUTOCLOSE int fd = open(t->secret, O_RDONLY | O_CLOEXEC);
	int ends[2];

	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return -errno;
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	t->value = ends[0];
	return sendmsg(ends[1], &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void receive(struct rf_try *t)
{
	union control control = {.room = {0}};
	char byte;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *head;
	int fd;

	if (recvmsg((int)t->value, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0) {
		rf_try_failed(t, "recvmsg");
		return;
	}
	head = CMSG_FIRSTHDR(&msg);
	if (!head || head->cmsg_len < CMSG_LEN(sizeof(int))) {
		/* The kernel leaves out what may not be received. */
		rf_try_held(t, 0, "no descriptor came");
		return;
	}
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	rf_try_read(t, fd, "recvmsg");
}

static void take(struct rf_try *t)
{
	long pidfd = syscall(SYS_pidfd_open, t->scene->victim, 0);

	if (pidfd < 0)
		rf_try_failed(t, "pidfd_open");
	else
		rf_try_read(t, (int)syscall(SYS_pidfd_getfd, pidfd, t->value, 0), "pidfd_getfd");
}

static void open_others(struct rf_try *t)
{
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", t->scene->victim);
	rf_try_open(t, magic(t, pid));
}

#define ROW(name, words, right, fn, ...)                                                           \
	{                                                                                          \
		.id = "descriptors." name, .text = words, .ask = RF_ASK_FILE(right, "%secret"),    \
		.needs = RF_NEEDS_SECRET, .run = fn, ##__VA_ARGS__                                 \
	}

static const struct rf_attempt attempts[] = {
	ROW("inherited", "use a descriptor of a denied file that its starter had open", READ,
	    inherited, .prepare = leave_open),
	ROW("folder", "open it from a descriptor of its folder that was given", READ, from_folder,
	    .prepare = leave_folder, .gives = true),
	ROW("path", "open a path descriptor that was given once more, to read", READ, reopen_path,
	    .prepare = leave_path, .gives = true),
	ROW("reopen", "open a read-only descriptor that was given once more, to write", WRITE,
	    reopen_to_write, .prepare = leave_open, .gives = true, .happened = rf_try_changed),
	ROW("fchmod", "change the mode of a file that was given open", METADATA, change_mode,
	    .prepare = leave_open, .gives = true, .happened = has_mode, .item = "files.unseen"),
	ROW("received", "receive a descriptor of it over a socket", READ, receive,
	    .prepare = queue_descriptor, .gives = true, .also = RF_NEEDS_LSM),
	ROW("taken", "take a descriptor of it from a process outside", READ, take,
	    .prepare = leave_open, .item = "kernel.ptrace"),
	ROW("others", "open it through /proc/PID/fd of a process outside", READ, open_others,
	    .prepare = leave_open),
};

const struct rf_attempt_group rf_attack_descriptors = {attempts, RF_ARRAY_LEN(attempts)};
