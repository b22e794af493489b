/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generated filter and the explanation agree on every number of every ABI, with arguments
 * around every value that a rule compares with.
 */
#include "tests/sim/sim.h"

#include <stdlib.h>

struct pair {
	const struct sim *sim;
	size_t calls;
};

static void compare_one(const struct pair *pair, uint32_t arch, uint32_t nr, const uint64_t *args)
{
	uint32_t answer = sim_ask(pair->sim, arch, nr, args);
	struct rf_sys_answer explained;

	rf_sys_model_explain(pair->sim->model, arch, nr, args, &explained);
	if (answer != explained.action)
		fail_msg("%#x %#x (%#llx %#llx %#llx): filter %#x, explained %#x", arch, nr,
			 (unsigned long long)args[0], (unsigned long long)args[1],
			 (unsigned long long)args[2], answer, explained.action);
	assert_non_null(explained.rule_id);
}

/* All of its compared values and their neighbours for one argument, the others at random. */
static void compare_around(const struct pair *pair, uint32_t arch, uint32_t nr,
			   const struct rf_sys_cond *cond)
{
	uint64_t args[6];

	for (size_t i = 0; i < (cond->n_values ? cond->n_values : 1); i++) {
		uint64_t value = cond->n_values ? cond->values[i] : cond->value;

		for (int delta = -1; delta <= 1; delta++) {
			for (size_t high = 0; high < 4; high++) {
				static const uint64_t rubbish[] = {0, 1, 0x80000000, 0xffffffff};

				for (size_t k = 0; k < 6; k++)
					args[k] = sim_values[(size_t)rand() %
							     RF_ARRAY_LEN(sim_values)];
				args[cond->index] = (value + (uint64_t)delta) ^ rubbish[high] << 32;
				compare_one(pair, arch, nr, args);
			}
		}
	}
}

static void compare_call(void *data, uint32_t arch, uint32_t nr)
{
	struct pair *pair = data;
	const struct rf_sys_list *list = rf_sys_model_find(pair->sim->model, arch, nr);
	uint64_t args[6] = {0};

	pair->calls++;
	compare_one(pair, arch, nr, args);
	memset(args, 0xff, sizeof(args));
	compare_one(pair, arch, nr, args);
	if (!list || list->n == 1)
		return;
	for (size_t i = 0; i < list->n; i++)
		for (size_t k = 0; k < list->clauses[i].n_conds; k++)
			compare_around(pair, arch, nr, &list->clauses[i].conds[k]);
	for (size_t i = 0; i < 200; i++) {
		for (size_t k = 0; k < 6; k++)
			args[k] = sim_values[(size_t)rand() % RF_ARRAY_LEN(sim_values)];
		compare_one(pair, arch, nr, args);
	}
}

static void compare_policy(const struct rf_policy *policy, const struct rf_sys_context *context)
{
	struct sim sim;
	struct pair pair = {.sim = &sim};

	srand(7);
	sim_open(&sim, policy, context);
	sim_every_number(compare_call, &pair);
	assert_true(pair.calls > 3000);
	sim_close(&sim);
}

static const struct rf_call some_calls[] = {{"ioctl", false}, {"mmap", false},	{"socket", false},
					    {"clone", false}, {"lseek", false}, {"semctl", false}};
static const struct rf_call all_kinds[] = {{"openat", false}, {"prctl", false}, {"msgsnd", false}};
static const uint64_t in_values[] = {3, 0x5412, 0xfffffffffffffffe, 0x100000001};

/* Every operator on narrow and wide arguments, at ordinary and at extreme values. */
static void every_operator_agrees(void **state)
{
	static const uint64_t edges[] = {
		0,	     1,		  0x7fffffff,	      0x80000000,	  0xffffffff,
		0x100000000, 0x100000001, 0xffffffff80000000, 0xfffffffffffffffe, UINT64_MAX};

	(void)state;
	for (int op = RF_ARG_EQ; op <= RF_ARG_IN; op++) {
		for (size_t i = 0; i < RF_ARRAY_LEN(edges); i++) {
			const struct rf_arg_test args[] = {
				{.index = 0,
				 .op = (enum rf_arg_op)op,
				 .value = edges[i],
				 .mask = edges[i] | 0x10,
				 .values = in_values,
				 .n_values = op == RF_ARG_IN ? RF_ARRAY_LEN(in_values) : 0},
				{.index = 1,
				 .op = (enum rf_arg_op)op,
				 .value = edges[i],
				 .mask = edges[i] ^ 0xf0f0,
				 .values = in_values,
				 .n_values = op == RF_ARG_IN ? RF_ARRAY_LEN(in_values) : 0},
			};
			const struct rf_sys_rule rules[] = {
				SIM_RULE("one", true, some_calls, args, 1),
				SIM_RULE("two", false, some_calls, args, 2),
				SIM_RULE("three", true, all_kinds, args + 1, 1),
			};
			const struct rf_filter filter = {.kind = RF_FILTER_DEFAULT,
							 .fallback = i % 2 ? RF_DEFAULT_ALLOW
									   : RF_DEFAULT_DENY,
							 .rules = rules,
							 .n_rules = RF_ARRAY_LEN(rules)};
			struct rf_policy policy = sim_policy(&filter, 1);
			const struct rf_sys_context context = {0};

			compare_policy(&policy, &context);
		}
	}
}

