/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last denials as pieces of their own event lines; see last.h.
 */
#include "sandbox/audit/last.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct item {
	char *what; /* from "layer" to before "count" */
	size_t len;
	char time[32];
	uint64_t count;
};

struct rf_last {
	struct item items[RF_LAST_KEPT]; /* the latest last */
	size_t n;
};

struct rf_last *rf_last_new(void)
{
	return calloc(1, sizeof(struct rf_last));
}

struct rf_last *rf_last_free(struct rf_last *last)
{
	if (!last)
		return NULL;
	for (size_t i = 0; i < last->n; i++)
		free(last->items[i].what);
	free(last);
	return NULL;
}

/* Quotes inside strings are escaped in a line of ours, so a member's name is found as it stands. */
static const char *find(const char *line, size_t len, const char *name)
{
	return memmem(line, len, name, strlen(name));
}

static void read_time(struct item *item, const char *line, size_t len)
{
	const char *at = find(line, len, ",\"time\":\"");
	size_t n = 0;

	if (at)
		for (at += 9; n < sizeof(item->time) - 1 && at < line + len && *at != '"'; at++)
			item->time[n++] = *at;
}

static uint64_t read_count(const char *at, const char *end)
{
	uint64_t count = 0;

	for (; at < end && *at >= '0' && *at <= '9'; at++)
		count = count * 10 + (uint64_t)(*at - '0');
	return count;
}

/* Takes the item like this one out of the list, or the oldest if there is no room. */
static void make_room(struct rf_last *last, struct item *fresh)
{
	size_t i = 0;

	while (i < last->n && (last->items[i].len != fresh->len ||
			       memcmp(last->items[i].what, fresh->what, fresh->len) != 0))
		i++;
	if (i < last->n)
		fresh->count += last->items[i].count;
	else if (last->n < RF_LAST_KEPT)
		return;
	else
		i = 0;
	free(last->items[i].what);
	memmove(&last->items[i], &last->items[i + 1], (last->n - i - 1) * sizeof(last->items[0]));
	last->n--;
}

void rf_last_add(struct rf_last *last, const char *line, size_t len)
{
	const char *from = find(line, len, ",\"layer\":"), *count;
	struct item fresh = {.count = 1};

	if (!from || !find(line, len, "\"verdict\":\"") ||
	    find(line, len, "\"verdict\":\"allowed\""))
		return;
	count = find(from, len - (size_t)(from - line), ",\"count\":");
	if (!count || count - from > RF_LAST_LINE_MAX)
		return;
	fresh.count = read_count(count + 9, line + len);
	fresh.len = (size_t)(count - from);
	fresh.what = strndup(from, fresh.len);
	if (!fresh.what)
		return;
	read_time(&fresh, line, len);
	make_room(last, &fresh);
	last->items[last->n++] = fresh;
}

int rf_last_json(const struct rf_last *last, struct rf_str *out)
{
	(void)rf_str_add(out, "{\"v\":1,\"denials\":[");
	for (size_t i = 0; i < last->n; i++) {
		const struct item *item = &last->items[i];

		(void)rf_str_addf(out, "%s{\"time\":\"%s\"", i ? "," : "", item->time);
		(void)rf_str_add_n(out, item->what, item->len);
		(void)rf_str_addf(out, ",\"count\":%" PRIu64 "}", item->count);
	}
	return rf_str_add(out, "]}\n");
}
