/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Do the BPF programs find mount_lock? libbpf looks it up in /proc/kallsyms, and takes what is
 * hidden there for something at address 0. No path could be judged without it: every access in
 * every sandbox would be refused.
 */
#ifndef RF_LSM_SIGHT_H
#define RF_LSM_SIGHT_H

#include "sandbox/base/err.h"

/* Are addresses shown at all? Asked before a load, which takes long. -EOPNOTSUPP: no. */
int rf_sight_symbols(struct rf_err *err) RF_MUST_CHECK;

/* Asks the loaded program rf_look (a descriptor). -EOPNOTSUPP: it does not see the lock. */
int rf_sight_try(int fd, struct rf_err *err) RF_MUST_CHECK;

#endif
