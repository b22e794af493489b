/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error record: one failure, told by value.
 *
 * It cannot fail for want of memory, nobody frees it, and because it holds no pointer a confined
 * child can write it whole into a pipe between clone and exec. Every function that may fail returns
 * 0 or a negative errno and takes a `struct rf_err *err` last; err may be NULL if the caller does
 * not want the words. The first failure fills the record, callers on the way up may prepend
 * context, and only the command line prints it.
 */
#ifndef RF_BASE_ERR_H
#define RF_BASE_ERR_H

#include <stdint.h>

#include "sandbox/base/cleanup.h"

#define RF_ERR_POINTER_MAX 124
#define RF_ERR_MSG_MAX	   376

struct rf_err {
	int32_t code;			  /* 0: nothing happened; else a negative errno */
	uint32_t line;			  /* 1-based place in a text that was read, or 0 */
	uint32_t column;		  /* 1-based, or 0 */
	char pointer[RF_ERR_POINTER_MAX]; /* JSON pointer of the offending member, or "" */
	char msg[RF_ERR_MSG_MAX];	  /* one sentence without a final stop */
};

_Static_assert(sizeof(struct rf_err) == 512, "goes whole through a pipe (PIPE_BUF is 4096)");

#define RF_ERR_INIT                                                                                \
	{                                                                                          \
		.code = 0                                                                          \
	}

/*
 * Records a failure unless one is recorded already, and returns code, so that a caller can write
 * `return rf_err_set(err, -EINVAL, …)`. A code that is not negative is our own mistake and becomes
 * -EINVAL: a failure never turns into success. What does not fit is cut and ends in "...".
 */
int rf_err_set(struct rf_err *err, int code, const char *fmt, ...) RF_PRINTF(3, 4);

/* As rf_err_set, and appends ": " and the system's words for code. */
int rf_err_sys(struct rf_err *err, int code, const char *fmt, ...) RF_PRINTF(3, 4);

/*
 * Prepends "context: " to what is recorded and returns code. An empty record becomes the context
 * and the system's words for code. If both do not fit, the context is cut first: the cause matters.
 */
int rf_err_wrap(struct rf_err *err, int code, const char *fmt, ...) RF_PRINTF(3, 4);

/*
 * The three always answer with a negative number, which no compiler can see from here; with this,
 * an analyser knows that `return rf_err_set(…)` leaves a function as failed.
 */
static inline int rf_err_negative(int code)
{
	if (code >= 0)
		__builtin_unreachable();
	return code;
}

#define rf_err_set(...)	 rf_err_negative((rf_err_set)(__VA_ARGS__))
#define rf_err_sys(...)	 rf_err_negative((rf_err_sys)(__VA_ARGS__))
#define rf_err_wrap(...) rf_err_negative((rf_err_wrap)(__VA_ARGS__))

/* Notes the place in a text for a failure already recorded; a place already noted stays. */
void rf_err_place(struct rf_err *err, uint32_t line, uint32_t column, const char *pointer);

void rf_err_clear(struct rf_err *err);

/* The sentence; never NULL, "no error" for an empty record. Borrowed from err. */
const char *rf_err_text(const struct rf_err *err);

#endif
