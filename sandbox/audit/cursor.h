/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far each sink has got: the last number delivered of each sandbox, in a file, so that a
 * restarted reader goes on where it stopped.
 */
#ifndef RF_AUDIT_CURSOR_H
#define RF_AUDIT_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/audit/tape.h"
#include "sandbox/base/err.h"

struct rf_cursor;

/* Reads path if it is there; path is borrowed. */
int rf_cursor_open(struct rf_cursor **ret, const char *path, struct rf_err *err) RF_MUST_CHECK;
struct rf_cursor *rf_cursor_free(struct rf_cursor *cursor);

/* True if sink has had the event already; else it is noted as delivered with the next save. */
bool rf_cursor_pass(struct rf_cursor *cursor, const char *sink, const struct rf_node *event);

/* Writes the file, whole or not at all. Only after every sink has confirmed what it was given. */
int rf_cursor_save(struct rf_cursor *cursor, struct rf_err *err) RF_MUST_CHECK;

#endif
