/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `policy replace` did and what it left: for people and as one JSON object.
 */
#ifndef RF_CLI_REPLACE_PRINT_H
#define RF_CLI_REPLACE_PRINT_H

#include "sandbox/base/str.h"
#include "sandbox/launch/holders.h"
#include "sandbox/launch/select.h"

struct rf_replace_result {
	const char *sandbox_name;
	uint64_t sandbox;
	const char *policy, *sha256;
	bool replaced;
	uint32_t gen;			      /* with replaced */
	const struct rf_selection *selection; /* what of the policy is held */
	size_t n_open;			      /* holdings that the policy denies */
	size_t n_killed;
	struct rf_str open; /* those, formatted one by one with rf_replace_add_open */
};

/* Adds one holding in the format asked for; killed: its holder was killed for it. */
void rf_replace_add_open(struct rf_replace_result *result, const struct rf_holding *holding,
			 bool json, bool killed);

/* Prints everything on standard output. 0, or a negative errno. */
int rf_replace_print(const struct rf_replace_result *result, bool json, struct rf_err *err)
	RF_MUST_CHECK;

#endif
