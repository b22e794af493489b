/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rule refused a system call: the kernel reports the call, the policy's model names the rule.
 */
#ifndef RF_CLI_RUN_CALLS_H
#define RF_CLI_RUN_CALLS_H

#include "sandbox/audit/event.h"
#include "sandbox/policy/sysanswer.h"

struct rf_calls {
	const struct rf_policy *policy; /* borrowed */
	struct rf_sys_model *model;	/* made by the first question */
	struct rf_sys_answer answer;	/* the last one; owns what words point to */
};

void rf_calls_init(struct rf_calls *calls, const struct rf_policy *policy);
void rf_calls_done(struct rf_calls *calls);

/*
 * Words for a refused call. A call that another section refuses by the filter (kernel keys, socket
 * families, self-protection) becomes an event of that section in copy. 1 and *ret; 0: not known.
 */
int rf_calls_find(struct rf_calls *calls, struct rf_record *copy, struct rf_rule_words *ret);

#endif
