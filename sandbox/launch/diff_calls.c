/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences about system calls: every number of every ABI, and where arguments matter, the values
 * around which either policy's answer may turn, by all arguments that it looks at together.
 */
#include <stdlib.h>
#include <string.h>

#include "sandbox/launch/diff_parts.h"
#include "sandbox/policy/bpfargs.h"
#include "sandbox/policy/sysanswer.h"
#include "sandbox/policy/syscalls.h"

#define COMBINATIONS_MAX 300000
#define TOLD_MAX	 16 /* pairs of deciders told of one call */

RF_VEC_DEFINE(numbers, uint64_t);

struct halves {
	struct numbers low, high; /* interesting values of the halves of an argument */
};

struct told {
	const void *who[2];
	uint32_t verdict[2];
};

struct calls {
	struct rf_differ *differ;
	const struct rf_sys_model *model[2];
	uint32_t session;
	bool same_programs;
	const struct rf_abi *abi;
	uint32_t nr;
	struct numbers values[6];
	struct halves halves[6];
	struct told told[TOLD_MAX];
	size_t n_told;
	long native[RF_CALLS_MAX]; /* item of the native call of a number; -1: none */
};

static void done(struct calls *c)
{
	for (int i = 0; i < 6; i++) {
		numbers_done(&c->values[i]);
		numbers_done(&c->halves[i].low);
		numbers_done(&c->halves[i].high);
	}
}

static int add_value(struct numbers *to, uint64_t value)
{
	for (size_t i = 0; i < to->len; i++)
		if (to->data[i] == value)
			return 0;
	return numbers_push(to, value);
}

/* A value and what is next to it. */
static int add_around(struct numbers *to, uint64_t value)
{
	int r = add_value(to, value);

	if (r == 0 && value > 0)
		r = add_value(to, value - 1);
	return r == 0 && value < UINT64_MAX ? add_value(to, value + 1) : r;
}

/* Values that pass a masked test, and values that fail it by one bit each. */
static int add_masked(struct numbers *to, uint64_t value, uint64_t mask)
{
	int r = add_value(to, value);

	if (r == 0)
		r = add_value(to, value | ~mask);
	for (unsigned int bit = 0; bit < 64 && r == 0; bit++)
		if (mask >> bit & 1)
			r = add_value(to, value ^ UINT64_C(1) << bit);
	return r;
}

static int add_condition(struct calls *c, const struct rf_sys_cond *cond)
{
	struct numbers *to = &c->values[cond->index];
	int r = 0;

	if (cond->op == RF_ARG_IN)
		for (size_t i = 0; i < cond->n_values && r == 0; i++)
			r = add_around(to, cond->values[i]);
	else if (cond->op == RF_ARG_MASKED_EQ)
		r = add_masked(to, cond->value, cond->mask);
	else
		r = add_around(to, cond->value);
	return r;
}

static int add_list(struct calls *c, const struct rf_sys_list *list)
{
	for (size_t i = 0; list && i < list->n; i++)
		for (size_t k = 0; k < list->clauses[i].n_conds; k++)
			if (add_condition(c, &list->clauses[i].conds[k]) < 0)
				return -ENOMEM;
	return 0;
}

static int take_look(void *data, const struct rf_bpf_look *what)
{
	struct halves *halves = &((struct calls *)data)->halves[what->index];
	struct numbers *to = what->half ? &halves->high : &halves->low;

	if (what->mask != UINT32_MAX)
		return add_masked(to, what->value, what->mask);
	return add_around(to, what->value);
}

/* What programs compare, by halves; put together to whole values. */
static int add_programs(struct calls *c)
{
	for (int i = 0; i < 2; i++) {
		const struct rf_sys_program *programs;
		size_t n = rf_sys_model_programs(c->model[i], &programs);

		for (size_t k = 0; k < n; k++) {
			int r = rf_bpf_looks(programs[k].code, programs[k].n, c->abi->audit_arch,
					     c->nr, take_look, c);

			if (r < 0)
				return r;
		}
	}
	for (int i = 0; i < 6; i++) {
		struct halves *h = &c->halves[i];

		if (h->high.len + h->low.len == 0)
			continue;
		if (add_value(&h->high, 0) < 0 || add_value(&h->low, 0) < 0)
			return -ENOMEM;
		for (size_t hi = 0; hi < h->high.len; hi++)
			for (size_t lo = 0; lo < h->low.len; lo++)
				if (add_value(&c->values[i],
					      (h->high.data[hi] & UINT32_MAX) << 32 |
						      (h->low.data[lo] & UINT32_MAX)) < 0)
					return -ENOMEM;
	}
	return 0;
}

