/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a policy: find the files, read them all, tell all that is wrong, compose.
 */
#include "sandbox/policy/load.h"

#include <string.h>
#include <sys/stat.h>

#include "sandbox/base/fd.h"
#include "sandbox/policy/canonical.h"
#include "sandbox/policy/limits.h"
#include "sandbox/policy/problem.h"
#include "sandbox/policy/search.h"
#include "sandbox/policy/trace.h"

/* A policy and what owns its memory; struct rf_policy is the first member. */
struct policy_box {
	struct rf_policy policy;
	struct rf_arena *arena;
	void *owned; /* instead: one piece from malloc */
};

static int load_extends(struct rf_loader *loader, struct rf_draft *draft, size_t root);

/* Parses a text whose draft is ready but for its contents, and all that it extends. */
static int load_draft(struct rf_loader *loader, struct rf_draft *owned, const char *text,
		      size_t len, size_t root)
{
	RF_CLEANUP(rf_draft_freep) struct rf_draft *draft = owned;
	const struct rf_doc *outer = loader->parse.doc;
	int r;

	loader->parse.doc = &draft->doc;
	r = rf_doc_parse(&loader->parse, &draft->doc, text, len);
	if (r == 0) {
		rf_draft_parse(&loader->parse, draft);
		if (rf_drafts_push(&loader->drafts, draft) < 0) {
			r = -ENOMEM;
		} else {
			owned = RF_TAKE_PTR(draft);
			r = load_extends(loader, owned, root);
		}
	} else if (r == -EINVAL && draft->doc.via) {
		r = 0; /* told; the place it is extended at is part of the sentence */
	}
	loader->parse.doc = outer;
	return r == -EINVAL ? 0 : r;
}

/* The draft of a file is in use until the end of the loading, when its text is not. */
static struct rf_draft *new_draft(struct rf_loader *loader, const char *name, const char *dir,
				  size_t root)
{
	RF_CLEANUP(rf_draft_freep) struct rf_draft *draft = rf_draft_new();

	if (!draft)
		return NULL;
	draft->roots = UINT64_C(1) << root;
	draft->depth = loader->depth;
	draft->doc.name = rf_arena_strdup(loader->parse.arena, name);
	draft->doc.dir = rf_arena_strdup(loader->parse.arena, dir);
	return draft->doc.name && draft->doc.dir ? RF_TAKE_PTR(draft) : NULL;
}

static struct rf_draft *find_loaded(const struct rf_loader *loader, const struct stat *st)
{
	for (size_t i = 0; i < loader->drafts.len; i++) {
		struct rf_draft *draft = loader->drafts.data[i];

		if (draft->doc.ino && draft->doc.dev == st->st_dev && draft->doc.ino == st->st_ino)
			return draft;
	}
	return NULL;
}

/* Whether a document is among those that lead to the one being parsed. */
static bool is_ancestor(const struct rf_parse *p, const struct rf_doc *doc)
{
	for (const struct rf_doc *at = p->doc; at; at = at->via)
		if (at == doc)
			return true;
	return false;
}

/* What asked for a policy: entry is NULL for an argument, else what names it in p->doc. */
struct asked {
	const char *name;
	const struct rf_at *entry;
	struct rf_draft *by; /* NULL: an argument */
	size_t root;
};

/* A file that was read already comes in by one more way, and with it all that it extends. */
static void bring_in(struct rf_draft *draft, uint64_t roots, size_t depth)
{
	if (!(roots & ~draft->roots) && depth >= draft->depth)
		return;
	draft->roots |= roots;
	if (depth < draft->depth)
		draft->depth = depth;
	for (size_t i = 0; i < draft->extended.len; i++)
		bring_in(draft->extended.data[i], roots, depth + 1);
}

static int note_extended(const struct asked *asked, struct rf_draft *draft)
{
	return asked->by && draft ? rf_drafts_push(&asked->by->extended, draft) : 0;
}

/* The whole text, noted for whoever wants to know what was read. */
static int read_found(struct rf_loader *loader, const struct rf_found *found,
		      const struct asked *asked, char **ret, size_t *ret_len, struct rf_err *err)
{
	const struct rf_doc *by = asked->entry ? loader->parse.doc : NULL;
	int r = rf_fd_read_all(found->fd, RF_LIMIT_FILE_BYTES, ret, ret_len, err);

	if (r < 0)
		return rf_err_wrap(err, r, "policy %s", found->name);
	rf_trace_policy(loader->parse.options->trace, asked->name, by ? by->dir : NULL,
			by && by->trusted, *ret, *ret_len);
	return 0;
}

