/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event in the words of the Open Cybersecurity Schema Framework, version 1.3.0: a pure
 * projection of its JSON (EVENTS.md 10); docs/events-ocsf.md has the table.
 *
 * What the schema has no name for stands in `unmapped` under our own.
 */
#ifndef RF_AUDIT_OCSF_H
#define RF_AUDIT_OCSF_H

#include "sandbox/audit/tape.h"
#include "sandbox/base/str.h"

#define RF_OCSF_VERSION "1.3.0"

/* Appends one line of JSON with its newline. Members of a wrong type are treated as absent. */
int rf_ocsf_add(struct rf_str *out, const struct rf_node *event) RF_MUST_CHECK;

#endif
