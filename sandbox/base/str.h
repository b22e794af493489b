/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text: a bounded growing builder, escaping for JSON and for terminals, and prefix tests.
 *
 * The builder's error is sticky: additions after a failure do nothing, so a writer adds piece by
 * piece and checks once, in rf_str_take or rf_str_error. A builder never exceeds its limit.
 */
#ifndef RF_BASE_STR_H
#define RF_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "sandbox/base/cleanup.h"
#include "sandbox/base/parse.h"

struct rf_str {
	char *data;   /* NUL-terminated once anything was added; read it with rf_str_text */
	size_t len;   /* bytes without the NUL */
	size_t cap;   /* private */
	size_t limit; /* most bytes that len may reach */
	int error;    /* private: 0, -ENOMEM or -EMSGSIZE */
};

#define RF_STR_INIT(max_bytes)                                                                     \
	{                                                                                          \
		.limit = (max_bytes)                                                               \
	}

void rf_str_init(struct rf_str *str, size_t limit);

/* Releases the text; the builder is empty and usable afterwards. */
void rf_str_done(struct rf_str *str);

#define RF_AUTOSTR RF_CLEANUP(rf_str_done)

/*
 * Each addition returns 0, or what stopped this or an earlier one: -EMSGSIZE over the limit,
 * -ENOMEM. A failed addition leaves the text as it was.
 */
int rf_str_add_n(struct rf_str *str, const void *data, size_t len);
static inline int rf_str_add(struct rf_str *str, const char *text)
{
	return rf_str_add_n(str, text, strlen(text)); /* of a literal: known to the compiler */
}
int rf_str_add_char(struct rf_str *str, char c);
int rf_str_add_i64(struct rf_str *str, int64_t number); /* decimal, much faster than addf */
int rf_str_addf(struct rf_str *str, const char *fmt, ...) RF_PRINTF(2, 3);

/*
 * Adds text as a JSON string with its quotes. Control characters, quote and backslash are escaped;
 * each byte that is not part of valid UTF-8 becomes U+FFFD, so the output is always valid JSON.
 */
int rf_str_add_json(struct rf_str *str, const char *text);
int rf_str_add_json_n(struct rf_str *str, const void *data, size_t len);

/* The same string, with \uNNNN for all that a terminal acts on: JSON that can be shown as it is. */
int rf_str_add_json_printable(struct rf_str *str, const char *text);

/*
 * Adds text so that no terminal acts on it: control characters (C0, DEL, C1), line and paragraph
 * separators, bidirectional and invisible formatting characters and bytes that are not valid UTF-8
 * become \xNN byte by byte; a backslash is doubled, so the original can be told.
 */
int rf_str_add_printable(struct rf_str *str, const char *text);
int rf_str_add_printable_n(struct rf_str *str, const void *data, size_t len);

/* Empties the text and forgets an error; keeps the memory. */
void rf_str_reset(struct rf_str *str);

/* 0, or the sticky error. */
int rf_str_error(const struct rf_str *str);

/* The text so far, never NULL; borrowed until the next addition. */
const char *rf_str_text(const struct rf_str *str);

/*
 * Hands the text to the caller, who frees it; the builder is empty afterwards. On a sticky error
 * returns it and leaves *ret alone.
 */
int rf_str_take(struct rf_str *str, char **ret) RF_MUST_CHECK;

/* Length of the valid UTF-8 sequence at data (1 to 4, no surrogates, no overlong forms), or 0. */
size_t rf_utf8_len(const void *data, size_t len);

bool rf_str_eq(const char *a, const char *b); /* two NULLs are equal */
bool rf_str_has_prefix(const char *text, const char *prefix);
bool rf_str_has_suffix(const char *text, const char *suffix);

/* text begins with words, of which there are least or more. */
bool rf_str_begins_long(const char *text, const char *words, size_t least);

/* So much of a container's id is enough to name it, as engines print it. */
#define RF_CONTAINER_ID_LEAST 12

#endif
