/* SPDX-License-Identifier: Apache-2.0 */
/* See addr_points.h. */
#include "sandbox/policy/addr_points.h"

#include <stdlib.h>
#include <string.h>

int rf_addr_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct rf_addr_key));
}

/* The address after; false at the last one. */
static bool next_key(struct rf_addr_key *key)
{
	for (int i = 15; i >= 0; i--)
		if (++key->b[i])
			return true;
	return false;
}

int rf_addr_points_cut(struct rf_addr_points *points, const struct rf_addr_key *first,
		       const struct rf_addr_key *last)
{
	struct rf_addr_key after = *last;
	int r = rf_addr_points_push(points, *first);

	return r == 0 && next_key(&after) ? rf_addr_points_push(points, after) : r;
}

int rf_addr_points_settle(struct rf_addr_points *points)
{
	size_t kept = 0;
	int r = rf_addr_points_push(points, (struct rf_addr_key){{0}});

	if (r < 0)
		return r;
	qsort(points->data, points->len, sizeof(*points->data), rf_addr_compare);
	for (size_t i = 0; i < points->len; i++)
		if (i == 0 || rf_addr_compare(&points->data[i], &points->data[kept - 1]) != 0)
			points->data[kept++] = points->data[i];
	points->len = kept;
	return 0;
}
