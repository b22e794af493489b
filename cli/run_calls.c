/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a system call to the rule that refused it; see run_calls.h.
 */
#include "cli/run_calls.h"

#include <string.h>

#include "sandbox/launch/sysrecord.h"

void rf_calls_init(struct rf_calls *calls, const struct rf_policy *policy)
{
	memset(calls, 0, sizeof(*calls));
	calls->policy = policy;
}

void rf_calls_done(struct rf_calls *calls)
{
	calls->model = rf_sys_model_free(calls->model);
}

int rf_calls_find(struct rf_calls *calls, struct rf_record *copy, struct rf_rule_words *ret)
{
	/* The most that a filter may refuse; a call it lets pass is not asked about. */
	const struct rf_sys_context context = {
		.session = RF_SESSION_INIT, .network_families = true, .hold_self = true};
	struct rf_sys_answer *answer = &calls->answer;

	if (!calls->model && rf_sys_model_new(&calls->model, calls->policy, &context, NULL) < 0)
		return 0;
	if (!rf_sysrecord_complete(calls->model, copy, answer))
		return 0;
	if (answer->one_of_several) { /* which one is not known: no more than its kind is said */
		*ret = (struct rf_rule_words){.id = answer->rule_id};
		return 1;
	}
	*ret = (struct rf_rule_words){
		.id = answer->rule_id,
		.file = answer->place.line > 0 ? answer->place.file : NULL,
		.line = answer->place.line,
		.reason = answer->rule ? answer->rule->reason : NULL,
		.hint = answer->rule ? answer->rule->hint : NULL,
	};
	return 1;
}
