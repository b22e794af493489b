/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns out of names; see learn_name.h.
 */
#include "sandbox/launch/learn_name.h"

#include <ctype.h>

#include "sandbox/policy/pattern.h"

/* Shortest run of letters and digits that can be the random part of a name, and the longest. */
#define RANDOM_MIN 6
#define RANDOM_MAX 16
#define HASH_MIN   16 /* hexadecimal digits that nobody gave a name to */
#define NUMBER_MIN 3  /* digits in a temporary name: a process or a counter */

static const char *find_value(const struct rf_variable *variables, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (rf_str_eq(variables[i].name, name))
			return variables[i].value;
	return NULL;
}

static bool is_place(const char *path)
{
	size_t len = path ? strlen(path) : 0;

	return len > 1 && path[0] == '/' && path[len - 1] != '/';
}

void rf_learn_names_take(struct rf_learn_names *ret, const struct rf_variable *variables, size_t n)
{
	const char *cwd = find_value(variables, n, "CWD");

	*ret = (struct rf_learn_names){.home = find_value(variables, n, "HOME"),
				       .tmpdir = find_value(variables, n, "TMPDIR"),
				       .uid = find_value(variables, n, "UID")};
	if (!is_place(ret->home))
		ret->home = NULL;
	if (!is_place(ret->tmpdir))
		ret->tmpdir = NULL;
	if (is_place(cwd) && strchr(cwd + 1, '/'))
		ret->cwd = cwd;
}

static size_t starts_with_dir(const char *path, const char *dir)
{
	size_t len = dir ? strlen(dir) : 0;

	return len && strncmp(path, dir, len) == 0 && (!path[len] || path[len] == '/') ? len : 0;
}

/* The longest of the places that hold the path; of equal ones the more general. */
static const char *replace_place(const struct rf_learn_names *names, const char *path, size_t *ret)
{
	const struct {
		const char *word, *dir;
	} places[] = {
		{"${TMPDIR}", names->tmpdir}, {"${HOME}", names->home}, {"${CWD}", names->cwd}};
	const char *word = NULL;

	*ret = 0;
	for (size_t i = 0; i < RF_ARRAY_LEN(places); i++) {
		size_t len = starts_with_dir(path, places[i].dir);

		if (len > *ret) {
			*ret = len;
			word = places[i].word;
		}
	}
	return word;
}

static size_t digits(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && isdigit((unsigned char)text[n]))
		n++;
	return n;
}

static size_t hex_digits(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && isxdigit((unsigned char)text[n]))
		n++;
	return n;
}

static size_t uuid(const char *text, size_t len)
{
	static const uint8_t groups[] = {8, 4, 4, 4, 12};
	size_t at = 0;

	for (size_t i = 0; i < RF_ARRAY_LEN(groups); i++) {
		if (i && (at >= len || text[at++] != '-'))
			return 0;
		if (hex_digits(text + at, len - at) != groups[i])
			return 0;
		at += groups[i];
	}
	return at;
}

static size_t alnums(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (isalnum((unsigned char)text[n]) || text[n] == '_'))
		n++;
	return n;
}

/* A run as mkstemp and its like make them: letters of both cases or digits among letters. */
static bool looks_random(const char *text, size_t len)
{
	size_t upper = 0, lower = 0, digit = 0, changes = 0;
	int before = 0;

	if (len < RANDOM_MIN || len > RANDOM_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		int now = isupper(c) ? 1 : isdigit(c) ? 3 : 2;

		upper += now == 1;
		lower += now == 2;
		digit += now == 3;
		changes += before && now != before;
		before = now;
	}
	return changes >= 2 && (upper > 0) + (lower > 0) + (digit > 0) >= 2;
}

/* Temporary names of well-known makers that may happen to hold letters of one case only. */
static size_t known_prefix(const char *text, size_t len)
{
	static const struct {
		const char *prefix;
		uint8_t random;
	} makers[] = {{"cc", 6}, {"tmp", 8}, {"tmp.", 10}, {"tmp", 6}};

	for (size_t i = 0; i < RF_ARRAY_LEN(makers); i++) {
		size_t head = strlen(makers[i].prefix);

		if (len >= head && strncmp(text, makers[i].prefix, head) == 0 &&
		    alnums(text + head, len - head) == makers[i].random)
			return head;
	}
	return 0;
}

struct piece {
	struct rf_str *out;
	bool starred; /* the last thing added is "*" */
};

