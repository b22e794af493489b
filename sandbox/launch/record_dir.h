/* SPDX-License-Identifier: Apache-2.0 */
/* Where records are kept, for this user. */
#ifndef RF_LAUNCH_RECORD_DIR_H
#define RF_LAUNCH_RECORD_DIR_H

#include <stdbool.h>
#include <sys/types.h>

#include "sandbox/base/err.h"

/*
 * Opens RUNDIR/sandboxes, made if asked. -ENOENT where there is none; -EPERM where somebody else
 * could write to it. *ret is the caller's to close.
 */
int rf_record_dir_open(int *ret, bool make, struct rf_err *err) RF_MUST_CHECK;

/*
 * Opens the directory of another user's records, where name below users_fd is that user's runtime
 * directory; negative if there is none. Nothing on the way is a link or another file system's.
 */
int rf_record_dir_of_user(int users_fd, const char *name, uid_t uid);

/* file is a record's name, ID.json: removes ID.policies, what `policy replace` wrote beside it. */
void rf_record_history_remove(int dir_fd, const char *file);

#endif