static void forget_values(struct calls *c)
{
	for (int i = 0; i < 6; i++) {
		c->values[i].len = 0;
		c->halves[i].low.len = 0;
		c->halves[i].high.len = 0;
	}
	c->n_told = 0;
}

/* The answer as far as a program would notice it. */
static uint32_t verdict_of(const struct rf_sys_answer *a)
{
	switch (a->verdict) {
	case RF_SYS_ALLOWED:
		return 0;
	case RF_SYS_LOGGED:
		return a->would_deny;
	case RF_SYS_DENIED:
		return 0x10000u | (uint32_t)a->errno_value;
	default:
		return 0x20000u;
	}
}

static void spell(const struct calls *c, const uint64_t args[6], bool with_args,
		  struct rf_question *q)
{
	const char *name = rf_call_name(c->abi, c->nr);
	size_t n = (size_t)snprintf(q->text, sizeof(q->text), "%s%s",
				    c->abi == rf_abi_at(0) ? "" : c->abi->name,
				    c->abi == rf_abi_at(0) ? "" : " ");
	unsigned int last = 0;

	if (name)
		n += (size_t)snprintf(q->text + n, sizeof(q->text) - n, "%s", name);
	else
		n += (size_t)snprintf(q->text + n, sizeof(q->text) - n, "number %u (no call)",
				      c->nr);
	for (unsigned int i = 0; i < 6; i++)
		if (c->values[i].len)
			last = i + 1;
	for (unsigned int i = 0; with_args && i < last; i++)
		n += (size_t)snprintf(q->text + n, sizeof(q->text) - n,
				      c->values[i].len ? "%s%#llx" : "%s_", i ? ", " : "(",
				      (unsigned long long)args[i]);
	if (with_args && last)
		(void)snprintf(q->text + n, sizeof(q->text) - n, ")");
}

/* The native call of the same name is told to differ in the same way already. */
static bool is_told_natively(const struct calls *c, long item)
{
	const char *name = rf_call_name(c->abi, c->nr);
	int nr = name ? rf_call_number(rf_abi_at(0), name) : -1;

	return c->abi != rf_abi_at(0) && nr >= 0 && (uint32_t)nr < RF_CALLS_MAX &&
	       c->native[nr] == item;
}

static int tell(struct calls *c, const uint64_t args[6], bool with_args)
{
	struct rf_question q = {.kind = RF_WHY_SYSCALL,
				.session = c->session,
				.audit_arch = c->abi->audit_arch,
				.nr = c->nr};
	struct rf_diff_items *items = &c->differ->diff->items;
	size_t before = items->len, examples;
	long item;
	int r;

	memcpy(q.args, args, sizeof(q.args));
	spell(c, args, with_args, &q);
	r = rf_differ_ask(c->differ, &q, &item);
	if (r < 0 || item < 0)
		return r < 0 ? r : 0;
	if (c->abi == rf_abi_at(0) && c->nr < RF_CALLS_MAX)
		c->native[c->nr] = item;
	else if ((size_t)item < before && is_told_natively(c, item)) {
		struct rf_diff_item *told = &items->data[item];

		examples = --told->count;
		if (told->n_examples > examples)
			told->n_examples = examples;
	}
	return 0;
}

