/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules mean: precedence, widths, multiplexed calls, foreign ABIs, sessions, who is named.
 * Written as tables of call and answer, not against the generator's own idea.
 */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "sandbox/policy/syslayer.h"

struct row {
	const char *abi, *name;
	uint64_t a, b, c;
	uint32_t wanted;
};

static void check_rows(const struct sim *sim, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &rows[i];
		uint32_t got = sim_call(sim, row->abi, row->name, row->a, row->b, row->c);

		if (got != row->wanted)
			fail_msg("%s %s(%#llx, %#llx, %#llx): %#x, wanted %#x", row->abi, row->name,
				 (unsigned long long)row->a, (unsigned long long)row->b,
				 (unsigned long long)row->c, got, row->wanted);
	}
}

static const struct rf_call ioctl_call[] = {{"ioctl", false}};
static const struct rf_call socket_call[] = {{"socket", false}, {"msgget", false}};
static const struct rf_call lseek_call[] = {{"lseek", false}};
static const struct rf_call two_calls[] = {{"lseek", false}, {"getpid", false}};

static void deny_beats_arguments_beat_allow_beats_base(void **state)
{
	static const struct rf_arg_test eq5[] = {{.index = 1, .op = RF_ARG_EQ, .value = 5}};
	static const struct rf_arg_test gt3[] = {{.index = 1, .op = RF_ARG_GT, .value = 3}};
	struct rf_sys_rule rules[] = {
		SIM_RULE("allow", false, two_calls, NULL, 0),
		SIM_RULE("allow-args", false, lseek_call, gt3, 1),
		SIM_RULE("deny-args", true, lseek_call, eq5, 1),
		SIM_RULE("deny", true, ioctl_call, NULL, 0),
		SIM_RULE("allow-void", false, ioctl_call, gt3, 1),
	};
	const struct rf_filter filter = {.kind = RF_FILTER_DEFAULT,
					 .fallback = RF_DEFAULT_DENY,
					 .errno_value = EDOM,
					 .rules = rules,
					 .n_rules = RF_ARRAY_LEN(rules)};
	static const struct row rows[] = {
		{"x86_64", "lseek", 0, 5, 0, SIM_ERRNO(EXDEV)},
		{"x86_64", "lseek", 0, 4, 0, SIM_ALLOW},
		{"x86_64", "lseek", 0, 1, 0, SIM_ALLOW},
		{"x86_64", "lseek", 0, 0x100000005, 0, SIM_ALLOW}, /* an offset has 64 bits */
		{"x86_64", "getpid", 0, 5, 0, SIM_ALLOW},
		{"x86_64", "ioctl", 0, 9, 0, SIM_ERRNO(EDOM)},
		{"x86_64", "getppid", 0, 0, 0, SIM_ERRNO(EDOM)},
		{"i386", "lseek", 0, 5, 0, SIM_ERRNO(EXDEV)},
		{"i386", "getppid", 0, 0, 0, SIM_ERRNO(EDOM)},
		{"x32", "getpid", 0, 0, 0, SIM_ERRNO(ENOSYS)},
		{"x32", "ioctl", 0, 0, 0, SIM_ERRNO(ENOSYS)},
	};
	struct rf_policy policy = sim_policy(&filter, 1);
	const struct rf_sys_context context = {0};
	struct sim sim;

	(void)state;
	rules[2].rule.errno_value = EXDEV;
	sim_open(&sim, &policy, &context);
	check_rows(&sim, rows, RF_ARRAY_LEN(rows));
	sim_close(&sim);
}

/* An int is compared in its low half: rubbish above neither dodges a denial nor breaks a
 * permission. */
