/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the events of a `run` go: a file, a FIFO, or a descriptor of the caller's.
 *
 * What can be known before the command runs is refused here: a symbolic link, a place that is not
 * there, a descriptor that nobody can write.
 */
#ifndef RF_CLI_RUN_TARGET_H
#define RF_CLI_RUN_TARGET_H

#include "sandbox/base/err.h"

/* target: a file's name, "-" or "fd:N". *ret is a descriptor of our own, close-on-exec. */
int rf_run_target_open(const char *target, int *ret, struct rf_err *err) RF_MUST_CHECK;

#endif
