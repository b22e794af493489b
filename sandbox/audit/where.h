/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filter expressions over events, as `audit --where` takes them.
 *
 *	layer = files and object.path ~ *shadow and not process.comm = bash
 *	count >= 10 or (verdict = killed)
 *
 * A field is a member's name, with dots into objects; a list matches if one of its elements does.
 * Operators: = != < <= > >= and ~ (glob: * ? [], where * also matches slashes). A field alone is
 * true if the event has it. Values are words or "quoted". Precedence: not, and, or. A comparison
 * with an absent field is false, != included.
 */
#ifndef RF_AUDIT_WHERE_H
#define RF_AUDIT_WHERE_H

#include <stdbool.h>

#include "sandbox/audit/tape.h"
#include "sandbox/base/err.h"

#define RF_WHERE_TEXT_MAX  4096
#define RF_WHERE_DEPTH_MAX 32

struct rf_where;

/* Parses text; err names the place of the first mistake. */
int rf_where_parse(struct rf_where **ret, const char *text, struct rf_err *err) RF_MUST_CHECK;
struct rf_where *rf_where_free(struct rf_where *where);

RF_DEFINE_CLEANUP(struct rf_where, rf_where_freep, rf_where_free)

/* A name in it that no record has as a member, which so never matches; NULL: each one some have. */
const char *rf_where_stranger(const struct rf_where *where);
/* Does any type of record have that member? */
bool rf_where_is_member(const char *name);

bool rf_where_matches(const struct rf_where *where, const struct rf_node *event);

#endif