static void ints_are_compared_in_their_low_half(void **state)
{
	static const struct rf_arg_test cmd[] = {
		{.index = 1, .op = RF_ARG_EQ, .value = 0x5413},
		{.index = 0, .op = RF_ARG_NE, .value = (uint64_t)-1},
	};
	const struct rf_sys_rule rules[] = {SIM_RULE("cmd", true, ioctl_call, cmd, 2)};
	const struct rf_filter filter = {.kind = RF_FILTER_DEFAULT,
					 .fallback = RF_DEFAULT_ALLOW,
					 .rules = rules,
					 .n_rules = 1};
	static const struct row rows[] = {
		{"x86_64", "ioctl", 0, 0x5413, 0, SIM_ERRNO(EPERM)},
		{"x86_64", "ioctl", 0, 0xdead00005413, 0, SIM_ERRNO(EPERM)},
		{"x86_64", "ioctl", 0, 0xffffffff00005413, 0, SIM_ERRNO(EPERM)},
		{"x86_64", "ioctl", (uint64_t)-1, 0x5413, 0, SIM_ALLOW},
		{"x86_64", "ioctl", 0xffffffff, 0x5413, 0, SIM_ALLOW},
		{"x86_64", "ioctl", 0x1ffffffff, 0x5413, 0, SIM_ALLOW},
		{"x86_64", "ioctl", 0, 0x5414, 0, SIM_ALLOW},
		{"i386", "ioctl", 0, 0x5413, 0, SIM_ERRNO(EPERM)},
		{"i386", "ioctl", 0xffffffff, 0x5413, 0, SIM_ALLOW},
		{"x86_64", "ioctl", 0, 0x5412, 0, SIM_ERRNO(EPERM)}, /* TIOCSTI, always */
		{"x86_64", "ioctl", 0, 0xf00005412, 0, SIM_ERRNO(EPERM)},
		{"x86_64", "ioctl", 0, 0x541c, 0, SIM_ERRNO(EPERM)}, /* TIOCLINUX */
		{"i386", "ioctl", 0, 0x5412, 0, SIM_ERRNO(EPERM)},
	};
	struct rf_policy policy = sim_policy(&filter, 1);
	const struct rf_sys_context context = {0};
	struct sim sim;

	(void)state;
	sim_open(&sim, &policy, &context);
	check_rows(&sim, rows, RF_ARRAY_LEN(rows));
	sim_close(&sim);
}

static void multiplexed_calls_are_no_way_around(void **state)
{
	static const struct rf_arg_test family[] = {{.index = 0, .op = RF_ARG_EQ, .value = AF_ALG}};
	struct rf_sys_rule rules[] = {SIM_RULE("family", true, socket_call, family, 1)};
	struct rf_filter filter = {.kind = RF_FILTER_DEFAULT,
				   .fallback = RF_DEFAULT_ALLOW,
				   .rules = rules,
				   .n_rules = 1};
	static const struct row denied[] = {
		{"x86_64", "socket", AF_ALG, 0, 0, SIM_ERRNO(EPERM)},
		{"x86_64", "socket", AF_INET, 0, 0, SIM_ALLOW},
		{"i386", "socket", AF_ALG, 0, 0, SIM_ERRNO(EPERM)},
		{"i386", "socket", AF_INET, 0, 0, SIM_ALLOW},
		{"i386", "socketcall", 1, 0, 0, SIM_ERRNO(EPERM)}, /* cannot be seen */
		{"i386", "socketcall", 2, 0, 0, SIM_ALLOW},
		{"i386", "ipc", 13, 0, 0, SIM_ERRNO(EPERM)},
		{"i386", "ipc", 0x1000d, 0, 0, SIM_ERRNO(EPERM)}, /* version in the upper half */
		{"i386", "ipc", 14, 0, 0, SIM_ALLOW},
	};
	static const struct row allowed[] = {
		{"i386", "socket", AF_ALG, 0, 0, SIM_ALLOW},
		{"i386", "socket", AF_INET, 0, 0, SIM_ERRNO(EPERM)},
		{"i386", "socketcall", 1, 0, 0, SIM_ERRNO(EPERM)},
		{"i386", "socketcall", 2, 0, 0, SIM_ERRNO(EPERM)},
	};
	static const struct row whole[] = {
		{"i386", "socketcall", 1, 0, 0, SIM_ALLOW},
		{"i386", "socketcall", 2, 0, 0, SIM_ERRNO(EPERM)},
		{"i386", "ipc", 13, 0, 0, SIM_ALLOW},
		{"i386", "ipc", 1, 0, 0, SIM_ERRNO(EPERM)},
	};
	struct rf_policy policy = sim_policy(&filter, 1);
	const struct rf_sys_context context = {0};
	struct sim sim;

	(void)state;
	sim_open(&sim, &policy, &context);
	check_rows(&sim, denied, RF_ARRAY_LEN(denied));
	sim_close(&sim);
	rules[0].rule.deny = false;
	filter.fallback = RF_DEFAULT_DENY;
	sim_open(&sim, &policy, &context);
	check_rows(&sim, allowed, RF_ARRAY_LEN(allowed));
	sim_close(&sim);
	rules[0].n_args = 0;
	sim_open(&sim, &policy, &context);
	check_rows(&sim, whole, RF_ARRAY_LEN(whole));
	sim_close(&sim);
}

