/* SPDX-License-Identifier: Apache-2.0 */
/* Listing sandboxes that are known by record. See status_records.h. */
#include "cli/status_records.h"

#include <inttypes.h>
#include <string.h>

#include "sandbox/launch/found.h"

struct listing {
	struct rf_str *out; /* NULL: only counted */
	struct rf_lsm *lsm;
	const char *list;
	bool json;
	uint64_t n;
};

static bool is_listed(const struct listing *listing, uint64_t id)
{
	char key[48];

	for (uint32_t slot = 0; listing->lsm && slot < rf_fence_limit(listing->lsm); slot++) {
		const struct rf_sandbox *sb = rf_fence_at(listing->lsm, slot);

		if (sb->id == id && rf_fence_in_use(sb))
			return true;
	}
	/* Quotes within a name are escaped there: nothing else looks so. */
	(void)snprintf(key, sizeof(key), "\"id\":\"%016" PRIx64 "\"", id);
	return listing->list && strstr(listing->list, key);
}

static void add_member(struct rf_str *out, const char *key, const char *value)
{
	(void)rf_str_addf(out, "\"%s\":", key);
	(void)rf_str_add_json(out, value);
}

static void add_container(struct rf_str *out, const struct rf_found *found)
{
	(void)rf_str_add(out, ",\"container\":{");
	add_member(out, "id", found->container);
	if (found->runtime[0]) {
		(void)rf_str_add_char(out, ',');
		add_member(out, "runtime", found->runtime);
	}
	if (found->pod[0]) {
		(void)rf_str_add_char(out, ',');
		add_member(out, "pod", found->pod);
	}
	(void)rf_str_add_char(out, '}');
}

static void add_json(struct rf_str *out, const struct rf_found *found)
{
	if (out->len && rf_str_text(out)[out->len - 1] != '[')
		(void)rf_str_add_char(out, ',');
	(void)rf_str_addf(out, "{\"id\":\"%016" PRIx64 "\",", found->id);
	add_member(out, "name", found->name);
	(void)rf_str_add_char(out, ',');
	add_member(out, "policy", found->policy);
	(void)rf_str_add_char(out, ',');
	add_member(out, "sha256", found->sha256);
	(void)rf_str_add(out, ",\"state\":\"live\"");
	if (found->supervised)
		(void)rf_str_addf(out, ",\"supervisor\":%ld", (long)found->supervisor);
	if (found->uid)
		(void)rf_str_addf(out, ",\"uid\":%u", found->uid);
	if (found->container[0])
		add_container(out, found);
	(void)rf_str_add_char(out, '}');
}

static void add_text(struct rf_str *out, const struct rf_found *found)
{
	(void)rf_str_addf(out, "%016" PRIx64 "  ", found->id);
	(void)rf_str_add_printable(out, found->container[0] ? found->container : found->name);
	(void)rf_str_add(out, "  policy ");
	(void)rf_str_add_printable(out, found->policy);
	if (found->container[0] && found->runtime[0]) {
		(void)rf_str_add(out, "  container of ");
		(void)rf_str_add_printable(out, found->runtime);
	}
	(void)rf_str_add_char(out, '\n');
}

static void add(void *data, const struct rf_found *found)
{
	struct listing *listing = data;

	if (is_listed(listing, found->id))
		return;
	listing->n++;
	if (listing->out && listing->json)
		add_json(listing->out, found);
	else if (listing->out)
		add_text(listing->out, found);
}

void rf_status_records(struct rf_str *out, struct rf_lsm *lsm, const char *list, bool json)
{
	struct listing listing = {.out = out, .lsm = lsm, .list = list, .json = json};

	rf_record_each(add, &listing);
}

uint64_t rf_status_count_records(struct rf_lsm *lsm)
{
	struct listing listing = {.lsm = lsm};

	rf_record_each(add, &listing);
	return listing.n;
}
