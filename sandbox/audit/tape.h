/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event, parsed for reading: strict JSON laid out flat in memory that is used again for the
 * next one, so that converting ten million events allocates nothing.
 *
 * A node's members follow it; `span` steps over a whole value. Every accessor takes NULL and nodes
 * of another type, and answers as if the member were absent: an event's fields are data from
 * outside. Strings are NUL-terminated for convenience but may hold NULs (abstract socket names):
 * len counts.
 */
#ifndef RF_AUDIT_TAPE_H
#define RF_AUDIT_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sandbox/base/cleanup.h"

enum rf_node_type {
	RF_NODE_NULL,
	RF_NODE_FALSE,
	RF_NODE_TRUE,
	RF_NODE_INTEGER,
	RF_NODE_NUMBER, /* one that no int64_t holds; its digits are the text */
	RF_NODE_STRING,
	RF_NODE_ARRAY,
	RF_NODE_OBJECT
};

struct rf_node {
	enum rf_node_type type;
	uint32_t n;    /* members or elements */
	uint32_t span; /* nodes from this one to the next of the same depth */
	uint32_t key_len;
	const char *key; /* of a member; NULL in arrays and at the top */
	const char *text;
	/*
	 * The value as it stands in the line that was parsed, for who writes it again while that
	 * line is there. NULL unless it is fit for that: of lenient parsing, or with a DEL.
	 */
	const char *raw;
	uint32_t raw_len;
	uint32_t len;
	int64_t number;
};

struct rf_tape;

/* Longest line, most values and deepest nesting that are still an event. */
#define RF_TAPE_TEXT_MAX  262144
#define RF_TAPE_NODES_MAX 4096
#define RF_TAPE_DEPTH_MAX 16

struct rf_tape *rf_tape_new(void); /* NULL without memory */
struct rf_tape *rf_tape_free(struct rf_tape *tape);

RF_DEFINE_CLEANUP(struct rf_tape, rf_tape_freep, rf_tape_free)

/*
 * The event in text: a JSON object with a string member "type". NULL for anything else: no JSON, a
 * duplicate member, trailing text, over a limit. Valid until the next call. lenient takes strings
 * as they come: bytes that are no UTF-8, raw control characters, halves of surrogate pairs (which
 * become U+FFFD).
 */
const struct rf_node *rf_tape_parse(struct rf_tape *tape, const char *text, size_t len,
				    bool lenient);

/* The same for any JSON object. */
const struct rf_node *rf_tape_parse_object(struct rf_tape *tape, const char *text, size_t len,
					   bool lenient);

/* The member called key, or NULL. */
static inline const struct rf_node *rf_node_get_n(const struct rf_node *node, const char *key,
						  size_t len)
{
	const struct rf_node *member;

	if (!node || node->type != RF_NODE_OBJECT)
		return NULL;
	member = node + 1;
	for (uint32_t i = 0; i < node->n; i++, member += member->span)
		if (member->key_len == len && memcmp(member->key, key, len) == 0)
			return member;
	return NULL;
}

static inline const struct rf_node *rf_node_get(const struct rf_node *node, const char *key)
{
	return rf_node_get_n(node, key, strlen(key));
}

/* Of a string; NULL for anything else. */
static inline const char *rf_node_text(const struct rf_node *node)
{
	return node && node->type == RF_NODE_STRING ? node->text : NULL;
}

static inline const char *rf_node_get_text(const struct rf_node *node, const char *key)
{
	return rf_node_text(rf_node_get(node, key));
}

static inline bool rf_node_is_integer(const struct rf_node *node)
{
	return node && node->type == RF_NODE_INTEGER;
}

/* 0 for anything but an integer. */
static inline int64_t rf_node_integer(const struct rf_node *node)
{
	return rf_node_is_integer(node) ? node->number : 0;
}

/* Elements of an array; 0 for anything else. */
static inline uint32_t rf_node_size(const struct rf_node *node)
{
	return node && node->type == RF_NODE_ARRAY ? node->n : 0;
}

/* Walks the elements of an array: for (e = rf_node_first(a); e; e = rf_node_next(a, e)) */
static inline const struct rf_node *rf_node_first(const struct rf_node *array)
{
	return rf_node_size(array) > 0 ? array + 1 : NULL;
}

static inline const struct rf_node *rf_node_next(const struct rf_node *array,
						 const struct rf_node *element)
{
	element += element->span;
	return element < array + array->span ? element : NULL;
}

#endif
