/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows every way through a filter for one call: number and architecture are known, arguments are
 * not, so a comparison of one goes both ways. Jumps lead forwards only, so one pass over the
 * instructions in order meets each with everything that can be in the accumulator there.
 */
#include "sandbox/policy/bpfargs.h"

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>

/* What the accumulator may hold where an instruction begins. */
#define HOLDS_MAX 128

struct hold {
	bool known;	/* value is a number; else half an argument under mask */
	uint32_t value; /* or its offset in struct seccomp_data */
	uint32_t mask;
};

struct place {
	struct hold holds[HOLDS_MAX];
	size_t n;
};

struct follow {
	struct place *places;
	uint32_t arch, nr;
	int (*look)(void *data, const struct rf_bpf_look *what);
	void *data;
};

static int reach(struct place *place, const struct hold *hold)
{
	for (size_t i = 0; i < place->n; i++)
		if (place->holds[i].known == hold->known && place->holds[i].value == hold->value &&
		    place->holds[i].mask == hold->mask)
			return 0;
	if (place->n == HOLDS_MAX)
		return -EINVAL;
	place->holds[place->n++] = *hold;
	return 0;
}

static int load(const struct follow *f, uint32_t offset, struct hold *ret)
{
	*ret = (struct hold){.mask = UINT32_MAX};
	if (offset == offsetof(struct seccomp_data, nr) ||
	    offset == offsetof(struct seccomp_data, arch)) {
		ret->known = true;
		ret->value = offset == offsetof(struct seccomp_data, nr) ? f->nr : f->arch;
		return 0;
	}
	ret->value = offset;
	return offset >= offsetof(struct seccomp_data, args) ? 0 : -EINVAL;
}

static bool holds_true(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	default:
		return a & k;
	}
}

static int tell(const struct follow *f, const struct hold *hold, uint32_t k)
{
	uint32_t at = hold->value - (uint32_t)offsetof(struct seccomp_data, args);
	struct rf_bpf_look what = {
		.index = (uint8_t)(at / 8), .half = at / 4 & 1, .mask = hold->mask, .value = k};

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	what.half ^= 1;
#endif
	return f->look(f->data, &what);
}

static int follow_jump(const struct follow *f, const struct sock_filter *insn, size_t at,
		       const struct hold *hold)
{
	int r = 0;

	if (BPF_OP(insn->code) == BPF_JA)
		return reach(&f->places[at + 1 + insn->k], hold);
	if (BPF_SRC(insn->code) != BPF_K)
		return -EINVAL;
	if (hold->known)
		return reach(&f->places[at + 1 +
					(holds_true(BPF_OP(insn->code), hold->value, insn->k)
						 ? insn->jt
						 : insn->jf)],
			     hold);
	r = tell(f, hold, insn->k);
	if (r == 0)
		r = reach(&f->places[at + 1 + insn->jt], hold);
	return r < 0 ? r : reach(&f->places[at + 1 + insn->jf], hold);
}

static int follow_one(const struct follow *f, const struct sock_filter *insn, size_t at,
		      struct hold hold)
{
	int r = 0;

	if (BPF_CLASS(insn->code) == BPF_RET)
		return 0;
	if (BPF_CLASS(insn->code) == BPF_JMP)
		return follow_jump(f, insn, at, &hold);
	if (insn->code == (BPF_LD | BPF_W | BPF_ABS)) {
		r = load(f, insn->k, &hold);
	} else if (insn->code == (BPF_ALU | BPF_AND | BPF_K)) {
		hold.mask &= hold.known ? UINT32_MAX : insn->k;
		hold.value &= hold.known ? insn->k : UINT32_MAX;
	} else {
		return -EINVAL;
	}
	return r < 0 ? r : reach(&f->places[at + 1], &hold);
}

int rf_bpf_looks(const struct sock_filter *code, size_t n, uint32_t arch, uint32_t nr,
		 int (*look)(void *data, const struct rf_bpf_look *what), void *data)
{
	struct follow f = {.arch = arch, .nr = nr, .look = look, .data = data};
	RF_AUTOFREE struct place *places = calloc(n + 1, sizeof(*places));
	const struct hold nothing = {.known = true};
	int r;

	if (!places)
		return -ENOMEM;
	f.places = places;
	r = reach(&places[0], &nothing);
	for (size_t at = 0; at < n && r == 0; at++)
		for (size_t i = 0; i < places[at].n && r == 0; i++)
			r = follow_one(&f, &code[at], at, places[at].holds[i]);
	return r;
}
