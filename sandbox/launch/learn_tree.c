/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collapsing siblings and subtrees; see learn_tree.h.
 */
#include "sandbox/launch/learn_tree.h"

#include <stdlib.h>

#define NONE UINT32_MAX

enum cover {
	COVER_SELF,  /* the name itself, if it was used */
	COVER_NAMES, /* all names in it */
	COVER_TREE   /* itself and all below */
};

/* Children follow their parent in the array, so one pass backwards sees them first. */
struct node {
	const char *name; /* borrowed: not NUL-terminated */
	uint32_t len;
	uint32_t parent, last; /* last: the child that was added last */
	bool used, gone;       /* gone: what is above covers it */
	enum cover cover;
	uint32_t rights, below_rights, direct_rights;
	uint32_t direct, below, dirs; /* used names: in it, beneath it, its directories with any */
	struct rf_tally tally, direct_tally, below_tally;
};

RF_VEC_DEFINE(node_vec, struct node);

void rf_learned_done(struct rf_learned_vec *vec)
{
	for (size_t i = 0; i < vec->len; i++)
		free(vec->data[i].pattern);
	rf_learned_vec_done(vec);
}

int rf_learned_add(struct rf_learned_vec *vec, const char *pattern, uint32_t rights,
		   const struct rf_tally *tally)
{
	struct rf_learned item = {.pattern = strdup(pattern), .rights = rights, .tally = *tally};

	if (!item.pattern)
		return -ENOMEM;
	if (rf_learned_vec_push(vec, item) == 0)
		return 0;
	free(item.pattern);
	return -ENOMEM;
}

