/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of path patterns (POLICY.md 9), component by component. What two readers could read
 * differently is refused: unnormalised paths, `**` as part of a name, a backslash.
 */
#include "sandbox/policy/pattern.h"

#include <stdarg.h>
#include <string.h>

#include "sandbox/policy/limits.h"
#include "sandbox/policy/trace.h"

struct component {
	const char *text;
	size_t len;
	char *why;
	size_t why_size;
};

static int refuse(const struct component *c, const char *fmt, ...) RF_PRINTF(2, 3);

static int refuse(const struct component *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(c->why, c->why_size, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* Bytes of the class that begins at text[at] == '[', or a negative errno. */
static int class_len(const struct component *c, size_t at)
{
	size_t i = at + 1, first;

	if (i < c->len && c->text[i] == '!')
		i++;
	first = i;
	for (; i < c->len && (c->text[i] != ']' || i == first); i++) {
		unsigned char byte = (unsigned char)c->text[i];

		if (byte >= 0x80)
			return refuse(c,
				      "a class names bytes, and \"%.*s\" holds a character of "
				      "several bytes",
				      (int)c->len, c->text);
		if (byte == '[' && i + 1 < c->len && strchr(":.=", c->text[i + 1]))
			return refuse(c, "named classes such as [:alpha:] do not exist; write a "
					 "range");
		if (i + 2 < c->len && c->text[i + 1] == '-' && c->text[i + 2] != ']' &&
		    (unsigned char)c->text[i + 2] < byte)
			return refuse(c, "the range \"%c-%c\" runs backwards", byte,
				      c->text[i + 2]);
		if (i + 2 < c->len && c->text[i + 1] == '-' && c->text[i + 2] != ']')
			i += 2;
	}
	if (i >= c->len)
		return refuse(c, "\"[\" without \"]\" in the component \"%.*s\"", (int)c->len,
			      c->text);
	return (int)(i - at + 1);
}

static int check_bytes(const struct component *c)
{
	bool in_braces = false, was_empty = false, any_empty = false;
	int len;

	for (size_t i = 0; i < c->len; i++) {
		switch (c->text[i]) {
		case '[':
			len = class_len(c, i);
			if (len < 0)
				return len;
			i += (size_t)len - 1;
			break;
		case '\\':
			return refuse(c, "a backslash does not quote; write [*] for a \"*\" (and "
					 "[\\] for a backslash), or {\"literal\": \"…\"}");
		case '*':
			if (i + 1 < c->len && c->text[i + 1] == '*')
				return refuse(c,
					      "\"**\" must be a whole component, and \"%.*s\" is "
					      "more",
					      (int)c->len, c->text);
			break;
		case '{':
			if (in_braces)
				return refuse(c, "\"{…}\" cannot be nested");
			in_braces = was_empty = true;
			continue;
		case ',':
			any_empty |= in_braces && was_empty;
			was_empty = true;
			continue;
		case '}':
			if (!in_braces)
				return refuse(c, "\"}\" without \"{\" in the component \"%.*s\"",
					      (int)c->len, c->text);
			any_empty |= was_empty;
			in_braces = false;
			break;
		default:
			break;
		}
		was_empty = false;
	}
	if (in_braces)
		return refuse(c, "\"{\" without \"}\" in the component \"%.*s\"", (int)c->len,
			      c->text);
	if (any_empty && c->text[0] == '{' && memchr(c->text, '}', c->len) == c->text + c->len - 1)
		return refuse(c, "\"%.*s\" may be empty, which no component is", (int)c->len,
			      c->text);
	return 0;
}

/* Of a component that is nothing but alternatives none may be "." or "..", which are no names. */
static int check_alternatives(const struct component *c)
{
	size_t len;

	if (c->text[0] != '{' || memchr(c->text, '}', c->len) != c->text + c->len - 1)
		return 0;
	for (size_t i = 1; i < c->len; i += len + 1) {
		const char *text = c->text + i;

		len = strcspn(text, ",}");
		if ((len == 1 || len == 2) && strncmp(text, "..", len) == 0)
			return refuse(c, "it is not normalised: the alternative \"%.*s\"", (int)len,
				      text);
	}
	return 0;
}

static int check_component(const struct component *c, bool literal)
{
	if (c->len == 0)
		return refuse(c, "it is not normalised: \"//\" or a \"/\" at the end");
	if (strncmp(c->text, ".", c->len) == 0 || (c->len == 2 && strncmp(c->text, "..", 2) == 0))
		return refuse(c, "it is not normalised: the component \"%.*s\"", (int)c->len,
			      c->text);
	if (literal || (c->len == 2 && strncmp(c->text, "**", 2) == 0))
		return 0;
	return check_bytes(c) ?: check_alternatives(c);
}

static int check_start(const char *text, bool literal, enum rf_pattern_kind kind,
		       const struct component *c)
{
	if (kind == RF_PATTERN_DEV && !rf_str_has_prefix(text, "/dev/"))
		return refuse(c, "it does not begin with \"/dev/\"");
	if (text[0] == '/' || (!literal && rf_str_has_prefix(text, "**/")))
		return 0;
	if (literal)
		return refuse(c, "it does not begin with \"/\"");
	if (text[0] == '~')
		return refuse(c,
			      "it does not begin with \"/\" or \"**/\"; write ${HOME} for \"~\"");
	return refuse(c, "it does not begin with \"/\" or \"**/\"%s",
		      kind == RF_PATTERN_UNIX ? ", nor with \"@\"" : "");
}

int rf_pattern_check(const char *text, bool literal, enum rf_pattern_kind kind, char *why,
		     size_t why_size)
{
	struct component c = {.text = text, .len = strlen(text), .why = why, .why_size = why_size};
	int r;

	if (c.len > RF_LIMIT_PATTERN_BYTES)
		return refuse(&c, "it is longer than %d bytes, which is the limit",
			      RF_LIMIT_PATTERN_BYTES);
	if (kind == RF_PATTERN_UNIX && text[0] == '@') {
		if (c.len == 1)
			return refuse(&c, "\"@\" without a name; write \"@*\" for any");
		return literal ? 0 : check_bytes(&c);
	}
	r = check_start(text, literal, kind, &c);
	if (r < 0 || strcmp(text, "/") == 0)
		return r;
	if (text[0] == '/')
		c.text++;
	for (;;) {
		c.len = strcspn(c.text, "/");
		r = check_component(&c, literal);
		if (r < 0 || !c.text[c.len])
			return r;
		c.text += c.len + 1;
	}
}

void rf_pattern_quote(struct rf_str *ret, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (memchr("*?[{}\\,", text[i], 7))
			rf_str_addf(ret, "[%c]", text[i]);
		else
			rf_str_add_char(ret, text[i]);
	}
}

static bool add_checked(struct rf_parse *p, struct rf_at at, const struct rf_pattern *pattern,
			struct rf_patterns *ret)
{
	if (p->n_patterns++ == RF_LIMIT_PATTERNS)
		rf_at_error(p, at, "more than %d patterns, which is the limit", RF_LIMIT_PATTERNS);
	if (p->n_patterns > RF_LIMIT_PATTERNS)
		return false;
	if (rf_patterns_push(ret, *pattern) < 0)
		p->no_memory = true;
	return true;
}

static bool add_resolved(struct rf_parse *p, struct rf_at at, const struct rf_pattern *pattern,
			 bool strict, bool follow, struct rf_patterns *ret)
{
	struct rf_pattern other = {.literal = pattern->literal, .resolved = true};
	RF_AUTOFREE char *text = NULL;
	int r;

	r = rf_pattern_resolve(p->options->root, pattern->text, pattern->literal, follow, &text);
	rf_trace_pattern(p->options->trace, p->options->root, pattern, follow, r, text);
	if (r < 0)
		p->no_memory = true;
	if (r == RF_RESOLVE_DANGLING && strict) {
		rf_at_error(p, at,
			    "a symbolic link among the directories of \"%s\" leads nowhere (to "
			    "\"%s\"), so this deny cannot be held; name the place itself, or use "
			    "\"need\": \"should\"",
			    pattern->text, text);
		return false;
	}
	if (r <= 0)
		return true;
	other.text = rf_parse_strdup(p, text);
	return other.text && add_checked(p, at, &other, ret);
}

struct spelling {
	struct rf_parse *p;
	struct rf_at at;
	const struct rf_pattern *pattern;
	enum rf_pattern_kind kind;
	bool strict, follow;
	struct rf_patterns *ret;
};

static int resolve_spelled(void *data, const char *text)
{
	const struct spelling *s = data;
	struct rf_pattern one = *s->pattern;
	char why[512];

	/* As "." and "..", or nothing, of alternatives that meet: it is no name of anything. */
	if (rf_pattern_check(text, false, s->kind, why, sizeof(why)) < 0)
		return 0;
	one.text = text;
	return add_resolved(s->p, s->at, &one, s->strict, s->follow, s->ret) ? 0 : -EINVAL;
}

bool rf_pattern_add(struct rf_parse *p, struct rf_at at, const char *text, bool literal,
		    enum rf_pattern_kind kind, bool strict, bool follow, struct rf_patterns *ret)
{
	struct rf_pattern pattern = {.literal = literal, .varied = !literal && strstr(text, "${")};
	struct spelling spelling = {p, at, &pattern, kind, strict, follow, ret};
	char why[512];
	int r;

	pattern.text = literal ? rf_parse_strdup(p, text) : rf_vars_expand(p, at, text, true);
	if (!pattern.text)
		return false;
	if (rf_pattern_check(pattern.text, literal, kind, why, sizeof(why)) < 0) {
		if (strcmp(pattern.text, text) == 0)
			rf_at_error(p, at, "the pattern \"%s\" is wrong: %s", text, why);
		else
			rf_at_error(p, at, "the pattern \"%s\", which is \"%s\", is wrong: %s",
				    text, pattern.text, why);
		return false;
	}
	if (!add_checked(p, at, &pattern, ret))
		return false;
	if (!p->options->root || kind == RF_PATTERN_DEV || pattern.text[0] != '/')
		return true;
	if (pattern.literal)
		return add_resolved(p, at, &pattern, strict, follow, ret);
	r = rf_pattern_each_lead(pattern.text, follow, &p->n_spelled, resolve_spelled, &spelling);
	if (r == -E2BIG && p->n_spelled == RF_LIMIT_PATTERNS + 1)
		rf_at_error(p, at,
			    "more than %d patterns once the alternatives among their leading "
			    "directories are written out, which is the limit",
			    RF_LIMIT_PATTERNS);
	if (r == -ENOMEM)
		p->no_memory = true;
	return r == 0;
}

static void keep_literal(struct rf_parse *p, struct rf_at at, void *out)
{
	(void)rf_at_string(p, at, out);
}

static const struct rf_member literal_members[] = {{"literal", keep_literal}, {NULL, NULL}};

void rf_patterns_parse(struct rf_parse *p, struct rf_at at, enum rf_pattern_kind kind, bool strict,
		       bool follow, const struct rf_pattern **ret, size_t *ret_n)
{
	struct rf_patterns patterns = {0};

	if (!rf_at_is_list(p, at, "patterns"))
		return;
	for (struct rf_at item = rf_at_first(p, at); item.json; item = rf_at_next(p, item)) {
		const char *text = NULL;
		bool literal = json_is_object(item.json);

		if (!literal && !rf_at_string(p, item, &text))
			continue;
		if (literal && rf_at_object(p, item, literal_members, NULL, &text) && !text &&
		    !rf_at_member(p, item, "literal").json)
			rf_at_error(p, item, "the key \"literal\" is missing");
		if (text)
			(void)rf_pattern_add(p, item, text, literal, kind, strict, follow,
					     &patterns);
	}
	*ret = rf_parse_array(p, patterns.data, patterns.len, sizeof(*patterns.data));
	*ret_n = *ret ? patterns.len : 0;
	rf_patterns_done(&patterns);
}
