/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generator works from the last instruction to the first. Every jump goes forward, so whatever
 * it goes to exists already and its distance is known; one beyond the 255 instructions that a
 * conditional jump reaches goes through an unconditional one placed just behind it.
 *
 * A label is the number of instructions from the end of the program up to and with its target.
 */
#include "sandbox/launch/bpf_emit.h"

#include <linux/seccomp.h>
#include <stddef.h>

#include "sandbox/policy/syscalls.h"

typedef uint32_t label;

struct body {
	const struct rf_sys_list *list;
	label at;
};

RF_VEC_DEFINE(bodies, struct body);

struct range {
	uint32_t first;
	const struct rf_sys_list *list;
};

RF_VEC_DEFINE(ranges, struct range);

RF_VEC_DEFINE(clauses, struct rf_sys_clause);
RF_VEC_DEFINE(numbers, uint64_t);

struct emitter {
	struct rf_bpf_code code; /* reversed */
	struct bodies bodies;
	int error;
};

static void emitter_done(struct emitter *e)
{
	rf_bpf_code_done(&e->code);
	bodies_done(&e->bodies);
}

static label emit(struct emitter *e, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	const struct sock_filter insn = {.code = code, .jt = jt, .jf = jf, .k = k};

	if (e->error == 0 && e->code.len >= BPF_MAXINSNS)
		e->error = -E2BIG;
	if (e->error == 0)
		e->error = rf_bpf_code_push(&e->code, insn);
	return (label)e->code.len;
}

static label emit_return(struct emitter *e, uint32_t action)
{
	return emit(e, BPF_RET | BPF_K, 0, 0, action);
}

/* The next instruction emitted would reach `target` by skipping this many. */
static uint32_t distance(const struct emitter *e, label target)
{
	return (uint32_t)e->code.len - target;
}

static label emit_goto(struct emitter *e, label target)
{
	if (distance(e, target) == 0)
		return target;
	return emit(e, BPF_JMP | BPF_JA, 0, 0, distance(e, target));
}

static label emit_test(struct emitter *e, uint16_t op, uint32_t k, label yes, label no)
{
	if (distance(e, no) > 254) /* one less than reachable: the other trampoline may follow */
		no = emit_goto(e, no);
	if (distance(e, yes) > 255)
		yes = emit_goto(e, yes);
	return emit(e, BPF_JMP | BPF_K | op, (uint8_t)distance(e, yes), (uint8_t)distance(e, no),
		    k);
}