static void star(struct piece *p)
{
	if (!p->starred)
		(void)rf_str_add_char(p->out, '*');
	p->starred = true;
}

static void quote(struct piece *p, const char *text, size_t len)
{
	if (len)
		p->starred = false;
	rf_pattern_quote(p->out, text, len);
}

/* Bytes from the front that nobody will see again, 0 if they will. */
static size_t unique_run(const char *text, size_t len, bool temporary)
{
	size_t run = alnums(text, len), n = uuid(text, len);

	if (n)
		return n;
	if (strncmp(text, "\xef\xbf\xbd", 3) == 0 && len >= 3)
		return 3; /* U+FFFD: bytes that no JSON text can hold */
	n = hex_digits(text, len);
	if (n >= HASH_MIN && n == run)
		return n;
	if (!temporary)
		return 0;
	if (digits(text, len) == run && run >= NUMBER_MIN)
		return run;
	return looks_random(text, run) ? run : 0;
}

/* "libx.so.1.2.3": the version goes, the name stays. */
static size_t library_version(const char *text, size_t len)
{
	const char *so = memmem(text, len, ".so.", 4);
	size_t head;

	if (!so || !isdigit((unsigned char)so[4]))
		return 0;
	head = (size_t)(so - text) + 4;
	for (size_t i = head; i < len; i++)
		if (!isdigit((unsigned char)text[i]) && text[i] != '.')
			return 0;
	return head;
}

static void add_component(struct rf_str *out, const char *text, size_t len, bool temporary)
{
	struct piece p = {.out = out};
	size_t head = library_version(text, len), at = 0;

	if (head) {
		quote(&p, text, head);
		star(&p);
		return;
	}
	head = temporary ? known_prefix(text, len) : 0;
	if (head) {
		quote(&p, text, head);
		star(&p);
		at = head + alnums(text + head, len - head);
	}
	while (at < len) {
		size_t run = unique_run(text + at, len - at, temporary);
		size_t rest = alnums(text + at, len - at);

		if (run) {
			star(&p);
			at += run;
			continue;
		}
		rest = rest ? rest : 1;
		quote(&p, text + at, rest);
		at += rest;
	}
}

static bool is_number(const char *text, size_t len)
{
	return len > 0 && digits(text, len) == len;
}

/* Directories where numbers are processes, threads and descriptors. */
static bool counts_here(const char *name, const char *at)
{
	return rf_str_has_prefix(name, "/proc/") || rf_str_has_prefix(name, "/dev/pts/") ||
	       (rf_str_has_prefix(name, "/dev/fd/") && at > name);
}

static bool is_temporary(const char *name, const char *word)
{
	return rf_str_eq(word, "${TMPDIR}") || rf_str_has_prefix(name, "/tmp/") ||
	       rf_str_has_prefix(name, "/var/tmp/") || rf_str_has_prefix(name, "/dev/shm/") ||
	       rf_str_has_prefix(name, "/run/lock/");
}

/* /run/user/UID is the same place for everybody. */
static bool is_own_runtime(const struct rf_learn_names *names, const char *name, const char *at,
			   size_t len)
{
	return names->uid && at == name + strlen("/run/user/") &&
	       rf_str_has_prefix(name, "/run/user/") && strlen(names->uid) == len &&
	       strncmp(at, names->uid, len) == 0;
}

void rf_learn_pattern(struct rf_str *out, const struct rf_learn_names *names, const char *name)
{
	size_t skip;
	const char *word = replace_place(names, name, &skip), *at = name + skip;
	bool temporary = is_temporary(name, word), abstract = name[0] == '@';

	if (word)
		(void)rf_str_add(out, word);
	if (abstract) {
		(void)rf_str_add(out, "@");
		add_component(out, name + 1, strlen(name + 1), true);
		return;
	}
	if (strcmp(name, "/") == 0)
		(void)rf_str_add(out, "/");
	while (*at == '/' && at[1]) {
		size_t len = strcspn(++at, "/");

		(void)rf_str_add_char(out, '/');
		if (is_number(at, len) && counts_here(name, at))
			(void)rf_str_add_char(out, '*');
		else if (is_own_runtime(names, name, at, len))
			(void)rf_str_add(out, "${UID}");
		else
			add_component(out, at, len, temporary);
		at += len;
	}
}

void rf_learn_exact(struct rf_str *out, const char *name)
{
	rf_pattern_quote(out, name, strlen(name));
}
