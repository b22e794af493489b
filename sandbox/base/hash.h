/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 in lower-case hexadecimal: how policies are named and cached.
 */
#ifndef RF_BASE_HASH_H
#define RF_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* libmd takes the types from the system headers. */
#include <sys/types.h>

#include <sha256.h>

#define RF_HASH_LEN	32
#define RF_HASH_HEX_LEN 64

struct rf_hash {
	SHA256_CTX state;
};

/* Whole data at once. ret is NUL-terminated. */
void rf_hash_hex(const void *data, size_t len, char ret[RF_HASH_HEX_LEN + 1]);

/* Piece by piece; after one of the endings the hash must be started again. */
void rf_hash_init(struct rf_hash *hash);
void rf_hash_add(struct rf_hash *hash, const void *data, size_t len);
void rf_hash_end_hex(struct rf_hash *hash, char ret[RF_HASH_HEX_LEN + 1]);
void rf_hash_end(struct rf_hash *hash, uint8_t ret[RF_HASH_LEN]);

#endif
