/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the names of a sandbox's files lead, seen from outside, before its own mounts are there:
 * below one folder, but for what a container's configuration binds into it.
 */
#ifndef RF_LAUNCH_WORLD_H
#define RF_LAUNCH_WORLD_H

#include <stddef.h>

#include "sandbox/base/err.h"

#define RF_VOLUMES_MAX 4096

struct rf_volume {
	char *at;     /* its name in the sandbox; absolute */
	char *source; /* absolute; NULL: a file system of its own, with nothing of the host's */
};

struct rf_world {
	const char *root;
	const struct rf_volume *volumes; /* in the order in which they are mounted */
	size_t n_volumes;
};

/* The same, opened; released with rf_view_close always. */
struct rf_view {
	int root_fd;
	const struct rf_world *world;
	char **at; /* of each volume, what its name means once the root's links are followed */
};

/* 0 or -errno: of the root, or no memory. */
int rf_view_open(struct rf_view *ret, const struct rf_world *world, struct rf_err *err)
	RF_MUST_CHECK;
void rf_view_close(struct rf_view *view);

/*
 * The object of an absolute name that leads through no link (POLICY.md 10: rules speak of the names
 * of objects, which hold none), with O_PATH; a link itself is an object. -errno: as openat2.
 */
int rf_view_object(const struct rf_view *view, const char *name) RF_MUST_CHECK;

#endif
