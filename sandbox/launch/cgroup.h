/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox's cgroup: where it can stand, making, limiting, killing and removing it.
 *
 * Always below the caller's own cgroup, so that whatever limits the caller also limits the
 * command. cgroup v2 only; it may be mounted beside v1. Controllers of cgroups that are not ours
 * are never touched: a limit can be set where the parent already hands the controller down.
 */
#ifndef RF_LAUNCH_CGROUP_H
#define RF_LAUNCH_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "sandbox/base/err.h"

/* Where sandboxes of this caller are made. */
struct rf_cgroup_site {
	int parent_fd;	       /* O_PATH directory; owned */
	char parent[PATH_MAX]; /* its absolute path */
	bool own_slice;	       /* a folder `ringfence` of ours stands between parent and sandbox */
	uint32_t controllers;  /* RF_CONTROLLER_* that a sandbox will have */
};

#define RF_CGROUP_SITE_INIT                                                                        \
	{                                                                                          \
		.parent_fd = -1                                                                    \
	}

/*
 * Finds the place, without making anything. -EOPNOTSUPP with one clause in err where the caller
 * cannot have a cgroup: no cgroup v2, or none that the caller may write. *ret is released with
 * rf_cgroup_site_done.
 */
int rf_cgroup_find(struct rf_cgroup_site *ret, struct rf_err *err) RF_MUST_CHECK;

void rf_cgroup_site_done(struct rf_cgroup_site *site);

/* The absolute path that the cgroup called name will have. */
int rf_cgroup_path(const struct rf_cgroup_site *site, const char *name, char ret[PATH_MAX],
		   struct rf_err *err) RF_MUST_CHECK;

/*
 * Makes the cgroup `name` (fails if it exists). *ret_fd is its directory, close-on-exec; *ret_id
 * the kernel's id of it. controlled: it will be limited, so our folder hands the controllers down.
 * Nothing is left behind on failure, but for the folder `ringfence`, which is shared and stays.
 */
int rf_cgroup_make(const struct rf_cgroup_site *site, const char *name, bool controlled,
		   int *ret_fd, uint64_t *ret_id, struct rf_err *err) RF_MUST_CHECK;

/* Writes one control file of a cgroup directory. */
int rf_cgroup_write(int cgroup_fd, const char *file, const char *value, struct rf_err *err)
	RF_MUST_CHECK;

/* 1: processes are in it or below it; 0: none; negative errno: cannot tell (it may be gone). */
int rf_cgroup_populated(int cgroup_fd);

/* Waits at most milliseconds until nobody is in it; the answer of rf_cgroup_populated. */
int rf_cgroup_wait_empty(int cgroup_fd, int milliseconds);

/* Kills everything in it and below it. */
int rf_cgroup_kill(int cgroup_fd, struct rf_err *err);

/* Removes an unpopulated cgroup and its children. 0, or a negative errno. A missing one is 0. */
int rf_cgroup_remove(const char *path);

#endif