static int load_found(struct rf_loader *loader, const struct rf_found *found,
		      const struct asked *asked, struct rf_err *err)
{
	struct rf_parse *p = &loader->parse;
	const struct rf_at *entry = asked->entry;
	struct rf_draft *draft;
	RF_AUTOFREE char *text = NULL;
	size_t len = 0;
	struct stat st;
	int r;

	if (fstat(found->fd, &st) < 0)
		return rf_err_sys(err, -errno, "policy %s", found->name);
	draft = find_loaded(loader, &st);
	if (!draft && loader->drafts.len == RF_LIMIT_FILES)
		return rf_err_set(err, -E2BIG, "more than %d files, which is the limit",
				  RF_LIMIT_FILES);
	r = read_found(loader, found, asked, &text, &len, err);
	if (r < 0)
		return r;
	if (draft && entry && is_ancestor(p, &draft->doc))
		rf_at_error(p, *entry, "the policy extends itself: %s leads back to %s",
			    found->name, draft->doc.name);
	if (draft) { /* united once, by however many ways it comes in */
		bring_in(draft, UINT64_C(1) << asked->root, loader->depth);
		return note_extended(asked, draft);
	}
	draft = new_draft(loader, found->name, found->dir, asked->root);
	if (!draft)
		return -ENOMEM;
	draft->doc.trusted = found->trusted;
	draft->doc.dev = st.st_dev;
	draft->doc.ino = st.st_ino;
	if (entry) {
		draft->doc.via = p->doc;
		draft->doc.via_node = entry->node;
	}
	r = load_draft(loader, draft, text, len, asked->root);
	/* It is gone if it could not be read. */
	return r < 0 ? r : note_extended(asked, find_loaded(loader, &st));
}

