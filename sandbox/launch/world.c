/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a sandbox, looked up from outside. See world.h. */
#include "sandbox/launch/world.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/base/cleanup.h"

#define TRIES 100 /* a rename anywhere may disturb a lookup that goes back by ".." */

static int open_in(int root_fd, const char *name, uint64_t flags, uint64_t resolve)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC | flags,
				     .resolve = RESOLVE_IN_ROOT | resolve};
	long fd = -1;

	for (int i = 0; i < TRIES; i++) {
		fd = syscall(SYS_openat2, root_fd, name, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

/* The name that the kernel gives the object; false: none that fits. */
static bool name_of(int fd, char *ret, size_t size)
{
	char link[32];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, size);
	if (n <= 0 || (size_t)n >= size || ret[0] != '/')
		return false;
	ret[n] = '\0';
	return true;
}

/* As runtimes read it: without ".", "..", and slashes that do not count. In place. */
static void clean(char *name)
{
	char *to = name, *from = name;

	while (*from) {
		size_t len;

		from += strspn(from, "/");
		len = strcspn(from, "/");
		if (len == 2 && strncmp(from, "..", 2) == 0) {
			while (to > name && *--to != '/')
				;
		} else if (len && !(len == 1 && *from == '.')) {
			*to++ = '/';
			memmove(to, from, len);
			to += len;
		}
		from += len;
	}
	if (to == name)
		*to++ = '/';
	*to = '\0';
}

/* What of the name lies in the volume: "" or "/…"; NULL: nothing. */
static const char *inside(const char *at, const char *name)
{
	size_t len = strcmp(at, "/") == 0 ? 0 : strlen(at);

	return strncmp(name, at, len) == 0 && (name[len] == '/' || !name[len]) ? name + len : NULL;
}

/* Which of the first n volumes the name is in, and what of it: the last, which covers the others.
 */
static const char *covering(const struct rf_view *view, size_t n, const char *name, size_t *ret)
{
	const char *rest;

	for (size_t i = n; i-- > 0;) {
		rest = inside(view->at[i], name);
		if (rest) {
			*ret = i;
			return rest;
		}
	}
	return NULL;
}

/*
 * A runtime follows the links of the root to where it mounts, as far as the name is there; the rest
 * it makes. 0 and the name to free, or -errno.
 */
static int follow(int root_fd, const char *name, char **ret)
{
	char root[PATH_MAX], whole[PATH_MAX], part[PATH_MAX];
	size_t len = strlen(name), root_len;
	RF_AUTOCLOSE int fd = -1;

	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, name, len + 1);
	while ((fd = open_in(root_fd, len ? part : "/", 0, 0)) == -ENOENT && len) {
		while (len && part[--len] != '/')
			;
		part[len] = '\0';
	}
	/* The runtime will not get there either; or it is a user's file system, closed to root. */
	if (fd == -ENOTDIR || fd == -ELOOP || fd == -EACCES) {
		*ret = strdup(name);
		return *ret ? 0 : -ENOMEM;
	}
	if (fd < 0)
		return fd;
	if (!name_of(root_fd, root, sizeof(root)) || !name_of(fd, whole, sizeof(whole)))
		return -ENOTRECOVERABLE;
	root_len = strcmp(root, "/") == 0 ? 0 : strlen(root);
	if (strncmp(whole, root, root_len) != 0 || (whole[root_len] && whole[root_len] != '/'))
		return -ENOTRECOVERABLE;
	if (asprintf(ret, "%s%s", strcmp(whole + root_len, "/") == 0 ? "" : whole + root_len,
		     name + len) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* Does the name lead through no link of the volume? Where one does lead is not looked up. */
static bool is_plain(const struct rf_volume *volume, const char *rest)
{
	RF_AUTOCLOSE int fd = -1;
	RF_AUTOCLOSE int found = -1;

	if (!volume->source || !*rest)
		return true;
	fd = open(volume->source, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT;
	found = open_in(fd, rest, 0, RESOLVE_NO_SYMLINKS);
	return found != -ELOOP && found != -EAGAIN;
}

/* What the name of volume i means, those before it being mounted. */
static int meant(struct rf_view *view, size_t i, struct rf_err *err)
{
	const char *at = view->world->volumes[i].at, *rest;
	RF_AUTOFREE char *name = strdup(at);
	size_t in = 0;
	int r = 0;

	if (!name)
		return rf_err_sys(err, -ENOMEM, "look at what is mounted");
	clean(name);
	rest = covering(view, i, name, &in);
	if (rest) {
		view->at[i] = strdup(name);
		r = view->at[i] ? 0 : -ENOMEM;
	} else {
		r = follow(view->root_fd, name, &view->at[i]);
		rest = r == 0 ? covering(view, i, view->at[i], &in) : NULL;
	}
	if (r < 0)
		return rf_err_sys(err, r, "cannot tell what the mount at %.200s covers", at);
	if (rest && !is_plain(&view->world->volumes[in], rest))
		return rf_err_set(err, -EOPNOTSUPP,
				  "cannot tell what the mount at %.200s covers: a link in what is "
				  "mounted at %.200s leads there; mount it where that link leads",
				  at, view->world->volumes[in].at);
	return 0;
}

int rf_view_open(struct rf_view *ret, const struct rf_world *world, struct rf_err *err)
{
	size_t n = world->n_volumes;

	*ret = (struct rf_view){.root_fd = open(world->root, O_PATH | O_DIRECTORY | O_CLOEXEC),
				.world = world};
	if (ret->root_fd < 0)
		return rf_err_sys(err, -errno, "cannot open %.200s", world->root);
	ret->at = calloc(n + 1, sizeof(*ret->at));
	if (!ret->at)
		return rf_err_sys(err, -ENOMEM, "look at what is mounted");
	for (size_t i = 0; i < n; i++) {
		int r = meant(ret, i, err);

		if (r < 0)
			return r;
	}
	return 0;
}

void rf_view_close(struct rf_view *view)
{
	for (size_t i = 0; view->at && view->at[i]; i++)
		free(view->at[i]);
	free(view->at);
	view->at = NULL;
	rf_cleanup_close(&view->root_fd);
}

int rf_view_object(const struct rf_view *view, const char *name)
{
	RF_AUTOCLOSE int fd = -1;
	size_t last = 0;
	/* What is mounted later covers what was there. */
	const char *rest = covering(view, view->world->n_volumes, name, &last);

	if (!rest)
		return open_in(view->root_fd, name, O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
	if (!view->world->volumes[last].source)
		return -ENOENT;
	fd = open(view->world->volumes[last].source, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return *rest ? open_in(fd, rest, O_NOFOLLOW, RESOLVE_NO_SYMLINKS) : RF_TAKE_FD(fd);
}
