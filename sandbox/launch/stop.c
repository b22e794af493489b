/* SPDX-License-Identifier: Apache-2.0 */
/* Signals for a whole sandbox. See stop.h. */
#include "sandbox/launch/stop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/cgroup.h"

/* Room for the numbers of some 100,000 processes. */
#define PROCS_MAX (1u << 20)

#define PID_LIMIT (1u << 22)

/* Deeper cgroups, which only the command itself can have made, are not asked but killed. */
#define STOP_DEPTH 16

static int open_process(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static void signal_process(int pidfd, int sig)
{
	(void)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

/* True if the cgroup still lists the process: its number was not given to another meanwhile. */
static bool is_member(int cgroup_fd, uint64_t pid)
{
	RF_AUTOFREE char *text = NULL;
	RF_AUTOCLOSE int fd = -1;
	char *at;

	if (rf_fd_open_read_at(cgroup_fd, "cgroup.procs", &fd, NULL) < 0 ||
	    rf_fd_read_all(fd, PROCS_MAX, &text, NULL, NULL) < 0)
		return false;
	at = text;
	for (const char *line = strsep(&at, "\n"); line; line = strsep(&at, "\n")) {
		uint64_t listed;

		if (rf_parse_u64(line, PID_LIMIT, &listed) == 0 && listed == pid)
			return true;
	}
	return false;
}

static void ask_members(int cgroup_fd)
{
	RF_AUTOFREE char *text = NULL;
	RF_AUTOCLOSE int fd = -1;
	char *at;

	if (rf_fd_open_read_at(cgroup_fd, "cgroup.procs", &fd, NULL) < 0 ||
	    rf_fd_read_all(fd, PROCS_MAX, &text, NULL, NULL) < 0)
		return;
	at = text;
	for (const char *line = strsep(&at, "\n"); line; line = strsep(&at, "\n")) {
		RF_AUTOCLOSE int process = -1;
		uint64_t pid;

		/* 0 is a process that our pid namespace does not see. */
		if (rf_parse_u64(line, PID_LIMIT, &pid) < 0 || pid <= 1)
			continue;
		process = open_process((pid_t)pid);
		if (process < 0 || !is_member(cgroup_fd, pid))
			continue;
		signal_process(process, SIGTERM);
		signal_process(process, SIGCONT);
	}
}

static void ask_tree(int parent_fd, const char *name, int depth)
{
	RF_AUTOCLOSE int fd =
		openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	RF_AUTOCLOSEDIR DIR *dir = NULL;

	if (fd < 0)
		return;
	ask_members(fd);
	dir = fdopendir(fd);
	if (!dir || depth > STOP_DEPTH)
		return;
	(void)RF_TAKE_FD(fd);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			ask_tree(dirfd(dir), entry->d_name, depth + 1);
}

static int stop_cgroup(const struct rf_found *found, bool kill_it, int wait_ms, struct rf_err *err)
{
	RF_AUTOCLOSE int fd =
		open(found->cgroup_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (fd < 0 && errno == ENOENT)
		return RF_STOPPED;
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open cgroup %s", found->cgroup_path);
	if (kill_it) {
		r = rf_cgroup_kill(fd, err);
		if (r < 0)
			return r;
	} else {
		ask_tree(AT_FDCWD, found->cgroup_path, 0);
	}
	return rf_cgroup_wait_empty(fd, wait_ms) == 1 ? RF_STOP_RUNNING : RF_STOPPED;
}

/* The command is its supervisor's child until that takes its record away. */
static int stop_command(const struct rf_found *found, bool kill_it, int wait_ms, struct rf_err *err)
{
	RF_AUTOCLOSE int process = found->command > 1 ? open_process(found->command) : -1;
	struct pollfd p = {.fd = process, .events = POLLIN};

	if (process < 0)
		return rf_err_set(err, -ESRCH, "the sandbox's command is not known");
	signal_process(process, kill_it ? SIGKILL : SIGTERM);
	signal_process(process, SIGCONT);
	return poll(&p, 1, wait_ms) > 0 ? RF_STOPPED : RF_STOP_RUNNING;
}

int rf_stop(const struct rf_found *found, bool kill, int wait_ms, struct rf_err *err)
{
	return found->cgroup_path[0] ? stop_cgroup(found, kill, wait_ms, err)
				     : stop_command(found, kill, wait_ms, err);
}
