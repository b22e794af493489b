/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of one layer: conditions normalised, ABIs and multiplexed calls reached.
 */
#include "sandbox/policy/syslayer.h"

#include <string.h>

void rf_sys_layer_init(struct rf_sys_layer *layer)
{
	memset(layer, 0, sizeof(*layer));
	layer->known.action = SECCOMP_RET_ALLOW;
	layer->unknown.action = SECCOMP_RET_ALLOW;
	layer->foreign.action = SECCOMP_RET_ALLOW;
	layer->known.origin = RF_SYS_DEFAULT;
	layer->unknown.origin = RF_SYS_UNKNOWN;
	layer->foreign.origin = RF_SYS_UNKNOWN;
	layer->abis = UINT32_MAX;
}

void rf_sys_layer_done(struct rf_sys_layer *layer)
{
	for (size_t i = 0; i < RF_ABIS_MAX; i++)
		rf_sys_entries_done(&layer->entries[i]);
}

enum truth {
	NEVER,
	ALWAYS,
	DEPENDS,
	NO_MEMORY
};

/* Fits in 32 bits, also as a negative number of 32 bits written with 64. */
static bool fits_narrow(uint64_t value)
{
	return value <= UINT32_MAX || value >= UINT64_C(0xffffffff80000000);
}

static enum truth narrow_in(struct rf_sys_cond *cond, struct rf_arena *arena)
{
	uint64_t *values = rf_arena_array(arena, cond->n_values + 1, sizeof(*values));
	size_t n = 0;

	if (!values)
		return NO_MEMORY;
	for (size_t i = 0; i < cond->n_values; i++)
		if (fits_narrow(cond->values[i]))
			values[n++] = (uint32_t)cond->values[i];
	cond->values = values;
	cond->n_values = n;
	return n > 0 ? DEPENDS : NEVER;
}

/* Cuts a condition on a narrow argument to 32 bits; a value beyond them decides by itself. */
static enum truth narrow_cond(struct rf_sys_cond *cond, struct rf_arena *arena)
{
	cond->mask = (uint32_t)cond->mask;
	if (cond->op == RF_ARG_IN)
		return narrow_in(cond, arena);
	if (fits_narrow(cond->value)) {
		cond->value = (uint32_t)cond->value;
		return DEPENDS;
	}
	return cond->op == RF_ARG_LT || cond->op == RF_ARG_LE ? ALWAYS : NEVER;
}

static enum truth normalise(struct rf_sys_cond *cond, struct rf_arena *arena)
{
	uint64_t most = cond->narrow ? UINT32_MAX : UINT64_MAX;
	enum truth truth = DEPENDS;

	if (cond->op == RF_ARG_NE) {
		cond->op = RF_ARG_EQ;
		cond->negate = !cond->negate;
	}
	if (cond->narrow)
		truth = narrow_cond(cond, arena);
	if (truth == DEPENDS) {
		if (cond->op == RF_ARG_MASKED_EQ && (cond->value & ~cond->mask))
			truth = NEVER;
		else if (cond->op == RF_ARG_MASKED_EQ && cond->mask == 0)
			truth = ALWAYS;
		else if (cond->op == RF_ARG_GE && cond->value == 0)
			truth = ALWAYS;
		else if (cond->op == RF_ARG_LT && cond->value == 0)
			truth = NEVER;
		else if (cond->op == RF_ARG_LE && cond->value == most)
			truth = ALWAYS;
		else if (cond->op == RF_ARG_GT && cond->value == most)
			truth = NEVER;
	}
	if (cond->negate && (truth == ALWAYS || truth == NEVER))
		truth = truth == ALWAYS ? NEVER : ALWAYS;
	return truth;
}

/* A rule about many calls is written out for each of them, on each ABI. */
static int count_pieces(const struct rf_sys_clause *clause, struct rf_sys_maker *maker)
{
	maker->pieces += 2 + clause->n_conds;
	for (size_t i = 0; i < clause->n_conds; i++)
		maker->pieces += clause->conds[i].n_values;
	if (maker->pieces <= RF_SYS_PIECES_MAX)
		return 0;
	return rf_err_set(maker->err, -E2BIG,
			  "seccomp: the rules, written out for each call, need more than %u "
			  "pieces%s%s",
			  RF_SYS_PIECES_MAX,
			  clause->rule ? "; the limit is reached by the rule " : "",
			  clause->rule ? clause->rule->id : "");
}

