/* SPDX-License-Identifier: Apache-2.0 */
/* Looking through /proc for what a sandbox holds. See holders.h. */
#include "sandbox/launch/holders.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/holders_sockets.h"

#define PROC_TEXT_MAX ((size_t)16 << 20)

struct search {
	struct rf_asker *asker;
	int (*fn)(void *data, const struct rf_holding *holding, struct rf_err *err);
	void *data;
	struct rf_err *err;
	struct rf_holding holding; /* of the process that is looked at */
	uint32_t session;
	char *sockets; /* its name space's tables; NULL: not read yet */
};

/* Asks, and tells what is denied. A question that cannot be answered is about nothing that has a
 * name. */
static int ask(struct search *s, struct rf_question *question, int fd)
{
	struct rf_finding finding;

	question->session = s->session;
	if (rf_asker_ask(s->asker, question, &finding, NULL) < 0 ||
	    finding.verdict == RF_V_ALLOWED || finding.verdict == RF_V_WOULD_DENY)
		return 0;
	s->holding.fd = fd;
	s->holding.question = question;
	s->holding.finding = &finding;
	return s->fn(s->data, &s->holding, s->err);
}

static uint32_t rights_of(unsigned long flags)
{
	if ((flags & O_ACCMODE) == O_RDONLY)
		return RF_FILE_READ;
	if ((flags & O_ACCMODE) == O_RDWR)
		return RF_FILE_READ | RF_FILE_WRITE;
	return flags & O_APPEND ? RF_FILE_APPEND : RF_FILE_WRITE;
}

/* The flags a descriptor was opened with; false: gone, or opened with O_PATH. */
static bool read_flags(pid_t pid, const char *fd, unsigned long *ret)
{
	RF_AUTOFREE char *text = NULL;
	char path[96];
	const char *at;

	(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)pid, fd);
	if (rf_fd_read_file(path, PROC_TEXT_MAX, &text, NULL, NULL) < 0)
		return false;
	at = strstr(text, "flags:");
	if (!at)
		return false;
	at += strlen("flags:");
	at += strspn(at, " \t");
	for (*ret = 0; *at >= '0' && *at <= '7'; at++)
		*ret = *ret << 3 | (unsigned long)(*at - '0');
	return !(*ret & O_PATH);
}

static int ask_device(struct search *s, const char *path, unsigned long flags, int fd)
{
	struct rf_question question = {.kind = RF_WHY_DEVICE};
	struct stat st;

	if (stat(path, &st) < 0 || (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)))
		return 0;
	question.dev_type = S_ISBLK(st.st_mode) ? 1 : 2;
	question.dev_major = major(st.st_rdev);
	question.dev_minor = minor(st.st_rdev);
	if ((flags & O_ACCMODE) != O_WRONLY)
		question.rights |= RF_DEV_READ;
	if ((flags & O_ACCMODE) != O_RDONLY)
		question.rights |= RF_DEV_WRITE;
	return ask(s, &question, fd);
}

static int ask_file(struct search *s, const char *name, uint32_t rights, int fd)
{
	struct rf_question question = {.kind = RF_WHY_FILE, .rights = rights};

	if (strlen(name) >= sizeof(question.text))
		return 0;
	(void)snprintf(question.text, sizeof(question.text), "%s", name);
	return ask(s, &question, fd);
}

static int ask_socket(void *data, struct rf_question *question, int fd)
{
	return ask(data, question, fd);
}

/* A file that was unlinked has no name any more; whoever holds it keeps it (POLICY.md 12). */
static bool has_name(const char *name)
{
	return name[0] == '/' && !rf_str_has_suffix(name, " (deleted)") &&
	       !rf_str_has_prefix(name, "/memfd:");
}

