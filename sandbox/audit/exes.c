/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sorted array with a bound; see exes.h.
 */
#include "sandbox/audit/exes.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/base/vec.h"

static void drop_oldest_half(struct rf_exes *exes)
{
	size_t half = exes->n / 2;

	for (size_t i = 0; i < half; i++)
		free(exes->items[i].path);
	memmove(exes->items, exes->items + half, (exes->n - half) * sizeof(exes->items[0]));
	exes->n -= half;
}

void rf_exes_add(struct rf_exes *exes, uint64_t exec_id, const void *path, size_t len)
{
	char *copy;

	if (len == 0 || (exes->n > 0 && exes->items[exes->n - 1].exec_id >= exec_id))
		return;
	if (exes->n == exes->cap) {
		void *grown = exes->items;
		size_t cap = rf_vec_grow(&grown, exes->cap, exes->n + 1, sizeof(exes->items[0]));

		if (cap == 0)
			return;
		exes->items = grown;
		exes->cap = cap;
	}
	copy = malloc(len);
	if (!copy)
		return;
	memcpy(copy, path, len);
	exes->items[exes->n++] = (struct rf_exe){.exec_id = exec_id, .len = len, .path = copy};
	if (exes->n > RF_EXES_MAX)
		drop_oldest_half(exes);
}

const struct rf_exe *rf_exes_find(const struct rf_exes *exes, uint64_t exec_id)
{
	size_t low = 0, high = exes->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (exes->items[mid].exec_id < exec_id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < exes->n && exes->items[low].exec_id == exec_id ? &exes->items[low] : NULL;
}

void rf_exes_done(struct rf_exes *exes)
{
	for (size_t i = 0; i < exes->n; i++)
		free(exes->items[i].path);
	free(exes->items);
	memset(exes, 0, sizeof(*exes));
}
