/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence why --last`: asked inside a fence, what was denied here last, and why.
 */
#ifndef RF_CLI_WHY_LAST_H
#define RF_CLI_WHY_LAST_H

#include <stdbool.h>

/* Asks the sandbox's supervisor and prints its answer; an exit status. */
int rf_why_last(bool json);

#endif
