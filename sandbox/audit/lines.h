/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines out of a descriptor, however the bytes arrive: for event files, pipes and files that grow.
 */
#ifndef RF_AUDIT_LINES_H
#define RF_AUDIT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/err.h"

/* Longest line taken; longer than any event can be. */
#define RF_LINES_MAX 262144

struct rf_lines {
	int fd; /* borrowed */
	size_t start, end;
	bool skipping;	   /* inside a line that is too long */
	uint64_t too_long; /* lines passed over because of that */
	char buffer[RF_LINES_MAX];
};

enum rf_lines_answer {
	RF_LINES_LINE = 1, /* *line, *len: one line without its newline, until the next call */
	RF_LINES_END = 2,  /* nothing more now; a file that grows may be asked again */
};

struct rf_lines *rf_lines_new(int fd); /* NULL without memory */
struct rf_lines *rf_lines_free(struct rf_lines *lines);

RF_DEFINE_CLEANUP(struct rf_lines, rf_lines_freep, rf_lines_free)

/*
 * An enum rf_lines_answer, or a negative errno. An unfinished last line is not a line. A line
 * longer than RF_LINES_MAX is passed over and counted in too_long.
 */
int rf_lines_next(struct rf_lines *lines, const char **line, size_t *len, struct rf_err *err)
	RF_MUST_CHECK;

/* True if the next line is here already: asking for it will not wait. */
bool rf_lines_ready(const struct rf_lines *lines);

/* Bytes of an unfinished last line. */
size_t rf_lines_rest(const struct rf_lines *lines);

#endif
