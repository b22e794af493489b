/* SPDX-License-Identifier: Apache-2.0 */
/* Text: the bounded builder and prefix tests. Escaping is in str_escape.c. */
#include "sandbox/base/str.h"

#include <stdarg.h>
#include <string.h>

#define FIRST_CAPACITY 64

void rf_str_init(struct rf_str *str, size_t limit)
{
	*str = (struct rf_str)RF_STR_INIT(limit);
}

void rf_str_done(struct rf_str *str)
{
	int saved = errno;

	free(str->data);
	errno = saved;
	rf_str_init(str, str->limit);
}

void rf_str_reset(struct rf_str *str)
{
	str->len = 0;
	str->error = 0;
	if (str->data)
		str->data[0] = '\0';
}

/* Makes room for more bytes and a NUL. */
static int reserve(struct rf_str *str, size_t more)
{
	size_t cap = str->cap ? str->cap : FIRST_CAPACITY;
	char *data;

	if (str->error)
		return str->error;
	if (str->len > str->limit || more > str->limit - str->len)
		return str->error = -EMSGSIZE;
	if (str->len + more < str->cap)
		return 0;
	while (cap <= str->len + more) {
		if (__builtin_mul_overflow(cap, 2, &cap))
			return str->error = -ENOMEM;
	}
	data = realloc(str->data, cap);
	if (!data)
		return str->error = -ENOMEM;
	str->data = data;
	str->cap = cap;
	return 0;
}

/* Most additions: there is room, and nothing to grow. */
static inline bool has_room(const struct rf_str *str, size_t more)
{
	return !str->error && more < str->cap - str->len && more <= str->limit - str->len;
}

int rf_str_add_n(struct rf_str *str, const void *data, size_t len)
{
	int r = str->cap > 0 && has_room(str, len) ? 0 : reserve(str, len);

	if (r < 0)
		return r;
	if (len)
		memcpy(str->data + str->len, data, len);
	str->len += len;
	str->data[str->len] = '\0';
	return 0;
}

int rf_str_add_char(struct rf_str *str, char c)
{
	int r = str->cap > 0 && has_room(str, 1) ? 0 : reserve(str, 1);

	if (r < 0)
		return r;
	str->data[str->len++] = c;
	str->data[str->len] = '\0';
	return 0;
}

int rf_str_add_i64(struct rf_str *str, int64_t number)
{
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (number < 0)
		digits[--at] = '-';
	return rf_str_add_n(str, digits + at, sizeof(digits) - at);
}

int rf_str_addf(struct rf_str *str, const char *fmt, ...)
{
	va_list args;
	int len, r;

	if (str->error)
		return str->error;
	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return str->error = -EINVAL;
	r = reserve(str, (size_t)len);
	if (r < 0)
		return r;
	va_start(args, fmt);
	(void)vsnprintf(str->data + str->len, (size_t)len + 1, fmt, args);
	va_end(args);
	str->len += (size_t)len;
	return 0;
}

int rf_str_error(const struct rf_str *str)
{
	return str->error;
}

const char *rf_str_text(const struct rf_str *str)
{
	return str->data ? str->data : "";
}

int rf_str_take(struct rf_str *str, char **ret)
{
	int r = rf_str_add_n(str, "", 0); /* an empty text is a text */

	if (r < 0)
		return r;
	*ret = RF_TAKE_PTR(str->data);
	rf_str_init(str, str->limit);
	return 0;
}

bool rf_str_eq(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool rf_str_has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool rf_str_begins_long(const char *text, const char *words, size_t least)
{
	return text && strlen(words) >= least && rf_str_has_prefix(text, words);
}

bool rf_str_has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len >= suffix_len && memcmp(text + len - suffix_len, suffix, suffix_len) == 0;
}
