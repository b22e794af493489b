/* SPDX-License-Identifier: Apache-2.0 */
/* OCI seccomp objects are read and flattened as engines and runtimes do, and nonsense is refused.
 */
#include "tests/unit/unit.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#include "sandbox/policy/bpfsim.h"
#include "sandbox/policy/oci_seccomp.h"
#include "sandbox/policy/syscalls.h"
#include "sandbox/policy/syslayer.h"

static struct rf_arena *arena;
static struct rf_oci_profile profile;
static struct rf_err err;

static int new_arena(void **state)
{
	(void)state;
	arena = rf_arena_new(1 << 22);
	memset(&err, 0, sizeof(err));
	return arena ? 0 : -1;
}

static int free_arena(void **state)
{
	(void)state;
	arena = rf_arena_free(arena);
	return 0;
}

static int parse_for(const char *text, uint64_t capabilities, uint32_t kernel)
{
	const struct rf_oci_host host = {.capabilities = capabilities, .kernel = kernel};

	memset(&profile, 0, sizeof(profile));
	rf_err_clear(&err);
	return rf_oci_seccomp_parse(&profile, text, &host, arena, &err);
}

static int parse(const char *text)
{
	return parse_for(text, 0, 6 << 16 | 1);
}

static void a_runtime_profile_is_read(void **state)
{
	(void)state;
	assert_int_equal(
		parse("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		      "\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_PPC\"],"
		      "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"],"
		      "\"syscalls\":[{\"names\":[\"read\",\"nonsense\"],"
		      "\"action\":\"SCMP_ACT_ALLOW\"},"
		      "{\"name\":\"ioctl\",\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":17,\"args\":["
		      "{\"index\":1,\"value\":21523,\"op\":\"SCMP_CMP_EQ\"},"
		      "{\"index\":2,\"value\":255,\"valueTwo\":16,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
		      "{\"names\":[\"open\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},"
		      "{\"names\":[\"close\"],\"action\":\"SCMP_ACT_ERRNO\"}]}"),
		0);
	assert_int_equal(profile.default_action, SECCOMP_RET_ERRNO | 38);
	assert_int_equal(profile.abis, 1 | 2);
	assert_int_equal(profile.flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	assert_int_equal(profile.n_rules, 4);
	assert_int_equal(profile.rules[0].n_names, 2);
	assert_string_equal(profile.rules[1].names[0], "ioctl");
	assert_int_equal(profile.rules[1].action, SECCOMP_RET_ERRNO | 17);
	assert_int_equal(profile.rules[1].n_args, 2);
	assert_int_equal(profile.rules[1].args[1].op, SCMP_CMP_MASKED_EQ);
	assert_true(profile.rules[1].args[1].value == 255);
	assert_true(profile.rules[1].args[1].value_two == 16);
	assert_false(profile.rules[1].any);
	assert_int_equal(profile.rules[2].action, SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(profile.rules[3].action, SECCOMP_RET_ERRNO | EPERM);
}

#define RULE_IF(what)                                                                              \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"acct\"],"               \
	"\"action\":\"SCMP_ACT_ALLOW\"," what "}]}"

static void rules_are_flattened(void **state)
{
	static const struct {
		const char *text;
		uint64_t capabilities;
		uint32_t kernel;
		size_t n;
	} rows[] = {
		{RULE_IF("\"includes\":{\"caps\":[\"CAP_SYS_PACCT\"]}"), 0, 0x60001, 0},
		{RULE_IF("\"includes\":{\"caps\":[\"CAP_SYS_PACCT\"]}"), 1 << CAP_SYS_PACCT,
		 0x60001, 1},
		{RULE_IF("\"includes\":{\"caps\":[\"CAP_SYS_PACCT\",\"CAP_KILL\"]}"),
		 1 << CAP_SYS_PACCT, 0x60001, 0},
		{RULE_IF("\"excludes\":{\"caps\":[\"CAP_SYS_PACCT\",\"CAP_KILL\"]}"), 1 << CAP_KILL,
		 0x60001, 0},
		{RULE_IF("\"excludes\":{\"caps\":[\"CAP_SYS_PACCT\"]}"), 1 << CAP_KILL, 0x60001, 1},
		{RULE_IF("\"includes\":{\"arches\":[\"s390x\"]}"), 0, 0x60001, 0},
		{RULE_IF("\"includes\":{\"arches\":[\"amd64\",\"arm64\"]}"), 0, 0x60001, 1},
		{RULE_IF("\"excludes\":{\"arches\":[\"amd64\",\"arm64\"]}"), 0, 0x60001, 0},
		{RULE_IF("\"includes\":{\"minKernel\":\"4.8\"}"), 0, 4 << 16 | 7, 0},
		{RULE_IF("\"includes\":{\"minKernel\":\"4.8\"}"), 0, 4 << 16 | 8, 1},
		{RULE_IF("\"includes\":{\"minKernel\":\"4.8\"}"), 0, 4 << 16 | 10, 1},
		{RULE_IF("\"excludes\":{\"minKernel\":\"4.8\"}"), 0, 4 << 16 | 8, 0},
		{RULE_IF("\"excludes\":{\"minKernel\":\"4.8\"}"), 0, 3 << 16 | 9, 1},
		{RULE_IF("\"includes\":{},\"excludes\":{}"), 0, 0x60001, 1},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		if (parse_for(rows[i].text, rows[i].capabilities, rows[i].kernel) < 0)
			fail_msg("%s", rf_err_text(&err));
		if (profile.n_rules != rows[i].n)
			fail_msg("row %zu: %zu rules", i, profile.n_rules);
	}
}

#define IF_KERNEL(call, when)                                                                      \
	"{\"names\":[\"" call "\"],\"action\":\"SCMP_ACT_ALLOW\",\"" when                          \
	"\":{\"minKernel\":\"%s\"}}"

/* Each version against each: at it, just below and above, and where a digit is added. */
static void min_kernel_is_swept(void **state)
{
	static const struct {
		const char *text;
		uint32_t kernel;
	} versions[] = {
		{"2.6", 2 << 16 | 6}, {"3.9", 3 << 16 | 9},   {"3.17", 3 << 16 | 17},
		{"4.0", 4 << 16},     {"4.7", 4 << 16 | 7},   {"4.8", 4 << 16 | 8},
		{"4.9", 4 << 16 | 9}, {"4.10", 4 << 16 | 10}, {"4.20", 4 << 16 | 20},
		{"5.0", 5 << 16},     {"5.19", 5 << 16 | 19}, {"6.1", 6 << 16 | 1},
		{"6.2", 6 << 16 | 2}, {"6.12", 6 << 16 | 12}, {"10.0", 10 << 16},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(versions); i++) {
		for (size_t k = 0; k < RF_ARRAY_LEN(versions); k++) {
			(void)snprintf(
				text, sizeof(text),
				"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" IF_KERNEL(
					"acct", "includes") "," IF_KERNEL("swapon",
									  "excludes") "]}",
				versions[i].text, versions[i].text);
			if (parse_for(text, 0, versions[k].kernel) < 0)
				fail_msg("%s", rf_err_text(&err));
			assert_int_equal(profile.n_rules, 1);
			if (strcmp(profile.rules[0].names[0], k >= i ? "acct" : "swapon") != 0)
				fail_msg("minKernel %s on %s: %s", versions[i].text,
					 versions[k].text, profile.rules[0].names[0]);
		}
	}
}

static void the_engines_names_of_errors_are_read(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOSYS\","
			       "\"syscalls\":[{\"names\":[\"acct\"],\"action\":\"SCMP_ACT_ERRNO\","
			       "\"errno\":\"EINVAL\"}]}"),
			 0);
	assert_int_equal(profile.default_action, SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(profile.rules[0].action, SECCOMP_RET_ERRNO | EINVAL);
}

