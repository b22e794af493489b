/* SPDX-License-Identifier: Apache-2.0 */
/* From an allow rule to the objects and access bits that Landlock grants for it. */
#include "sandbox/launch/landlock_grant.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/landlock_abi.h"
#include "sandbox/launch/landlock_looks.h"

/* PID_MAX_LIMIT is 4194304. */
#define PID_DIGITS 7

static void note_gap(struct rf_ll_gap *gap, const char *fmt, ...) RF_PRINTF(2, 3);

static void note_gap(struct rf_ll_gap *gap, const char *fmt, ...)
{
	va_list args;

	if (gap->found)
		return;
	gap->found = true;
	va_start(args, fmt);
	(void)vsnprintf(gap->why, sizeof(gap->why), fmt, args);
	va_end(args);
}

uint64_t rf_ll_access(uint32_t rights, int abi)
{
	uint64_t access = 0;

	if (rights & RF_FILE_READ)
		access |= RF_LL_READ_FILE | RF_LL_READ_DIR;
	if (rights & RF_FILE_WRITE)
		access |= RF_LL_WRITE_FILE | (abi >= RF_LL_ABI_TRUNCATE ? RF_LL_TRUNCATE : 0);
	if (rights & RF_FILE_CREATE)
		access |= RF_LL_MAKE;
	if (rights & RF_FILE_REMOVE)
		access |= RF_LL_REMOVE;
	if (rights & RF_FILE_EXEC)
		access |= RF_LL_EXECUTE;
	/*
	 * Reparenting is allowed wherever anything is: Landlock then refuses (EXDEV) the link or
	 * rename that would add rights, which is what the policy asks for, and without this bit it
	 * would refuse every one between two directories.
	 */
	if (access && abi >= RF_LL_ABI_REFER)
		access |= RF_LL_REFER;
	return access;
}

uint32_t rf_ll_rights(uint64_t access)
{
	uint32_t rights = 0;

	if (access & (RF_LL_READ_FILE | RF_LL_READ_DIR))
		rights |= RF_FILE_READ;
	if (access & RF_LL_WRITE_FILE)
		rights |= RF_FILE_WRITE | RF_FILE_APPEND;
	if (access & RF_LL_MAKE)
		rights |= RF_FILE_CREATE;
	if (access & RF_LL_REMOVE)
		rights |= RF_FILE_REMOVE;
	if (access & RF_LL_EXECUTE)
		rights |= RF_FILE_EXEC;
	return rights;
}

/* One component of a text that begins with '/' or is empty. *len 0: no more. */
static const char *next_component(const char *at, size_t *len)
{
	while (*at == '/')
		at++;
	*len = strcspn(at, "/");
	return at;
}

static bool is_any_depth(const char *component, size_t len)
{
	return len == 2 && memcmp(component, "**", 2) == 0;
}

/* Errs to yes where fnmatch reads a pattern otherwise than we do. */
static bool component_matches(const char *pattern, size_t pattern_len, const char *name,
			      size_t name_len, bool literal)
{
	char glob_text[PATH_MAX], name_text[NAME_MAX + 1];

	if (literal)
		return pattern_len == name_len && memcmp(pattern, name, name_len) == 0;
	if (pattern_len >= sizeof(glob_text) || name_len >= sizeof(name_text))
		return true;
	memcpy(glob_text, pattern, pattern_len);
	glob_text[pattern_len] = '\0';
	memcpy(name_text, name, name_len);
	name_text[name_len] = '\0';
	if (strchr(glob_text, '{') || strstr(glob_text, "[^") || strstr(glob_text, "[["))
		return true;
	return fnmatch(glob_text, name_text, FNM_NOESCAPE) != FNM_NOMATCH;
}

/* After `**` only the last names are compared: enough to tell `**` + .env from /dev/null. */
static bool last_matches(const char *rule, const char *path)
{
	const char *rule_last = strrchr(rule, '/'), *path_last = strrchr(path, '/');
	size_t rule_len;

	rule_last = rule_last ? rule_last + 1 : rule;
	path_last = path_last ? path_last + 1 : path;
	rule_len = strlen(rule_last);
	return is_any_depth(rule_last, rule_len) ||
	       component_matches(rule_last, rule_len, path_last, strlen(path_last), false);
}

