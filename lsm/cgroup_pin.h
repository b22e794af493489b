/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading and pinning the cgroup programs' object; behind lsm/cgroup.h.
 */
#ifndef RF_LSM_CGROUP_PIN_H
#define RF_LSM_CGROUP_PIN_H

#include <limits.h>
#include <stdbool.h>

#include "sandbox/base/err.h"

#define RF_CG_PIN_PREFIX "ringfence-cg-"

/*
 * The directory where this build's programs are pinned, whole or not there. Its name holds a hash
 * of the object, so that another version stands beside it and is not mistaken for it.
 */
int rf_cg_pin_path(bool shared, char ret[PATH_MAX], struct rf_err *err) RF_MUST_CHECK;

/* Loads and pins into that directory; one that another made meanwhile is fine. */
int rf_cg_pin_load(bool shared, struct rf_err *err) RF_MUST_CHECK;

/* Removes one pin directory, given by its path. */
void rf_cg_pin_remove(const char *path);

#endif
