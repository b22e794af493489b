/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluating and comparing lists of clauses.
 */
#include "sandbox/policy/sysmodel.h"

static bool is_one_of(const struct rf_sys_cond *cond, uint64_t arg)
{
	for (size_t i = 0; i < cond->n_values; i++)
		if (cond->values[i] == arg)
			return true;
	return false;
}

static bool compare(const struct rf_sys_cond *cond, uint64_t arg)
{
	switch ((enum rf_arg_op)cond->op) {
	case RF_ARG_EQ:
		return arg == cond->value;
	case RF_ARG_NE:
		return arg != cond->value;
	case RF_ARG_LT:
		return arg < cond->value;
	case RF_ARG_LE:
		return arg <= cond->value;
	case RF_ARG_GT:
		return arg > cond->value;
	case RF_ARG_GE:
		return arg >= cond->value;
	case RF_ARG_MASKED_EQ:
		return (arg & cond->mask) == cond->value;
	case RF_ARG_IN:
		return is_one_of(cond, arg);
	default:
		return false;
	}
}

bool rf_sys_cond_holds(const struct rf_sys_cond *cond, const uint64_t args[6])
{
	uint64_t arg = args[cond->index];

	return compare(cond, cond->narrow ? (uint32_t)arg : arg) != cond->negate;
}

const struct rf_sys_clause *rf_sys_list_decide(const struct rf_sys_list *list,
					       const uint64_t args[6])
{
	for (size_t i = 0; i < list->n; i++) {
		const struct rf_sys_clause *clause = &list->clauses[i];
		size_t k = 0;

		while (k < clause->n_conds && rf_sys_cond_holds(&clause->conds[k], args))
			k++;
		if (k == clause->n_conds)
			return clause;
	}
	return NULL; /* not reached: the last clause has no conditions */
}

static bool same_cond(const struct rf_sys_cond *a, const struct rf_sys_cond *b)
{
	if (a->index != b->index || a->op != b->op || a->narrow != b->narrow ||
	    a->negate != b->negate || a->value != b->value || a->mask != b->mask ||
	    a->n_values != b->n_values)
		return false;
	for (size_t i = 0; i < a->n_values; i++)
		if (a->values[i] != b->values[i])
			return false;
	return true;
}

bool rf_sys_list_same(const struct rf_sys_list *a, const struct rf_sys_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct rf_sys_clause *left = &a->clauses[i], *right = &b->clauses[i];

		if (left->action != right->action || left->quiet != right->quiet ||
		    left->n_conds != right->n_conds)
			return false;
		for (size_t k = 0; k < left->n_conds; k++)
			if (!same_cond(&left->conds[k], &right->conds[k]))
				return false;
	}
	return true;
}
