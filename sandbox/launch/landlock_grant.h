/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Landlock can grant of one allow rule: the objects, the access bits, and the gaps.
 *
 * Landlock ties access to inodes that exist: to one file, or to a directory with everything
 * beneath. So a pattern becomes the objects it names now; what it would name later, and rights that
 * Landlock cannot tell from wider ones, stay denied and are returned as gaps. A grant is never
 * wider than the rule, except for what Landlock does not see at all (landlock_files.c names that).
 *
 * Device ioctls (ABI 5) are not handled: a policy that lets a device be opened lets it be used.
 */
#ifndef RF_LAUNCH_LANDLOCK_GRANT_H
#define RF_LAUNCH_LANDLOCK_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/base/err.h"
#include "sandbox/policy/policy.h"

struct rf_ll_looks;

/* How patterns are expanded with glob(3). */
#define RF_LL_GLOB_FLAGS (GLOB_BRACE | GLOB_PERIOD | GLOB_NOESCAPE | GLOB_NOSORT)

/* Objects that one pattern with wildcards may become; more are not granted. */
#define RF_LL_MATCHES_MAX 1024

/* An object to be granted. fd and path are lent for the call. */
struct rf_ll_target {
	int fd;		  /* O_PATH; -1: `path` is to be opened by the child itself */
	const char *path; /* without symbolic links, except /proc/self */
	bool dir;	  /* and so everything beneath */
	uint64_t access;  /* RF_LL_*; never 0 */
};

/* Takes one target; a negative answer ends the walk and is returned by it. */
typedef int (*rf_ll_target_fn)(void *data, const struct rf_ll_target *target, struct rf_err *err);

/* The first thing of a rule that stays denied although the rule allows it. */
struct rf_ll_gap {
	bool found;
	char why[192]; /* one clause */
};

/* Access bits for policy rights; append without write is left out (it cannot be had alone). */
uint64_t rf_ll_access(uint32_t rights, int abi);

/* Policy rights that access bits grant in effect: writing includes appending. */
uint32_t rf_ll_rights(uint64_t access);

/* Whether `pattern` can match the object at `path`, or with `dir` anything beneath; errs to yes. */
bool rf_ll_overlaps(const struct rf_pattern *pattern, const char *path, bool dir);

/* The same where components of the path, a bit each in numbers, stand for any process's number. */
bool rf_ll_overlaps_process(const struct rf_pattern *pattern, const char *path, bool dir,
			    uint32_t numbers);

/*
 * Hands every object of an allow rule to fn. *gap (zeroed by the caller) tells what was left out.
 * Everything that was looked at is noted in looks, unless it is NULL. Returns 0 or a negative
 * errno: of fn, or -ENOMEM, -EMFILE and the like, never for a path that does not exist.
 */
int rf_ll_rule_targets(const struct rf_file_rule *rule, int abi, struct rf_ll_looks *looks,
		       rf_ll_target_fn fn, void *data, struct rf_ll_gap *gap, struct rf_err *err)
	RF_MUST_CHECK;

#endif
