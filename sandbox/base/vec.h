/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed growable arrays whose sizes are checked before they are multiplied.
 *
 *	RF_VEC_DEFINE(rule_vec, struct rule)
 *
 * defines `struct rule_vec {data, len, cap}` and
 *	int rule_vec_push(vec, item)		0 or -ENOMEM; the vector is unchanged on failure
 *	struct rule *rule_vec_add(vec)		a zeroed new last element, or NULL
 *	int rule_vec_reserve(vec, cap)
 *	void rule_vec_done(vec)			frees the array, not what the elements own
 *
 * A zeroed struct is an empty vector. Pointers into data live until the next growth.
 */
#ifndef RF_BASE_VEC_H
#define RF_BASE_VEC_H

#include <stddef.h>
#include <string.h>

#include "sandbox/base/cleanup.h"

/* Grows *data, an array of cap elements, to hold at least need; returns the new cap, or 0. */
static inline size_t rf_vec_grow(void **data, size_t cap, size_t need, size_t size)
{
	size_t new_cap = cap ? cap : 8, bytes;
	void *grown;

	while (new_cap < need)
		if (__builtin_mul_overflow(new_cap, (size_t)2, &new_cap))
			return 0;
	if (__builtin_mul_overflow(new_cap, size, &bytes) || !new_cap)
		return 0;
	grown = realloc(*data, bytes);
	if (!grown)
		return 0;
	*data = grown;
	return new_cap;
}

#define RF_VEC_DEFINE(name, type)                                                                  \
	struct name {                                                                              \
		type *data;                                                                        \
		size_t len, cap;                                                                   \
	};                                                                                         \
	static inline RF_UNUSED int name##_reserve(struct name *vec, size_t need)                  \
	{                                                                                          \
		void *data = vec->data;                                                            \
		size_t cap;                                                                        \
                                                                                                   \
		if (need <= vec->cap)                                                              \
			return 0;                                                                  \
		cap = rf_vec_grow(&data, vec->cap, need, sizeof(type));                            \
		if (!cap)                                                                          \
			return -ENOMEM;                                                            \
		vec->data = data;                                                                  \
		vec->cap = cap;                                                                    \
		return 0;                                                                          \
	}                                                                                          \
	static inline RF_UNUSED type *name##_add(struct name *vec)                                 \
	{                                                                                          \
		if (name##_reserve(vec, vec->len + 1) < 0)                                         \
			return NULL;                                                               \
		memset(&vec->data[vec->len], 0, sizeof(type));                                     \
		return &vec->data[vec->len++];                                                     \
	}                                                                                          \
	static inline RF_UNUSED int name##_push(struct name *vec, type item)                       \
	{                                                                                          \
		if (name##_reserve(vec, vec->len + 1) < 0)                                         \
			return -ENOMEM;                                                            \
		vec->data[vec->len++] = item;                                                      \
		return 0;                                                                          \
	}                                                                                          \
	static inline RF_UNUSED void name##_done(struct name *vec)                                 \
	{                                                                                          \
		int saved = errno;                                                                 \
                                                                                                   \
		free(vec->data);                                                                   \
		memset(vec, 0, sizeof(*vec));                                                      \
		errno = saved;                                                                     \
	}                                                                                          \
	_Static_assert(sizeof(type) > 0, "elements have a size")

#endif
