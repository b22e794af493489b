/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interprets the subset of classic BPF that seccomp accepts, and refuses everything else, so that a
 * generator's mistake shows here first.
 */
#include "sandbox/policy/bpfsim.h"

#include <stdbool.h>
#include <string.h>

static bool is_allowed_code(uint16_t code)
{
	switch (code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_ST:
	case BPF_STX:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_JMP | BPF_JA:
		return true;
	default:
		break;
	}
	switch (BPF_CLASS(code)) {
	case BPF_ALU:
		return BPF_OP(code) <= BPF_XOR && (code & ~0xff) == 0;
	case BPF_JMP:
		return BPF_OP(code) <= BPF_JSET && (code & ~0xff) == 0;
	default:
		return false;
	}
}

/* What an instruction may be wherever it stands. */
static bool is_sound(const struct sock_filter *insn)
{
	if (!is_allowed_code(insn->code))
		return false;
	if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
		return insn->k % 4 == 0 && insn->k < sizeof(struct seccomp_data);
	if (insn->code == BPF_ST || insn->code == BPF_STX || insn->code == (BPF_LD | BPF_MEM) ||
	    insn->code == (BPF_LDX | BPF_MEM))
		return insn->k < BPF_MEMWORDS;
	return true;
}

int rf_bpf_check(const struct sock_filter *code, size_t n)
{
	if (n == 0 || n > BPF_MAXINSNS)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		const struct sock_filter *insn = &code[i];

		if (!is_sound(insn))
			return -EINVAL;
		if (insn->code == (BPF_JMP | BPF_JA) && insn->k >= n - i - 1)
			return -EINVAL;
		if (BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA &&
		    (insn->jt >= n - i - 1 || insn->jf >= n - i - 1))
			return -EINVAL;
	}
	return BPF_CLASS(code[n - 1].code) == BPF_RET ? 0 : -EINVAL;
}

struct machine {
	uint32_t a, x, mem[BPF_MEMWORDS];
};

static int compute(struct machine *m, uint16_t code, uint32_t k)
{
	uint32_t operand = BPF_SRC(code) == BPF_X ? m->x : k;

	switch (BPF_OP(code)) {
	case BPF_ADD:
		m->a += operand;
		return 0;
	case BPF_SUB:
		m->a -= operand;
		return 0;
	case BPF_MUL:
		m->a *= operand;
		return 0;
	case BPF_DIV:
		if (operand == 0)
			return -EINVAL;
		m->a /= operand;
		return 0;
	case BPF_OR:
		m->a |= operand;
		return 0;
	case BPF_AND:
		m->a &= operand;
		return 0;
	case BPF_XOR:
		m->a ^= operand;
		return 0;
	case BPF_LSH:
		m->a = operand < 32 ? m->a << operand : 0;
		return 0;
	case BPF_RSH:
		m->a = operand < 32 ? m->a >> operand : 0;
		return 0;
	case BPF_NEG:
		m->a = -m->a;
		return 0;
	default:
		return -EINVAL;
	}
}

static bool jump_taken(const struct machine *m, uint16_t code, uint32_t k)
{
	uint32_t operand = BPF_SRC(code) == BPF_X ? m->x : k;

	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return m->a == operand;
	case BPF_JGT:
		return m->a > operand;
	case BPF_JGE:
		return m->a >= operand;
	default:
		return (m->a & operand) != 0;
	}
}

static uint32_t load(const struct machine *m, const struct sock_filter *insn,
		     const struct seccomp_data *data)
{
	uint32_t word;

	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		memcpy(&word, (const char *)data + insn->k, sizeof(word));
		return word;
	case BPF_MEM:
		return m->mem[insn->k];
	case BPF_LEN:
		return sizeof(*data);
	default:
		return insn->k;
	}
}

int rf_bpf_run(uint32_t *ret, const struct sock_filter *code, size_t n,
	       const struct seccomp_data *data)
{
	struct machine m = {0};
	int steps = 0;

	for (size_t pc = 0; pc < n; pc++) { /* ends: jumps go forward */
		const struct sock_filter *insn = &code[pc];

		steps++;
		if (!is_sound(insn))
			return -EINVAL;
		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
			m.a = load(&m, insn, data);
			break;
		case BPF_LDX:
			m.x = load(&m, insn, data);
			break;
		case BPF_ST:
			m.mem[insn->k] = m.a;
			break;
		case BPF_STX:
			m.mem[insn->k] = m.x;
			break;
		case BPF_ALU:
			if (compute(&m, insn->code, insn->k) < 0)
				return -EINVAL;
			break;
		case BPF_JMP:
			if (BPF_OP(insn->code) == BPF_JA)
				pc += insn->k;
			else
				pc += jump_taken(&m, insn->code, insn->k) ? insn->jt : insn->jf;
			break;
		case BPF_MISC:
			if (BPF_MISCOP(insn->code) == BPF_TAX)
				m.x = m.a;
			else
				m.a = m.x;
			break;
		default:
			*ret = BPF_RVAL(insn->code) == BPF_A ? m.a : insn->k;
			return steps;
		}
	}
	return -EINVAL;
}

uint32_t rf_seccomp_stricter(uint32_t a, uint32_t b)
{
	return (int32_t)(b & SECCOMP_RET_ACTION_FULL) < (int32_t)(a & SECCOMP_RET_ACTION_FULL) ? b
											       : a;
}
