/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters as bytes.
 *
 * A policy usually gives one program: what OCI profiles add comes first, and where such a program
 * allows, its return becomes a jump to what follows. One program instead of several saves a filter
 * run on every call whose answer is not constant, and no program can get in the way of installing
 * the next. Only if that does not fit, or a profile logs, are there several, the ones that allow
 * seccomp(2) first.
 */
#include "sandbox/launch/filter.h"

#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#include "sandbox/launch/bpf_emit.h"
#include "sandbox/policy/bpfsim.h"
#include "sandbox/policy/syscalls.h"

#define MAGIC	0x46535246u /* "FRSF" */
#define VERSION 1u
#define QUIET	0x80000000u /* of program flags: its refusals are not logged */

struct head {
	uint32_t magic;
	uint32_t version;
	uint32_t n_programs;
	uint32_t reserved;
};

struct program_head {
	uint32_t n;
	uint32_t flags;
};

struct program {
	struct rf_bpf_code code;
	uint32_t flags;
};

struct programs {
	struct program data[RF_FILTER_PROGRAMS_MAX];
	size_t n;
};

static void free_programs(struct programs **programs)
{
	for (size_t i = 0; *programs && i < (*programs)->n; i++)
		rf_bpf_code_done(&(*programs)->data[i].code);
	free(*programs);
}

void rf_blob_done(struct rf_blob *blob)
{
	free(blob->data);
	memset(blob, 0, sizeof(*blob));
}

/* ---- building ---- */

static bool logs(const struct rf_bpf_code *code)
{
	for (size_t i = 0; i < code->len; i++)
		if (code->data[i].code == (BPF_RET | BPF_K) && code->data[i].k == SECCOMP_RET_LOG)
			return true;
	return false;
}

/* first, then second where first allows; false: cannot be one program. */
static bool chain(struct program *first, const struct program *second)
{
	size_t n = first->code.len;

	if (first->flags != second->flags || logs(&first->code) ||
	    n + second->code.len > BPF_MAXINSNS)
		return false;
	if (rf_bpf_code_reserve(&first->code, n + second->code.len) < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct sock_filter *insn = &first->code.data[i];

		if (insn->code == (BPF_RET | BPF_K) && insn->k == SECCOMP_RET_ALLOW)
			*insn = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
							     (uint32_t)(n - i - 1));
	}
	memcpy(first->code.data + n, second->code.data,
	       second->code.len * sizeof(*second->code.data));
	first->code.len += second->code.len;
	return true;
}

static int add_part(struct programs *programs, const struct rf_sys_model *model,
		    const struct rf_bpf_part *part, struct rf_err *err)
{
	struct program *program = &programs->data[programs->n];
	int r;

	if (programs->n == RF_FILTER_PROGRAMS_MAX)
		return rf_err_set(err, -E2BIG, "seccomp: the rules need more than %u programs",
				  RF_FILTER_PROGRAMS_MAX);
	r = rf_bpf_emit(&program->code, model, part, err);
	if (r == 0)
		programs->n++;
	return r;
}

/* Where to cut numbers: between the ABIs and what lies beyond their tables, then in halves. */
static uint32_t cut(const struct rf_bpf_part *part)
{
	const struct rf_abi *abi;

	for (size_t i = 0; (abi = rf_abi_at(i)); i++) {
		if (part->first < abi->first && abi->first <= part->last)
			return abi->first;
		if (part->first <= abi->first + RF_CALLS_MAX &&
		    abi->first + RF_CALLS_MAX < part->last)
			return abi->first + RF_CALLS_MAX + 1;
	}
	return part->first + (part->last - part->first) / 2 + 1;
}

/* Programs of at most BPF_MAXINSNS each for the numbers of one architecture, by halving. */
static int add_numbers(struct programs *programs, const struct rf_sys_model *model,
		       const struct rf_bpf_part *part, struct rf_err *err)
{
	struct rf_bpf_part low = *part, high = *part;
	struct rf_err too_big = RF_ERR_INIT;
	int r = add_part(programs, model, part, &too_big);

	if (r != -E2BIG || part->first == part->last || programs->n == RF_FILTER_PROGRAMS_MAX) {
		if (r < 0 && err)
			*err = too_big;
		return r;
	}
	high.first = cut(part);
	low.last = high.first - 1;
	r = add_numbers(programs, model, &low, err);
	return r == 0 ? add_numbers(programs, model, &high, err) : r;
}

static bool is_first_of_arch(size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (rf_abi_at(i)->audit_arch == rf_abi_at(index)->audit_arch)
			return false;
	return true;
}

/* Everything in one program if it fits, else each architecture by itself. */
static int add_own_programs(struct programs *programs, const struct rf_sys_model *model,
			    struct rf_err *err)
{
	struct rf_bpf_part part = {.arches = UINT32_MAX, .last = UINT32_MAX};
	struct rf_err too_big = RF_ERR_INIT;
	int r = add_part(programs, model, &part, &too_big);

