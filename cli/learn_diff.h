/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `learn --diff POLICY`: what events need beyond a policy, and what of it nothing used.
 */
#ifndef RF_CLI_LEARN_DIFF_H
#define RF_CLI_LEARN_DIFF_H

#include "sandbox/launch/learn.h"

/* Prints; returns RF_EXIT_OK for none, RF_EXIT_NO for differences, RF_EXIT_FAILED told. */
int rf_learn_diff(struct rf_learn *learn, const struct rf_policy *policy);

#endif
