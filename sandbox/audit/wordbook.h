/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words behind the rule numbers of one policy's records: id, FILE:LINE, reason, hint.
 *
 * `run` fills one from the policy it loaded; other readers load what `run` left beside the sandbox
 * as JSON (the launch writes it once for each policy). So an event reads alike in every stream.
 */
#ifndef RF_AUDIT_WORDBOOK_H
#define RF_AUDIT_WORDBOOK_H

#include <jansson.h>
#include <stddef.h>

#include "lsm/abi.h"
#include "sandbox/audit/event.h"
#include "sandbox/base/err.h"

#define RF_WORDBOOK_SECTIONS (RF_SEC_PROCESS + 1)

/* Largest JSON form that is loaded. */
#define RF_WORDBOOK_MAX ((size_t)64 << 20)

/* Strings are borrowed from whoever filled the book; its own arrays are its own. */
struct rf_wordbook {
	struct rf_rule_words *rules; /* by rule index */
	size_t n_rules;
	struct rf_rule_words sections[RF_WORDBOOK_SECTIONS]; /* file and line of the section */
	struct rf_rule_words keys[RF_K_COUNT]; /* file and line where the key is given */
	json_t *json; /* owner of the strings of a loaded book, else NULL */
	char id[64];  /* scratch for ids that no rule has; valid until the next find */
};

void rf_wordbook_done(struct rf_wordbook *book);

/* For rf_subject.rule with data = the book. 1 and *ret, or 0. */
int rf_wordbook_find(void *book, const struct rf_record *record, struct rf_rule_words *ret);

/*
 * The book as JSON; the caller frees *ret. fixed: a member of this name, borrowed; what it says is
 * the writer's own affair. NULL: none.
 */
int rf_wordbook_format(const struct rf_wordbook *book, json_t *fixed, char **ret,
		       struct rf_err *err) RF_MUST_CHECK;

/* Fills an empty book from JSON text. */
int rf_wordbook_parse(struct rf_wordbook *book, const char *text, size_t len, struct rf_err *err)
	RF_MUST_CHECK;

#endif
