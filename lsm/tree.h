/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the loaded kernel side judges paths (lsm/abi_tree.h): asked and set while it runs.
 */
#ifndef RF_LSM_TREE_H
#define RF_LSM_TREE_H

#include <stdint.h>

#include "lsm/abi_tree.h"
#include "sandbox/base/err.h"

/* What is in force, or -ENOENT: nothing is loaded. */
int rf_tree_read(struct rf_tree *ret, struct rf_err *err) RF_MUST_CHECK;

/* RF_TREE_*, from the next access on. */
int rf_tree_set(uint32_t mode, struct rf_err *err) RF_MUST_CHECK;

/*
 * Moves a directory of its own below RF_LSM_RUN_DIR and looks whether the kernel side saw it leave
 * and arrive. Where it did not, nothing may be kept: -EOPNOTSUPP.
 */
int rf_tree_try(struct rf_err *err) RF_MUST_CHECK;

#endif
