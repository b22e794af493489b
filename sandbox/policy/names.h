/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a policy, for the parsers of its sections. What others need of them is in policy.h.
 */
#ifndef RF_POLICY_NAMES_H
#define RF_POLICY_NAMES_H

#include "sandbox/policy/policy.h"

#define RF_DEV_RIGHTS	   3
#define RF_ERRNO_NAMED_MAX 133 /* EHWPOISON, the last that Linux has */

extern const char *const rf_kernel_key_names[RF_KERNEL_COUNT];
extern const char *const rf_kernel_value_names[3];
extern const char *const rf_file_right_names[RF_FILE_RIGHTS];
extern const char *const rf_net_right_names[RF_NET_RIGHTS];
extern const char *const rf_dev_right_names[RF_DEV_RIGHTS];

/* Resource limits 0, 1, … in order of name, NULL after the last; bytes: sizes like "512M" fit. */
const char *rf_rlimit_at(size_t index, int *ret_resource, bool *ret_bytes);

/* The number of an error's name ("EPERM"). Returns 0 or -ENOENT. */
int rf_errno_find(const char *name, int *ret) RF_MUST_CHECK;

#endif
