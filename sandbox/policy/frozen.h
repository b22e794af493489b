/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loaded policy as one piece of memory that can be kept in a file and used without being parsed.
 *
 * The structures are there as they are in memory, with the places of their pointers listed: only
 * the very build that froze a policy can thaw it. That, and whether the bytes are undamaged and
 * whose they are, is for the reader to know beforehand (sandbox/launch/form.h); what is checked
 * here is that no pointer leads out of the piece.
 */
#ifndef RF_POLICY_FROZEN_H
#define RF_POLICY_FROZEN_H

#include "sandbox/policy/policy.h"

/* *ret is for the caller to free. -ENOMEM, or -EFBIG for a policy beyond 4 GiB. */
int rf_policy_freeze(const struct rf_policy *policy, void **ret, size_t *ret_len) RF_MUST_CHECK;

/*
 * Makes a policy of the frozen bytes at `at`, aligned to 8, in place. `owner` is the memory from
 * malloc that they lie in: rf_policy_free frees it with the policy; on failure it stays the
 * caller's. -EBADMSG if this is no frozen policy.
 */
int rf_policy_thaw(struct rf_policy **ret, void *at, size_t len, void *owner) RF_MUST_CHECK;

#endif
