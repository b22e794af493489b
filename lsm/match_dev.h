/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Decisions about devices, by type and number; see lsm/match.h.
 */
#ifndef RF_LSM_MATCH_DEV_H
#define RF_LSM_MATCH_DEV_H

#include "lsm/match_net.h"

struct rf_dev_query {
	__u32 type; /* 1 block, 2 char */
	__u32 major;
	__u32 minor;
	__u32 session;
	__u32 rights; /* RF_A_DEV_* */
};

static __always_inline __u32 rf_dev_entry_rights(const struct rf_dev_entry *entry,
						 const struct rf_dev_query *query)
{
	__u32 differs = ((entry->major ^ query->major) & entry->major_mask) |
			((entry->minor ^ query->minor) & entry->minor_mask) |
			(entry->flags & RF_NE_OTHER(query->session));

	return entry->rights & query->rights & rf_mask_zero(differs) &
	       ~rf_mask_zero(entry->type & query->type);
}

/* The section must be present (head->sections). */
static __always_inline int rf_dev_answer(const struct rf_img *img, const struct rf_image_head *head,
					 const struct rf_dev_query *query, struct rf_answer *answer)
{
	struct rf_tally tally = rf_tally_empty(head);
	__u32 count = head->n_dev, first = head->dev_off;
	const struct rf_page *page = rf_img_page(img, first >> RF_PAGE_SHIFT);

	if (!page)
		return -1;
	for (__u32 i = 0; i < RF_DEV_MAX; i++) {
		__u32 at = (first + i * 8u) & RF_PAGE_MASK & ~7u;
		const struct rf_dev_entry *entry;

		if (i >= count)
			break;
		RF_OPAQUE(at);
		at &= RF_PAGE_MASK & ~7u;
		entry = (const struct rf_dev_entry *)&page->cell[at];
		rf_tally_add(&tally, rf_dev_entry_rights(entry, query), entry->flags, entry->rule);
	}
	return rf_tally_end(img, head, &tally, query->rights, head->dev_default, answer);
}

#endif
