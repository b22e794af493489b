/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fast sum over bytes that tells damage: a torn write, a flipped bit, a file cut short.
 *
 * It does not tell forgery, and no sum without a key does: who may write an entry is settled by its
 * owner and mode. One multiplication for eight bytes, because a launch pays for it each time.
 */
#ifndef RF_BASE_SUM_H
#define RF_BASE_SUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t rf_sum64(const void *data, size_t len);

#endif
