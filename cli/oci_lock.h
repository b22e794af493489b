/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One at a time in a folder of a node, whichever containers they run in: what they share are the
 * folders that they change, not a /run. A file that only its owner can open is locked; the folder
 * itself is not, since whoever may read that, fenced or not, could hold it.
 */
#ifndef RF_CLI_OCI_LOCK_H
#define RF_CLI_OCI_LOCK_H

#include "sandbox/base/err.h"

#define RF_OCI_LOCK_FILE ".lock"

/*
 * dir: a folder that others cannot write (rf_fd_secure_dir_check), called path in errors. *ret is
 * the lock, held until it is closed. -EBUSY: somebody holds it for longer than any of our work
 * takes.
 */
int rf_oci_lock(int dir, const char *path, int *ret, struct rf_err *err) RF_MUST_CHECK;

/* Takes the file away, by who holds the lock. */
int rf_oci_lock_remove(int dir, struct rf_err *err) RF_MUST_CHECK;

#endif
