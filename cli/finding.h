/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verdict and who gives it, in words and as JSON: one way for `why`, `policy diff` and `policy
 * replay`.
 */
#ifndef RF_CLI_FINDING_H
#define RF_CLI_FINDING_H

#include "sandbox/base/str.h"
#include "sandbox/launch/why.h"

/* Allowed, or allowed because of audit mode. */
bool rf_finding_passes(const struct rf_finding *f);

/*
 * Text for terminals is put together of our own words, newlines among them, and of pieces that may
 * hold anything: each is escaped as it is added, so that none can end our line and begin another.
 */

/* Adds " (FILE:LINE)" where there is one. */
void rf_finding_add_source(struct rf_str *out, const struct rf_finding *f);

/* Adds before, the rule and its source. */
void rf_finding_add_decider(struct rf_str *out, const char *before, const struct rf_finding *f);

/* Adds before, which is ours, and text, which is not; nothing for a NULL. */
void rf_finding_add_line(struct rf_str *out, const char *before, const char *text);

/* Adds ,"key":"value"; nothing for a NULL. */
void rf_finding_add_member(struct rf_str *out, const char *key, const char *value);

/* Adds "verdict":…,"rule":{…}. */
void rf_finding_add_json(struct rf_str *out, const struct rf_finding *f);

/* The section that a kind of question is about. */
const char *rf_finding_layer(enum rf_why_kind kind);

#endif