static void explain(const struct rf_policy *policy, const struct rf_sys_context *context,
		    const char *call, uint64_t a, uint64_t b, struct rf_sys_answer *ret)
{
	const uint64_t args[6] = {a, b};
	struct rf_err err = RF_ERR_INIT;
	int nr = rf_call_number(rf_abi_at(0), call);

	if (rf_filter_explain(policy, context, rf_abi_at(0)->audit_arch, (uint32_t)nr, args, ret,
			      &err) < 0)
		fail_msg("%s", rf_err_text(&err));
}

static void the_deciding_rule_is_named(void **state)
{
	static const struct rf_arg_test eq5[] = {{.index = 1, .op = RF_ARG_EQ, .value = 5}};
	struct rf_sys_rule rules[] = {SIM_RULE("five", true, lseek_call, eq5, 1),
				      SIM_RULE("two", false, two_calls, NULL, 0),
				      SIM_RULE("watch", true, socket_call, NULL, 0)};
	const struct rf_filter filter = {.kind = RF_FILTER_BASE,
					 .base = "container-default",
					 .place = {.file = "p.json", .line = 7},
					 .rules = rules,
					 .n_rules = 3};
	struct rf_policy policy = sim_policy(&filter, 1);
	const struct rf_sys_context context = {0}, exec = {.session = RF_SESSION_EXEC};
	struct rf_sys_answer answer;

	(void)state;
	policy.kernel[RF_KERNEL_MOUNT].value = RF_KERNEL_DENY;
	policy.kernel[RF_KERNEL_MOUNT].place = (struct rf_place){.file = "k.json", .line = 3};
	rules[0].rule.session = RF_SESSION_INIT;
	rules[0].rule.errno_value = EXDEV;
	rules[0].rule.place = (struct rf_place){.file = "p.json", .line = 12};
	rules[2].rule.mode = RF_MODE_AUDIT;
	explain(&policy, &context, "lseek", 0, 5, &answer);
	assert_int_equal(answer.verdict, RF_SYS_DENIED);
	assert_int_equal(answer.errno_value, EXDEV);
	assert_ptr_equal(answer.rule, &rules[0].rule);
	assert_string_equal(answer.rule_id, "five");
	assert_int_equal(answer.place.line, 12);
	assert_true(answer.depends_on_args);
	explain(&policy, &exec, "lseek", 0, 5, &answer);
	assert_int_equal(answer.verdict, RF_SYS_ALLOWED);
	assert_string_equal(answer.rule_id, "two");
	explain(&policy, &context, "mount", 0, 0, &answer);
	assert_string_equal(answer.rule_id, "kernel.mount");
	assert_int_equal(answer.key, RF_KERNEL_MOUNT);
	assert_int_equal(answer.errno_value, EPERM);
	assert_int_equal(answer.place.line, 3);
	explain(&policy, &context, "ioctl", 0, 0x5412, &answer);
	assert_string_equal(answer.rule_id, "ringfence.self");
	explain(&policy, &context, "swapon", 0, 0, &answer);
	assert_string_equal(answer.rule_id, "seccomp.default");
	assert_int_equal(answer.place.line, 7);
	explain(&policy, &context, "msgget", 0, 0, &answer);
	assert_int_equal(answer.verdict, RF_SYS_LOGGED);
	assert_true(answer.would_deny);
	assert_string_equal(answer.rule_id, "watch");
	explain(&policy, &context, "read", 0, 0, &answer);
	assert_int_equal(answer.verdict, RF_SYS_ALLOWED);
	assert_false(answer.depends_on_args);
}

