/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers from text: strict, dull, one reading only.
 *
 * The whole text must be the number: no blanks, no sign where none belongs, no leading zeros (they
 * mean octal to some readers), no trailing text. Each returns 0, -EINVAL for text that is not the
 * thing, -ERANGE for a number outside the limits, and writes *ret only on success.
 */
#ifndef RF_BASE_PARSE_H
#define RF_BASE_PARSE_H

#include <stdint.h>

#include "sandbox/base/cleanup.h"

/* Decimal, 0 to max. */
int rf_parse_u64(const char *text, uint64_t max, uint64_t *ret) RF_MUST_CHECK;

/* Decimal, or hexadecimal after 0x. */
int rf_parse_u64_any(const char *text, uint64_t max, uint64_t *ret) RF_MUST_CHECK;

/* Decimal with an optional minus, min to max. */
int rf_parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret) RF_MUST_CHECK;

/*
 * "512M": bytes, or a multiple with K, M, G or T (powers of 1024).
 */
int rf_parse_size(const char *text, uint64_t max, uint64_t *ret) RF_MUST_CHECK;

/*
 * "500ms", "1.5s", "2m", "1h", "10us", "7ns" in nanoseconds, with up to nine decimals. Without a
 * unit the number counts default_unit_ns; if that is 0, only "0" may go without one.
 */
int rf_parse_duration(const char *text, uint64_t default_unit_ns, uint64_t *ret_ns) RF_MUST_CHECK;

#define RF_NS_PER_SEC UINT64_C(1000000000)

#endif