	if (r != -E2BIG) {
		if (r < 0 && err)
			*err = too_big;
		return r;
	}
	r = 0;
	for (size_t i = 0; rf_abi_at(i) && r == 0; i++) {
		part.arches = 1u << i;
		if (is_first_of_arch(i))
			r = add_numbers(programs, model, &part, err);
	}
	return r;
}

static int add_profiles(struct programs *programs, const struct rf_sys_model *model,
			struct rf_err *err)
{
	const struct rf_sys_program *profiles;
	size_t n = rf_sys_model_programs(model, &profiles);

	if (n + 5 > RF_FILTER_PROGRAMS_MAX)
		return rf_err_set(err, -E2BIG, "more than %u OCI seccomp profiles",
				  RF_FILTER_PROGRAMS_MAX - 5);
	for (size_t i = 0; i < n; i++) {
		struct program *program = &programs->data[programs->n++];

		/* LOG is set for every program, whatever the profile says. */
		program->flags = profiles[i].flags & ~(uint32_t)SECCOMP_FILTER_FLAG_LOG;
		if (rf_bpf_code_reserve(&program->code, profiles[i].n) < 0)
			return rf_err_set(err, -ENOMEM, "seccomp: no memory");
		memcpy(program->code.data, profiles[i].code,
		       profiles[i].n * sizeof(*profiles[i].code));
		program->code.len = profiles[i].n;
	}
	return 0;
}

static int add_quiet(struct programs *programs, const struct rf_sys_model *model,
		     struct rf_err *err)
{
	struct program *program = &programs->data[programs->n];
	int r = rf_bpf_emit_quiet(&program->code, model, err);

	if (r == 0 && program->code.len > 0) {
		program->flags = QUIET;
		programs->n++;
	}
	return r;
}

/* Chains neighbours from the back, so that each allows only what all after it allow. */
static void chain_all(struct programs *programs)
{
	for (size_t i = programs->n; i > 1; i--) {
		if (!chain(&programs->data[i - 2], &programs->data[i - 1]))
			continue;
		rf_bpf_code_done(&programs->data[i - 1].code);
		programs->n--;
		for (size_t k = i - 1; k < programs->n; k++)
			programs->data[k] = programs->data[k + 1];
	}
}

static bool lets_install(const struct program *program)
{
	const struct seccomp_data call = {
		.nr = __NR_seccomp,
		.arch = rf_abi_at(0)->audit_arch,
		.args = {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, 4096},
	};
	uint32_t answer = 0;

	return rf_bpf_run(&answer, program->code.data, program->code.len, &call) >= 0 &&
	       (answer == SECCOMP_RET_ALLOW || answer == SECCOMP_RET_LOG);
}

/* What refuses seccomp(2) has to be installed last, and two such cannot be. */
static int order(struct programs *programs, struct rf_err *err)
{
	size_t refusing = 0, which = programs->n - 1;
	struct program last;

	for (size_t i = 0; i < programs->n; i++) {
		if (!lets_install(&programs->data[i])) {
			refusing++;
			which = i;
		}
	}
	if (refusing > 1)
		return rf_err_set(err, -EOPNOTSUPP,
				  "seccomp: two filters refuse seccomp(2) and are too large to be "
				  "joined, so they cannot both be installed");
	last = programs->data[which];
	programs->data[which] = programs->data[programs->n - 1];
	programs->data[programs->n - 1] = last;
	return 0;
}

static int pack(struct rf_blob *ret, const struct programs *programs, struct rf_err *err)
{
	size_t len = sizeof(struct head);
	struct head head = {MAGIC, VERSION, (uint32_t)programs->n, 0};
	char *data, *at;

	for (size_t i = 0; i < programs->n; i++)
		len += sizeof(struct program_head) +
		       programs->data[i].code.len * sizeof(struct sock_filter);
	if (len > RF_FILTER_BLOB_MAX)
		return rf_err_set(err, -E2BIG, "seccomp: the filters are too large together");
	data = malloc(len);
	if (!data)
		return rf_err_set(err, -ENOMEM, "seccomp: no memory");
	at = mempcpy(data, &head, sizeof(head));
	for (size_t i = 0; i < programs->n; i++) {
		const struct program *program = &programs->data[i];
		struct program_head it = {(uint32_t)program->code.len, program->flags};

		at = mempcpy(at, &it, sizeof(it));
		at = mempcpy(at, program->code.data,
			     program->code.len * sizeof(struct sock_filter));
	}
	*ret = (struct rf_blob){data, len};
	return 0;
}

int rf_filter_build(const struct rf_policy *policy, const struct rf_sys_context *context,
		    struct rf_blob *ret, struct rf_err *err)
{
	RF_CLEANUP(rf_sys_model_freep) struct rf_sys_model *model = NULL;
	RF_CLEANUP(free_programs) struct programs *programs = calloc(1, sizeof(*programs));
	int r;

