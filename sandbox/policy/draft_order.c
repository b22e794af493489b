/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which drafts are put together, made from what they say.
 *
 * Rules get their numbers and filters their turn in it, and the canonical form lists them so: two
 * policies that mean the same, but name their files in another order, are one version with one
 * numbering.
 */
#include "sandbox/policy/draft_order.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/policy/canonical.h"

struct keyed {
	struct rf_draft *draft;
	char *text;
};

/* As canonical JSON, all of the draft in which an order can be seen. NULL without memory. */
static char *text_of(const struct rf_draft *draft)
{
	struct rf_filter filter = draft->filter;
	struct rf_policy part = {
		.files = draft->files.data,
		.n_files = draft->files.len,
		.network = draft->network.data,
		.n_network = draft->network.len,
		.devices = draft->devices.data,
		.n_devices = draft->devices.len,
		.filters = &filter,
		.n_filters = draft->sections[RF_SECTION_SECCOMP].given,
	};
	json_t *json;
	char *text;

	filter.rules = draft->calls.data;
	filter.n_rules = draft->calls.len;
	for (size_t i = 0; i < RF_SECTION_COUNT; i++)
		part.sections[i].present = draft->sections[i].given;
	json = rf_policy_to_json(&part, false);
	text = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	json_decref(json);
	return text;
}

/* Names of files only decide where nothing else differs, so that a place is one place. */
static int compare(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int r = strcmp(x->text, y->text);

	return r ? r : strcmp(x->draft->doc.name, y->draft->doc.name);
}

static int sort(struct rf_draft **drafts, size_t n)
{
	struct keyed *all = calloc(n, sizeof(*all));
	int r = all ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && r == 0; i++) {
		all[i] = (struct keyed){.draft = drafts[i], .text = text_of(drafts[i])};
		r = all[i].text ? 0 : -ENOMEM;
	}
	if (r == 0)
		qsort(all, n, sizeof(*all), compare);
	for (size_t i = 0; all && i < n; i++) {
		if (r == 0)
			drafts[i] = all[i].draft;
		free(all[i].text);
	}
	free(all);
	return r;
}

int rf_drafts_order(struct rf_draft **ret, struct rf_draft *const *drafts, size_t n, size_t n_roots)
{
	size_t from = n_roots == 1, to = n;

	memcpy(ret, drafts, n * sizeof(*ret));
	while (to && drafts[to - 1]->doc.synthetic)
		to--;
	return to > from + 1 ? sort(ret + from, to - from) : 0;
}