/* The length of a [class], or 1. */
static size_t class_len(const char *at, size_t len)
{
	size_t i = 1;

	i += i < len && at[i] == '!';
	i += i < len && at[i] == ']';
	while (i < len && at[i] != ']')
		i++;
	return *at == '[' && i < len ? i + 1 : 1;
}

/* Whether a piece of a pattern matches a digit, least or above. */
static bool has_digit(const char *piece, size_t len, bool literal, char least)
{
	for (char digit[2] = {least, '\0'}; digit[0] <= '9'; digit[0]++)
		if (component_matches(piece, len, digit, 1, literal))
			return true;
	return false;
}

/* Whether a component can match some process's number: one to seven digits, the first not 0. */
static bool matches_number(const char *component, size_t len, bool literal)
{
	bool starred = false;
	int digits = 0;

	if (!literal && memchr(component, '{', len))
		return true;
	for (size_t i = 0, piece; i < len; i += piece) {
		piece = literal ? 1 : class_len(component + i, len - i);
		if (!literal && component[i] == '*') {
			starred = true;
			continue;
		}
		if (!has_digit(component + i, piece, literal, digits || starred ? '0' : '1'))
			return false;
		digits++;
	}
	return digits <= PID_DIGITS && (digits || starred);
}

bool rf_ll_overlaps(const struct rf_pattern *pattern, const char *path, bool dir)
{
	return rf_ll_overlaps_process(pattern, path, dir, 0);
}

bool rf_ll_overlaps_process(const struct rf_pattern *pattern, const char *path, bool dir,
			    uint32_t numbers)
{
	const char *rule = pattern->text, *at = path;
	size_t rule_len, len;

	for (;; numbers >>= 1) {
		at = next_component(at, &len);
		rule = next_component(rule, &rule_len);
		if (rule_len && !pattern->literal && is_any_depth(rule, rule_len))
			return dir || last_matches(rule, path);
		if (!len)
			return !rule_len || dir;
		if (!rule_len)
			return false;
		if (numbers & 1 ? !matches_number(rule, rule_len, pattern->literal)
				: !component_matches(rule, rule_len, at, len, pattern->literal))
			return false;
		at += len;
		rule += rule_len;
	}
}

enum pattern_kind {
	KIND_LITERAL,
	KIND_TREE, /* a literal directory and everything beneath */
	KIND_GLOB, /* wildcards within components, with or without a tree at the end */
	KIND_DEEP  /* `**` before the last component, or what glob(3) would read otherwise */
};

/* Also tells the length of the pattern without a final tree. */
static enum pattern_kind classify(const struct rf_pattern *pattern, size_t *base_len, bool *tree)
{
	const char *text = pattern->text;
	size_t len = strlen(text);

	*tree = !pattern->literal && rf_str_has_suffix(text, "/**");
	*base_len = *tree ? len - 3 : len;
	if (pattern->literal)
		return KIND_LITERAL;
	if (memmem(text, *base_len, "**", 2) || memmem(text, *base_len, "[^", 2) ||
	    memmem(text, *base_len, "[[", 2))
		return KIND_DEEP;
	if (strcspn(text, "*?[{") < *base_len)
		return KIND_GLOB;
	return *tree ? KIND_TREE : KIND_LITERAL;
}

/* /proc/self names another directory in each process: only the child itself can open its own. */
static bool is_proc_self(const char *path)
{
	return rf_str_has_prefix(path, "/proc/self/") || rf_str_eq(path, "/proc/self") ||
	       rf_str_has_prefix(path, "/proc/thread-self/") ||
	       rf_str_eq(path, "/proc/thread-self");
}

