/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers of the simulation tests: policies made by hand, filters asked for every call.
 */
#ifndef RF_TESTS_SIM_SIM_H
#define RF_TESTS_SIM_SIM_H

#include "tests/unit/unit.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#include "sandbox/launch/filter.h"
#include "sandbox/policy/sysanswer.h"
#include "sandbox/policy/syscalls.h"

#define SIM_ALLOW    SECCOMP_RET_ALLOW
#define SIM_LOG	     SECCOMP_RET_LOG
#define SIM_KILL     SECCOMP_RET_KILL_PROCESS
#define SIM_ERRNO(e) (SECCOMP_RET_ERRNO | (uint32_t)(e))

/* A policy whose only sections are what a test sets; every kernel key allows. */
static inline struct rf_policy sim_policy(const struct rf_filter *filters, size_t n)
{
	struct rf_policy policy = {.name = "sim", .no_new_privileges = true};

	policy.filters = filters;
	policy.n_filters = n;
	policy.sections[RF_SECTION_SECCOMP].present = n > 0;
	return policy;
}

/* A rule over a fixed array of calls. */
#define SIM_RULE(name, refuses, call_array, arg_array, n_arg)                                      \
	{                                                                                          \
		.rule = {.section = RF_SECTION_SECCOMP, .id = (name), .deny = (refuses)},          \
		.calls = (call_array), .n_calls = RF_ARRAY_LEN(call_array), .args = (arg_array),   \
		.n_args = (n_arg)                                                                  \
	}

struct sim {
	struct rf_sys_model *model;
	struct rf_blob blob;
};

static inline void sim_open(struct sim *sim, const struct rf_policy *policy,
			    const struct rf_sys_context *context)
{
	struct rf_err err = RF_ERR_INIT;

	memset(sim, 0, sizeof(*sim));
	if (rf_sys_model_new(&sim->model, policy, context, &err) < 0 ||
	    rf_filter_build(policy, context, &sim->blob, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	if (rf_filter_check(sim->blob.data, sim->blob.len, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
}

static inline void sim_close(struct sim *sim)
{
	rf_sys_model_free(sim->model);
	rf_blob_done(&sim->blob);
}

static inline uint32_t sim_ask(const struct sim *sim, uint32_t arch, uint32_t nr,
			       const uint64_t args[6])
{
	struct seccomp_data call = {.nr = (int)nr, .arch = arch};
	uint32_t answer = 0;

	memcpy(call.args, args, sizeof(call.args));
	assert_int_equal(rf_filter_ask(&answer, sim->blob.data, sim->blob.len, &call), 0);
	return answer;
}

/* The filter's answer to a call by name, with up to three arguments. */
static inline uint32_t sim_call(const struct sim *sim, const char *abi_name, const char *name,
				uint64_t a, uint64_t b, uint64_t c)
{
	const struct rf_abi *abi = rf_abi_find(abi_name);
	const uint64_t args[6] = {a, b, c};
	int nr;

	assert_non_null(abi);
	nr = rf_call_number(abi, name);
	if (nr < 0)
		fail_msg("%s has no call %s", abi_name, name);
	return sim_ask(sim, abi->audit_arch, (uint32_t)nr, args);
}

/* Calls visit(arch, nr) for every number of every ABI, and for numbers that are none. */
static inline void sim_every_number(void (*visit)(void *, uint32_t, uint32_t), void *data)
{
	static const uint32_t odd[] = {
		1024,
		1025,
		4096,
		0x3fffffff,
		0x40000000 + 1024,
		0x40000400,
		0x7fffffff,
		0x80000000,
		0x80000001,
		0xbfffffff,
		0xc0000001,
		0xfffffffe,
		0xffffffff,
		/* ARM's private calls and what is beside them */
		0x0effff,
		0x0f0000,
		0x0f0001,
		0x0f0002,
		0x0f0005,
		0x0f0006,
		0x0f0007,
		0x0f0800,
	};
	const struct rf_abi *abi;

	for (size_t i = 0; (abi = rf_abi_at(i)); i++) {
		for (uint32_t nr = abi->first; nr < abi->first + RF_CALLS_MAX; nr++)
			visit(data, abi->audit_arch, nr);
		for (size_t k = 0; k < RF_ARRAY_LEN(odd); k++)
			visit(data, abi->audit_arch, odd[k]);
	}
	visit(data, AUDIT_ARCH_MIPS, 4001);
	visit(data, 0, 1);
}

/* Values around which answers may turn, with and without rubbish above 32 bits. */
static const uint64_t sim_values[] = {
	0,
	1,
	2,
	3,
	7,
	8,
	9,
	10,
	15,
	16,
	17,
	19,
	0x7e,
	0x80,
	0x5412,
	0x541c,
	0x5413,
	0x10000000,
	0x10000011,
	0x20000,
	0x20008,
	0x20009,
	0x7e020000,
	0x7e020080,
	0x7fffffff,
	0x80000000,
	0xfffffffe,
	0xffffffff,
	0x100000000,
	0x100000001,
	0x100000008,
	0x100000010,
	0x100005412,
	0xdead0000541c,
	0x110000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffff00000009,
	0xffffffff80000000,
	0xfffffffffffffffe,
	0xffffffffffffffff,
};

#endif
