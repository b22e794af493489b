/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole numbers of 64 bits without a sign, as OCI's files have them and jansson does not: "no
 * limit" is 18446744073709551615 there.
 */
#ifndef RF_POLICY_WIDE_H
#define RF_POLICY_WIDE_H

#include <jansson.h>
#include <stdint.h>

/*
 * Reads JSON in which numbers above INT64_MAX are the negative number of the same 64 bits. Lines of
 * errors are those of the text. NULL on error; duplicate keys are one.
 */
json_t *rf_json_load_wide(const char *text, size_t len, size_t flags, json_error_t *error);

/* The same with such numbers kept as marked strings, for what is written again. */
json_t *rf_json_load_kept(const char *text, size_t len, json_error_t *error);

/* A number, marked where it is too large; owned by the caller. */
json_t *rf_json_u64(uint64_t value);

/* Turns the marked strings of a dump into numbers again, in place. */
void rf_json_restore(char *dump);

#endif
