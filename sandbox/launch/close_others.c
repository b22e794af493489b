/* SPDX-License-Identifier: Apache-2.0 */
/* Closing everything that the command was not given. See child.h. */
#include "sandbox/launch/child.h"

#include <limits.h>
#include <sys/syscall.h>

#define FIRST_CLOSED 3u

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static int close_between(unsigned int first, unsigned int last, struct rf_err *err)
{
	if (first > last)
		return 0;
	if (syscall(SYS_close_range, first, last, 0) < 0)
		return rf_err_sys(err, -errno, "cannot close descriptors %u to %u", first, last);
	return 0;
}

int rf_close_others(int *kept, size_t n, struct rf_err *err)
{
	unsigned int next = FIRST_CLOSED;

	qsort(kept, n, sizeof(*kept), by_number);
	for (size_t i = 0; i < n; i++) {
		unsigned int fd = (unsigned int)kept[i];
		int r;

		if (kept[i] < 0 || fd < next)
			continue;
		r = close_between(next, fd - 1, err);
		if (r < 0)
			return r;
		next = fd + 1;
	}
	return close_between(next, UINT_MAX, err);
}
