/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bpf file system that pins live in.
 */
#ifndef RF_LSM_BPFFS_H
#define RF_LSM_BPFFS_H

#include "sandbox/base/err.h"

/*
 * Makes sure that a bpf file system is mounted on RF_LSM_BPFFS, as an init system does at boot;
 * mounts one where none is. Refused (-EOPNOTSUPP) in a mount namespace other than that of process
 * 1: there the pins, and with them the fence, would go when the namespace goes. Needs root.
 */
int rf_bpffs_ready(struct rf_err *err);

#endif
