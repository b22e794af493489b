/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving the folders that protect the fence. See protect_dirs.h. */
#include "sandbox/launch/protect_dirs.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/user.h"

struct walk {
	char done[PATH_MAX]; /* resolved: "" or "/a/b" */
	char left[PATH_MAX]; /* still to walk */
	bool missing;
};

static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

/* Takes the first component of left; false if there is none. */
static bool take(struct walk *w, char name[NAME_MAX + 1], int *r)
{
	size_t skip = strspn(w->left, "/"), len = strcspn(w->left + skip, "/");

	if (len > NAME_MAX) {
		*r = -EINVAL;
		return false;
	}
	memcpy(name, w->left + skip, len);
	name[len] = '\0';
	memmove(w->left, w->left + skip + len, strlen(w->left + skip + len) + 1);
	return len > 0;
}

static int append(struct walk *w, const char *name)
{
	size_t len = strlen(w->done);
	int n = snprintf(w->done + len, sizeof(w->done) - len, "/%s", name);

	return n > 0 && (size_t)n < sizeof(w->done) - len ? 0 : -EINVAL;
}

static int add_decider(struct rf_real_dir *dir, const char *path)
{
	if (!path[0])
		return 0;
	dir->deciders[dir->n_deciders] = strdup(path);
	return dir->deciders[dir->n_deciders++] ? 0 : -ENOMEM;
}

/* The target of the link at done is walked next. */
static int enter_link(struct rf_real_dir *dir, struct walk *w)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t len = readlink(w->done, target, sizeof(target) - 1);
	int r, n;

	if (dir->n_links == RF_REAL_DIR_LINKS_MAX)
		return -ELOOP;
	r = add_decider(dir, w->done);
	if (r < 0 || len <= 0)
		return r < 0 ? r : -EINVAL;
	dir->n_links++;
	target[len] = '\0';
	cut_last(w->done);
	if (target[0] == '/')
		w->done[0] = '\0';
	memcpy(rest, w->left, strlen(w->left) + 1);
	n = snprintf(w->left, sizeof(w->left), "%s/%s", target, rest);
	return n > 0 && (size_t)n < sizeof(w->left) ? 0 : -EINVAL;
}

/* The first name that is missing, and the folder in which it would be. */
static int note_missing(struct rf_real_dir *dir, struct walk *w)
{
	char parent[PATH_MAX];
	int r;

	w->missing = true;
	memcpy(parent, w->done, sizeof(parent));
	cut_last(parent);
	r = add_decider(dir, parent);
	return r < 0 ? r : add_decider(dir, w->done);
}

/* What cannot be looked at is kept as it is written. */
static int step(struct rf_real_dir *dir, struct walk *w, const char *name)
{
	struct stat st;
	int r;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		cut_last(w->done);
		return 0;
	}
	r = append(w, name);
	if (r < 0 || w->missing)
		return r;
	if (lstat(w->done, &st) < 0)
		return note_missing(dir, w);
	return S_ISLNK(st.st_mode) ? enter_link(dir, w) : 0;
}

static int walk_all(struct rf_real_dir *dir, struct walk *w)
{
	char name[NAME_MAX + 1];
	int r = 0;

	while (r == 0 && take(w, name, &r))
		r = step(dir, w, name);
	return r;
}

static int keep(char **ret, const struct walk *w)
{
	if (!w->done[0])
		return -EINVAL;
	*ret = strdup(w->done);
	return *ret ? 0 : -ENOMEM;
}

int rf_real_dir_find(struct rf_real_dir *ret, const char *path)
{
	struct rf_real_dir dir = {0};
	struct walk named = {.missing = true}, real = {0};
	int r;

	if (path[0] != '/' || strlen(path) >= PATH_MAX)
		return -EINVAL;
	memcpy(named.left, path, strlen(path) + 1);
	memcpy(real.left, path, strlen(path) + 1);
	r = walk_all(&dir, &named);
	if (r == 0)
		r = keep(&dir.named, &named);
	if (r == 0)
		r = walk_all(&dir, &real);
	if (r == 0 || r == -ELOOP)
		r = keep(&dir.resolved, r == 0 ? &real : &named);
	if (r < 0)
		rf_real_dir_done(&dir);
	else
		*ret = dir;
	return r;
}

void rf_real_dir_done(struct rf_real_dir *dir)
{
	free(dir->named);
	free(dir->resolved);
	for (size_t i = 0; i < dir->n_deciders; i++)
		free(dir->deciders[i]);
	memset(dir, 0, sizeof(*dir));
}

static const char *absolute(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

static int below_home(const char *tail, char **ret, struct rf_err *err)
{
	RF_CLEANUP(rf_user_done) struct rf_user user = {0};
	const char *home = absolute("HOME");

	if (!home) {
		int r = rf_user_from_uid(&user, geteuid(), err);

		if (r < 0)
			return r;
		home = user.home;
	}
	if (!home || home[0] != '/')
		return 0;
	return asprintf(ret, "%s/%s/ringfence", home, tail) < 0 ? -ENOMEM : 0;
}

int rf_user_dir_find(enum rf_user_dir which, char **ret, struct rf_err *err)
{
	static const char *const variables[] = {"XDG_CONFIG_HOME", "XDG_CACHE_HOME",
						"XDG_RUNTIME_DIR"};
	const char *base = absolute(variables[which]);
	int r = 0;

	*ret = NULL;
	if (base)
		r = asprintf(ret, "%s/ringfence", base) < 0 ? -ENOMEM : 0;
	else if (which == RF_USER_RUN)
		r = asprintf(ret, "/run/user/%u/ringfence", geteuid()) < 0 ? -ENOMEM : 0;
	else
		return below_home(which == RF_USER_CONFIG ? ".config" : ".cache", ret, err);
	return r < 0 ? rf_err_sys(err, r, "find the folders of the user") : 0;
}
