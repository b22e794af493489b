/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at who has connected and at the child that is to be fenced; see service_peer.h.
 *
 * A number of a process is looked at through its folder in /proc, opened while a pidfd holds the
 * process: if that still lives afterwards, the folder was the one's.
 */
#include "sandbox/launch/service_peer.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

#define PROC_TEXT_MAX 65536

static bool is_alive(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) == 0;
}

static int open_proc(pid_t pid, int pidfd, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || !is_alive(pidfd))
		return rf_err_set(err, -ESRCH, "process %d is gone", pid);
	return RF_TAKE_FD(fd);
}

/* In another mount namespace or root directory, names mean other files than here. */
static int check_root(int proc, struct rf_err *err)
{
	char own[64] = "", theirs[64] = "";
	struct stat here, there;

	if (readlink("/proc/self/ns/mnt", own, sizeof(own) - 1) < 0 ||
	    readlinkat(proc, "ns/mnt", theirs, sizeof(theirs) - 1) < 0 || stat("/", &here) < 0 ||
	    fstatat(proc, "root", &there, 0) < 0)
		return rf_err_sys(err, -EPERM, "cannot tell which files the caller sees");
	if (strcmp(own, theirs) != 0 || here.st_dev != there.st_dev || here.st_ino != there.st_ino)
		return rf_err_set(err, -EXDEV,
				  "the service serves nobody in another mount namespace or root "
				  "directory");
	return 0;
}

static int check_outside(struct rf_lsm *lsm, int pidfd, struct rf_err *err)
{
	struct rf_task task;
	int r = lsm ? rf_fence_of(lsm, pidfd, &task) : -ENOENT;

	if (r == -ENOENT)
		return 0;
	return r == 0 ? rf_err_set(err, -EPERM, "a process inside a fence cannot ask for another")
		      : rf_err_sys(err, r, "cannot tell whether the caller is in a fence");
}

static int take_groups(struct rf_peer *peer, int conn)
{
	socklen_t size = sizeof(peer->groups);

	if (getsockopt(conn, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &size) < 0)
		return -errno;
	peer->n_groups = size / sizeof(peer->groups[0]);
	return 0;
}

int rf_peer_take(struct rf_peer *ret, int conn, struct rf_lsm *lsm, struct rf_err *err)
{
	RF_AUTOCLOSE int proc = -1;
	struct ucred cred = {0};
	socklen_t size = sizeof(cred);
	int r;

	if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0 || cred.pid <= 0)
		return rf_err_set(err, -EPERM, "the caller's process is not seen from here");
	ret->pid = cred.pid;
	ret->uid = cred.uid;
	ret->gid = cred.gid;
	r = take_groups(ret, conn);
	if (r < 0)
		return rf_err_sys(err, r, "cannot tell the caller's groups");
	ret->pidfd = (int)syscall(SYS_pidfd_open, cred.pid, 0);
	if (ret->pidfd < 0)
		return rf_err_sys(err, -errno, "cannot hold the caller's process");
	proc = open_proc(cred.pid, ret->pidfd, err);
	if (proc < 0)
		return proc;
	r = check_root(proc, err);
	return r < 0 ? r : check_outside(lsm, ret->pidfd, err);
}

void rf_peer_done(struct rf_peer *peer)
{
	if (peer->pidfd >= 0)
		(void)close(RF_TAKE_FD(peer->pidfd));
}

/* "Pid:" of a descriptor's fdinfo, which only pidfds have. */
static int number_of(int pidfd, pid_t *ret, struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL;
	uint64_t pid = 0;
	char path[64];
	char *at, *end;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (rf_fd_read_file(path, PROC_TEXT_MAX, &text, NULL, err) < 0)
		return err ? err->code : -EIO;
	at = strstr(text, "\nPid:\t");
	if (at) {
		at += strlen("\nPid:\t");
		end = at + strcspn(at, "\n");
		*end = '\0';
	}
	if (!at || rf_parse_u64(at, INT32_MAX, &pid) < 0 || pid == 0)
		return rf_err_set(err, -EBADF, "what was passed is no pidfd of a process here");
	*ret = (pid_t)pid;
	return 0;
}

static int read_at(int dir, const char *name, char **ret)
{
	RF_AUTOCLOSE int fd = -1;
	int r = rf_fd_open_read_at(dir, name, &fd, NULL);

	return r < 0 ? r : rf_fd_read_all(fd, PROC_TEXT_MAX, ret, NULL, NULL);
}

int rf_peer_child(const struct rf_peer *peer, int pidfd, struct rf_process *ret, struct rf_err *err)
{
	RF_AUTOFREE char *status = NULL, *stat = NULL;
	RF_AUTOCLOSE int proc = -1;
	struct rf_process process;
	struct stat st;
	pid_t pid = 0;
	int r = number_of(pidfd, &pid, err);

	if (r < 0)
		return r;
	proc = open_proc(pid, pidfd, err);
	if (proc < 0)
		return proc;
	if (fstatat(proc, "status", &st, 0) < 0 || read_at(proc, "status", &status) < 0 ||
	    read_at(proc, "stat", &stat) < 0 || rf_process_parse(&process, status, stat) < 0)
		return rf_err_set(err, -ESRCH, "process %d cannot be looked at", pid);
	process.own = st.st_uid == peer->uid;
	r = rf_process_judge(&process, peer, err);
	if (r == 0)
		r = check_root(proc, err);
	if (r == 0 && (!is_alive(pidfd) || !is_alive(peer->pidfd)))
		r = rf_err_set(err, -ESRCH, "process %d is gone", pid);
	if (r == 0)
		*ret = process;
	return r;
}

static void switch_to(uid_t uid, gid_t gid, const gid_t *groups, size_t n)
{
	if (setgroups(n, groups) < 0)
		_exit(125);
	(void)setfsgid(gid);
	(void)setfsuid(uid);
	if ((gid_t)setfsgid((gid_t)-1) != gid || (uid_t)setfsuid((uid_t)-1) != uid)
		_exit(125);
}

void rf_peer_become(const struct rf_peer *peer)
{
	switch_to(peer->uid, peer->gid, peer->groups, peer->n_groups);
}

void rf_peer_back(void)
{
	switch_to(0, 0, NULL, 0);
}
