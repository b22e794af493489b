/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables: ${NAME} is replaced by its value, which is literal text whatever it holds. An unset
 * variable is an error unless a default is given, ${NAME:-DEFAULT}: a rule about nothing in
 * particular would allow or deny something that nobody meant.
 */
#include <ctype.h>
#include <string.h>

#include "sandbox/policy/limits.h"
#include "sandbox/policy/pattern.h"

static const char *find_given(const struct rf_load_options *options, const char *name, size_t len)
{
	for (size_t i = 0; i < options->n_variables; i++)
		if (strlen(options->variables[i].name) == len &&
		    strncmp(options->variables[i].name, name, len) == 0)
			return options->variables[i].value;
	return NULL;
}

/* Directories of the system, which nobody's work is in; `whole`: nor anything below. */
static const struct {
	const char *path;
	bool whole;
} system_dirs[] = {
	{"/", false},	      {"/bin", true},	     {"/boot", true},	  {"/dev", true},
	{"/etc", true},	      {"/home", false},	     {"/lib", true},	  {"/lib32", true},
	{"/lib64", true},     {"/libx32", true},     {"/media", false},	  {"/mnt", false},
	{"/opt", false},      {"/proc", true},	     {"/run", true},	  {"/sbin", true},
	{"/srv", false},      {"/sys", true},	     {"/usr", false},	  {"/usr/bin", true},
	{"/usr/lib", true},   {"/usr/local", false}, {"/usr/sbin", true}, {"/usr/share", true},
	{"/var", false},      {"/var/lib", false},   {"/var/log", false}, {"/var/cache", false},
	{"/var/spool", true},
};

static bool is_system_dir(const char *path)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(system_dirs); i++) {
		size_t len = strlen(system_dirs[i].path);

		if (strncmp(path, system_dirs[i].path, len) == 0 &&
		    (!path[len] || (system_dirs[i].whole && path[len] == '/')))
			return true;
	}
	return false;
}

/* Whether path is `below` or one of the directories above it. */
static bool is_above(const char *path, const char *below)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return strncmp(path, below, len) == 0 && (!below[len] || below[len] == '/');
}

/* The home, what is above it, and its hidden directories: where secrets are a subtree. */
static bool holds_secrets(const char *path, const char *home)
{
	size_t len = strlen(home);

	while (len > 1 && home[len - 1] == '/')
		len--;
	return is_above(path, home) ||
	       (strncmp(path, home, len) == 0 && strncmp(path + len, "/.", 2) == 0);
}

static bool is_named(const char *name, size_t len, const char *wanted)
{
	return len == strlen(wanted) && strncmp(name, wanted, len) == 0;
}

/*
 * ${HERE} is the working directory where that may be somebody's work: started in `/` or `/etc`, a
 * policy for the work tree would open the system. ${WORK} is that, unless it holds the home or is
 * one of its hidden directories: a back-end that can only grant trees must not grant the secrets
 * there. Else both are the directory
 * for temporary files.
 */
static const char *find_value(const struct rf_load_options *options, const char *name, size_t len)
{
	const char *value = find_given(options, name, len), *home;
	bool work = is_named(name, len, "WORK");

	if (value || (!work && !is_named(name, len, "HERE")))
		return value;
	value = find_given(options, "CWD", strlen("CWD"));
	home = find_given(options, "HOME", strlen("HOME"));
	if (value && (is_system_dir(value) || (work && home && holds_secrets(value, home))))
		return find_given(options, "TMPDIR", strlen("TMPDIR"));
	return value;
}

static void add_value(struct rf_str *out, const char *value, size_t len, bool quote)
{
	if (!quote) {
		rf_str_add_n(out, value, len);
		return;
	}
	while (len > 0 && value[len - 1] == '/')
		len--;
	rf_pattern_quote(out, value, len);
}

/* One ${…} that begins at text; returns its length, or 0 with the problem told. */
static size_t expand_one(struct rf_parse *p, struct rf_at at, const char *text, bool quote,
			 struct rf_str *out)
{
	const char *name = text + 2, *end = strchr(name, '}'), *value, *fallback = NULL;
	size_t len = 0;

	if (!end) {
		rf_at_error(p, at, "\"${\" without a closing brace");
		return 0;
	}
	while (isalnum((unsigned char)name[len]) || name[len] == '_')
		len++;
	if (strncmp(name + len, ":-", 2) == 0)
		fallback = name + len + 2;
	if (len == 0 || isdigit((unsigned char)name[0]) || (!fallback && name + len != end)) {
		rf_at_error(p, at,
			    "\"%.*s\" is not a variable; write ${NAME} or "
			    "${NAME:-DEFAULT}",
			    (int)(end - text + 1), text);
		return 0;
	}
	value = find_value(p->options, name, len);
	if (value)
		add_value(out, value, strlen(value), quote);
	else if (fallback)
		add_value(out, fallback, (size_t)(end - fallback), quote);
	else
		rf_at_error(p, at, "the variable ${%.*s} is not set; give it with --set %.*s=VALUE",
			    (int)len, name, (int)len, name);
	return value || fallback ? (size_t)(end - text) + 1 : 0;
}

/* Whether what stands at `at` is in a byte class, where `-`, `!` and `]` would mean something. */
static bool is_in_class(const char *text, const char *at)
{
	const char *c = text;

	while (c && c < at) {
		if (strncmp(c, "${", 2) == 0) {
			c = strchr(c, '}');
			continue;
		}
		if (*c++ != '[')
			continue;
		c += *c == '!';
		c += *c == ']';
		c += strcspn(c, "]/");
		if (c > at)
			return true;
	}
	return false;
}

char *rf_vars_expand(struct rf_parse *p, struct rf_at at, const char *text, bool quote)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(RF_LIMIT_PATTERN_BYTES);
	const char *c = text;

	while (*c) {
		size_t step = strcspn(c, "$");

		rf_str_add_n(&out, c, step);
		c += step;
		if (strncmp(c, "${", 2) == 0) {
			if (quote && is_in_class(text, c)) {
				rf_at_error(
					p, at,
					"a variable cannot stand in a class of bytes (\"[…]\"): "
					"its value is text, not members or a range");
				return NULL;
			}
			step = expand_one(p, at, c, quote, &out);
			if (step == 0)
				return NULL;
			c += step;
		} else if (*c) {
			rf_str_add_char(&out, *c++);
		}
	}
	if (rf_str_error(&out) == -ENOMEM) {
		p->no_memory = true;
		return NULL;
	}
	if (rf_str_error(&out)) {
		rf_at_error(p, at, "longer than %d bytes, which is the limit",
			    RF_LIMIT_PATTERN_BYTES);
		return NULL;
	}
	return rf_parse_strdup(p, quote && !out.len ? "/" : rf_str_text(&out));
}
