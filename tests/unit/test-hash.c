/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256: known answers, and pieces equal the whole. */
#include "tests/unit/unit.h"

#include "sandbox/base/cleanup.h"
#include "sandbox/base/hash.h"

static void known_answers(void **state RF_UNUSED)
{
	char hex[RF_HASH_HEX_LEN + 1];

	rf_hash_hex("", 0, hex);
	assert_string_equal(hex,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	rf_hash_hex("abc", 3, hex);
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void pieces_equal_the_whole(void **state RF_UNUSED)
{
	char hex[RF_HASH_HEX_LEN + 1];
	uint8_t digest[RF_HASH_LEN];
	struct rf_hash hash;

	rf_hash_init(&hash);
	rf_hash_add(&hash, "a", 1);
	rf_hash_add(&hash, "bc", 2);
	rf_hash_end_hex(&hash, hex);
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	rf_hash_init(&hash);
	rf_hash_add(&hash, "abc", 3);
	rf_hash_end(&hash, digest);
	assert_int_equal(digest[0], 0xba);
	assert_int_equal(digest[31], 0xad);
}

UNIT_MAIN(cmocka_unit_test(known_answers), cmocka_unit_test(pieces_equal_the_whole));