/* 1: clause->conds are this call's; 0: they can never hold together. */
static int fit_conds(struct rf_sys_clause *clause, const struct rf_abi *abi, const char *call,
		     struct rf_sys_maker *maker)
{
	struct rf_sys_cond *conds;
	size_t n = 0;

	if (clause->n_conds == 0)
		return 1;
	conds = rf_arena_array(maker->arena, clause->n_conds, sizeof(*conds));
	if (!conds)
		return rf_err_set(maker->err, -ENOMEM, "system calls: no memory");
	for (size_t i = 0; i < clause->n_conds; i++) {
		conds[n] = clause->conds[i];
		conds[n].narrow = conds[n].as_library ? abi->library_narrow
						      : rf_arg_is_narrow(abi, call, conds[n].index);
		switch (normalise(&conds[n], maker->arena)) {
		case NO_MEMORY:
			return rf_err_set(maker->err, -ENOMEM, "system calls: no memory");
		case NEVER:
			return 0;
		case DEPENDS:
			n++;
			break;
		default:
			break;
		}
	}
	clause->conds = n > 0 ? conds : NULL;
	clause->n_conds = n;
	return 1;
}

static int push(struct rf_sys_layer *layer, struct rf_sys_maker *maker, const struct rf_abi *abi,
		int nr, struct rf_sys_entry entry)
{
	entry.nr = (uint32_t)nr;
	entry.order = maker->order++;
	if (entry.phase == RF_PHASE_DENY && entry.clause.n_conds > 0)
		entry.phase = RF_PHASE_DENY_ARGS;
	if (rf_sys_entries_push(&layer->entries[abi - rf_abi_at(0)], entry) < 0)
		return rf_err_set(maker->err, -ENOMEM, "system calls: no memory");
	return 0;
}

/* The same as a function of socketcall or ipc. */
static int push_mux(struct rf_sys_layer *layer, struct rf_sys_maker *maker,
		    const struct rf_abi *abi, const struct rf_mux *mux, struct rf_sys_entry entry)
{
	struct rf_sys_cond *cond;
	int nr = rf_call_number(abi, mux->carrier);

	if (nr < 0 || (entry.clause.n_conds > 0 && !rf_sys_refuses(entry.clause.action)))
		return 0;
	cond = rf_arena_alloc(maker->arena, sizeof(*cond));
	if (!cond)
		return rf_err_set(maker->err, -ENOMEM, "system calls: no memory");
	cond->op = mux->mask == UINT32_MAX ? RF_ARG_EQ : RF_ARG_MASKED_EQ;
	cond->narrow = true;
	cond->value = mux->function;
	cond->mask = mux->mask;
	entry.clause.conds = cond;
	entry.clause.n_conds = 1;
	if (entry.phase == RF_PHASE_ALLOW)
		entry.phase = RF_PHASE_ALLOW_ARGS;
	if (entry.phase == RF_PHASE_BASE_ALWAYS)
		entry.phase = RF_PHASE_BASE_ARGS;
	return push(layer, maker, abi, nr, entry);
}

int rf_sys_layer_add(struct rf_sys_layer *layer, struct rf_sys_maker *maker, const char *call,
		     enum rf_sys_phase phase, const struct rf_sys_clause *clause)
{
	const struct rf_abi *abi;
	int r;

	for (size_t i = 0; (abi = rf_abi_at(i)); i++) {
		const struct rf_mux *mux = rf_mux_find(abi, call);
		struct rf_sys_entry entry = {.phase = phase, .clause = *clause};
		int nr = rf_call_number(abi, call);

		if (nr < 0 && !mux)
			continue;
		r = count_pieces(clause, maker);
		if (r < 0)
			return r;
		r = fit_conds(&entry.clause, abi, call, maker);
		if (r <= 0) {
			if (r < 0)
				return r;
			continue;
		}
		r = nr >= 0 ? push(layer, maker, abi, nr, entry) : 0;
		if (r == 0 && mux)
			r = push_mux(layer, maker, abi, mux, entry);
		if (r < 0)
			return r;
	}
	return 0;
}
