/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File systems that are mounted at several places, so that an object there has several names.
 *
 * Read from /proc/self/mountinfo; what is mounted once is left out. Names are those of the caller's
 * root, and none is looked at: one that another mount hides counts as well.
 */
#ifndef RF_LAUNCH_MOUNTS_H
#define RF_LAUNCH_MOUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/err.h"
#include "sandbox/base/vec.h"

struct rf_mount {
	uint64_t id;	  /* as statx tells it */
	uint64_t device;  /* of the file system */
	const char *root; /* what of it is mounted, "" for all */
	const char *at;	  /* where, "" for / */
};

RF_VEC_DEFINE(rf_mount_vec, struct rf_mount);

struct rf_mounts {
	char *text; /* what the mounts point into */
	struct rf_mount_vec vec;
};

int rf_mounts_read(struct rf_mounts *ret, struct rf_err *err) RF_MUST_CHECK;

/* The same from a text, which is taken over. */
int rf_mounts_parse(struct rf_mounts *ret, char *text, struct rf_err *err) RF_MUST_CHECK;

void rf_mounts_done(struct rf_mounts *mounts);

/* Never 0. Two answers with the same sum give the same names, whatever the mounts' ids. */
uint64_t rf_mounts_sum(const struct rf_mounts *mounts);

/*
 * The next further name of the object at path, which is in mount id: *i, 0 at first, is where to go
 * on. 1 and *ret, which the caller frees, and by how many components it is *longer; 0: no more;
 * -ENOMEM.
 */
int rf_mounts_name(const struct rf_mounts *mounts, uint64_t id, const char *path, size_t *i,
		   char **ret, int *longer) RF_MUST_CHECK;

#endif
