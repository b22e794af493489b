/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run was denied, counted, with the smallest change that would allow each: the words that
 * `run --summary` prints at the end.
 */
#ifndef RF_AUDIT_SUMMARY_H
#define RF_AUDIT_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/base/err.h"
#include "sandbox/base/str.h"

struct rf_summary;
struct rf_node;

/*
 * Appends one denial as a clause, printable: what was asked, by which rule it was refused and why;
 * and the rule's hint, else the smallest change that would allow it (nothing if none is known).
 */
int rf_summary_describe(struct rf_str *out, const struct rf_node *event) RF_MUST_CHECK;
int rf_summary_advise(struct rf_str *out, const struct rf_node *event) RF_MUST_CHECK;

/* Different denials remembered; further ones are only counted. */
#define RF_SUMMARY_MAX 1000

struct rf_summary *rf_summary_new(void); /* NULL without memory */
struct rf_summary *rf_summary_free(struct rf_summary *summary);

RF_DEFINE_CLEANUP(struct rf_summary, rf_summary_freep, rf_summary_free)

/*
 * Who knows the policy may say better what would allow a thing. 1: said; 0: the summary's own words
 * are used; or a negative errno.
 */
typedef int (*rf_summary_advisor)(void *data, struct rf_str *out, const struct rf_node *event);

/* advise is asked about each new denial from now on; data is borrowed. */
void rf_summary_ask(struct rf_summary *summary, rf_summary_advisor advise, void *data);

/* Counts one event, a line of JSON as rf_stream_sink receives it. Anything but a denial or loss is
 * passed over. */
int rf_summary_add(struct rf_summary *summary, const char *line, size_t len, struct rf_err *err)
	RF_MUST_CHECK;

/* Denials (and would-be denials) counted so far, repeats included. */
uint64_t rf_summary_count(const struct rf_summary *summary);

/* Appends the summary, at most `most` different denials, the most frequent first. */
int rf_summary_text(const struct rf_summary *summary, struct rf_str *out, size_t most)
	RF_MUST_CHECK;

#endif