static int look_at_fd(struct search *s, const char *number)
{
	char path[96], name[PATH_MAX];
	unsigned long flags;
	uint64_t fd, inode;
	ssize_t len;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)s->holding.pid, number);
	len = readlink(path, name, sizeof(name) - 1);
	if (len <= 0 || rf_parse_u64(number, INT32_MAX, &fd) < 0)
		return 0;
	name[len] = '\0';
	if (rf_str_has_prefix(name, "socket:[")) {
		name[len - 1] = '\0';
		return rf_parse_u64(name + strlen("socket:["), UINT64_MAX, &inode) < 0
			       ? 0
			       : rf_sockets_ask(&s->sockets, s->holding.pid, inode, (int)fd,
						ask_socket, s);
	}
	if (!has_name(name) || !read_flags(s->holding.pid, number, &flags))
		return 0;
	r = ask_file(s, name, rights_of(flags), (int)fd);
	return r < 0 ? r : ask_device(s, path, flags, (int)fd);
}

static int look_at_fds(struct search *s)
{
	RF_AUTOCLOSEDIR DIR *dir = NULL;
	const struct dirent *entry;
	char path[64];
	int r = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)s->holding.pid);
	dir = opendir(path);
	while (r == 0 && dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			r = look_at_fd(s, entry->d_name);
	return r;
}

/* One line of /proc/PID/maps: "FROM-TO PERM OFFSET DEV INODE   NAME". */
static int look_at_map(struct search *s, char *line, char *last)
{
	char *name = strchr(line, '/'), *perm = strchr(line, ' ');

	if (!name || !perm || strlen(perm) < 5 || perm[3] != 'x' || !has_name(name) ||
	    rf_str_eq(name, last))
		return 0;
	(void)snprintf(last, PATH_MAX, "%s", name);
	return ask_file(s, name, RF_FILE_EXEC, -1);
}

static int look_at_maps(struct search *s)
{
	RF_AUTOFREE char *text = NULL;
	char path[64], last[PATH_MAX] = "";
	int r = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)s->holding.pid);
	if (rf_fd_read_file(path, PROC_TEXT_MAX, &text, NULL, NULL) < 0)
		return 0;
	for (char *line = text, *end; r == 0 && *line; line = end) {
		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		r = look_at_map(s, line, last);
	}
	return r;
}

static void read_comm(pid_t pid, char *ret, size_t size)
{
	RF_AUTOFREE char *text = NULL;
	char path[64];

	ret[0] = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (rf_fd_read_file(path, 64, &text, NULL, NULL) == 0)
		(void)snprintf(ret, size, "%.*s", (int)strcspn(text, "\n"), text);
}

static int look_at_process(struct search *s, pid_t pid, int pidfd)
{
	char comm[32];
	int r;

	read_comm(pid, comm, sizeof(comm));
	s->holding = (struct rf_holding){.pid = pid, .pidfd = pidfd, .comm = comm};
	r = look_at_fds(s);
	if (r == 0)
		r = look_at_maps(s);
	free(s->sockets);
	s->sockets = NULL;
	return r;
}

int rf_holders_find(struct rf_lsm *lsm, uint64_t sandbox, struct rf_asker *asker,
		    int (*fn)(void *data, const struct rf_holding *holding, struct rf_err *err),
		    void *data, size_t *ret_n, struct rf_err *err)
{
	struct search s = {.asker = asker, .fn = fn, .data = data, .err = err};
	RF_AUTOCLOSEDIR DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int r = 0;

	*ret_n = 0;
	if (!proc)
		return rf_err_sys(err, -errno, "cannot open /proc");
	while (r == 0 && (entry = readdir(proc))) {
		RF_AUTOCLOSE int pidfd = -1;
		struct rf_task task;
		uint64_t pid;

		if (rf_parse_u64(entry->d_name, INT32_MAX, &pid) < 0)
			continue;
		pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
		if (pidfd < 0 || rf_fence_of(lsm, pidfd, &task) < 0 || task.sandbox != sandbox)
			continue;
		s.session = task.session;
		++*ret_n;
		r = look_at_process(&s, (pid_t)pid, pidfd);
	}
	return r;
}
