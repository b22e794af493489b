/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers for keys: the first key seen is 0, the next new one 1, and so on, up to a bound.
 *
 * For counting things whose number an attacker chooses: past the bound a key gets no number, the
 * caller counts it under "others", and memory stays flat.
 */
#ifndef RF_AUDIT_INTERN_H
#define RF_AUDIT_INTERN_H

#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/cleanup.h"

struct rf_intern;

/* At most max keys of together max_bytes; NULL without memory. */
struct rf_intern *rf_intern_new(uint32_t max, size_t max_bytes);
struct rf_intern *rf_intern_free(struct rf_intern *intern);

RF_DEFINE_CLEANUP(struct rf_intern, rf_intern_freep, rf_intern_free)

/* 1: new, 0: known; *ret is its number. -ENOSPC: over a bound, or no memory. */
int rf_intern_add(struct rf_intern *intern, const void *key, size_t len, uint32_t *ret)
	RF_MUST_CHECK;

/* The key of a number, NUL-terminated; owned by the table. */
const char *rf_intern_key(const struct rf_intern *intern, uint32_t number, size_t *ret_len);

uint32_t rf_intern_count(const struct rf_intern *intern);

#endif
