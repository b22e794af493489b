/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the kernel's audit on? Landlock tells what it refuses only then (security/landlock/log.c),
 * while seccomp tells always.
 */
#ifndef RF_LSM_AUDIT_STATUS_H
#define RF_LSM_AUDIT_STATUS_H

#include "sandbox/base/cleanup.h"

/* 1 on, 0 off; -EPERM: the caller may not ask (CAP_AUDIT_CONTROL); else why there is no answer. */
int rf_audit_is_on(void) RF_MUST_CHECK;

#endif
