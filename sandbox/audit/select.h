/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which events a reader asked for: `audit`'s --where, --sandbox, --denied and --since together.
 */
#ifndef RF_AUDIT_SELECT_H
#define RF_AUDIT_SELECT_H

#include <stdbool.h>

#include "sandbox/audit/where.h"
#include "sandbox/base/err.h"

struct rf_select {
	struct rf_where *where; /* owned; NULL: any */
	const char *sandbox;	/* id or name, borrowed; NULL: any */
	bool denied;		/* denials and losses only */
	char since[40];		/* RFC 3339 in UTC as events write it; "": from the start */
};

void rf_select_done(struct rf_select *select);

/*
 * text: a duration back from now ("10m"), or a time in UTC as events write it, possibly cut short
 * ("2026-01-05", "2026-01-05T10:11").
 */
int rf_select_set_since(struct rf_select *select, const char *text, struct rf_err *err)
	RF_MUST_CHECK;

bool rf_select_matches(const struct rf_select *select, const struct rf_node *event);

#endif