/* In audit mode nothing is refused but what ringfence always refuses. */
static void audit_mode_refuses_nothing_of_the_policy(void **state)
{
	const struct rf_filter filter = {.kind = RF_FILTER_DEFAULT, .fallback = RF_DEFAULT_DENY};
	struct rf_policy policy = sim_policy(&filter, 1);
	static const struct row rows[] = {
		{"x86_64", "read", 0, 0, 0, SIM_LOG},
		{"x86_64", "mount", 0, 0, 0, SIM_LOG},
		{"x86_64", "clone3", 0, 0, 0, SIM_LOG},
		{"i386", "read", 0, 0, 0, SIM_LOG},
		{"x32", "read", 0, 0, 0, SIM_LOG},
		{"x86_64", "ioctl", 0, 0x5412, 0, SIM_ERRNO(EPERM)},
	};
	const struct rf_sys_context context = {0};
	struct sim sim;

	(void)state;
	policy.mode = RF_MODE_AUDIT;
	for (int key = 0; key < RF_KERNEL_COUNT; key++)
		policy.kernel[key].value = RF_KERNEL_DENY;
	sim_open(&sim, &policy, &context);
	check_rows(&sim, rows, RF_ARRAY_LEN(rows));
	sim_close(&sim);
}

/* 500 rules with arguments, no two alike: built in well under a second, and they still decide. */
static void five_hundred_rules_fit(void **state)
{
	enum {
		N = 500
	};
	struct rf_sys_rule *rules = calloc(N, sizeof(*rules));
	struct rf_arg_test *args = calloc(N, 2 * sizeof(*args));
	struct rf_call *calls = calloc(N, sizeof(*calls));
	struct rf_filter filter = {
		.kind = RF_FILTER_BASE, .base = "container-default", .rules = rules, .n_rules = N};
	struct rf_policy policy = sim_policy(&filter, 1);
	const struct rf_sys_context context = {0};
	struct timespec begin, end;
	struct sim sim;
	uint32_t nr = 0;

	(void)state;
	for (size_t i = 0; i < N; i++, nr++) {
		while (!rf_call_name(rf_abi_at(0), nr % 450))
			nr++;
		calls[i] = (struct rf_call){.name = rf_call_name(rf_abi_at(0), nr % 450)};
		args[2 * i] = (struct rf_arg_test){.index = 2, .op = RF_ARG_EQ, .value = 77 + i};
		args[2 * i + 1] = (struct rf_arg_test){.index = 1, .op = RF_ARG_GT, .value = i};
		rules[i].calls = &calls[i];
		rules[i].n_calls = 1;
		rules[i].args = &args[2 * i];
		rules[i].n_args = 2;
		rules[i].rule.id = "some";
		rules[i].rule.deny = true;
		rules[i].rule.errno_value = EXDEV;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	sim_open(&sim, &policy, &context);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec < 2);
	assert_int_equal(sim_call(&sim, "x86_64", calls[3].name, 0, 4, 80), SIM_ERRNO(EXDEV));
	assert_int_equal(sim_call(&sim, "x86_64", calls[3].name, 0, 4, 81), SIM_ALLOW);
	sim_close(&sim);
	free(rules);
	free(args);
	free(calls);
}

static void assert_model(const struct rf_policy *policy, const char *refusal)
{
	const struct rf_sys_context context = {0};
	RF_CLEANUP(rf_sys_model_freep) struct rf_sys_model *model = NULL;
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_sys_model_new(&model, policy, &context, &err), refusal ? -E2BIG : 0);
	if (refusal)
		assert_string_equal(rf_err_text(&err), refusal);
}

/* `n` rules that each allow fcntl with another value of one argument. */
static void allow_values(struct rf_filter *filter, struct rf_sys_rule *rules,
			 struct rf_arg_test *args, uint8_t index, size_t n)
{
	static const struct rf_call call = {.name = "fcntl"};