/* One walk over a rule. */
struct walk {
	const struct rf_file_rule *rule;
	uint64_t access;
	rf_ll_target_fn fn;
	void *data;
	struct rf_ll_gap *gap;
	struct rf_ll_looks *looks; /* NULL: nobody asks */
};

/* Notes what stood at path and what of it is granted. */
static int note_look(const struct walk *walk, const char *path, int seen, uint64_t access, bool dir,
		     int *fd, struct rf_err *err)
{
	const struct rf_ll_look look = {.path = path, .access = access, .seen = seen, .dir = dir};

	if (walk->looks && rf_ll_looks_add(walk->looks, &look, fd) < 0)
		return rf_err_sys(err, -ENOMEM, "cannot judge the policy");
	return 0;
}

static bool is_excepted(const struct walk *walk, const char *path, bool dir)
{
	for (size_t i = 0; i < walk->rule->n_except; i++)
		if (rf_ll_overlaps(&walk->rule->except[i], path, dir))
			return true;
	return false;
}

static int hand_over(const struct walk *walk, int *fd, const char *path, bool dir,
		     struct rf_err *err)
{
	struct rf_ll_target target = {.fd = *fd, .path = path, .dir = dir, .access = walk->access};
	int r = 0, seen = *fd < 0 ? RF_LL_SEEN_SELF : dir ? RF_LL_SEEN_DIR : RF_LL_SEEN_OTHER;

	if (!dir)
		target.access &= RF_LL_FILE_ONLY;
	if (is_excepted(walk, path, dir)) {
		note_gap(walk->gap, "%.120s holds exceptions, so nothing of it is granted", path);
		target.access = 0;
	}
	if (target.access)
		r = walk->fn(walk->data, &target, err);
	return r < 0 ? r : note_look(walk, path, seen, target.access, dir, fd, err);
}

/* A path that cannot be opened now: a gap, or a failure of ours. */
static int note_missing(const struct walk *walk, const char *path, int code, struct rf_err *err)
{
	switch (code) {
	case ENOENT:
	case ENOTDIR:
		note_gap(walk->gap, "%.140s does not exist yet", path);
		return 0;
	case EACCES:
	case EPERM:
		note_gap(walk->gap, "%.140s cannot be reached by the caller", path);
		return 0;
	case ENAMETOOLONG:
		note_gap(walk->gap, "a path is too long");
		return 0;
	case ELOOP:
		/* No object has this name: what it leads to is named by the resolved pattern. */
		return 0;
	default:
		return rf_err_sys(err, -code, "cannot open %s for Landlock", path);
	}
}

static int add_path(const struct walk *walk, const char *path, bool tree, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;
	struct stat st;
	int r;

	if (!*path)
		path = "/";
	if (is_proc_self(path)) {
		note_gap(walk->gap, "%.100s is granted to the first process only", path);
		return hand_over(walk, &fd, path, tree, err);
	}
	r = rf_ll_open(path);
	if (r < 0) {
		int code = -r;

		r = note_missing(walk, path, code, err);
		return r < 0 ? r : note_look(walk, path, -code, 0, false, &fd, err);
	}
	fd = r;
	if (fstat(fd, &st) < 0)
		return rf_err_sys(err, -errno, "cannot examine %s", path);
	if (S_ISLNK(st.st_mode)) /* reading a link is not judged by Landlock */
		return note_look(walk, path, RF_LL_SEEN_LINK, 0, false, &fd, err);
	if (S_ISDIR(st.st_mode) && !tree) {
		if (walk->access & ~RF_LL_REFER)
			note_gap(walk->gap, "%.100s alone cannot be granted, only with all beneath",
				 path);
		return note_look(walk, path, RF_LL_SEEN_DIR, 0, false, &fd, err);
	}
	return hand_over(walk, &fd, path, S_ISDIR(st.st_mode), err);
}

/* With GLOB_PERIOD the wildcard also yields "." and "..", which ours never matches. */
static bool has_dots(const char *path)
{
	size_t len;

	for (path = next_component(path, &len); len; path = next_component(path + len, &len))
		if ((len == 1 && *path == '.') || (len == 2 && memcmp(path, "..", 2) == 0))
			return true;
	return false;
}

