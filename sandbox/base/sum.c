/* SPDX-License-Identifier: Apache-2.0 */
/* Four lanes of multiply and rotate, mixed at the end. See sum.h. */
#include "sandbox/base/sum.h"

#include <string.h>

#define LANES 4

/* Odd, with about half of the bits set: multiplication loses nothing. */
static const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t rotate(uint64_t value, unsigned int by)
{
	return value << by | value >> (64 - by);
}

/* Each step can be undone given the word, so a single changed word always changes the lane. */
static uint64_t step(uint64_t lane, uint64_t word)
{
	return rotate((lane ^ word) * factor, 29);
}

static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 32) * factor;
	value = (value ^ value >> 29) * factor;
	return value ^ value >> 32;
}

uint64_t rf_sum64(const void *data, size_t len)
{
	uint64_t lanes[LANES] = {1, 2, 3, 4}, words[LANES], sum = len;
	const char *at = data;

	for (; len >= sizeof(words); at += sizeof(words), len -= sizeof(words)) {
		memcpy(words, at, sizeof(words));
		for (int i = 0; i < LANES; i++)
			lanes[i] = step(lanes[i], words[i]);
	}
	memset(words, 0, sizeof(words));
	if (len)
		memcpy(words, at, len);
	for (int i = 0; i < LANES; i++)
		sum = mix(sum + step(lanes[i], words[i]));
	return sum;
}
