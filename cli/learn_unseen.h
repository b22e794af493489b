/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a learning run cannot show: sections that nothing here lets pass and records. A policy that
 * said "not used" of them would refuse what it never saw.
 */
#ifndef RF_CLI_LEARN_UNSEEN_H
#define RF_CLI_LEARN_UNSEEN_H

#include "cli/learn.h"

/* Sets learn->unseen from how the recording policy `text` would be held for this command. */
int rf_learn_find_unseen(struct rf_learn *learn, const struct rf_learn_args *args,
			 const struct rf_str *text, struct rf_err *err) RF_MUST_CHECK;

/* "files and capabilities" */
void rf_learn_unseen_text(uint32_t unseen, struct rf_str *out);

#endif
