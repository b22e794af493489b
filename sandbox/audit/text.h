/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event as one line for people: a pure projection of its JSON (EVENTS.md 10).
 *
 *	11:12:13.123 denied  files   read /etc/shadow  by secrets (web.json:14): private keys
 *nginx[4312]
 *
 * Everything from inside the fence is escaped so that no terminal acts on it.
 */
#ifndef RF_AUDIT_TEXT_H
#define RF_AUDIT_TEXT_H

#include <stdbool.h>

#include "sandbox/audit/tape.h"
#include "sandbox/base/str.h"

/* Appends the line with its newline. Members of a wrong type are treated as absent. */
int rf_event_text(struct rf_str *out, const struct rf_node *event, bool colour) RF_MUST_CHECK;

/* Appends a line for each frame of its stack, innermost first, indented; nothing without one. */
int rf_event_text_stack(struct rf_str *out, const struct rf_node *event, bool colour) RF_MUST_CHECK;

/*
 * Appends what was touched, escaped: a path, "tcp 10.0.0.1:443", "ptrace(…)", "sys_admin"; "?" if
 * the event does not say.
 */
void rf_event_text_object(struct rf_str *out, const struct rf_node *event);

#endif
