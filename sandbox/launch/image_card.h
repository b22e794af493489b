/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a launch needs to know of an image whose pages a slot of the kernel side has already: how it
 * is called there, and the states that its nails lead to. A few kilobytes instead of the image.
 *
 * Kept by the image's name, so for this build, this policy, where ringfence is and which devices
 * there are now; by root alone, whose cache nobody else can write.
 */
#ifndef RF_LAUNCH_IMAGE_CARD_H
#define RF_LAUNCH_IMAGE_CARD_H

#include "sandbox/base/hash.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/nails.h"

struct rf_image_card {
	uint64_t key; /* of struct rf_image */
	struct rf_nail_list nails;
};

/* What is kept under the image's name. *ret_memory, for the caller to free, is what ret points to.
 * -ENOENT: nothing that can be used. */
int rf_image_card_get(struct rf_image_card *ret, void **ret_memory,
		      const char name[RF_HASH_HEX_LEN + 1]) RF_MUST_CHECK;

/* Keeps it. Failing is not an error. */
void rf_image_card_keep(const char name[RF_HASH_HEX_LEN + 1], const struct rf_image_card *card);

/* As bytes and back: -EBADMSG for bytes that are no card. ret points into them. */
int rf_image_card_pack(const struct rf_image_card *card, void **ret, size_t *ret_len) RF_MUST_CHECK;
int rf_image_card_unpack(struct rf_image_card *ret, const void *data, size_t len) RF_MUST_CHECK;

#endif
