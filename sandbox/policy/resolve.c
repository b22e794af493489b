/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the literal leading directories of a pattern really are (POLICY.md 10): the kernel judges
 * the names of resolved objects, so a pattern below a symbolic link needs a second form.
 *
 * The walk is textual, one component at a time, inside the root it was given: a container's links
 * cannot lead it out. Links on procfs are not followed; they mean something else to each process.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "sandbox/policy/limits.h"
#include "sandbox/policy/pattern.h"

#define LINKS_MAX 40

struct walk {
	int root_fd;
	struct rf_str done;   /* resolved so far: "" or "/a/b" */
	struct rf_str linked; /* still to walk, from targets of links */
	struct rf_str rest;   /* still to walk, from the pattern */
	int links;
	bool dangling, give_up;
};

/* The literal name that a component stands for, added with its '/'; false if it has a wildcard. */
static bool add_literal(const char *text, size_t len, bool literal, struct rf_str *ret)
{
	rf_str_add_char(ret, '/');
	if (literal)
		return rf_str_add_n(ret, text, len) == 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '[' && i + 2 < len && text[i + 1] != '!' && text[i + 2] == ']') {
			rf_str_add_char(ret, text[i + 1]);
			i += 2;
		} else if (strchr("*?[{", text[i])) {
			return false;
		} else {
			rf_str_add_char(ret, text[i]);
		}
	}
	return rf_str_error(ret) == 0;
}

/*
 * Splits a pattern after its literal leading directories (and its last component if `follow` and
 * that is literal, too). Returns the length of that part; *names is it without quoting.
 */
static size_t leading_len(const char *text, bool literal, bool follow, struct rf_str *names)
{
	size_t at = 0;

	while (text[at] == '/') {
		size_t len = strcspn(text + at + 1, "/"), before = names->len;
		bool last = !text[at + 1 + len];

		if ((last && !follow) || len == 0 ||
		    !add_literal(text + at + 1, len, literal, names)) {
			names->len = before;
			if (names->data)
				names->data[before] = '\0';
			break;
		}
		at += 1 + len;
	}
	return at;
}

/* Takes the first component of the text; false if there is none. */
static bool take_component(struct rf_str *from, char *ret, size_t size)
{
	const char *text = rf_str_text(from);
	size_t skip = strspn(text, "/"), len = strcspn(text + skip, "/");

	if (len == 0 || len >= size)
		return false;
	memcpy(ret, text + skip, len);
	ret[len] = '\0';
	memmove(from->data, from->data + skip + len, from->len - skip - len + 1);
	from->len -= skip + len;
	return true;
}

static void cut_last(struct rf_str *path)
{
	while (path->len > 0 && path->data[--path->len] != '/')
		;
	if (path->data)
		path->data[path->len] = '\0';
}

static int open_component(const struct walk *w, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, w->root_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* A link: its target is walked next. */
static void enter_link(struct walk *w, int fd)
{
	char target[RF_LIMIT_PATTERN_BYTES];
	RF_AUTOFREE char *left = NULL;
	struct statfs fs;
	ssize_t len;

	if (fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC) {
		w->give_up = true;
		return;
	}
	len = readlinkat(fd, "", target, sizeof(target) - 1);
	if (len <= 0 || ++w->links > LINKS_MAX) {
		w->dangling = true;
		return;
	}
	target[len] = '\0';
	cut_last(&w->done);
	if (target[0] == '/')
		rf_str_reset(&w->done);
	left = strdup(rf_str_text(&w->linked));
	rf_str_reset(&w->linked);
	rf_str_addf(&w->linked, "/%s/%s", target, left ? left : "");
}

/* What cannot be looked at is kept as it is written, with "." and ".." taken as text. */
static void step(struct walk *w, const char *name, bool from_link)
{
	RF_AUTOCLOSE int fd = -1;
	struct stat st;

	if (strcmp(name, ".") == 0)
		return;
	if (strcmp(name, "..") == 0) {
		cut_last(&w->done);
		return;
	}
	rf_str_addf(&w->done, "/%s", name);
	fd = open_component(w, rf_str_text(&w->done));
	if (fd < 0) {
		w->dangling |= from_link && (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP);
		return;
	}
	if (fstat(fd, &st) == 0 && S_ISLNK(st.st_mode))
		enter_link(w, fd);
}

static void walk_all(struct walk *w)
{
	char name[256];

	while (!w->give_up && w->links <= LINKS_MAX) {
		if (take_component(&w->linked, name, sizeof(name)))
			step(w, name, true);
		else if (take_component(&w->rest, name, sizeof(name)))
			step(w, name, false);
		else
			return;
	}
}

static int finish(struct walk *w, const char *tail, bool literal, char **ret)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(RF_LIMIT_PATTERN_BYTES);

	if (rf_str_error(&w->done) || rf_str_error(&w->linked) || rf_str_error(&w->rest))
		return RF_RESOLVE_SAME;
	if (literal)
		rf_str_add(&out, rf_str_text(&w->done));
	else
		rf_pattern_quote(&out, rf_str_text(&w->done), w->done.len);
	rf_str_add(&out, tail);
	if (!out.len)
		rf_str_add(&out, "/");
	if (rf_str_take(&out, ret) < 0)
		return -ENOMEM;
	return w->dangling ? RF_RESOLVE_DANGLING : RF_RESOLVE_OTHER;
}