static uint32_t ask(const char *call, uint64_t a, uint64_t b)
{
	struct rf_sys_program program;
	struct seccomp_data data = {.arch = rf_abi_at(0)->audit_arch,
				    .nr = rf_call_number(rf_abi_at(0), call),
				    .args = {a, b}};
	uint32_t answer = 1;

	if (rf_oci_seccomp_compile(&program, &profile, arena, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	assert_true(rf_bpf_run(&answer, program.code, program.n, &data) > 0);
	return answer;
}

/* Runtimes add two conditions on one argument as two rules: either is enough. */
static void conditions_on_one_argument_are_alternatives(void **state)
{
	(void)state;
	assert_int_equal(
		parse("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"acct\"],"
		      "\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		      "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
		      "{\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_EQ\"}]}]}"),
		0);
	assert_true(profile.rules[0].any);
	assert_int_equal(ask("acct", 1, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask("acct", 5, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(ask("acct", 2, 0), SECCOMP_RET_ERRNO | EPERM);
}

static void conditions_on_two_arguments_are_both_needed(void **state)
{
	(void)state;
	assert_int_equal(
		parse("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"acct\"],"
		      "\"action\":\"SCMP_ACT_TRAP\",\"args\":["
		      "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
		      "{\"index\":1,\"value\":5,\"op\":\"SCMP_CMP_GE\"}]}]}"),
		0);
	assert_int_equal(ask("acct", 1, 5), SECCOMP_RET_TRAP);
	assert_int_equal(ask("acct", 1, 4), SECCOMP_RET_ALLOW);
	assert_int_equal(ask("acct", 0, 5), SECCOMP_RET_ALLOW);
}

static void nonsense_is_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "line"},
		{"[]", "object"},
		{"{}", "defaultAction"},
		{"{\"defaultAction\":\"SCMP_ACT_NONE\"}", "defaultAction"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultAction\":\"SCMP_ACT_ALLOW\"}",
		 "duplicate"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":65536}",
		 "defaultErrnoRet"},
		{"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"EWHAT\"}",
		 "defaultErrno"},
		{"{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "listener"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_NEW\"]}",
		 "flags"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[1]}", "architectures"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],"
		 "\"archMap\":[{}]}",
		 "archMap"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":{}}", "syscalls"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[1]}", "rule 0"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"acct\"]}]}",
		 "action"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[],"
		 "\"action\":\"SCMP_ACT_KILL\"}]}",
		 "names"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"acct\"],"
		 "\"action\":\"SCMP_ACT_KILL\",\"args\":[{\"index\":6,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		 "index"},
		{"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"acct\"],"
		 "\"action\":\"SCMP_ACT_KILL\",\"args\":[{\"index\":0,\"op\":\"EQ\"}]}]}",
		 "op"},
		{RULE_IF("\"includes\":{\"minKernel\":\"four\"}"), "minKernel"},
		{RULE_IF("\"includes\":{\"minKernel\":\"4.8x\"}"), "minKernel"},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		if (parse(rows[i].text) != -EINVAL)
			fail_msg("taken: %s", rows[i].text);
		if (!strstr(rf_err_text(&err), rows[i].says))
			fail_msg("row %zu: %s", i, rf_err_text(&err));
	}
}

UNIT_MAIN(cmocka_unit_test_setup_teardown(a_runtime_profile_is_read, new_arena, free_arena),
	  cmocka_unit_test_setup_teardown(rules_are_flattened, new_arena, free_arena),
	  cmocka_unit_test_setup_teardown(min_kernel_is_swept, new_arena, free_arena),
	  cmocka_unit_test_setup_teardown(the_engines_names_of_errors_are_read, new_arena,
					  free_arena),
	  cmocka_unit_test_setup_teardown(conditions_on_one_argument_are_alternatives, new_arena,
					  free_arena),
	  cmocka_unit_test_setup_teardown(conditions_on_two_arguments_are_both_needed, new_arena,
					  free_arena),
	  cmocka_unit_test_setup_teardown(nonsense_is_refused, new_arena, free_arena));
