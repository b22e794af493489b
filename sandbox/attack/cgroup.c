/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving the sandbox's cgroup, or changing it. Control files are opened; nothing is written. */
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/attack/scene.h"

/* "MOUNT/…/FILE" of our own cgroup, or of the one above. */
static const char *own(struct rf_try *t, const char *file, bool above)
{
	static char path[2 * PATH_MAX];
	char line[PATH_MAX] = "";
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	char *at = len > 0 ? strstr(line, "0::/") : NULL;

	if (!at) {
		rf_try_failed(t, "/proc/self/cgroup");
		return NULL;
	}
	at += 3;
	at[strcspn(at, "\n")] = 0;
	if (above)
		*strrchr(at, '/') = 0;
	(void)snprintf(path, sizeof(path), "%s%s/%s", t->scene->cgroups, at, file);
	return path;
}

static void open_to_write(struct rf_try *t, const char *path)
{
	if (path)
		rf_try_result(t, open(path, O_WRONLY | O_CLOEXEC), "open");
}

/* This one is really moved, if it can: it ends right after. */
static void move_to(struct rf_try *t, const char *path)
{
	int fd = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;

	if (!path)
		return;
	rf_try_result(t, fd < 0 ? fd : write(fd, "0", 1), "move");
}

static void to_root(struct rf_try *t)
{
	move_to(t, rf_try_path(t->scene->cgroups, "cgroup.procs"));
}

static void to_parent(struct rf_try *t)
{
	move_to(t, own(t, "cgroup.procs", true));
}

static void threads(struct rf_try *t)
{
	open_to_write(t, own(t, "cgroup.threads", false));
}

static void freeze(struct rf_try *t)
{
	open_to_write(t, own(t, "cgroup.freeze", false));
}

static void kill_all(struct rf_try *t)
{
	open_to_write(t, own(t, "cgroup.kill", false));
}

static void controllers(struct rf_try *t)
{
	open_to_write(t, rf_try_path(t->scene->cgroups, "cgroup.subtree_control"));
}

static void limits(struct rf_try *t)
{
	open_to_write(t, own(t, "cgroup.max.descendants", false));
}

static void nested(struct rf_try *t)
{
	const char *path = own(t, "attack", false);

	if (path)
		rf_try_result(t, mkdir(path, 0755), "mkdir");
}

#define V1_TASKS "/sys/fs/cgroup/pids/tasks"

static void version_1_tasks(struct rf_try *t)
{
	open_to_write(t, V1_TASKS);
}

static void version_1(struct rf_try *t)
{
	if (unshare(CLONE_NEWNS) < 0)
		rf_try_failed(t, "unshare");
	else
		rf_try_result(t, mount("none", "/tmp", "cgroup", 0, "none,name=attack"), "mount");
}

/* A child born in the root cgroup: is it still fenced? */
static void born_in_root(struct rf_try *t)
{
	int root = open(t->scene->cgroups, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)root};
	long pid = root < 0 ? -1 : syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0) {
		rf_try_open(t, t->secret);
		_exit(0);
	}
	if (pid < 0)
		rf_try_failed(t, "clone3");
	else
		(void)waitpid((pid_t)pid, NULL, 0);
}

#define ROW(name, words, file, fn, ...)                                                            \
	{                                                                                          \
		.id = "cgroup." name, .text = words, .ask = RF_ASK_FILE(WRITE, "%cgroup/x/" file), \
		.needs = RF_NEEDS_SELF, .run = fn, ##__VA_ARGS__                                   \
	}
#define OURS .also = RF_NEEDS_CGROUP

static const struct rf_attempt attempts[] = {
	ROW("root", "move to the root cgroup", "cgroup.procs", to_root),
	ROW("parent", "move to the cgroup above", "cgroup.procs", to_parent, OURS),
	ROW("threads", "open the list of threads to write", "cgroup.threads", threads, OURS),
	ROW("freeze", "open the brake of its cgroup to write", "cgroup.freeze", freeze, OURS),
	ROW("kill", "open the killer of its cgroup to write", "cgroup.kill", kill_all, OURS),
	ROW("limits", "open a limit of its cgroup to write", "cgroup.max.descendants", limits,
	    OURS),
	ROW("controllers", "open the root's controllers to write", "cgroup.subtree_control",
	    controllers),
	ROW("nested", "make a cgroup below its own", "attack", nested, OURS),
	{.id = "cgroup.v1-tasks",
	 .text = "open a list of tasks of version 1 to write",
	 .ask = RF_ASK_FILE(WRITE, V1_TASKS),
	 .needs = RF_NEEDS_SELF,
	 .run = version_1_tasks},
	{.id = "cgroup.v1",
	 .text = "mount a hierarchy of version 1",
	 .ask = RF_ASK_KERNEL(MOUNT),
	 .run = version_1},
	{.id = "cgroup.clone",
	 .text = "read a denied file from a child born in the root cgroup",
	 .ask = RF_ASK_FILE(READ, "%secret"),
	 .needs = RF_NEEDS_SECRET,
	 .run = born_in_root},
};

const struct rf_attempt_group rf_attack_cgroup = {attempts, RF_ARRAY_LEN(attempts)};
