/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders of ringfence's executables, as the kernel knows them: by these the programs tell
 * ringfence's processes from others (lsm/bpf/ours.bpf.c).
 */
#ifndef RF_LSM_HOMES_H
#define RF_LSM_HOMES_H

#include "lsm/abi.h"
#include "sandbox/base/err.h"

/*
 * identify_fd: the program rf_identify. A folder that is not there is left 0. Fails where the
 * kernel does not tell what identifies one: the processes started from there could not be
 * protected.
 */
int rf_homes_find(int identify_fd, struct rf_home ret[RF_HOMES], struct rf_err *err) RF_MUST_CHECK;

#endif
