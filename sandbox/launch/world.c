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

static int open_in(int root_fd, const char *name, uint64_t flags, uint64_t resolve)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC | flags,
				     .resolve = RESOLVE_IN_ROOT | resolve};
	long fd = syscall(SYS_openat2, root_fd, name, &how, sizeof(how));

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

/* Without what does not count in a name: a slash at the end, and more than one. */
static void tidy(char *name)
{
	char *to = name;

	for (const char *from = name; *from; from++)
		if (*from != '/' || from[1] != '/')
			*to++ = *from;
	if (to > name + 1 && to[-1] == '/')
		to--;
	*to = '\0';
}

/*
 * A runtime follows the links of the root to where it mounts. What is not there yet it makes, under
 * the name that the configuration says.
 */
static char *meant(int root_fd, const char *at)
{
	char root[PATH_MAX], whole[PATH_MAX];
	RF_AUTOCLOSE int fd = open_in(root_fd, at, 0, 0);
	size_t len;
	char *ret;

	if (fd >= 0 && name_of(root_fd, root, sizeof(root)) && name_of(fd, whole, sizeof(whole))) {
		len = strcmp(root, "/") == 0 ? 0 : strlen(root);
		if (strncmp(whole, root, len) == 0 && whole[len] == '/')
			return strdup(whole + len);
	}
	ret = strdup(at);
	if (ret)
		tidy(ret);
	return ret;
}

int rf_view_open(struct rf_view *ret, const struct rf_world *world, struct rf_err *err)
{
	size_t n = world->n_volumes;

	*ret = (struct rf_view){.root_fd = open(world->root, O_PATH | O_DIRECTORY | O_CLOEXEC),
				.world = world};
	if (ret->root_fd < 0)
		return rf_err_sys(err, -errno, "cannot open %.200s", world->root);
	ret->at = calloc(n + 1, sizeof(*ret->at));
	for (size_t i = 0; ret->at && i < n; i++) {
		ret->at[i] = meant(ret->root_fd, world->volumes[i].at);
		if (!ret->at[i])
			return rf_err_sys(err, -ENOMEM, "look at what is mounted");
	}
	return ret->at ? 0 : rf_err_sys(err, -ENOMEM, "look at what is mounted");
}

void rf_view_close(struct rf_view *view)
{
	for (size_t i = 0; view->at && view->at[i]; i++)
		free(view->at[i]);
	free(view->at);
	view->at = NULL;
	rf_cleanup_close(&view->root_fd);
}

/* What of the name lies in the volume: "" or "/…"; NULL: nothing. */
static const char *inside(const char *at, const char *name)
{
	size_t len = strcmp(at, "/") == 0 ? 0 : strlen(at);

	return strncmp(name, at, len) == 0 && (name[len] == '/' || !name[len]) ? name + len : NULL;
}

int rf_view_object(const struct rf_view *view, const char *name)
{
	const char *rest = NULL, *in;
	RF_AUTOCLOSE int fd = -1;
	size_t last = 0;

	/* What is mounted later covers what was there. */
	for (size_t i = 0; i < view->world->n_volumes; i++) {
		in = inside(view->at[i], name);
		if (in) {
			rest = in;
			last = i;
		}
	}
	if (!rest)
		return open_in(view->root_fd, name, O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
	if (!view->world->volumes[last].source)
		return -ENOENT;
	fd = open(view->world->volumes[last].source, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return *rest ? open_in(fd, rest, O_NOFOLLOW, RESOLVE_NO_SYMLINKS) : RF_TAKE_FD(fd);
}
