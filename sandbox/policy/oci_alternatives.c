/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of ours in the words of an OCI profile. Runtimes compare whole registers, but know
 * masks: a comparison of 32 bits becomes alternatives of masked ones.
 */
#include "sandbox/policy/oci_alternatives.h"

#include <stdlib.h>

static int add_masked(struct rf_oci_tests *to, const struct rf_sys_cond *c, uint64_t value,
		      uint64_t mask)
{
	struct rf_oci_test t = {
		.index = c->index, .op = "SCMP_CMP_MASKED_EQ", .value = value, .mask = mask};

	if (mask == UINT64_MAX) {
		t.op = "SCMP_CMP_EQ";
		t.mask = 0;
	}
	return rf_oci_tests_push(to, t);
}

/* (arg & whole) < value as alternatives: what is equal above a bit of value and lacks that bit. */
static int add_below(struct rf_oci_tests *to, const struct rf_sys_cond *c, uint64_t value,
		     uint64_t whole, bool above)
{
	for (unsigned int i = 0; i < 64; i++) {
		uint64_t bit = UINT64_C(1) << i, mask = whole & ~(bit - 1);

		if (!(whole & bit) || !(value & bit) == !above)
			continue;
		if (add_masked(to, c, (value ^ bit) & mask, mask) < 0)
			return -ENOMEM;
	}
	return 0;
}

static const char *plain_op(enum rf_arg_op op, bool negate)
{
	static const char *const names[][2] = {
		[RF_ARG_EQ] = {"SCMP_CMP_EQ", "SCMP_CMP_NE"},
		[RF_ARG_NE] = {"SCMP_CMP_NE", "SCMP_CMP_EQ"},
		[RF_ARG_LT] = {"SCMP_CMP_LT", "SCMP_CMP_GE"},
		[RF_ARG_LE] = {"SCMP_CMP_LE", "SCMP_CMP_GT"},
		[RF_ARG_GT] = {"SCMP_CMP_GT", "SCMP_CMP_LE"},
		[RF_ARG_GE] = {"SCMP_CMP_GE", "SCMP_CMP_LT"},
	};

	return names[op][negate];
}

/* A comparison of the low 32 bits, which runtimes only have as a mask. */
static int add_narrow(struct rf_oci_tests *to, const struct rf_sys_cond *c, bool negate)
{
	const uint64_t whole = UINT32_MAX, value = c->value & whole;
	enum rf_arg_op op = (enum rf_arg_op)c->op;
	int r = 0;

	if (op == RF_ARG_NE || op == RF_ARG_EQ) {
		if ((op == RF_ARG_EQ) != negate)
			return add_masked(to, c, value, whole);
		for (unsigned int i = 0; i < 32 && r == 0; i++)
			r = add_masked(to, c, ~value & UINT64_C(1) << i, UINT64_C(1) << i);
		return r;
	}
	/* As "below" or "above"; what includes equality has that as one more alternative. */
	if (negate)
		op = op == RF_ARG_LT   ? RF_ARG_GE
		     : op == RF_ARG_LE ? RF_ARG_GT
		     : op == RF_ARG_GT ? RF_ARG_LE
				       : RF_ARG_LT;
	r = add_below(to, c, value, whole, op == RF_ARG_GT || op == RF_ARG_GE);
	if (r == 0 && (op == RF_ARG_LE || op == RF_ARG_GE))
		r = add_masked(to, c, value, whole);
	return r;
}

/* first..last as alternatives: aligned blocks, each the largest that fits. */
static int add_range(struct rf_oci_tests *to, const struct rf_sys_cond *c, uint64_t first,
		     uint64_t last, uint64_t whole)
{
	for (;;) {
		uint64_t block = first ? first & -first : whole; /* its size, less one if whole */
		uint64_t rest = last - first;

		block = first ? block - 1 : block;
		while (block > rest)
			block >>= 1;
		if (add_masked(to, c, first, whole & ~block) < 0)
			return -ENOMEM;
		if (block == rest)
			return 0;
		first += block + 1;
	}
}

static int compare_values(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* What lies between the values of a list. */
static int add_gaps(struct rf_oci_tests *to, const struct rf_sys_cond *c, uint64_t whole)
{
	RF_AUTOFREE uint64_t *sorted = calloc(c->n_values + 1, sizeof(*sorted));
	uint64_t from = 0;
	int r = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_values; i++)
		sorted[i] = c->values[i] & whole;
	qsort(sorted, c->n_values, sizeof(*sorted), compare_values);
	for (size_t i = 0; i < c->n_values && r == 0; i++) {
		if (sorted[i] > from)
			r = add_range(to, c, from, sorted[i] - 1, whole);
		if (sorted[i] == whole)
			return r;
		from = sorted[i] + 1;
	}
	return r < 0 ? r : add_range(to, c, from, whole, whole);
}

int rf_oci_alternatives(struct rf_oci_tests *to, const struct rf_sys_cond *c, bool negate)
{
	uint64_t whole = c->narrow ? UINT32_MAX : UINT64_MAX;
	struct rf_oci_test plain = {.index = c->index, .value = c->value};
	int r = 0;

	negate ^= c->negate;
	if (c->op == RF_ARG_MASKED_EQ) {
		if (!negate)
			return add_masked(to, c, c->value & whole, c->mask & whole);
		for (unsigned int i = 0; i < 64 && r == 0; i++)
			if (c->mask & whole & UINT64_C(1) << i)
				r = add_masked(to, c, ~c->value & UINT64_C(1) << i,
					       UINT64_C(1) << i);
		return r;
	}
	if (c->op == RF_ARG_IN) {
		if (negate)
			return add_gaps(to, c, whole);
		for (size_t i = 0; i < c->n_values && r == 0; i++)
			r = add_masked(to, c, c->values[i] & whole, whole);
		return r;
	}
	if (c->narrow && !c->as_library)
		return add_narrow(to, c, negate);
	plain.op = plain_op((enum rf_arg_op)c->op, negate);
	return rf_oci_tests_push(to, plain);
}
