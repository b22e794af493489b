/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses as policies write them, as ranges of 16-byte addresses with IPv4 mapped.
 */
#ifndef RF_POLICY_ADDR_H
#define RF_POLICY_ADDR_H

#include "sandbox/policy/policy.h"

/* An address or CIDR is at most two ranges: IPv6 leaves out the mapped IPv4 addresses. */
#define RF_ADDR_RANGES_MAX 2

/*
 * Reads "ADDR" or "ADDR/BITS" with host bits zero. Returns 0, or -EINVAL with a sentence in why.
 */
RF_MUST_CHECK int rf_addr_parse(const char *text, struct rf_addr_range *ret, size_t *ret_n,
				char *why, size_t why_size);

/* The ranges of a set, named without '@'. Returns 0, or -ENOENT. The array is static. */
RF_MUST_CHECK int rf_addr_set_find(const char *name, const struct rf_addr_range **ret,
				   size_t *ret_n);

/* Names of sets 0, 1, …; NULL after the last. */
const char *rf_addr_set_at(size_t index);

/* "10.0.0.0/8", "2001:db8::1", or "FIRST-LAST" where no CIDR is the same. */
#define RF_ADDR_TEXT_MAX 96
void rf_addr_format(const struct rf_addr_range *range, char ret[RF_ADDR_TEXT_MAX]);

#endif
