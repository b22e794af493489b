/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences about devices and capabilities: numbers that some entry of either policy names, and
 * one that none does.
 */
#include <string.h>
#include <sys/capability.h>

#include "lsm/match_dev.h"
#include "sandbox/launch/diff_parts.h"

#define UNNAMED 4095 /* a number that no driver has */

RF_VEC_DEFINE(entries, struct rf_dev_entry);

static int collect(struct entries *ret, const struct rf_diff_side *side)
{
	const struct rf_img img = {side->image->pages, (__u32)side->image->n_pages};
	const struct rf_image_head *head = rf_img_head(&img);

	for (uint32_t i = 0; head && i < head->n_dev; i++) {
		uint32_t at = head->dev_off + 8 * i;
		const struct rf_dev_entry *entry =
			(const struct rf_dev_entry *)&img.pages[at >> RF_PAGE_SHIFT]
				.cell[at & RF_PAGE_MASK];

		if (entries_push(ret, *entry) < 0)
			return -ENOMEM;
	}
	return head ? 0 : -EBADMSG;
}

/* Whether this number was asked because of an earlier entry. */
static bool is_repeated(const struct entries *all, size_t i, bool minor)
{
	const struct rf_dev_entry *e = &all->data[i];

	for (size_t k = 0; k < i; k++) {
		const struct rf_dev_entry *o = &all->data[k];

		if (o->major == e->major && o->major_mask == e->major_mask &&
		    (!minor || (o->minor == e->minor && o->minor_mask == e->minor_mask)))
			return true;
	}
	return false;
}

static int ask(struct rf_differ *differ, uint32_t major, uint32_t minor)
{
	for (uint32_t s = 0; s < differ->n_sessions; s++) {
		for (uint32_t type = 2; type > 0; type--) {
			struct rf_question q = {.kind = RF_WHY_DEVICE,
						.rights = RF_DEV_ALL,
						.session = s,
						.dev_type = type,
						.dev_major = major,
						.dev_minor = minor};
			long item;
			int r;

			(void)snprintf(q.text, sizeof(q.text), "%s %u:%u",
				       type == 1 ? "block" : "char", major, minor);
			r = rf_differ_ask(differ, &q, &item);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Every minor number that matters with this major one. */
static int ask_major(struct rf_differ *differ, const struct entries *all, uint32_t major)
{
	int r = 0;

	for (size_t i = 0; i < all->len && r == 0; i++) {
		const struct rf_dev_entry *e = &all->data[i];

		if (e->minor_mask && (!e->major_mask || e->major == major) &&
		    !is_repeated(all, i, true))
			r = ask(differ, major, e->minor);
	}
	return r < 0 ? r : ask(differ, major, UNNAMED);
}

int rf_diff_devices(struct rf_differ *differ)
{
	RF_CLEANUP(entries_done) struct entries all = {0};
	int r;

	if (!differ->side[0].policy->sections[RF_SECTION_DEVICES].present &&
	    !differ->side[1].policy->sections[RF_SECTION_DEVICES].present)
		return 0;
	r = collect(&all, &differ->side[0]);
	if (r == 0)
		r = collect(&all, &differ->side[1]);
	if (r < 0)
		return rf_err_sys(differ->err, r, "compare the devices of the policies");
	for (size_t i = 0; i < all.len && r == 0; i++)
		if (all.data[i].major_mask && !is_repeated(&all, i, false))
			r = ask_major(differ, &all, all.data[i].major);
	return r < 0 ? r : ask_major(differ, &all, UNNAMED);
}

int rf_diff_capabilities(struct rf_differ *differ)
{
	int r = 0;

	for (uint32_t cap = 0; cap <= CAP_LAST_CAP && r >= 0; cap++) {
		struct rf_question q = {.kind = RF_WHY_CAPABILITY, .number = cap};
		char *name = cap_to_name((cap_value_t)cap);
		long item;

		(void)snprintf(q.text, sizeof(q.text), "%s",
			       !name			       ? "?"
			       : strncmp(name, "cap_", 4) == 0 ? name + 4
							       : name);
		(void)cap_free(name);
		r = rf_differ_ask(differ, &q, &item);
	}
	return r < 0 ? r : 0;
}
