/* SPDX-License-Identifier: Apache-2.0 */
/* The results of `attack`, as lines or as JSON. */
#ifndef RF_CLI_ATTACK_PRINT_H
#define RF_CLI_ATTACK_PRINT_H

#include "sandbox/attack/fenced.h"

struct rf_attack_totals {
	unsigned int n[RF_SCORE_COUNT];
};

/* Prints every result and the totals on standard output. 0, or a negative errno. */
int rf_attack_print(const struct rf_scene *scene, bool json, struct rf_attack_totals *ret);

#endif