static int compare_one(struct calls *c, const uint64_t args[6], bool with_args)
{
	struct rf_sys_answer a[2];
	struct told t = {.who = {NULL, NULL}};

	for (int i = 0; i < 2; i++) {
		rf_sys_model_explain(c->model[i], c->abi->audit_arch, c->nr, args, &a[i]);
		t.verdict[i] = verdict_of(&a[i]);
		t.who[i] = a[i].rule ? (const void *)a[i].rule : (const void *)a[i].rule_id;
	}
	if (t.verdict[0] == t.verdict[1] || c->n_told == TOLD_MAX)
		return 0;
	for (size_t i = 0; i < c->n_told; i++)
		if (memcmp(&c->told[i], &t, sizeof(t)) == 0)
			return 0;
	c->told[c->n_told++] = t;
	return tell(c, args, with_args);
}

/* Counts through all combinations like an odometer. */
static int compare_arguments(struct calls *c)
{
	uint64_t args[6] = {0};
	size_t at[6] = {0}, combinations = 1, done_n = 0;
	bool any = false;
	int r = 0;

	for (int i = 0; i < 6; i++) {
		if (c->values[i].len &&
		    __builtin_mul_overflow(combinations, c->values[i].len, &combinations))
			combinations = SIZE_MAX;
		any |= c->values[i].len > 0;
	}
	for (; r == 0 && done_n < combinations && done_n < COMBINATIONS_MAX; done_n++) {
		for (int i = 0; i < 6; i++)
			args[i] = c->values[i].len ? c->values[i].data[at[i]] : 0;
		r = compare_one(c, args, any);
		for (int i = 0; i < 6; i++) {
			if (c->values[i].len == 0)
				continue;
			if (++at[i] < c->values[i].len)
				break;
			at[i] = 0;
		}
	}
	if (r < 0 || combinations <= COMBINATIONS_MAX)
		return r;
	c->differ->unfinished = true;
	return rf_differ_note(c->differ, "the arguments of %s have too many cases to compare all",
			      rf_call_name(c->abi, c->nr) ?: "a call");
}

static int compare_call(struct calls *c, uint32_t nr)
{
	const char *name = rf_call_name(c->abi, nr);
	const struct rf_sys_list *a, *b;
	int r;

	if (c->differ->skip && c->differ->skip->skip(c->differ->skip->data, c->abi, name))
		return 0;
	c->nr = nr;
	a = rf_sys_model_find(c->model[0], c->abi->audit_arch, nr);
	b = rf_sys_model_find(c->model[1], c->abi->audit_arch, nr);
	if (c->same_programs && a && b && rf_sys_list_same(a, b))
		return 0;
	forget_values(c);
	r = add_list(c, a);
	if (r == 0)
		r = add_list(c, b);
	if (r == 0)
		r = add_programs(c);
	if (r < 0)
		return rf_err_sys(c->differ->err, r, "compare the arguments of %s",
				  rf_call_name(c->abi, nr) ?: "a call");
	return compare_arguments(c);
}

static bool has_same_programs(const struct calls *c)
{
	const struct rf_sys_program *a, *b;
	size_t n = rf_sys_model_programs(c->model[0], &a);

	if (n != rf_sys_model_programs(c->model[1], &b))
		return false;
	for (size_t i = 0; i < n; i++)
		if (a[i].n != b[i].n ||
		    memcmp(a[i].code, b[i].code, a[i].n * sizeof(*a[i].code)) != 0)
			return false;
	return true;
}

/* Numbers that are no call are all answered alike: one stands for them. */
static int compare_abi(struct calls *c)
{
	int r = 0;

	for (uint32_t i = 0; i <= RF_CALLS_MAX && r == 0; i++)
		if (i == RF_CALLS_MAX || rf_call_name(c->abi, c->abi->first + i))
			r = compare_call(c, c->abi->first + i);
	return r;
}

int rf_diff_calls(struct rf_differ *differ)
{
	RF_CLEANUP(done) struct calls c = {.differ = differ};
	int r = 0;

	for (c.session = 0; c.session < differ->n_sessions && r == 0; c.session++) {
		for (int i = 0; i < 2 && r == 0; i++)
			r = rf_asker_model(differ->side[i].asker, c.session, &c.model[i],
					   differ->err);
		if (r < 0)
			return r;
		c.same_programs = has_same_programs(&c);
		memset(c.native, 0xff, sizeof(c.native));
		for (size_t i = 0; (c.abi = rf_abi_at(i)) && r == 0; i++)
			r = compare_abi(&c);
	}
	return r;
}
