/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the names in a directory are still those that were there: one look instead of one for
 * each name that was missing, or that was no link.
 *
 * The kernel changes a directory's ctime with every name that comes or goes, and nobody can set it.
 * So a directory that had not changed for a while when its names were looked at, and has the same
 * ctime now, has the same names. "A while" outlasts the coarsest clock of the file systems that are
 * trusted in this; on any other, or with a fresh ctime, there is no stamp, and each name is looked
 * at. A stamp that no longer holds says nothing either.
 */
#ifndef RF_POLICY_STAMP_H
#define RF_POLICY_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/base/cleanup.h"

/* When looking begins: for rf_stamp_take. */
int64_t rf_stamp_now(void);

/*
 * The directory whose names decide what stands at path: the deepest one above it that exists and
 * that no link leads to. Its name, which the caller frees, and its stamp. False if there is none
 * that can be trusted to have stayed since before `since`.
 */
bool rf_stamp_take(const char *path, int64_t since, char **ret_dir, uint64_t *ret);

/* Whether dir is the same directory with the same names, and no link leads to it. */
bool rf_stamp_holds(const char *dir, uint64_t stamp);

#endif
