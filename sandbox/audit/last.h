/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sandbox's last denials, kept for whoever is inside and asks (`ringfence why --last`): what was
 * denied, by which rule, with its reason and hint. Nothing about other sandboxes, the machine or
 * other processes' numbers is in it.
 */
#ifndef RF_AUDIT_LAST_H
#define RF_AUDIT_LAST_H

#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/err.h"
#include "sandbox/base/str.h"

#define RF_LAST_KEPT	 20   /* different denials, the oldest make room */
#define RF_LAST_LINE_MAX 4096 /* a longer one is not kept: names of a path's length fit */

/* Where a sandbox's supervisor listens: an abstract unix name, from the sandbox's number. */
#define RF_LAST_NAME_FORMAT "ringfence-last-%016" PRIx64

struct rf_last;

struct rf_last *rf_last_new(void); /* NULL without memory */
struct rf_last *rf_last_free(struct rf_last *last);

RF_DEFINE_CLEANUP(struct rf_last, rf_last_freep, rf_last_free)

/* One event of the stream, a line of JSON; anything but a denial is passed over. */
void rf_last_add(struct rf_last *last, const char *line, size_t len);

/* The answer: {"v":1,"denials":[…]} and a newline, the latest denial last. */
int rf_last_json(const struct rf_last *last, struct rf_str *out) RF_MUST_CHECK;

#endif
