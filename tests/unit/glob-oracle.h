/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slow matcher of path patterns that follows POLICY.md 9 word by word: components, backtracking,
 * alternatives tried in turn. It shares nothing with the compiler it checks.
 */
#ifndef RF_TESTS_GLOB_ORACLE_H
#define RF_TESTS_GLOB_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool oracle_class(const char *class, size_t len, char byte)
{
	bool negated = len && class[0] == '!', in = false;

	for (size_t i = negated; i < len; i++) {
		unsigned char low = (unsigned char)class[i], high = low;

		if (i + 2 < len && class[i + 1] == '-') {
			high = (unsigned char)class[i + 2];
			i += 2;
		}
		in |= (unsigned char)byte >= low && (unsigned char)byte <= high;
	}
	return in != negated;
}

/* Matches pattern (plen bytes), then `then`, an alternative's continuation, against name. */
static bool oracle_name(const char *pat, size_t plen, const char *then, size_t tlen,
			const char *name, size_t nlen)
{
	if (plen == 0)
		return tlen ? oracle_name(then, tlen, NULL, 0, name, nlen) : nlen == 0;
	if (pat[0] == '*') {
		for (size_t skip = 0; skip <= nlen; skip++)
			if (oracle_name(pat + 1, plen - 1, then, tlen, name + skip, nlen - skip))
				return true;
		return false;
	}
	if (pat[0] == '{') {
		const char *end = memchr(pat, '}', plen), *from = pat + 1;

		for (const char *p = from; p <= end; p++) {
			if (*p != ',' && p != end)
				continue;
			if (oracle_name(from, (size_t)(p - from), end + 1,
					plen - (size_t)(end + 1 - pat), name, nlen))
				return true;
			from = p + 1;
		}
		return false;
	}
	if (nlen == 0)
		return false;
	if (pat[0] == '[') {
		size_t i = pat[1] == '!' ? 3 : 2;

		while (pat[i] != ']')
			i++;
		return oracle_class(pat + 1, i - 1, name[0]) &&
		       oracle_name(pat + i + 1, plen - i - 1, then, tlen, name + 1, nlen - 1);
	}
	return (pat[0] == '?' || pat[0] == name[0]) &&
	       oracle_name(pat + 1, plen - 1, then, tlen, name + 1, nlen - 1);
}

/* pat: components without a slash before the first; path: "/a/b", the root being "". */
static bool oracle_components(const char *pat, const char *path)
{
	size_t plen = strcspn(pat, "/"), nlen;

	if (!*pat)
		return !*path;
	if (plen == 2 && memcmp(pat, "**", 2) == 0) {
		const char *rest = pat + plen + (pat[plen] == '/');

		for (const char *p = path;; p += 1 + strcspn(p + 1, "/")) {
			if (oracle_components(rest, p))
				return true;
			if (!*p)
				return false;
		}
	}
	if (!*path)
		return false;
	nlen = strcspn(path + 1, "/");
	return oracle_name(pat, plen, NULL, 0, path + 1, nlen) &&
	       oracle_components(pat + plen + (pat[plen] == '/'), path + 1 + nlen);
}

static bool oracle_match(const char *pattern, const char *path)
{
	return oracle_components(pattern[0] == '/' ? pattern + 1 : pattern, path);
}

#endif
