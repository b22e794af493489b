/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table per enum: its values' names, both ways, checked for completeness by the compiler.
 *
 * In the header:	RF_MAP_ENUM_DECLARE(rf_mode, enum rf_mode)
 * In the source:	RF_MAP_ENUM(rf_mode, enum rf_mode, RF_MODE_COUNT, "enforce", "audit")
 *
 * gives	const char *rf_mode_name(enum rf_mode value);	"?" for a value out of range
 *		int rf_mode_parse(const char *text, enum rf_mode *ret);	0, or -EINVAL
 *
 * The names are in the order of the enum, which starts at 0 and ends with its COUNT; adding a value
 * without a name does not compile.
 */
#ifndef RF_BASE_MAP_ENUM_H
#define RF_BASE_MAP_ENUM_H

#include <string.h>

#include "sandbox/base/cleanup.h"

#define RF_MAP_ENUM_DECLARE(prefix, type)                                                          \
	const char *prefix##_name(type value);                                                     \
	int prefix##_parse(const char *text, type *ret) RF_MUST_CHECK;

#define RF_MAP_ENUM(prefix, type, count, ...)                                                      \
	static const char *const prefix##_names[] = {__VA_ARGS__};                                 \
	_Static_assert(RF_ARRAY_LEN(prefix##_names) == (count), "a name for each value");          \
	const char *prefix##_name(type value)                                                      \
	{                                                                                          \
		size_t at = (size_t)value;                                                         \
                                                                                                   \
		return at < RF_ARRAY_LEN(prefix##_names) ? prefix##_names[at] : "?";               \
	}                                                                                          \
	int prefix##_parse(const char *text, type *ret)                                            \
	{                                                                                          \
		for (size_t i = 0; i < RF_ARRAY_LEN(prefix##_names); i++) {                        \
			if (strcmp(text, prefix##_names[i]) == 0) {                                \
				*ret = (type)i;                                                    \
				return 0;                                                          \
			}                                                                          \
		}                                                                                  \
		return -EINVAL;                                                                    \
	}                                                                                          \
	_Static_assert((count) > 0, "an enum has values")

#endif
