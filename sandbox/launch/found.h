/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding a running sandbox by what was written down about it; see record.h.
 */
#ifndef RF_LAUNCH_FOUND_H
#define RF_LAUNCH_FOUND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/base/err.h"

/* A record that was read back. */
struct rf_found {
	uint64_t id;
	uid_t uid; /* whose it is */
	char name[64];
	char policy[64];
	char sha256[65];
	char container[72];	/* the id of the container that it is; empty: none */
	char runtime[16];	/* of the container */
	char pod[80];		/* the container's; empty: none */
	char cgroup_path[4096]; /* empty: none */
	pid_t supervisor;
	pid_t command;	 /* 0: unknown; the supervisor's child, so valid while supervised */
	bool supervised; /* the supervisor lives */
};

/* Whether there is a place for records of this user; else why, one clause. */
int rf_record_kept(struct rf_err *err) RF_MUST_CHECK;

/*
 * Finds a sandbox by id or by name, or by its container's id or the beginning of that; -ENOENT if
 * there is none, -ENOTUNIQ if several are called so.
 */
int rf_record_find(struct rf_found *ret, const char *name, struct rf_err *err) RF_MUST_CHECK;

/* Takes one; lent for the call. */
typedef void (*rf_found_fn)(void *data, const struct rf_found *found);

/*
 * Hands every running sandbox to fn: the caller's own; to root also those of users whose runtime
 * directory is /run/user/UID. What a user's record says is that user's word, except whose it is.
 */
void rf_record_each(rf_found_fn fn, void *data);

/* The recipe of a sandbox that was found, as JSON text that the caller frees. */
int rf_record_recipe(const struct rf_found *found, char **ret, struct rf_err *err) RF_MUST_CHECK;

#endif
