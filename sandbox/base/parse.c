/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from text. See parse.h. */
#include "sandbox/base/parse.h"

#include <string.h>

#include "sandbox/base/str.h"

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* Reads digits of the base; *end is the first other byte. -EINVAL if there is none to read. */
static int read_digits(const char *text, unsigned int base, uint64_t *ret, const char **end)
{
	uint64_t value = 0;
	const char *at = text;

	while ((unsigned int)digit_value(*at) < base) {
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_value(*at), &value))
			return -ERANGE;
		at++;
	}
	if (at == text || (base == 10 && text[0] == '0' && at != text + 1))
		return -EINVAL;
	*ret = value;
	*end = at;
	return 0;
}

int rf_parse_u64(const char *text, uint64_t max, uint64_t *ret)
{
	const char *end = NULL;
	uint64_t value = 0;
	int r = read_digits(text, 10, &value, &end);

	if (r < 0)
		return r;
	if (*end)
		return -EINVAL;
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int rf_parse_u64_any(const char *text, uint64_t max, uint64_t *ret)
{
	const char *end = NULL;
	uint64_t value = 0;
	int r;

	if (!rf_str_has_prefix(text, "0x"))
		return rf_parse_u64(text, max, ret);
	r = read_digits(text + 2, 16, &value, &end);
	if (r < 0)
		return r;
	if (*end)
		return -EINVAL;
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int rf_parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = text[0] == '-';
	uint64_t magnitude = 0;
	int64_t value;
	int r = rf_parse_u64(text + negative, (uint64_t)INT64_MAX + negative, &magnitude);

	if (r < 0)
		return r;
	if (negative && !magnitude)
		return -EINVAL;
	value = negative ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int rf_parse_size(const char *text, uint64_t max, uint64_t *ret)
{
	static const char units[] = "KMGT";
	const char *end = NULL, *unit;
	uint64_t value = 0;
	int r = read_digits(text, 10, &value, &end);

	if (r < 0)
		return r;
	if (*end) {
		unit = strchr(units, *end);
		if (!unit || end[1])
			return -EINVAL;
		for (const char *u = units; u <= unit; u++)
			if (__builtin_mul_overflow(value, UINT64_C(1024), &value))
				return -ERANGE;
	}
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

/* Nanoseconds of the unit's name; 0 for an unknown one. */
static uint64_t unit_ns(const char *name)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"ms", 1000000},
		{"s", RF_NS_PER_SEC},
		{"m", 60 * RF_NS_PER_SEC},
		{"h", 3600 * RF_NS_PER_SEC},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(units); i++)
		if (rf_str_eq(name, units[i].name))
			return units[i].ns;
	return 0;
}

/* Reads ".25" as billionths; nothing there is 0. */
static int read_fraction(const char **at, uint64_t *ret)
{
	uint64_t billionths = 0;
	const char *c = *at;
	int digits = 0;

	if (*c == '.') {
		for (c++; *c >= '0' && *c <= '9'; c++, digits++)
			if (digits < 9)
				billionths = billionths * 10 + (uint64_t)(*c - '0');
		if (!digits || digits > 9)
			return -EINVAL;
		for (; digits < 9; digits++)
			billionths *= 10;
	}
	*at = c;
	*ret = billionths;
	return 0;
}

/* unit * billionths / 10^9 without overflow: units above a second are whole seconds. */
static uint64_t fraction_of(uint64_t unit, uint64_t billionths)
{
	if (unit >= RF_NS_PER_SEC)
		return unit / RF_NS_PER_SEC * billionths;
	return unit * billionths / RF_NS_PER_SEC;
}

int rf_parse_duration(const char *text, uint64_t default_unit_ns, uint64_t *ret_ns)
{
	uint64_t whole = 0, billionths = 0, unit, value;
	const char *at = NULL;
	int r = read_digits(text, 10, &whole, &at);

	if (r < 0)
		return r;
	r = read_fraction(&at, &billionths);
	if (r < 0)
		return r;
	unit = *at ? unit_ns(at) : default_unit_ns;
	if (!unit && (*at || whole || billionths))
		return -EINVAL;
	if (__builtin_mul_overflow(whole, unit, &value))
		return -ERANGE;
	if (__builtin_add_overflow(value, fraction_of(unit, billionths), &value))
		return -ERANGE;
	*ret_ns = value;
	return 0;
}