/* By components: a directory comes right before all that is below it. */
static int compare_patterns(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (!*a || !*b)
		return *a ? 1 : -1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static int compare_learned(const void *a, const void *b)
{
	return compare_patterns(((const struct rf_learned *)a)->pattern,
				((const struct rf_learned *)b)->pattern);
}

static void unite_equal(struct rf_learned_vec *vec)
{
	size_t n = 0;

	if (vec->len)
		qsort(vec->data, vec->len, sizeof(*vec->data), compare_learned);
	for (size_t i = 0; i < vec->len; i++) {
		struct rf_learned *item = &vec->data[i];

		if (n && strcmp(vec->data[n - 1].pattern, item->pattern) == 0) {
			vec->data[n - 1].rights |= item->rights;
			rf_tally_add(&vec->data[n - 1].tally, &item->tally);
			free(item->pattern);
		} else {
			vec->data[n++] = *item;
		}
	}
	vec->len = n;
}

/* ---- the tree of one class of patterns ---- */

/* The child of that name is the last one, since patterns come sorted. */
static int step_down(struct node_vec *tree, uint32_t *at, const char *name, uint32_t len)
{
	uint32_t last = tree->data[*at].last;
	struct node *node;

	if (last != NONE && tree->data[last].len == len &&
	    memcmp(tree->data[last].name, name, len) == 0) {
		*at = last;
		return 0;
	}
	node = node_vec_add(tree);
	if (!node)
		return -ENOMEM;
	node->name = name;
	node->len = len;
	node->parent = *at;
	node->last = NONE;
	tree->data[*at].last = (uint32_t)tree->len - 1;
	*at = (uint32_t)tree->len - 1;
	return 0;
}

/* The first piece is "" or a variable. */
static int insert(struct node_vec *tree, const struct rf_learned *item)
{
	const char *text = item->pattern;
	uint32_t at = 0;

	for (;;) {
		size_t len = strcspn(text, "/");

		if (step_down(tree, &at, text, (uint32_t)len) < 0)
			return -ENOMEM;
		if (!text[len] || !text[len + 1]) /* "/" alone is its first piece */
			break;
		text += len + 1;
	}
	tree->data[at].used = true;
	tree->data[at].rights = item->rights;
	tree->data[at].tally = item->tally;
	return 0;
}

static void add_path(const struct node_vec *tree, uint32_t i, struct rf_str *out)
{
	if (!i)
		return;
	add_path(tree, tree->data[i].parent, out);
	if (tree->data[i].parent)
		(void)rf_str_add_char(out, '/');
	(void)rf_str_add_n(out, tree->data[i].name, tree->data[i].len);
}

/* Directories that belong to many: some of their names were used, not they. */
static bool is_shared(const char *dir)
{
	static const char *const shared[] = {
		"${HOME}",	  "${HOME}/.config",
		"${HOME}/.local", "${HOME}/.local/share",
		"/etc/ssl",	  "/home",
		"/proc/*",	  "/run/user",
		"/run/user/*",	  "/run/user/${UID}",
		"/usr/bin",	  "/usr/lib",
		"/usr/libexec",	  "/usr/local",
		"/usr/sbin",	  "/usr/share",
		"/var/cache",	  "/var/lib",
		"/var/log",	  "/var/run",
		"/var/spool",
	};

	if (dir[0] == '/' && !strchr(dir + 1, '/'))
		return true; /* the roots of the system, and the root */
	if (rf_str_has_prefix(dir, "/home/") && !strchr(dir + 6, '/'))
		return true;
	for (size_t i = 0; i < RF_ARRAY_LEN(shared); i++)
		if (strcmp(dir, shared[i]) == 0)
			return true;
	return false;
}

static bool may_give(const struct node_vec *tree, uint32_t i)
{
	RF_AUTOSTR struct rf_str dir = RF_STR_INIT(65536);

	if (i <= 1 && !tree->data[i].len)
		return false;
	add_path(tree, i, &dir);
	return rf_str_error(&dir) == 0 && rf_str_text(&dir)[0] && !is_shared(rf_str_text(&dir));
}

static void decide(const struct node_vec *tree, uint32_t i)
{
	struct node *node = &tree->data[i];

	if (node->below >= RF_LEARN_BELOW && node->dirs >= RF_LEARN_BELOW_DIRS && may_give(tree, i))
		node->cover = COVER_TREE;
	else if (node->direct >= RF_LEARN_SIBLINGS && may_give(tree, i))
		node->cover = COVER_NAMES;
}

/* Tells the parent what is here and below. */
static void add_up(const struct node_vec *tree, uint32_t i)
{
	struct node *node = &tree->data[i], *parent = &tree->data[node->parent];

	if (node->used) {
		parent->direct++;
		parent->below++;
		parent->direct_rights |= node->rights;
		parent->below_rights |= node->rights;
		rf_tally_add(&parent->direct_tally, &node->tally);
		rf_tally_add(&parent->below_tally, &node->tally);
	}
	parent->below += node->below;
	parent->dirs += node->below > 0;
	parent->below_rights |= node->below_rights;
	rf_tally_add(&parent->below_tally, &node->below_tally);
}

static void mark_gone(const struct node_vec *tree)
{
	for (uint32_t i = 1; i < tree->len; i++) {
		struct node *node = &tree->data[i];
		const struct node *parent = &tree->data[node->parent];

		if (parent->gone || parent->cover == COVER_TREE) {
			node->gone = true;
			node->used = false;
			node->cover = COVER_SELF;
		} else if (parent->cover == COVER_NAMES) {
			node->used = false;
		}
	}
}

static int add_found(const struct node_vec *tree, uint32_t i, const char *suffix,
		     const struct rf_tally *tally, uint32_t rights, struct rf_learned_vec *ret)
{
	RF_AUTOSTR struct rf_str path = RF_STR_INIT(65536);

	add_path(tree, i, &path);
	if (tree->data[i].parent == 0 && !tree->data[i].len && !suffix[0])
		(void)rf_str_add(&path, "/");
	(void)rf_str_add(&path, suffix);
	if (rf_str_error(&path) < 0)
		return rf_str_error(&path);
	return rf_learned_add(ret, rf_str_text(&path), rights, tally);
}

static int collect(const struct node_vec *tree, struct rf_learned_vec *ret)
{
	int r = 0;

	for (uint32_t i = 1; i < tree->len && r == 0; i++) {
		const struct node *node = &tree->data[i];
		struct rf_tally all = node->below_tally;

		if (node->cover == COVER_TREE) {
			if (node->used)
				rf_tally_add(&all, &node->tally);
			r = add_found(tree, i, "/**", &all,
				      node->below_rights | (node->used ? node->rights : 0), ret);
			continue;
		}
		if (node->cover == COVER_NAMES)
			r = add_found(tree, i, "/*", &node->direct_tally, node->direct_rights, ret);
		if (node->used && r == 0)
			r = add_found(tree, i, "", &node->tally, node->rights, ret);
	}
	return r;
}

/* mask: exec in the low half, write in the high one. */
static uint32_t class_of(uint32_t rights, uint32_t mask)
{
	return ((rights & mask & 0xffff) != 0) | ((rights & mask >> 16) != 0) << 1;
}

static int collapse_class(const struct rf_learned_vec *vec, uint32_t mask, uint32_t class,
			  struct rf_learned_vec *ret)
{
	RF_CLEANUP(node_vec_done) struct node_vec tree = {0};
	struct node *root = node_vec_add(&tree);

	if (!root)
		return -ENOMEM;
	root->last = NONE;
	for (size_t i = 0; i < vec->len; i++)
		if (class_of(vec->data[i].rights, mask) == class &&
		    insert(&tree, &vec->data[i]) < 0)
			return -ENOMEM;
	for (uint32_t i = (uint32_t)tree.len; i-- > 1;) {
		decide(&tree, i);
		add_up(&tree, i);
	}
	mark_gone(&tree);
	return collect(&tree, ret);
}

/* Every name of `inner` is one of `outer`, whose only wildcard is its end. */
static bool covers(const char *outer, const char *inner)
{
	size_t len = strlen(outer);
	bool tree = rf_str_has_suffix(outer, "/**"),
	     names = !tree && rf_str_has_suffix(outer, "/*");
	const char *rest;

	if (!tree && !names)
		return false;
	len -= tree ? 3 : 2;
	if (memchr(outer, '*', len) || strncmp(outer, inner, len) != 0)
		return false;
	rest = inner + len;
	if (tree)
		return !*rest || *rest == '/';
	return *rest == '/' && rest[1] && !strchr(rest + 1, '/') && strcmp(rest, "/**") != 0;
}

/* What another pattern of the same or more rights covers says nothing. */
static void drop_covered(struct rf_learned_vec *vec)
{
	size_t n = 0;

	for (size_t i = 0; i < vec->len; i++) {
		struct rf_learned *outer = &vec->data[i];

		if (!outer->pattern || !rf_str_has_suffix(outer->pattern, "*"))
			continue;
		for (size_t j = 0; j < vec->len; j++) {
			struct rf_learned *inner = &vec->data[j];

			if (i == j || !inner->pattern || inner->rights & ~outer->rights ||
			    !covers(outer->pattern, inner->pattern))
				continue;
			rf_tally_add(&outer->tally, &inner->tally);
			free(inner->pattern);
			inner->pattern = NULL;
		}
	}
	for (size_t i = 0; i < vec->len; i++)
		if (vec->data[i].pattern)
			vec->data[n++] = vec->data[i];
	vec->len = n;
}

int rf_learned_collapse(struct rf_learned_vec *vec, uint32_t exec, uint32_t write)
{
	RF_CLEANUP(rf_learned_done) struct rf_learned_vec out = {0};
	struct rf_learned_vec old;
	int r = 0;

	unite_equal(vec);
	for (uint32_t class = 0; class < 4 && r == 0; class ++)
		r = collapse_class(vec, exec | write << 16, class, &out);
	if (r < 0)
		return r;
	unite_equal(&out);
	drop_covered(&out);
	old = *vec;
	*vec = out;
	out = old;
	return 0;
}
