/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line splitting with a bounded buffer; see lines.h.
 */
#include "sandbox/audit/lines.h"

#include <stdlib.h>
#include <string.h>

struct rf_lines *rf_lines_new(int fd)
{
	struct rf_lines *lines = calloc(1, sizeof(*lines));

	if (lines)
		lines->fd = fd;
	return lines;
}

struct rf_lines *rf_lines_free(struct rf_lines *lines)
{
	free(lines);
	return NULL;
}

/* Reads once. 1: something came; 0: nothing for now. */
static int refill(struct rf_lines *lines, struct rf_err *err)
{
	ssize_t n;

	if (lines->start > 0) {
		memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
		lines->end -= lines->start;
		lines->start = 0;
	}
	if (lines->end == sizeof(lines->buffer)) {
		lines->skipping = true;
		lines->end = 0;
	}
	do {
		n = read(lines->fd, lines->buffer + lines->end, sizeof(lines->buffer) - lines->end);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : rf_err_sys(err, -errno, "read events");
	lines->end += (size_t)n;
	return n > 0;
}

/* False: this was the end of a line whose beginning is gone. */
static bool take_line(struct rf_lines *lines)
{
	if (!lines->skipping)
		return true;
	lines->skipping = false;
	lines->too_long++;
	return false;
}

int rf_lines_next(struct rf_lines *lines, const char **line, size_t *len, struct rf_err *err)
{
	for (;;) {
		const char *from = lines->buffer + lines->start;
		const char *newline = memchr(from, '\n', lines->end - lines->start);
		int r;

		if (newline) {
			lines->start += (size_t)(newline - from) + 1;
			if (take_line(lines)) {
				*line = from;
				*len = (size_t)(newline - from);
				return RF_LINES_LINE;
			}
			continue;
		}
		r = refill(lines, err);
		if (r <= 0)
			return r < 0 ? r : RF_LINES_END;
	}
}

bool rf_lines_ready(const struct rf_lines *lines)
{
	return memchr(lines->buffer + lines->start, '\n', lines->end - lines->start);
}

size_t rf_lines_rest(const struct rf_lines *lines)
{
	return lines->end - lines->start + (lines->skipping ? 1 : 0);
}