	if (!programs)
		return rf_err_set(err, -ENOMEM, "seccomp: no memory");
	r = rf_sys_model_new(&model, policy, context, err);
	if (r == 0)
		r = add_quiet(programs, model, err);
	if (r == 0)
		r = add_profiles(programs, model, err);
	if (r == 0)
		r = add_own_programs(programs, model, err);
	if (r < 0)
		return r;
	chain_all(programs);
	r = order(programs, err);
	return r < 0 ? r : pack(ret, programs, err);
}

/* ---- reading ---- */

struct cursor {
	const char *at;
	size_t left;
	uint32_t n;
};

static int open_blob(struct cursor *ret, const void *data, size_t len)
{
	struct head head;

	if (len < sizeof(head) || len > RF_FILTER_BLOB_MAX)
		return -EINVAL;
	memcpy(&head, data, sizeof(head));
	if (head.magic != MAGIC || head.version != VERSION || head.reserved != 0 ||
	    head.n_programs == 0 || head.n_programs > RF_FILTER_PROGRAMS_MAX)
		return -EINVAL;
	*ret = (struct cursor){(const char *)data + sizeof(head), len - sizeof(head),
			       head.n_programs};
	return 0;
}

/* The next program; its code is aligned for 32-bit words because everything before it is. */
static int next_program(struct cursor *cursor, struct sock_fprog *ret, uint32_t *ret_flags)
{
	struct program_head head;
	size_t size;

	if (cursor->left < sizeof(head))
		return -EINVAL;
	memcpy(&head, cursor->at, sizeof(head));
	size = (size_t)head.n * sizeof(struct sock_filter);
	if (head.n == 0 || head.n > BPF_MAXINSNS || cursor->left - sizeof(head) < size ||
	    head.flags & ~(QUIET | SECCOMP_FILTER_FLAG_SPEC_ALLOW))
		return -EINVAL;
	ret->len = (unsigned short)head.n;
	ret->filter = (struct sock_filter *)(uintptr_t)(cursor->at + sizeof(head));
	*ret_flags = head.flags;
	cursor->at += sizeof(head) + size;
	cursor->left -= sizeof(head) + size;
	cursor->n--;
	return 0;
}

int rf_filter_check(const void *data, size_t len, struct rf_err *err)
{
	struct cursor cursor;
	int r = open_blob(&cursor, data, len);

	while (r == 0 && cursor.n > 0) {
		struct sock_fprog program;
		uint32_t flags = 0;

		r = next_program(&cursor, &program, &flags);
		if (r == 0)
			r = rf_bpf_check(program.filter, program.len);
	}
	if (r == 0 && cursor.left > 0)
		r = -EINVAL;
	return r < 0 ? rf_err_set(err, r, "system-call filter: not the bytes of one") : 0;
}

int rf_filter_measure(struct rf_filter_size *ret, const void *data, size_t len)
{
	struct rf_filter_size size = {0};
	struct cursor cursor;
	int r = open_blob(&cursor, data, len);

	while (r == 0 && cursor.n > 0) {
		struct sock_fprog program = {0};
		uint32_t flags;

		r = next_program(&cursor, &program, &flags);
		size.programs++;
		size.instructions += program.len;
		size.longest = program.len > size.longest ? program.len : size.longest;
	}
	if (r == 0)
		*ret = size;
	return r;
}

int rf_filter_install(const void *data, size_t len, struct rf_err *err)
{
	struct cursor cursor;
	int r = open_blob(&cursor, data, len);

	while (r == 0 && cursor.n > 0) {
		struct sock_fprog program;
		uint32_t flags = 0;

		r = next_program(&cursor, &program, &flags);
		flags = flags & QUIET ? flags & ~QUIET : flags | SECCOMP_FILTER_FLAG_LOG;
		if (r == 0 && syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) != 0)
			return rf_err_sys(err, -errno, "installing the system-call filter");
	}
	return r < 0 ? rf_err_set(err, r, "system-call filter: not the bytes of one") : 0;
}

int rf_filter_ask(uint32_t *ret, const void *data, size_t len, const struct seccomp_data *call)
{
	struct cursor cursor;
	uint32_t answer = SECCOMP_RET_ALLOW;
	int r = open_blob(&cursor, data, len);

	while (r == 0 && cursor.n > 0) {
		struct sock_fprog program;
		uint32_t flags, one = 0;

		r = next_program(&cursor, &program, &flags);
		if (r == 0 && rf_bpf_run(&one, program.filter, program.len, call) < 0)
			r = -EINVAL;
		answer = rf_seccomp_stricter(one, answer); /* alike: the later one's data */
	}
	if (r == 0)
		*ret = answer;
	return r;
}
