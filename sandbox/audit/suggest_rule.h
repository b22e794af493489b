/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest piece of a policy that would allow what an event says was denied, as JSON to copy.
 */
#ifndef RF_AUDIT_SUGGEST_RULE_H
#define RF_AUDIT_SUGGEST_RULE_H

#include "sandbox/audit/tape.h"
#include "sandbox/base/str.h"

/*
 * Appends a member of a policy ("files": {"rules": [...]}), or of the deciding rule ("except":
 * [...]) where a rule refused. Plain ASCII: anything else is written as \uXXXX. Nothing where no
 * rule could allow it, or where the event does not say enough.
 */
int rf_suggest_rule(struct rf_str *out, const struct rf_node *event) RF_MUST_CHECK;

#endif
