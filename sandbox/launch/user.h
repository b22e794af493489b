/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom the command runs as: --user NAME|UID[:GROUP|GID], with the groups that go with it.
 *
 * Read from /etc/passwd and /etc/group, without name service modules: a launcher that runs as root
 * loads no code that a configuration file names. Other accounts are given by number.
 */
#ifndef RF_LAUNCH_USER_H
#define RF_LAUNCH_USER_H

#include <stddef.h>
#include <sys/types.h>

#include "sandbox/base/err.h"

/* Most supplementary groups that are taken over; Linux allows 65,536, nobody has 1,024. */
#define RF_USER_GROUPS_MAX 1024

struct rf_user {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* owned */
	size_t n_groups;
	char *name; /* owned; NULL: not in /etc/passwd */
	char *home; /* owned; NULL: not in /etc/passwd */
};

/* Looks the specification up. -ENOENT for a name that does not exist. */
int rf_user_parse(struct rf_user *ret, const char *spec, struct rf_err *err) RF_MUST_CHECK;

/* Name and home of uid; both stay NULL for an account that is not in /etc/passwd. */
int rf_user_from_uid(struct rf_user *ret, uid_t uid, struct rf_err *err) RF_MUST_CHECK;

void rf_user_done(struct rf_user *user);

#endif