	for (size_t i = 0; i < n; i++) {
		args[i] = (struct rf_arg_test){.index = index, .op = RF_ARG_EQ, .value = i};
		rules[i] =
			(struct rf_sys_rule){.rule = {.section = RF_SECTION_SECCOMP, .id = "some"},
					     .calls = &call,
					     .n_calls = 1,
					     .args = &args[i],
					     .n_args = 1};
	}
	*filter = (struct rf_filter){.kind = RF_FILTER_DEFAULT,
				     .fallback = RF_DEFAULT_DENY,
				     .rules = rules,
				     .n_rules = n};
}

/* docs/policy.md, "Limits". Each filter alone is small; what both allow has n * n cases. */
static void filters_and_cases_have_limits(void **state)
{
	enum {
		N = 60
	};
	struct rf_sys_rule rules[2][N];
	struct rf_arg_test args[2][N];
	struct rf_filter filters[61] = {0};
	struct rf_policy policy = sim_policy(filters, 60);

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(filters); i++)
		filters[i] =
			(struct rf_filter){.kind = RF_FILTER_DEFAULT, .fallback = RF_DEFAULT_ALLOW};
	assert_model(&policy, NULL);
	policy.n_filters = 61;
	assert_model(&policy, "more than 60 seccomp filters to unite");

	policy.n_filters = 2;
	for (uint8_t i = 0; i < 2; i++)
		allow_values(&filters[i], rules[i], args[i], i, N);
	assert_model(&policy, "seccomp: the rules about fcntl, united, need more than 2048 cases");
	for (size_t i = 0; i < 2; i++)
		filters[i].n_rules = 30;
	assert_model(&policy, NULL);
}

/* A rule is written out for each of its calls on each ABI, with all its values. */
static void what_is_written_out_has_a_limit(void **state)
{
	static const struct rf_call calls[] = {
		{"fcntl", false}, {"ioctl", false}, {"socket", false}, {"mmap", false}};
	static uint64_t values[RF_SYS_PIECES_MAX / 8];
	struct rf_arg_test args[] = {{.index = 1, .op = RF_ARG_IN, .values = values}};
	const struct rf_sys_rule rules[] = {SIM_RULE("many", true, calls, args, 1)};
	const struct rf_filter filter = {.kind = RF_FILTER_DEFAULT,
					 .fallback = RF_DEFAULT_ALLOW,
					 .rules = rules,
					 .n_rules = 1};
	struct rf_policy policy = sim_policy(&filter, 1);

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(values); i++)
		values[i] = i;
	args[0].n_values = RF_ARRAY_LEN(values);
	assert_model(
		&policy,
		"seccomp: the rules, written out for each call, need more than 1000000 pieces; "
		"the limit is reached by the rule many");
	args[0].n_values = RF_ARRAY_LEN(values) / 2;
	assert_model(&policy, NULL);
}

/* Of one filter alone, too. */
static void cases_about_one_call_have_a_limit(void **state)
{
	enum {
		N = RF_SYS_CLAUSES_MAX
	};
	static struct rf_sys_rule rules[N];
	static struct rf_arg_test args[N];
	struct rf_filter filter = {
		.kind = RF_FILTER_DEFAULT, .rules = rules, .n_rules = N, .errno_value = ENOSYS};
	struct rf_policy policy = sim_policy(&filter, 1);

	(void)state;
	allow_values(&filter, rules, args, 1, N);
	assert_model(&policy, "seccomp: the rules about fcntl, united, need more than 2048 cases");
}

UNIT_MAIN(cmocka_unit_test(deny_beats_arguments_beat_allow_beats_base),
	  cmocka_unit_test(ints_are_compared_in_their_low_half),
	  cmocka_unit_test(multiplexed_calls_are_no_way_around),
	  cmocka_unit_test(the_deciding_rule_is_named),
	  cmocka_unit_test(audit_mode_refuses_nothing_of_the_policy),
	  cmocka_unit_test(five_hundred_rules_fit), cmocka_unit_test(filters_and_cases_have_limits),
	  cmocka_unit_test(what_is_written_out_has_a_limit),
	  cmocka_unit_test(cases_about_one_call_have_a_limit));
