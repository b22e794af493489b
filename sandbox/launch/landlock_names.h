/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of what Landlock grants.
 *
 * A grant is tied to an object and reaches it under each of its names: that of the rule, those of
 * other mounts of the same file system, and for /proc/self and /proc/thread-self the process's
 * number, whichever that will be. A deny rule is held only if it names none of them.
 */
#ifndef RF_LAUNCH_LANDLOCK_NAMES_H
#define RF_LAUNCH_LANDLOCK_NAMES_H

#include "sandbox/base/err.h"
#include "sandbox/base/vec.h"
#include "sandbox/launch/landlock_looks.h"
#include "sandbox/policy/policy.h"

struct rf_ll_name {
	const char *granted; /* the look's path, borrowed */
	char *path;
	uint32_t numbers; /* bit per component of path: it stands for any process's number */
	uint32_t rights;
	bool dir;     /* with all beneath */
	bool mounted; /* by another mount than the look's */
};

RF_VEC_DEFINE(rf_ll_name_vec, struct rf_ll_name);

struct rf_ll_names {
	struct rf_ll_name_vec vec;
	bool incomplete; /* the mounts could not be read */
};

/* Names of everything that looks grant; notes in them which mounts there were. */
int rf_ll_names(struct rf_ll_names *ret, struct rf_ll_looks *looks, struct rf_err *err)
	RF_MUST_CHECK;

void rf_ll_names_done(struct rf_ll_names *names);

/* The first name that pattern reaches and with which one of rights is granted; NULL: none. */
const struct rf_ll_name *rf_ll_names_reached(const struct rf_ll_names *names,
					     const struct rf_pattern *pattern, uint32_t rights);

#endif