/*
 * One question settles nearly every pattern. The kernel looks at components from the left: a link
 * answers ELOOP even if something behind it is missing, so any other answer means no link.
 */
static bool crosses_link(int root_fd, const char *path, uint64_t resolve)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = resolve | RESOLVE_NO_SYMLINKS,
	};
	long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

	if (fd >= 0)
		(void)close((int)fd);
	return fd < 0 && errno == ELOOP;
}

bool rf_path_is_above(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	return strncmp(dir, path, len) == 0 && (path[len] == '/' || !path[len] || len == 1);
}

bool rf_path_has_link(const char *path)
{
	return crosses_link(AT_FDCWD, path, 0);
}

int rf_pattern_lead(const char *text, bool literal, bool follow, char **ret)
{
	RF_AUTOSTR struct rf_str names = RF_STR_INIT(2 * RF_LIMIT_PATTERN_BYTES);

	*ret = NULL;
	if (leading_len(text, literal, follow, &names) == 0)
		return 0;
	return rf_str_take(&names, ret);
}

/* ---- alternatives among the leading directories ---- */

/* Bytes of the class at text[0] == '[', of a pattern that was checked. */
static size_t class_len(const char *text)
{
	size_t i = text[1] == '!' ? 2 : 1, first = i;

	while (text[i] && (text[i] != ']' || i == first))
		i++;
	return text[i] ? i + 1 : i;
}

/* The first byte of `stop` outside of classes, or the end. */
static const char *find_outside(const char *at, const char *stop)
{
	while (*at && !strchr(stop, *at))
		at += *at == '[' ? class_len(at) : 1;
	return at;
}

/* The brace that ends the literal leading directories; NULL: a wildcard or the text's end does. */
static const char *leading_brace(const char *text, bool follow)
{
	RF_AUTOSTR struct rf_str names = RF_STR_INIT(2 * RF_LIMIT_PATTERN_BYTES);
	const char *at = text + leading_len(text, false, follow, &names);

	if (*at != '/' || (!follow && !strchr(at + 1, '/')))
		return NULL;
	for (at++; *at && *at != '/'; at++) {
		if (*at == '{')
			return at;
		if (*at == '[' && class_len(at) == 3 && at[1] != '!')
			at += 2;
		else if (strchr("*?[", *at))
			return NULL;
	}
	return NULL;
}

/* Appends a piece; stars that meet at the joint are one (as in nfa.c). */
static void join(struct rf_str *to, const char *piece, size_t len)
{
	bool meet = len && piece[0] == '*' && to->len && rf_str_text(to)[to->len - 1] == '*';

	rf_str_add_n(to, piece + meet, len - meet);
}

int rf_pattern_each_lead(const char *text, bool follow, size_t *steps,
			 int (*fn)(void *data, const char *text), void *data)
{
	const char *open, *close, *from, *to;
	int r = 0;

	if (++*steps > RF_LIMIT_PATTERNS)
		return -E2BIG;
	open = leading_brace(text, follow);
	if (!open)
		return fn(data, text);
	close = find_outside(open + 1, "}");
	for (from = open + 1; from <= close && r == 0; from = to + 1) {
		RF_AUTOSTR struct rf_str one = RF_STR_INIT(2 * RF_LIMIT_PATTERN_BYTES);

		to = find_outside(from, ",}");
		join(&one, text, (size_t)(open - text));
		join(&one, from, (size_t)(to - from));
		join(&one, *close ? close + 1 : close, *close ? strlen(close + 1) : 0);
		r = rf_str_error(&one);
		if (r == 0)
			r = rf_pattern_each_lead(rf_str_text(&one), follow, steps, fn, data);
	}
	return r;
}

int rf_pattern_resolve(const char *root, const char *text, bool literal, bool follow, char **ret)
{
	RF_AUTOCLOSE int root_fd = -1;
	struct walk w = {0};
	size_t lead;
	int r = RF_RESOLVE_SAME;

	rf_str_init(&w.done, 2 * RF_LIMIT_PATTERN_BYTES);
	rf_str_init(&w.linked, 4 * RF_LIMIT_PATTERN_BYTES);
	rf_str_init(&w.rest, 2 * RF_LIMIT_PATTERN_BYTES);
	lead = leading_len(text, literal, follow, &w.rest);
	if (lead > 0) {
		root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		w.root_fd = root_fd;
		if (root_fd >= 0 && crosses_link(root_fd, rf_str_text(&w.rest), RESOLVE_IN_ROOT))
			walk_all(&w);
		if (w.links > 0 && !w.give_up)
			r = finish(&w, text + lead, literal, ret);
	}
	rf_str_done(&w.done);
	rf_str_done(&w.linked);
	rf_str_done(&w.rest);
	return r;
}
