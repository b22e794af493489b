/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing out the names of a pattern that has no wildcard; see fixed.h.
 */
#include "sandbox/policy/fixed.h"

#include <string.h>

#include "sandbox/base/str.h"
#include "sandbox/policy/limits.h"

/* A class of one byte, as variables are quoted: stands for that byte. */
static bool is_quoted(const char *text)
{
	return text[0] == '[' && text[1] && !strchr("]!^", text[1]) && text[2] == ']';
}

bool rf_pattern_is_fixed(const struct rf_pattern *pattern)
{
	if (pattern->literal)
		return true;
	for (const char *at = pattern->text; *at; at++) {
		if (is_quoted(at))
			at += 2;
		else if (strchr("*?[", *at))
			return false;
	}
	return true;
}

struct spell {
	int (*fn)(void *data, const char *name);
	void *data;
};

/* The end of the piece at `at`: the first unquoted byte of `stop`, or the text's end. */
static const char *piece_end(const char *at, const char *stop)
{
	while (*at && !strchr(stop, *at))
		at += is_quoted(at) ? 3 : 1;
	return at;
}

static void add_unquoted(struct rf_str *to, const char *from, const char *end)
{
	for (; from < end; from++) {
		if (is_quoted(from)) {
			rf_str_add_char(to, from[1]);
			from += 2;
		} else {
			rf_str_add_char(to, *from);
		}
	}
}

/* An alternative that leaves a component empty stands for no name. */
static bool is_name(const char *text)
{
	return text[0] == '/' && !strstr(text, "//") && (!text[1] || !rf_str_has_suffix(text, "/"));
}

/* `done` is spelled out, `text` is still to be. Braces are not nested. */
static int spell_out(const struct spell *s, const char *done, const char *text)
{
	const char *open = piece_end(text, "{"), *close, *from, *to;

	close = *open ? piece_end(open + 1, "}") : open;
	for (from = *open ? open + 1 : open;; from = to + 1) {
		RF_AUTOSTR struct rf_str name = RF_STR_INIT(RF_LIMIT_PATTERN_BYTES);
		int r;

		to = *open ? piece_end(from, ",}") : from;
		rf_str_add(&name, done);
		add_unquoted(&name, text, open);
		add_unquoted(&name, from, to);
		if (rf_str_error(&name))
			return -ENOMEM;
		if (*open)
			r = spell_out(s, rf_str_text(&name), *close ? close + 1 : close);
		else
			r = is_name(rf_str_text(&name)) ? s->fn(s->data, rf_str_text(&name)) : 0;
		if (r || !*open || to >= close)
			return r;
	}
}

int rf_pattern_each_name(const struct rf_pattern *pattern, int (*fn)(void *data, const char *name),
			 void *data)
{
	const struct spell s = {.fn = fn, .data = data};

	return pattern->literal ? fn(data, pattern->text) : spell_out(&s, "", pattern->text);
}

struct count {
	size_t n, max;
};

static int count_name(void *data, const char *name RF_UNUSED)
{
	struct count *count = data;

	return ++count->n > count->max ? -E2BIG : 0;
}

int rf_fixed_count(const struct rf_policy *policy, size_t max, size_t *ret)
{
	struct count count = {.max = max};
	int r = 0;

	for (size_t i = 0; i < policy->n_files && r == 0; i++) {
		const struct rf_file_rule *rule = &policy->files[i];

		for (size_t k = 0; rule->rule.deny && k < rule->n_paths && r == 0; k++)
			if (rf_pattern_is_fixed(&rule->paths[k]))
				r = rf_pattern_each_name(&rule->paths[k], count_name, &count);
	}
	*ret = count.n;
	return r;
}
