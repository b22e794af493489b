/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where each value of a JSON text stands.
 *
 * jansson decides what is valid and what it means, but keeps no positions. This scanner walks the
 * same bytes and makes a tree of places, from which a JSON pointer, a line and a column can be told
 * for every key and value. It builds no values and repairs nothing.
 */
#ifndef RF_POLICY_SCAN_H
#define RF_POLICY_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/arena.h"
#include "sandbox/base/str.h"

#define RF_SCAN_NONE UINT32_MAX

struct rf_scan_node {
	const char *key;       /* decoded, in the arena; NULL for items and the root */
	uint32_t parent;       /* RF_SCAN_NONE: the root */
	uint32_t first;	       /* first child */
	uint32_t next;	       /* next sibling */
	uint32_t index;	       /* among its siblings */
	uint32_t offset;       /* of the value's first byte */
	uint32_t line, column; /* of the value, from 1; columns count characters */
	uint32_t key_line, key_column;
	uint32_t first_same; /* an earlier sibling with this key, else RF_SCAN_NONE */
	bool overridden;     /* a later sibling has this key */
	char kind;	     /* '{' '[' '"' '0' (number) 't' 'f' 'n' */
};

struct rf_scan {
	struct rf_scan_node *nodes; /* nodes[0] is the root */
	uint32_t n, cap;
	bool has_duplicates;
	/* Where scanning stopped when it failed, and why. */
	uint32_t error_line, error_column;
	const char *error; /* static text */
};

/*
 * Scans len bytes. Keys are put into arena. Returns 0, -EINVAL (ret->error tells; nodes so far
 * stay), -ENOMEM. rf_scan_done frees in every case.
 */
int rf_scan_text(struct rf_scan *ret, const char *text, size_t len, struct rf_arena *arena)
	RF_MUST_CHECK;

void rf_scan_done(struct rf_scan *scan);

/* The child of that key (the one that jansson kept) or index; RF_SCAN_NONE if there is none. */
uint32_t rf_scan_member(const struct rf_scan *scan, uint32_t node, const char *key);
uint32_t rf_scan_item(const struct rf_scan *scan, uint32_t node, uint32_t index);

/* Appends the JSON pointer of node, "" for the root. */
void rf_scan_pointer(const struct rf_scan *scan, uint32_t node, struct rf_str *ret);

#endif
