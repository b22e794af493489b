/* SPDX-License-Identifier: Apache-2.0 */
/* Looks processes up in /proc. See member.h. */
#include "sandbox/launch/member.h"

#include <dirent.h>
#include <limits.h>
#include <string.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"

#define PROC_TEXT_MAX 16384
#define PARENTS_MAX   256

static int read_proc(uint32_t pid, const char *file, char **ret)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%u/%s", pid, file);
	return rf_fd_read_file(path, PROC_TEXT_MAX, ret, NULL, NULL);
}

/* Whether dir, an absolute path into a cgroup mount, ends with the path the kernel tells. */
static bool is_at_or_below(const char *told, size_t len, const char *dir)
{
	size_t n = strlen(dir);

	/* A cgroup of ours has a unique last name: find it, then whole components must follow. */
	for (const char *tail = strrchr(dir, '/'); tail && tail[1] != '\0';) {
		size_t want = n - (size_t)(tail - dir);
		const char *at = memmem(told, len, tail, want);

		if (!at)
			return false;
		at += want;
		return at == told + len || *at == '/';
	}
	return false;
}

static enum rf_member by_cgroup(const struct rf_launch *launch, uint32_t pid)
{
	RF_AUTOFREE char *text = NULL;

	if (read_proc(pid, "cgroup", &text) < 0)
		return RF_MEMBER_GONE;
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (rf_str_has_prefix(line, "0::") &&
		    is_at_or_below(line + 3, len - 3, launch->cgroup_path))
			return RF_MEMBER_YES;
		line += len + (line[len] == '\n');
	}
	return RF_MEMBER_NO;
}

/* Field 4 of /proc/PID/stat; comm, in parentheses before it, may hold anything. */
static int parent_of(uint32_t pid, uint32_t *ret)
{
	RF_AUTOFREE char *text = NULL;
	uint64_t parent;
	char *at;

	if (read_proc(pid, "stat", &text) < 0)
		return -ESRCH;
	at = strrchr(text, ')');
	if (!at || strlen(at) < 5)
		return -EINVAL;
	at += 4;
	at[strspn(at, "0123456789")] = '\0';
	if (rf_parse_u64(at, UINT32_MAX, &parent) < 0)
		return -EINVAL;
	*ret = (uint32_t)parent;
	return 0;
}

static enum rf_member by_descent(const struct rf_launch *launch, uint32_t pid)
{
	for (int i = 0; i < PARENTS_MAX && pid > 1; i++) {
		if ((pid_t)pid == launch->pid)
			return RF_MEMBER_YES;
		if (parent_of(pid, &pid) < 0)
			return i == 0 ? RF_MEMBER_GONE : RF_MEMBER_NO;
	}
	return RF_MEMBER_NO;
}

enum rf_member rf_member_find(const struct rf_launch *launch, uint32_t pid)
{
	enum rf_member member = RF_MEMBER_NO;

	if ((pid_t)pid == launch->pid)
		return RF_MEMBER_YES;
	if (launch->cgroup_path[0])
		member = by_cgroup(launch, pid);
	return member == RF_MEMBER_NO ? by_descent(launch, pid) : member;
}

uint32_t rf_member_parent(uint32_t pid)
{
	uint32_t parent = 0;

	return parent_of(pid, &parent) < 0 ? 0 : parent;
}

bool rf_member_alone(const struct rf_launch *launch)
{
	const char *name = strrchr(launch->cgroup_path, '/');
	RF_AUTOCLOSEDIR DIR *dir = NULL;
	char parent[PATH_MAX];
	struct dirent *entry;
	size_t prefix;

	if (!name || name == launch->cgroup_path || name - launch->cgroup_path >= PATH_MAX)
		return false;
	memcpy(parent, launch->cgroup_path, (size_t)(name - launch->cgroup_path));
	parent[name - launch->cgroup_path] = '\0';
	dir = opendir(parent);
	if (!dir)
		return false;
	/* Names differ from the first digit of the sandbox's number on. */
	name++;
	prefix = strcspn(name, "0123456789");
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    strcmp(entry->d_name, name) != 0 && strncmp(entry->d_name, name, prefix) == 0)
			return false;
	return true;
}
