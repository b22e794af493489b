/* SPDX-License-Identifier: Apache-2.0 */
/* Who refused a system call. See sysrecord.h. */
#include "sandbox/launch/sysrecord.h"

#include <linux/seccomp.h>
#include <string.h>

#include "lsm/names.h"

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

/*
 * Without arguments: try those that the call's own cases ask about, until one is answered as the
 * kernel did. A case asks for a value, or for another one than it names.
 */
static bool find_answer(const struct rf_sys_model *model, const struct rf_record *record,
			struct rf_sys_answer *ret)
{
	const struct rf_obj_syscall *call = &record->o.syscall;
	const struct rf_sys_list *list = rf_sys_model_find(model, call->abi, call->nr);
	uint64_t args[6] = {0};

	for (size_t i = 0; list && i < list->n; i++) {
		const struct rf_sys_clause *clause = &list->clauses[i];

		memset(args, 0, sizeof(args));
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
		rf_sys_model_explain(model, call->abi, call->nr, args, ret);
		if (verdict_fits(record->verdict, ret))
			return true;
	}
	memset(args, 0, sizeof(args));
	rf_sys_model_explain(model, call->abi, call->nr, args, ret);
	return verdict_fits(record->verdict, ret);
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
	} else if (!find_answer(model, record, ret)) {
		return 0;
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
