/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean": the known name closest to one that nobody knows, by edit distance. Only near
 * misses are offered; a wrong suggestion is worse than none.
 */
#include <ctype.h>
#include <string.h>

#include "sandbox/policy/doc.h"

#define WORD_MAX 48

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Letters of another case, and '-' for '_', are no difference. */
static int fold(char c)
{
	return c == '-' ? '_' : tolower((unsigned char)c);
}

/* Edit distance in which swapping neighbours counts as one edit. */
static size_t distance(const char *a, size_t len_a, const char *b, size_t len_b)
{
	size_t rows[3][WORD_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2], *oldest;

	for (size_t j = 0; j <= len_b; j++)
		last[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			int left = fold(a[i - 1]), right = fold(b[j - 1]);

			row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + (left != right));
			if (i > 1 && j > 1 && left == fold(b[j - 2]) && fold(a[i - 2]) == right &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		oldest = before;
		before = last;
		last = row;
		row = oldest;
	}
	return last[len_b];
}

const char *rf_suggest(const char *text, const char *const *names, size_t n)
{
	size_t len = strlen(text), best_cost = (len < 3 ? 1 : len / 3) + 1;
	const char *best = NULL;

	if (len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t name_len = strlen(names[i]), cost;

		if (name_len > WORD_MAX)
			continue;
		cost = distance(text, len, names[i], name_len);
		if (cost < best_cost && cost < len) {
			best_cost = cost;
			best = names[i];
		}
	}
	return best;
}
