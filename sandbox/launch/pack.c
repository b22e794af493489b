/* SPDX-License-Identifier: Apache-2.0 */
/* Growing pages and the room in them. */
#include "sandbox/launch/pack.h"

#include <string.h>

void rf_pack_done(struct rf_pack *pack)
{
	rf_pages_done(&pack->pages);
}

int rf_pack_room(struct rf_pack *pack, size_t n, size_t align, uint32_t *ret, struct rf_err *err)
{
	size_t at = (pack->next + align - 1) & ~(align - 1), end = at + n;

	if (end > (size_t)RF_IMAGE_MAX_PAGES * RF_PAGE_CELLS)
		return rf_err_set(err, -E2BIG, "the policy needs more than %d MiB of tables",
				  RF_IMAGE_MAX_PAGES * (int)sizeof(struct rf_page) >> 20);
	while (pack->pages.len * RF_PAGE_CELLS < end)
		if (!rf_pages_add(&pack->pages))
			return rf_err_set(err, -ENOMEM, "no memory for the tables of the policy");
	pack->next = end;
	*ret = (uint32_t)at;
	return 0;
}

void rf_pack_write(struct rf_pack *pack, uint32_t at, const void *data, size_t bytes)
{
	/* Pages are one array, so tables may cross them. */
	memcpy((char *)pack->pages.data + (size_t)at * sizeof(uint32_t), data, bytes);
}
