/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbolic constants for arguments of system calls: TIOCSTI, CLONE_NEWUSER, AF_UNIX, O_CREAT…
 */
#ifndef RF_POLICY_SYMBOLS_H
#define RF_POLICY_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/cleanup.h"

/* Longest single name. */
#define RF_SYMBOL_MAX 63

/*
 * The value of a constant, or of several joined by '|' without blanks
 * ("CLONE_NEWUSER|CLONE_NEWNS"); a part may also be a number, decimal or 0x. Returns 0, or -ENOENT
 * with *ret untouched.
 */
RF_MUST_CHECK int rf_symbol_find(const char *name, uint64_t *ret);

/* For listing and for the reverse look-up: names 0, 1, … in order; NULL after the last. */
const char *rf_symbol_at(size_t index, uint64_t *ret);

#endif
