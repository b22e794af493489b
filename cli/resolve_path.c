/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths as the kernel would resolve them, component by component.
 *
 * realpath(3) gives up on names that do not exist yet, and rules are about those, too.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/why_question.h"
#include "sandbox/base/str.h"

#define MAX_LINKS 40 /* as the kernel */

struct walk {
	char at[PATH_MAX];   /* resolved so far, without a final slash; "" is the root */
	char rest[PATH_MAX]; /* still to walk */
	unsigned int links;
};

static void go_up(struct walk *w)
{
	char *slash = strrchr(w->at, '/');

	if (slash)
		*slash = 0;
}

/* What these links lead to depends on who asks; the fence judges them by these names. */
static bool is_magic(const char *path)
{
	return strcmp(path, "/proc/self") == 0 || strcmp(path, "/proc/thread-self") == 0;
}

/* Puts a link's text before the rest. */
static int follow(struct walk *w, const char *link_path)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t len = readlink(link_path, target, sizeof(target) - 1);

	if (len <= 0)
		return -ENOENT;
	target[len] = 0;
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	(void)snprintf(rest, sizeof(rest), "%s", w->rest);
	if ((size_t)snprintf(w->rest, sizeof(w->rest), "%s/%s", target, rest) >= sizeof(w->rest))
		return -ENAMETOOLONG;
	if (target[0] == '/')
		w->at[0] = 0;
	return 0;
}

static int step(struct walk *w, const char *name, bool follow_it)
{
	char next[PATH_MAX];
	struct stat st;

	if ((size_t)snprintf(next, sizeof(next), "%s/%s", w->at, name) >= sizeof(next))
		return -ENAMETOOLONG;
	if (follow_it && lstat(next, &st) == 0 && S_ISLNK(st.st_mode) && !is_magic(next))
		return follow(w, next);
	(void)snprintf(w->at, sizeof(w->at), "%s", next);
	return 0;
}

static int walk_all(struct walk *w, bool follow_last)
{
	for (;;) {
		char name[PATH_MAX];
		size_t skip = strspn(w->rest, "/"), len = strcspn(w->rest + skip, "/");
		bool last;
		int r;

		if (len == 0)
			return 0;
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, w->rest + skip, len);
		name[len] = 0;
		memmove(w->rest, w->rest + skip + len, strlen(w->rest + skip + len) + 1);
		last = w->rest[strspn(w->rest, "/")] == 0;
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			go_up(w);
			continue;
		}
		r = step(w, name, follow_last || !last || w->rest[0]);
		if (r < 0)
			return r;
	}
}

int rf_resolve_path(const char *path, bool follow_last, char *ret, size_t size, struct rf_err *err)
{
	struct walk w = {.links = 0};
	int r = 0;

	if (!path[0])
		return rf_err_set(err, -EINVAL, "an empty path names nothing");
	if (path[0] != '/' && !getcwd(w.at, sizeof(w.at)))
		return rf_err_sys(err, -errno, "cannot tell the current directory");
	if (strcmp(w.at, "/") == 0)
		w.at[0] = 0;
	if ((size_t)snprintf(w.rest, sizeof(w.rest), "%s", path) >= sizeof(w.rest))
		r = -ENAMETOOLONG;
	if (r == 0)
		r = walk_all(&w, follow_last);
	if (r == 0 && (size_t)snprintf(ret, size, "%s", w.at[0] ? w.at : "/") >= size)
		r = -ENAMETOOLONG;
	return r < 0 ? rf_err_sys(err, r, "cannot resolve %.200s", path) : 0;
}
