/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One JSON text of a policy: its bytes as jansson reads them, the places of its values, and how it
 * came to take part. And the cursor that every parser of a section moves over it: a value together
 * with its place, so that a problem can be told where it stands.
 */
#ifndef RF_POLICY_DOC_H
#define RF_POLICY_DOC_H

#include <jansson.h>
#include <sys/types.h>

#include "sandbox/base/arena.h"
#include "sandbox/policy/policy.h"
#include "sandbox/policy/scan.h"

struct rf_doc {
	const char *name; /* as it was named: the FILE of places; in the arena */
	const char *dir;  /* what relative entries of `extends` are relative to, "" or with '/' */
	bool synthetic;	  /* made from a command line: has no lines */
	bool trusted;	  /* found on the search path: what it names relatively must be safe too */
	dev_t dev;
	ino_t ino;
	const struct rf_doc *via; /* the document whose `extends` names this one, or NULL */
	uint32_t via_node;	  /* that entry */
	json_t *root;
	struct rf_scan scan;
};

RF_DEFINE_CLEANUP(json_t, rf_json_freep, json_decref)

/* A value and its place in the document being parsed. json NULL: not there. */
struct rf_at {
	json_t *json;
	json_t *parent; /* the object or array that holds it; NULL for the root */
	uint32_t node;
};

/* What parsing needs everywhere: where strings go, where problems go, what is being read. */
struct rf_parse {
	struct rf_arena *arena; /* the policy's */
	struct rf_problems *problems;
	const struct rf_load_options *options;
	const struct rf_doc *doc;
	bool no_memory;	 /* some allocation failed: the result is not usable */
	size_t n_errors; /* problems that are not warnings */
	size_t n_rules, n_patterns, n_spelled, n_addresses, n_calls; /* against the limits */
};

/*
 * Parses text into doc (name, dir, via … set by the caller). Problems go to p, whose doc must be
 * `doc`. Returns 0, -EINVAL with problems told, or -ENOMEM.
 */
int rf_doc_parse(struct rf_parse *p, struct rf_doc *doc, const char *text, size_t len)
	RF_MUST_CHECK;

void rf_doc_done(struct rf_doc *doc);

/* Report a problem at a value, or at the key of a member. */
void rf_at_error(struct rf_parse *p, struct rf_at at, const char *fmt, ...) RF_PRINTF(3, 4);
void rf_at_key_error(struct rf_parse *p, struct rf_at at, const char *fmt, ...) RF_PRINTF(3, 4);
void rf_at_warn(struct rf_parse *p, struct rf_at at, const char *fmt, ...) RF_PRINTF(3, 4);

/* The place of a value. */
struct rf_place rf_at_place(const struct rf_parse *p, struct rf_at at);

struct rf_at rf_at_root(const struct rf_parse *p);
struct rf_at rf_at_member(const struct rf_parse *p, struct rf_at object, const char *key);

/* Walk the members or items in order of the text: first, then next until json is NULL. */
struct rf_at rf_at_first(const struct rf_parse *p, struct rf_at parent);
struct rf_at rf_at_next(const struct rf_parse *p, struct rf_at child);
const char *rf_at_key(const struct rf_parse *p, struct rf_at at);

/* One known member of an object: its parser reports its own problems. */
struct rf_member {
	const char *name; /* NULL ends a table */
	void (*parse)(struct rf_parse *p, struct rf_at at, void *out);
};

/*
 * Hands each member of an object to its parser in `table` or `more` (may be NULL). Keys `$comment`,
 * `$schema` and `x-*` are ignored; an unknown key is a problem. Of a key that occurs twice, which
 * rf_doc_parse has told, the last counts. False if it is no object (told).
 */
bool rf_at_object(struct rf_parse *p, struct rf_at at, const struct rf_member *table,
		  const struct rf_member *more, void *out);

/* Each tells a problem and returns false unless the value is what it must be. */
bool rf_at_is_list(struct rf_parse *p, struct rf_at at, const char *what); /* not empty */
bool rf_at_string(struct rf_parse *p, struct rf_at at, const char **ret);  /* not empty; borrowed */
bool rf_at_bool(struct rf_parse *p, struct rf_at at, bool *ret);
bool rf_at_integer(struct rf_parse *p, struct rf_at at, uint64_t min, uint64_t max, uint64_t *ret);

/* A string that is one of names[0..n); *ret is its index. Unknown: says which there are. */
bool rf_at_choice(struct rf_parse *p, struct rf_at at, const char *const *names, size_t n,
		  size_t *ret);

/* A copy in the policy's arena; NULL and no_memory set when there is none. */
char *rf_parse_strdup(struct rf_parse *p, const char *text);

/*
 * A copy of n elements in the arena, NULL for none (or with no_memory set). Frees nothing.
 */
void *rf_parse_array(struct rf_parse *p, const void *data, size_t n, size_t size);

/* The name in names[0..n) that `text` is likely a misspelling of, or NULL. */
const char *rf_suggest(const char *text, const char *const *names, size_t n);

#endif