RF_DEFINE_CLEANUP(glob_t, glob_freep, globfree)

static int add_matches(const struct walk *walk, const char *text, bool tree, struct rf_err *err)
{
	glob_t found = {.gl_pathc = 0};
	RF_CLEANUP(glob_freep) RF_UNUSED glob_t *owner = &found;
	int r = glob(text, RF_LL_GLOB_FLAGS, NULL, &found);

	if (r == GLOB_NOSPACE ||
	    (walk->looks &&
	     rf_ll_looks_add_glob(walk->looks, text, found.gl_pathv, found.gl_pathc) < 0))
		return rf_err_set(err, -ENOMEM, "out of memory expanding %s", text);
	if (found.gl_pathc > RF_LL_MATCHES_MAX) {
		note_gap(walk->gap, "%.100s matches more than %d names", text, RF_LL_MATCHES_MAX);
		return 0;
	}
	note_gap(walk->gap, "of %.100s only what exists at start is granted", text);
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++) {
		if (has_dots(found.gl_pathv[i]))
			continue;
		r = add_path(walk, found.gl_pathv[i], tree, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Of other processes' directories a grant would hold those alive now and none of the command's
 * own children: so of a process by wildcard only the command's own directory is granted, and of
 * its tasks the first.
 */
static int add_own_process(const struct walk *walk, const char *text, bool tree, struct rf_err *err)
{
	const char *rest = text + strlen("/proc/");
	char own[PATH_MAX];
	int n;

	note_gap(walk->gap, "of %.100s only the command's own is granted", text);
	rest += strcspn(rest, "/");
	if (rf_str_has_prefix(rest, "/task/")) {
		rest += strlen("/task/");
		rest += strcspn(rest, "/");
		n = snprintf(own, sizeof(own), "/proc/thread-self%s", rest);
	} else {
		n = snprintf(own, sizeof(own), "/proc/self%s", rest);
	}
	if (n < 0 || (size_t)n >= sizeof(own) || strpbrk(own, "*?[{"))
		return 0;
	return add_path(walk, own, tree, err);
}

static bool is_any_process(const char *text)
{
	return rf_str_has_prefix(text, "/proc/*/") || rf_str_has_prefix(text, "/proc/[0-9]*/");
}

static int add_pattern(const struct walk *walk, const struct rf_pattern *pattern,
		       struct rf_err *err)
{
	char text[PATH_MAX];
	size_t base_len;
	bool tree;
	enum pattern_kind kind = classify(pattern, &base_len, &tree);

	if (kind == KIND_DEEP) {
		note_gap(walk->gap, "%.100s cannot be told as a file or a directory",
			 pattern->text);
		return 0;
	}
	if (base_len >= sizeof(text)) {
		note_gap(walk->gap, "a path is too long");
		return 0;
	}
	memcpy(text, pattern->text, base_len);
	text[base_len] = '\0';
	if (kind == KIND_GLOB && is_any_process(text))
		return add_own_process(walk, text, tree, err);
	if (kind == KIND_GLOB)
		return add_matches(walk, text, tree, err);
	return add_path(walk, text, tree, err);
}

int rf_ll_rule_targets(const struct rf_file_rule *rule, int abi, struct rf_ll_looks *looks,
		       rf_ll_target_fn fn, void *data, struct rf_ll_gap *gap, struct rf_err *err)
{
	struct walk walk = {.rule = rule, .fn = fn, .data = data, .gap = gap, .looks = looks};

	walk.access = rf_ll_access(rule->rights, abi);
	if ((rule->rights & RF_FILE_APPEND) && !(rule->rights & RF_FILE_WRITE))
		note_gap(gap, "appending cannot be granted without writing");
	if (rule->rule.session == RF_SESSION_EXEC) {
		note_gap(gap, "exec sessions cannot be told from the command");
		return 0;
	}
	for (size_t i = 0; i < rule->n_paths; i++) {
		int r = add_pattern(&walk, &rule->paths[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}