static void base_agrees_in_every_mode(void **state)
{
	const struct rf_filter filter = {.kind = RF_FILTER_BASE, .base = "container-default"};
	struct rf_policy policy = sim_policy(&filter, 1);
	struct rf_sys_context context = {0};

	(void)state;
	for (int i = 0; i < 16; i++) {
		for (int key = 0; key < RF_KERNEL_COUNT; key++)
			policy.kernel[key].value = i & 1 ? RF_KERNEL_DENY : RF_KERNEL_ALLOW;
		policy.mode = i & 2 ? RF_MODE_AUDIT : RF_MODE_ENFORCE;
		context.network_families = i & 4;
		policy.sections[RF_SECTION_NETWORK].present = true;
		policy.sections[RF_SECTION_CAPABILITIES].present = i & 8;
		policy.capabilities_keep = UINT64_MAX;
		compare_policy(&policy, &context);
	}
}

/* Three filters that must all allow, each with rules about the same calls. */
static void united_filters_agree(void **state)
{
	static const struct rf_arg_test a[] = {{.index = 1, .op = RF_ARG_EQ, .value = 0x5413}};
	static const struct rf_arg_test b[] = {{.index = 1, .op = RF_ARG_GT, .value = 8},
					       {.index = 0, .op = RF_ARG_LE, .value = 2}};
	const struct rf_sys_rule first[] = {SIM_RULE("a", true, some_calls, a, 1)};
	const struct rf_sys_rule second[] = {SIM_RULE("b", false, some_calls, b, 2)};
	struct rf_sys_rule third[] = {SIM_RULE("c", true, some_calls, a, 1),
				      SIM_RULE("d", true, all_kinds, NULL, 0)};
	const struct rf_filter filters[] = {
		{.kind = RF_FILTER_DEFAULT,
		 .fallback = RF_DEFAULT_ALLOW,
		 .rules = first,
		 .n_rules = 1},
		{.kind = RF_FILTER_DEFAULT,
		 .fallback = RF_DEFAULT_DENY,
		 .rules = second,
		 .n_rules = 1,
		 .errno_value = ENOSYS},
		{.kind = RF_FILTER_BASE, .base = "container-default", .rules = third, .n_rules = 2},
	};
	struct rf_policy policy = sim_policy(filters, 3);
	const struct rf_sys_context context = {0};

	(void)state;
	third[0].rule.mode = RF_MODE_AUDIT;
	third[1].rule.kill = true;
	compare_policy(&policy, &context);
	third[0].rule.mode = RF_MODE_ENFORCE;
	compare_policy(&policy, &context);
}

static const char oci_one[] =
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\","
	"\"SCMP_ARCH_X32\"],\"syscalls\":["
	"{\"names\":[\"mkdir\",\"no_such_call\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":17},"
	"{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_KILL_PROCESS\",\"args\":["
	"{\"index\":1,\"value\":21523,\"op\":\"SCMP_CMP_EQ\"},"
	"{\"index\":2,\"value\":15,\"valueTwo\":4,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
	"{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":["
	"{\"index\":1,\"value\":8,\"op\":\"SCMP_CMP_GT\"}]}]}";

/* Profiles beside rules of ours: chained into one program, they still answer as explained. */
static void profiles_agree(void **state)
{
	static const struct rf_arg_test a[] = {{.index = 0, .op = RF_ARG_NE, .value = 0}};
	const struct rf_sys_rule rules[] = {SIM_RULE("a", true, some_calls, a, 1)};
	const struct rf_filter filters[] = {
		{.kind = RF_FILTER_OCI, .oci_json = oci_one, .rules = rules, .n_rules = 1},
		{.kind = RF_FILTER_OCI, .oci_json = rf_base_filter_text("container-default")},
	};
	struct rf_policy policy = sim_policy(filters, 2);
	const struct rf_sys_context context = {0};

	(void)state;
	policy.kernel[RF_KERNEL_NAMESPACES].value = RF_KERNEL_DENY;
	compare_policy(&policy, &context);
}

UNIT_MAIN(cmocka_unit_test(every_operator_agrees), cmocka_unit_test(base_agrees_in_every_mode),
	  cmocka_unit_test(united_filters_agree), cmocka_unit_test(profiles_agree));
