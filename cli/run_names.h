/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rule allowed a name. The automaton of the kernel side says that a right is allowed, not by
 * whom: that would keep states apart which nothing else does. So a recorded use comes without a
 * rule, and the policy is asked here, as `why` asks it.
 */
#ifndef RF_CLI_RUN_NAMES_H
#define RF_CLI_RUN_NAMES_H

#include "lsm/abi.h"
#include "sandbox/launch/image.h"

struct rf_names {
	const struct rf_policy *policy;	 /* borrowed */
	struct rf_allowers *allowers[2]; /* files, unix sockets; made when first asked */
};

/* *rule is left as it is where a rule decided already, where none did, and where it cannot be told.
 */
void rf_names_find(struct rf_names *names, const struct rf_record *record, uint16_t *rule);

void rf_names_done(struct rf_names *names);

#endif
