/* SPDX-License-Identifier: Apache-2.0 */
/* The error record: filling, wrapping, reading. See err.h for the idiom. */
#include "sandbox/base/err.h"

#include <stdarg.h>
#include <string.h>

#define CUT_MARK "..."

/* Least room that a context keeps in front of a long cause. */
#define CONTEXT_MIN 96

static void mark_cut(char *text, size_t size)
{
	memcpy(text + size - sizeof(CUT_MARK), CUT_MARK, sizeof(CUT_MARK));
}

static size_t format_into(char *text, size_t size, const char *fmt, va_list args) RF_PRINTF(3, 0);

static size_t format_into(char *text, size_t size, const char *fmt, va_list args)
{
	int len = vsnprintf(text, size, fmt, args);

	if (len < 0) {
		text[0] = '\0';
		return 0;
	}
	if ((size_t)len >= size) {
		mark_cut(text, size);
		return size - 1;
	}
	return (size_t)len;
}

static void append(char *text, size_t size, size_t len, const char *more)
{
	size_t more_len = strlen(more);

	if (more_len < size - len) {
		memcpy(text + len, more, more_len + 1);
		return;
	}
	memcpy(text + len, more, size - len - 1);
	text[size - 1] = '\0';
	mark_cut(text, size);
}

static void append_system_words(struct rf_err *err, size_t len)
{
	const char *words = strerrordesc_np(-err->code);

	if (len)
		append(err->msg, sizeof(err->msg), len, ": ");
	append(err->msg, sizeof(err->msg), strlen(err->msg), words ? words : "unknown error");
}

static int checked_code(int code)
{
	return code < 0 ? code : -EINVAL;
}

int(rf_err_set)(struct rf_err *err, int code, const char *fmt, ...)
{
	va_list args;

	code = checked_code(code);
	if (!err || err->code)
		return code;
	err->code = code;
	va_start(args, fmt);
	format_into(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	return code;
}

int(rf_err_sys)(struct rf_err *err, int code, const char *fmt, ...)
{
	va_list args;
	size_t len;

	code = checked_code(code);
	if (!err || err->code)
		return code;
	err->code = code;
	va_start(args, fmt);
	len = format_into(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	append_system_words(err, len);
	return code;
}

/* Puts context in front of the recorded sentence, cutting the context before the cause. */
static void prepend(struct rf_err *err, char *context, size_t context_len)
{
	size_t room = sizeof(err->msg) - 1, cause_len = strlen(err->msg);

	if (context_len + 2 + cause_len > room) {
		size_t left = room > cause_len + 2 ? room - cause_len - 2 : 0;

		if (left < CONTEXT_MIN)
			left = CONTEXT_MIN;
		if (context_len > left) {
			context_len = left;
			context[context_len] = '\0';
			mark_cut(context, context_len + 1);
		}
		if (context_len + 2 + cause_len > room) {
			cause_len = room - context_len - 2;
			err->msg[cause_len] = '\0';
			mark_cut(err->msg, cause_len + 1);
		}
	}
	memmove(err->msg + context_len + 2, err->msg, cause_len + 1);
	memcpy(err->msg, context, context_len);
	memcpy(err->msg + context_len, ": ", 2);
}

int(rf_err_wrap)(struct rf_err *err, int code, const char *fmt, ...)
{
	char context[RF_ERR_MSG_MAX];
	size_t context_len;
	va_list args;

	code = checked_code(code);
	if (!err)
		return code;
	va_start(args, fmt);
	context_len = format_into(context, sizeof(context), fmt, args);
	va_end(args);
	if (!err->code) {
		err->code = code;
		memcpy(err->msg, context, context_len + 1);
		append_system_words(err, context_len);
		return code;
	}
	prepend(err, context, context_len);
	return code;
}

void rf_err_place(struct rf_err *err, uint32_t line, uint32_t column, const char *pointer)
{
	size_t len;

	if (!err || err->line || err->pointer[0])
		return;
	err->line = line;
	err->column = column;
	if (!pointer)
		return;
	len = strnlen(pointer, sizeof(err->pointer));
	if (len < sizeof(err->pointer)) {
		memcpy(err->pointer, pointer, len + 1);
		return;
	}
	memcpy(err->pointer, pointer, sizeof(err->pointer) - 1);
	err->pointer[sizeof(err->pointer) - 1] = '\0';
	mark_cut(err->pointer, sizeof(err->pointer));
}

void rf_err_clear(struct rf_err *err)
{
	if (err)
		memset(err, 0, sizeof(*err));
}

const char *rf_err_text(const struct rf_err *err)
{
	return err && err->code ? err->msg : "no error";
}