static label emit_load(struct emitter *e, size_t offset)
{
	return emit(e, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW_HALF  0
#define HIGH_HALF 4
#else
#define LOW_HALF  4
#define HIGH_HALF 0
#endif

static label emit_load_arg(struct emitter *e, const struct rf_sys_cond *cond, size_t half)
{
	return emit_load(e, offsetof(struct seccomp_data, args) + 8 * (size_t)cond->index + half);
}

/* (A & mask) == value; all bits: no and. */
static label emit_masked(struct emitter *e, uint32_t mask, uint32_t value, label yes, label no)
{
	label at = emit_test(e, BPF_JEQ, value, yes, no);

	return mask == UINT32_MAX ? at : emit(e, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
}

/* The argument's 64 bits under a mask. */
static label emit_equal(struct emitter *e, const struct rf_sys_cond *cond, uint64_t mask,
			uint64_t value, label yes, label no)
{
	uint32_t high_mask = (uint32_t)(mask >> 32), low_mask = (uint32_t)mask;

	if (low_mask != 0 || high_mask == 0) {
		emit_masked(e, low_mask, (uint32_t)value, yes, no);
		yes = emit_load_arg(e, cond, LOW_HALF);
	}
	if (high_mask == 0 || cond->narrow)
		return yes;
	emit_masked(e, high_mask, (uint32_t)(value >> 32), yes, no);
	return emit_load_arg(e, cond, HIGH_HALF);
}

/* op is BPF_JGT or BPF_JGE on all bits. */
static label emit_greater(struct emitter *e, const struct rf_sys_cond *cond, uint16_t op, label yes,
			  label no)
{
	uint32_t high = (uint32_t)(cond->value >> 32);
	label equal;

	emit_test(e, op, (uint32_t)cond->value, yes, no);
	equal = emit_load_arg(e, cond, LOW_HALF);
	if (cond->narrow)
		return equal;
	no = emit_test(e, BPF_JEQ, high, equal, no);
	emit_test(e, BPF_JGT, high, yes, no);
	return emit_load_arg(e, cond, HIGH_HALF);
}

/* One of several values; those with one high half share its test. */
static label emit_one_of(struct emitter *e, const struct rf_sys_cond *cond, const uint64_t *values,
			 size_t n, label yes, label no)
{
	size_t group = n;

	while (group > 0) {
		uint32_t high = (uint32_t)(values[group - 1] >> 32);
		label low = no;

		for (; group > 0 && (cond->narrow || values[group - 1] >> 32 == high); group--)
			low = emit_test(e, BPF_JEQ, (uint32_t)values[group - 1], yes, low);
		low = emit_load_arg(e, cond, LOW_HALF);
		if (!cond->narrow) {
			emit_test(e, BPF_JEQ, high, low, no);
			low = emit_load_arg(e, cond, HIGH_HALF);
		}
		no = low;
	}
	return no;
}

static label emit_cond(struct emitter *e, const struct rf_sys_cond *cond, label yes, label no)
{
	if (cond->negate) {
		label swap = yes;

		yes = no;
		no = swap;
	}
	switch ((enum rf_arg_op)cond->op) {
	case RF_ARG_EQ:
		return emit_equal(e, cond, UINT64_MAX, cond->value, yes, no);
	case RF_ARG_NE:
		return emit_equal(e, cond, UINT64_MAX, cond->value, no, yes);
	case RF_ARG_LT:
		return emit_greater(e, cond, BPF_JGE, no, yes);
	case RF_ARG_LE:
		return emit_greater(e, cond, BPF_JGT, no, yes);
	case RF_ARG_GT:
		return emit_greater(e, cond, BPF_JGT, yes, no);
	case RF_ARG_GE:
		return emit_greater(e, cond, BPF_JGE, yes, no);
	case RF_ARG_MASKED_EQ:
		return emit_equal(e, cond, cond->mask, cond->value, yes, no);
	case RF_ARG_IN:
		return emit_one_of(e, cond, cond->values, cond->n_values, yes, no);
	default:
		e->error = -EINVAL;
		return no;
	}
}

/* Both cannot hold at once: one wants an argument to have a value, the other not to. */
static bool exclude(const struct rf_sys_clause *a, const struct rf_sys_clause *b)
{
	for (size_t i = 0; i < a->n_conds; i++) {
		for (size_t k = 0; k < b->n_conds; k++) {
			const struct rf_sys_cond *x = &a->conds[i], *y = &b->conds[k];

			if (x->op == RF_ARG_EQ && y->op == RF_ARG_EQ && x->index == y->index &&
			    x->narrow == y->narrow && x->value == y->value &&
			    x->negate != y->negate)
				return true;
		}
	}
	return false;
}

/* Cheap clauses go first where the order does not matter: an ordinary call leaves early. */
static void order_clauses(struct clauses *clauses)
{
	for (size_t i = 1; i + 1 < clauses->len; i++) {
		for (size_t k = i; k > 0; k--) {
			struct rf_sys_clause *before = &clauses->data[k - 1];
			struct rf_sys_clause *after = &clauses->data[k], swap = *before;

			if (after->n_conds >= before->n_conds || !exclude(before, after))
				break;
			*before = *after;
			*after = swap;
		}
	}
}

static bool is_plain_value(const struct rf_sys_clause *clause)
{
	return clause->n_conds == 1 && clause->conds->op == RF_ARG_EQ && !clause->conds->negate;
}

/* Neighbours that compare one argument with a value and answer alike: [first, end). */
static size_t first_of_run(const struct clauses *clauses, size_t end)
{
	size_t first = end - 1;
	const struct rf_sys_clause *last = &clauses->data[first];

	while (first > 0 && is_plain_value(last)) {
		const struct rf_sys_clause *before = &clauses->data[first - 1];

		if (!is_plain_value(before) || before->action != last->action ||
		    before->conds->index != last->conds->index ||
		    before->conds->narrow != last->conds->narrow)
			break;
		first--;
	}
	return first;
}

static label emit_run(struct emitter *e, const struct clauses *clauses, size_t first, size_t end,
		      label next)
{
	RF_CLEANUP(numbers_done) struct numbers values = {0};
	label at = emit_return(e, clauses->data[first].action);

	for (size_t i = first; i < end && e->error == 0; i++)
		e->error = numbers_push(&values, clauses->data[i].conds->value);
	return emit_one_of(e, clauses->data[first].conds, values.data, values.len, at, next);
}

static label emit_clauses(struct emitter *e, const struct clauses *clauses)
{
	label next = emit_return(e, clauses->data[clauses->len - 1].action);
	size_t end = clauses->len - 1;

	while (end > 0) {
		size_t first = first_of_run(clauses, end);
		const struct rf_sys_clause *clause = &clauses->data[first];

		if (end - first > 1) {
			next = emit_run(e, clauses, first, end, next);
		} else {
			label at = emit_return(e, clause->action);

			for (size_t k = clause->n_conds; k > 0; k--)
				at = emit_cond(e, &clause->conds[k - 1], at, next);
			next = at;
		}
		end = first;
	}
	return next;
}

/* A whole list, last clause first. */
static label emit_list(struct emitter *e, const struct rf_sys_list *list)
{
	RF_CLEANUP(clauses_done) struct clauses clauses = {0};

	for (size_t i = 0; i < list->n && e->error == 0; i++)
		e->error = clauses_push(&clauses, list->clauses[i]);
	if (e->error < 0)
		return 0;
	order_clauses(&clauses);
	return emit_clauses(e, &clauses);
}

/* A list already emitted is shared; a plain return only if it is near, it costs as little as a
 * jump. */
static label emit_leaf(struct emitter *e, const struct rf_sys_list *list)
{
	struct body body = {.list = list};

	for (size_t i = e->bodies.len; i > 0; i--) {
		const struct body *known = &e->bodies.data[i - 1];

		if (rf_sys_list_same(known->list, list) &&
		    (list->n > 1 || distance(e, known->at) < 200))
			return known->at;
	}
	body.at = emit_list(e, list);
	if (e->error == 0)
		e->error = bodies_push(&e->bodies, body);
	return body.at;
}

/* Finds the range of A among ranges [low, high). */
static label emit_tree(struct emitter *e, const struct ranges *ranges, size_t low, size_t high)
{
	size_t middle = low + (high - low) / 2;
	label left, right;

	if (high - low == 1)
		return emit_leaf(e, ranges->data[low].list);
	right = emit_tree(e, ranges, middle, high);
	left = emit_tree(e, ranges, low, middle);
	return emit_test(e, BPF_JGE, ranges->data[middle].first, right, left);
}

/* What other programs decide. */
static const struct rf_sys_clause elsewhere_clause = {.action = SECCOMP_RET_ALLOW};
static const struct rf_sys_list elsewhere = {&elsewhere_clause, 1};

static int add_range(struct ranges *ranges, uint32_t first, const struct rf_sys_list *list)
{
	if (ranges->len > 0 && rf_sys_list_same(ranges->data[ranges->len - 1].list, list))
		return 0;
	return ranges_push(ranges, (struct range){first, list});
}

static int add_number(struct ranges *ranges, const struct rf_sys_model *model,
		      const struct rf_bpf_part *part, uint32_t audit_arch, uint32_t nr)
{
	const struct rf_sys_list *list = rf_sys_model_find(model, audit_arch, nr);
	bool ours = nr >= part->first && nr <= part->last && !rf_sys_list_is_quiet(list);

	return add_range(ranges, nr, ours ? list : &elsewhere);
}

/* Every number of an audit architecture, in ranges of one answer. */
static int make_ranges(struct ranges *ranges, const struct rf_sys_model *model,
		       const struct rf_bpf_part *part, uint32_t audit_arch)
{
	const struct rf_abi *abi;
	int r = 0;

	for (size_t i = 0; (abi = rf_abi_at(i)); i++) { /* of one architecture, lower first */
		if (abi->audit_arch != audit_arch)
			continue;
		for (uint32_t nr = abi->first; nr <= abi->first + RF_CALLS_MAX && r == 0; nr++)
			r = add_number(ranges, model, part, audit_arch, nr);
	}
	return r;
}

static label emit_arch(struct emitter *e, const struct rf_sys_model *model,
		       const struct rf_bpf_part *part, uint32_t audit_arch)
{
	RF_CLEANUP(ranges_done) struct ranges ranges = {0};
	int r = make_ranges(&ranges, model, part, audit_arch);

	if (r < 0) {
		e->error = r;
		return 0;
	}
	emit_tree(e, &ranges, 0, ranges.len);
	return emit_load(e, offsetof(struct seccomp_data, nr));
}

static bool is_first_of_arch(size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (rf_abi_at(i)->audit_arch == rf_abi_at(index)->audit_arch)
			return false;
	return true;
}

static void emit_program(struct emitter *e, const struct rf_sys_model *model,
			 const struct rf_bpf_part *part)
{
	label starts[32], next;
	size_t n = 0;

	while (rf_abi_at(n))
		n++;
	/* The native architecture last, so that it is nearest to the beginning. */
	for (size_t i = n; i > 0; i--) {
		if (!is_first_of_arch(i - 1))
			continue;
		starts[i - 1] = part->arches & 1u << (i - 1)
					? emit_arch(e, model, part, rf_abi_at(i - 1)->audit_arch)
					: emit_return(e, SECCOMP_RET_ALLOW);
	}
	next = emit_return(e, SECCOMP_RET_KILL_PROCESS);
	for (size_t i = n; i > 0; i--)
		if (is_first_of_arch(i - 1))
			next = emit_test(e, BPF_JEQ, rf_abi_at(i - 1)->audit_arch, starts[i - 1],
					 next);
	emit_load(e, offsetof(struct seccomp_data, arch));
}

static int take_code(struct rf_bpf_code *ret, struct emitter *e, struct rf_err *err)
{
	if (e->error == -E2BIG)
		return rf_err_set(err, -E2BIG,
				  "seccomp: the rules need more than the kernel's %d instructions",
				  BPF_MAXINSNS);
	if (e->error == 0)
		e->error = rf_bpf_code_reserve(ret, ret->len + e->code.len);
	if (e->error < 0)
		return rf_err_sys(err, e->error, "seccomp: generating the filter");
	for (size_t i = e->code.len; i > 0; i--)
		ret->data[ret->len++] = e->code.data[i - 1];
	return 0;
}

int rf_bpf_emit(struct rf_bpf_code *ret, const struct rf_sys_model *model,
		const struct rf_bpf_part *part, struct rf_err *err)
{
	RF_CLEANUP(emitter_done) struct emitter e = {0};

	emit_program(&e, model, part);
	return take_code(ret, &e, err);
}

/* Where A holds the number again. */
static label emit_reload(struct emitter *e, label target)
{
	emit_goto(e, target);
	return emit_load(e, offsetof(struct seccomp_data, nr));
}

/* The calls of every ABI one after the other; a number that matches still has to be of its ABI. */
static void emit_quiet(struct emitter *e, const struct rf_sys_model *model)
{
	label allow = emit_return(e, SECCOMP_RET_ALLOW), next = allow;
	const struct rf_abi *abi;

	for (size_t i = 0; (abi = rf_abi_at(i)); i++) {
		for (uint32_t nr = abi->first; nr < abi->first + RF_CALLS_MAX; nr++) {
			const struct rf_sys_list *list =
				rf_sys_model_find(model, abi->audit_arch, nr);
			label here, again;

			if (!rf_sys_list_is_quiet(list))
				continue;
			again = next == allow ? allow : emit_reload(e, next);
			here = emit_return(e, list->clauses[0].action);
			emit_test(e, BPF_JEQ, abi->audit_arch, here, again);
			here = emit_load(e, offsetof(struct seccomp_data, arch));
			next = emit_test(e, BPF_JEQ, nr, here, next);
		}
	}
	if (next != allow)
		emit_load(e, offsetof(struct seccomp_data, nr));
	else
		e->code.len = 0;
}

int rf_bpf_emit_quiet(struct rf_bpf_code *ret, const struct rf_sys_model *model, struct rf_err *err)
{
	RF_CLEANUP(emitter_done) struct emitter e = {0};

	emit_quiet(&e, model);
	return take_code(ret, &e, err);
}
