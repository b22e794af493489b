/* SPDX-License-Identifier: Apache-2.0 */
/* Cards of images, in the cache; see image_card.h. */
#include "sandbox/launch/image_card.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/launch/cache.h"

#define KIND "card"

struct head {
	uint64_t key, image, n;
};

int rf_image_card_pack(const struct rf_image_card *card, void **ret, size_t *ret_len)
{
	const struct head head = {.key = card->key, .image = card->nails.image, .n = card->nails.n};
	char *data = malloc(sizeof(head) + card->nails.len);

	if (!data)
		return -ENOMEM;
	memcpy(data, &head, sizeof(head));
	if (card->nails.len)
		memcpy(data + sizeof(head), card->nails.bytes, card->nails.len);
	*ret = data;
	*ret_len = sizeof(head) + card->nails.len;
	return 0;
}

int rf_image_card_unpack(struct rf_image_card *ret, const void *data, size_t len)
{
	struct rf_image_card card;
	struct head head;

	if (len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, data, sizeof(head));
	card = (struct rf_image_card){
		.key = head.key,
		.nails = {.image = head.image,
			  .n = head.n,
			  .bytes = (const char *)data + sizeof(head),
			  .len = len - sizeof(head)},
	};
	if (!card.key || !card.nails.image || !rf_nail_list_is_whole(&card.nails))
		return -EBADMSG;
	*ret = card;
	return 0;
}

int rf_image_card_get(struct rf_image_card *ret, void **ret_memory,
		      const char name[RF_HASH_HEX_LEN + 1])
{
	RF_AUTOFREE void *data = NULL;
	size_t len;

	if (geteuid() != 0 || rf_cache_get(KIND, name, &data, &len) < 0 ||
	    rf_image_card_unpack(ret, data, len) < 0)
		return -ENOENT;
	*ret_memory = RF_TAKE_PTR(data);
	return 0;
}

void rf_image_card_keep(const char name[RF_HASH_HEX_LEN + 1], const struct rf_image_card *card)
{
	RF_AUTOFREE void *data = NULL;
	size_t len;

	if (geteuid() == 0 && rf_image_card_pack(card, &data, &len) == 0)
		rf_cache_put(KIND, name, data, len);
}