static int load_entry(struct rf_loader *loader, struct rf_at entry, struct rf_draft *by,
		      size_t root)
{
	RF_CLEANUP(rf_found_done) struct rf_found found = RF_FOUND_INIT;
	struct rf_parse *p = &loader->parse;
	const char *name = json_string_value(entry.json);
	const struct asked asked = {.name = name, .entry = &entry, .by = by, .root = root};
	struct rf_err err = RF_ERR_INIT;
	int r;

	if (!name || !name[0])
		return 0; /* told already */
	if (loader->depth == RF_LIMIT_EXTENDS_DEPTH) {
		rf_at_error(p, entry, "extended through more than %d files, which is the limit",
			    RF_LIMIT_EXTENDS_DEPTH);
		return 0;
	}
	r = rf_search_open(p->options, name, p->doc->dir, p->doc->trusted, &found, &err);
	if (r == 0) {
		loader->depth++;
		r = load_found(loader, &found, &asked, &err);
		loader->depth--;
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		rf_at_error(p, entry, "cannot extend \"%s\": %s", name, rf_err_text(&err));
	return 0;
}

static int load_extends(struct rf_loader *loader, struct rf_draft *draft, size_t root)
{
	struct rf_parse *p = &loader->parse;
	int r = 0;

	if (!draft->extends.json)
		return 0;
	for (struct rf_at i = rf_at_first(p, draft->extends); i.json && r == 0;
	     i = rf_at_next(p, i))
		r = load_entry(loader, i, draft, root);
	return r;
}

int rf_load_argument(struct rf_loader *loader, const char *name, size_t root, struct rf_err *err)
{
	RF_CLEANUP(rf_found_done) struct rf_found found = RF_FOUND_INIT;
	const struct asked asked = {.name = name, .root = root};
	int r;

	r = rf_search_open(loader->parse.options, name, NULL, false, &found, err);
	return r < 0 ? r : load_found(loader, &found, &asked, err);
}

int rf_load_text(struct rf_loader *loader, const char *name, const char *text, size_t len,
		 bool synthetic, size_t root, struct rf_err *err)
{
	struct rf_draft *draft;

	if (len > RF_LIMIT_FILE_BYTES)
		return rf_err_set(err, -EFBIG, "policy %s is longer than %u bytes", name,
				  RF_LIMIT_FILE_BYTES);
	draft = new_draft(loader, name, "", root);
	if (!draft)
		return -ENOMEM;
	draft->doc.synthetic = synthetic;
	return load_draft(loader, draft, text, len, root);
}

/* ---- the policy as a whole ---- */

struct rf_policy *rf_policy_free(struct rf_policy *policy)
{
	struct policy_box *box = (struct policy_box *)policy;

	if (!box)
		return NULL;
	rf_arena_free(box->arena);
	free(box->owned);
	free(box);
	return NULL;
}

int rf_policy_adopt(struct rf_policy **ret, const struct rf_policy *from, void *owned)
{
	struct policy_box *box = calloc(1, sizeof(*box));

	if (!box)
		return -ENOMEM;
	box->policy = *from;
	box->owned = owned;
	*ret = &box->policy;
	return 0;
}

RF_DEFINE_CLEANUP(struct rf_policy, policy_freep, rf_policy_free)

static void loader_done(struct rf_loader *loader)
{
	for (size_t i = 0; i < loader->drafts.len; i++)
		rf_draft_free(loader->drafts.data[i]);
	rf_drafts_done(&loader->drafts);
}

/* The first error in one sentence. */
static int tell_first(const struct rf_problems *problems, struct rf_err *err)
{
	for (size_t i = 0; i < problems->n; i++) {
		const struct rf_problem *problem = &problems->items[i];
		RF_AUTOSTR struct rf_str text = RF_STR_INIT(32768);

		if (problem->warning)
			continue;
		rf_problem_format(problem, &text);
		rf_err_set(err, -EINVAL, "%s", rf_str_text(&text));
		rf_err_place(err, problem->place.line, problem->place.column, problem->pointer);
		return -EINVAL;
	}
	return rf_err_set(err, -EINVAL, "the policy is wrong");
}

/* What follows once everything is read: problems, or one policy. */
static int finish(struct rf_loader *loader, size_t n_roots, struct rf_policy *policy,
		  struct rf_err *err)
{
	struct rf_parse *p = &loader->parse;
	int r = 0;

	if (!p->no_memory && !p->n_errors)
		r = rf_policy_compose(loader, n_roots, policy);
	if (r == -ENOMEM || p->no_memory || rf_problems_sort(p->problems) < 0)
		return rf_err_set(err, -ENOMEM,
				  "no memory for the policy, or it needs more than %u MiB",
				  RF_LIMIT_ARENA_BYTES >> 20);
	if (p->n_errors)
		return tell_first(p->problems, err);
	return rf_policy_hash(policy, err);
}

static int load_all(struct rf_loader *loader, const char *const *names, size_t n_names,
		    const char *text, size_t len, struct rf_err *err)
{
	const struct rf_load_options *options = loader->parse.options;
	int r = 0;

	if (n_names > RF_LIMIT_ARGUMENTS)
		return rf_err_set(err, -E2BIG, "more than %d policies, which is the limit",
				  RF_LIMIT_ARGUMENTS);
	if (text)
		r = rf_load_text(loader, names[0], text, len, false, 0, err);
	for (size_t i = 0; !text && i < n_names && r == 0; i++)
		r = rf_load_argument(loader, names[i], i, err);
	for (size_t i = 0; i < options->n_extra && r == 0; i++)
		r = rf_load_extra(loader, &options->extra[i], n_names, err);
	return r;
}

static int load(struct rf_policy **ret, const char *const *names, size_t n_names, const char *text,
		size_t len, const struct rf_load_options *options, struct rf_problems *problems,
		struct rf_err *err)
{
	RF_CLEANUP(policy_freep) struct rf_policy *policy = NULL;
	RF_CLEANUP(rf_problems_done) struct rf_problems unwanted = {0};
	RF_CLEANUP(loader_done) struct rf_loader loader = {0};
	struct policy_box *box;
	int r;

	box = calloc(1, sizeof(*box));
	if (!box)
		return rf_err_sys(err, -ENOMEM, "load a policy");
	policy = &box->policy;
	box->arena = rf_arena_new(RF_LIMIT_ARENA_BYTES);
	if (!box->arena)
		return rf_err_sys(err, -ENOMEM, "load a policy");
	loader.parse.arena = box->arena;
	loader.parse.options = options;
	loader.parse.problems = problems ? problems : &unwanted;
	r = load_all(&loader, names, n_names, text, len, err);
	if (r < 0)
		return rf_err_wrap(err, r, "cannot load the policy");
	r = finish(&loader, n_names, policy, err);
	if (r < 0)
		return r;
	*ret = RF_TAKE_PTR(policy);
	return 0;
}

int rf_policy_load(struct rf_policy **ret, const char *const *names, size_t n_names,
		   const struct rf_load_options *options, struct rf_problems *problems,
		   struct rf_err *err)
{
	if (n_names == 0)
		return rf_err_set(err, -EINVAL, "no policy is named");
	return load(ret, names, n_names, NULL, 0, options, problems, err);
}

int rf_policy_load_text(struct rf_policy **ret, const char *name, const char *text, size_t len,
			const struct rf_load_options *options, struct rf_problems *problems,
			struct rf_err *err)
{
	return load(ret, &name, 1, text, len, options, problems, err);
}
