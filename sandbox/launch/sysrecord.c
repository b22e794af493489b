/* SPDX-License-Identifier: Apache-2.0 */
/* Who refused a system call. See sysrecord.h. */
#include "sandbox/launch/sysrecord.h"

#include <linux/seccomp.h>
#include <string.h>

#include "lsm/names.h"

/* Cases of one call that are looked at; profiles with more are guessed from these. */
#define GUESSES_MAX 64

static bool verdict_fits(uint8_t verdict, const struct rf_sys_answer *answer)
{
	switch (answer->verdict) {
	case RF_SYS_LOGGED:
		return verdict == RF_V_WOULD_DENY || verdict == RF_V_ALLOWED;
	case RF_SYS_DENIED:
	case RF_SYS_TRAPPED:
		return verdict == RF_V_DENIED;
	case RF_SYS_KILLED:
		return verdict == RF_V_KILLED;
	case RF_SYS_ALLOWED:
	default:
		return false;
	}
}

/* Arguments that a clause of the call's own asks about: a value, or another one than it names. */
static void find_args(const struct rf_sys_clause *clause, uint64_t args[6])
{
	memset(args, 0, 6 * sizeof(args[0]));
	for (size_t k = 0; k < clause->n_conds; k++) {
		const struct rf_sys_cond *cond = &clause->conds[k];
		uint64_t value = cond->n_values ? cond->values[0] : cond->value;
		bool beyond = cond->negate != (cond->op == RF_ARG_GT);

		if (cond->op == RF_ARG_MASKED_EQ && cond->negate)
			value = cond->mask;
		else if (cond->op == RF_ARG_LT)
			value -= !cond->negate;
		else
			value += beyond;
		args[cond->index] |= value;
	}
}

/*
 * One more that may have refused. Of several, the filter's default speaks for all that no rule
 * names; what they do not agree on is not said.
 */
static void add_guess(struct rf_sys_guess *guess, const struct rf_sys_answer *answer,
		      const uint64_t args[6])
{
	struct rf_sys_answer *kept = &guess->answer;
	bool same = guess->any && strcmp(kept->rule_id, answer->rule_id) == 0 &&
		    kept->rule == answer->rule;
	bool several = guess->any && (kept->one_of_several || !same),
	     differ = guess->any && kept->errno_value != answer->errno_value;

	if (!guess->any ||
	    (!same && kept->origin != RF_SYS_DEFAULT && answer->origin == RF_SYS_DEFAULT)) {
		*kept = *answer;
		memcpy(guess->args, args, sizeof(guess->args));
	}
	guess->any = true;
	kept->one_of_several = several;
	if (differ || several)
		kept->errno_value = 0;
}

bool rf_sysrecord_guess(const struct rf_sys_model *model, const struct rf_record *record,
			struct rf_sys_guess *ret)
{
	const struct rf_obj_syscall *call = &record->o.syscall;
	const struct rf_sys_list *list = rf_sys_model_find(model, call->abi, call->nr);
	size_t n = list ? list->n : 0;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i <= n && (i < GUESSES_MAX || !ret->any); i++) {
		struct rf_sys_answer answer;
		uint64_t args[6] = {0}; /* the last ones asked about */

		if (i < n)
			find_args(&list->clauses[i], args);
		rf_sys_model_explain(model, call->abi, call->nr, args, &answer);
		if (verdict_fits(record->verdict, &answer))
			add_guess(ret, &answer, args);
	}
	return ret->any;
}

static void become_kernel(struct rf_record *record, enum rf_kernel_key key)
{
	record->layer = RF_SEC_KERNEL;
	record->access = 0;
	record->rule = RF_RULE_KERNEL;
	record->obj = RF_OBJ_KERNEL;
	record->key = (uint32_t)key;
	memset(&record->o, 0, sizeof(record->o));
}

static void become_network(struct rf_record *record)
{
	uint16_t family = (uint16_t)record->o.syscall.args[0];

	record->layer = RF_SEC_NETWORK;
	record->access = 0;
	record->rule = RF_RULE_NONE;
	record->operation = RF_OP_SOCKET;
	memset(&record->o, 0, sizeof(record->o));
	record->obj = RF_OBJ_INET;
	record->o.inet.family = family;
}

int rf_sysrecord_complete(const struct rf_sys_model *model, struct rf_record *record,
			  struct rf_sys_answer *ret)
{
	const struct rf_obj_syscall call = record->o.syscall;
	bool args_known = !(record->access & RF_SYSCALL_NO_ARGS);

	if (record->obj != RF_OBJ_SYSCALL)
		return 0;
	if (args_known) {
		rf_sys_model_explain(model, call.abi, call.nr, (const uint64_t *)call.args, ret);
		if (!verdict_fits(record->verdict, ret))
			return 0;
	} else {
		struct rf_sys_guess guess;

		if (!rf_sysrecord_guess(model, record, &guess))
			return 0;
		*ret = guess.answer;
	}
	record->errno_value = (uint16_t)ret->errno_value;
	if (ret->verdict == RF_SYS_LOGGED)
		record->verdict = ret->would_deny ? RF_V_WOULD_DENY : RF_V_ALLOWED;
	record->rule = RF_RULE_NONE;
	if (ret->origin == RF_SYS_RULE)
		record->rule = (uint16_t)ret->rule->index;
	else if (ret->origin == RF_SYS_SELF)
		record->rule = RF_RULE_SELF;
	else if (ret->origin == RF_SYS_KERNEL)
		become_kernel(record, ret->key);
	else if (ret->origin == RF_SYS_NETWORK && args_known)
		become_network(record); /* else it stays a call: the family is not known */
	return 1;
}
