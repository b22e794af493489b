/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path patterns as policies write them (POLICY.md 9): variables, grammar, and the directories that
 * they resolve to (POLICY.md 10).
 */
#ifndef RF_POLICY_PATTERN_H
#define RF_POLICY_PATTERN_H

#include "sandbox/policy/draft.h"

enum rf_pattern_kind {
	RF_PATTERN_FILE,
	RF_PATTERN_UNIX, /* also "@name" */
	RF_PATTERN_DEV	 /* below /dev, not resolved here */
};

/*
 * Replaces ${NAME} and ${NAME:-DEFAULT} by the variables of p->options. quote: values stand for
 * themselves in a pattern, without trailing slashes. NULL: a problem was told at `at`, or no
 * memory. The result is in the arena.
 */
char *rf_vars_expand(struct rf_parse *p, struct rf_at at, const char *text, bool quote);

/*
 * Why text (after variables) is no pattern, as half a sentence in `why`; returns 0 if it is one,
 * else -EINVAL. Literals are only checked for being normalised.
 */
int rf_pattern_check(const char *text, bool literal, enum rf_pattern_kind kind, char *why,
		     size_t why_size) RF_MUST_CHECK;

/* Appends bytes so that, as part of a pattern, they match themselves. */
void rf_pattern_quote(struct rf_str *ret, const char *text, size_t len);

/*
 * Reads a list of patterns; each that resolves elsewhere is followed by its resolved form.
 * strict: a dangling link among the leading directories is an error (a deny under must).
 * follow: the last component of a pattern without wildcards is resolved, too (deny rules).
 */
void rf_patterns_parse(struct rf_parse *p, struct rf_at at, enum rf_pattern_kind kind, bool strict,
		       bool follow, const struct rf_pattern **ret, size_t *ret_n);

/* One pattern text (from the command line), checked, and resolved as those of a list are. */
bool rf_pattern_add(struct rf_parse *p, struct rf_at at, const char *text, bool literal,
		    enum rf_pattern_kind kind, bool strict, bool follow, struct rf_patterns *ret);

enum rf_resolve_answer {
	RF_RESOLVE_SAME,
	RF_RESOLVE_OTHER,   /* *ret is the pattern it resolves to; the caller frees it */
	RF_RESOLVE_DANGLING /* the same, and a link on the way leads nowhere */
};

/*
 * Resolves the literal leading directories of a pattern in the directory tree at root. Links on
 * procfs are not followed: they mean something else to each process. Returns an answer or -ENOMEM.
 */
int rf_pattern_resolve(const char *root, const char *text, bool literal, bool follow, char **ret)
	RF_MUST_CHECK;

/*
 * Alternatives in braces are names, too: calls fn for the pattern, which no brace but behind a
 * wildcard keeps from being literal, or for each of the patterns that it stands for so. Until fn
 * answers other than 0, which is returned then; else a negative errno.
 * -E2BIG: *steps, which counts them, is more than RF_LIMIT_PATTERNS.
 */
int rf_pattern_each_lead(const char *text, bool follow, size_t *steps,
			 int (*fn)(void *data, const char *text), void *data) RF_MUST_CHECK;

/*
 * The literal leading directories that rf_pattern_resolve looks at, as a path; *ret is NULL if the
 * pattern has none. Returns 0 or a negative errno.
 */
int rf_pattern_lead(const char *text, bool literal, bool follow, char **ret) RF_MUST_CHECK;

/* Whether path is dir or below it. */
bool rf_path_is_above(const char *dir, const char *path);

/* Whether a link stands anywhere on an absolute path, as far as it exists and may be searched. */
bool rf_path_has_link(const char *path);

#endif
