/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 through libmd. See hash.h. */
#include "sandbox/base/hash.h"

_Static_assert(RF_HASH_LEN == SHA256_DIGEST_LENGTH, "the digest fits");
_Static_assert(RF_HASH_HEX_LEN + 1 == SHA256_DIGEST_STRING_LENGTH, "its text fits");

void rf_hash_init(struct rf_hash *hash)
{
	SHA256_Init(&hash->state);
}

void rf_hash_add(struct rf_hash *hash, const void *data, size_t len)
{
	SHA256_Update(&hash->state, data, len);
}

void rf_hash_end(struct rf_hash *hash, uint8_t ret[RF_HASH_LEN])
{
	SHA256_Final(ret, &hash->state);
}

void rf_hash_end_hex(struct rf_hash *hash, char ret[RF_HASH_HEX_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[RF_HASH_LEN];

	rf_hash_end(hash, digest);
	for (size_t i = 0; i < RF_HASH_LEN; i++) {
		ret[2 * i] = digits[digest[i] >> 4];
		ret[2 * i + 1] = digits[digest[i] & 15];
	}
	ret[RF_HASH_HEX_LEN] = '\0';
}

void rf_hash_hex(const void *data, size_t len, char ret[RF_HASH_HEX_LEN + 1])
{
	struct rf_hash hash;

	rf_hash_init(&hash);
	rf_hash_add(&hash, data, len);
	rf_hash_end_hex(&hash, ret);
}
