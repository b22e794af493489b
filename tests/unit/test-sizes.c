/* SPDX-License-Identifier: Apache-2.0 */
/* What a compiled policy costs: each size of a small policy, and that none passes its limit. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/launch/filter.h"
#include "sandbox/launch/sizes.h"
#include "sandbox/policy/policy.h"

static const char text[] =
	"{\"ringfence\":1,\"name\":\"t\",\"files\":{\"default\":\"deny\",\"rules\":["
	"{\"allow\":[\"read\"],\"paths\":[\"/zz-a/**\",\"/zz-b\"],\"except\":[\"/zz-a/x\"]},"
	"{\"deny\":[\"read\"],\"paths\":[\"/zz-c/{d,e}\",\"/zz-f\",\"/zz-g/*\"]}]},"
	"\"network\":{\"default\":\"deny\",\"rules\":["
	"{\"allow\":[\"connect\"],\"to\":[\"10.0.0.0/8\",\"192.0.2.1\"],\"ports\":[1,3]},"
	"{\"allow\":[\"connect\"],\"to\":[\"10.1.0.0/16\"]},"
	"{\"allow\":[\"connect\"],\"unix\":[\"@zz\"]}]},"
	"\"devices\":{\"default\":\"deny\",\"rules\":["
	"{\"allow\":[\"read\"],\"nodes\":[\"char 1:3\",\"char 1:5\"]}]},"
	"\"seccomp\":{\"default\":\"allow\",\"rules\":["
	"{\"deny\":[\"fcntl\"],\"args\":[{\"index\":1,\"op\":\"eq\",\"value\":77}]},"
	"{\"deny\":[\"fcntl\"],\"args\":[{\"index\":1,\"op\":\"eq\",\"value\":78}]},"
	"{\"deny\":[\"ptrace\",\"bpf\"]}]}}";

static struct rf_policy *load(const char *json)
{
	char path[] = "/tmp/rf-test-sizes-XXXXXX.json";
	int fd = mkstemps(path, 5);
	const char *name = path;
	const struct rf_load_options options = {.root = "/"};
	struct rf_err err = RF_ERR_INIT;
	struct rf_policy *policy = NULL;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, json, strlen(json)), (ssize_t)strlen(json));
	close(fd);
	if (rf_policy_load(&policy, &name, 1, &options, NULL, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	unlink(path);
	return policy;
}

static struct rf_sizes measure(const char *json)
{
	struct rf_policy *policy = load(json);
	struct rf_err err = RF_ERR_INIT;
	struct rf_sizes sizes;

	if (rf_sizes_measure(&sizes, policy, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	rf_policy_free(policy);
	return sizes;
}

static void sizes_by_table(void **state)
{
	static const struct {
		enum rf_size size;
		uint64_t value;
	} rows[] = {
		{RF_SIZE_RULES, 9},
		{RF_SIZE_PATTERNS, 7},
		{RF_SIZE_ADDRESS_RANGES, 3},
		{RF_SIZE_CALLS, 4},
		{RF_SIZE_FILTERS, 1},
		/* before 10/8, in it, in 10.1/16, in it again, behind it, 192.0.2.1, the rest */
		{RF_SIZE_ADDRESS_INTERVALS, 7},
		{RF_SIZE_ADDRESS_LIST, 3}, /* 10.1.0.0: two ports of one rule, and the other */
		{RF_SIZE_DEVICES, 2},
		{RF_SIZE_FIXED_NAMES, 3}, /* two in braces and one */
		{RF_SIZE_FIXED_NAME_SLOTS, 64},
		{RF_SIZE_POLICY_MAP_BYTES, 131072}, /* never less than eight pages */
		{RF_SIZE_RING_BYTES, 524288},
		{RF_SIZE_REPEAT_BYTES, 49216},
		{RF_SIZE_CASES, 3},    /* fcntl: 77, 78, else */
		{RF_SIZE_PROGRAMS, 2}, /* what answers without being told of is one by itself */
	};
	struct rf_sizes sizes = measure(text);
	const uint64_t *v = sizes.value;

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++)
		if (v[rows[i].size] != rows[i].value)
			fail_msg("%s: %llu, wanted %llu", rf_size_name(rows[i].size),
				 (unsigned long long)v[rows[i].size],
				 (unsigned long long)rows[i].value);
	assert_true(v[RF_SIZE_PATH_STATES] > 10 &&
		    v[RF_SIZE_PATH_STATES] <= v[RF_SIZE_PATH_STATES_BEFORE]);
	assert_true(v[RF_SIZE_NAME_STATES] > 3 &&
		    v[RF_SIZE_NAME_STATES] <= v[RF_SIZE_NAME_STATES_BEFORE]);
	assert_true(v[RF_SIZE_TRANSITIONS_BEFORE] > 10 && v[RF_SIZE_PIECES] > 10 &&
		    v[RF_SIZE_STEPS] > 10 && v[RF_SIZE_VERDICTS] > 2 &&
		    v[RF_SIZE_RELATED_STATES] > 2);
	/* 16 bytes before all programs, 8 before each, 8 an instruction. */
	assert_int_equal(v[RF_SIZE_FILTER_BYTES],
			 16 + 8 * v[RF_SIZE_PROGRAMS] + 8 * v[RF_SIZE_INSTRUCTIONS]);
	assert_in_range(v[RF_SIZE_PROGRAM_INSTRUCTIONS], v[RF_SIZE_INSTRUCTIONS] / 2,
			v[RF_SIZE_INSTRUCTIONS] - 1);
	/* The parts are the whole but for its head and what the last page has left. */
	assert_int_equal(v[RF_SIZE_IMAGE_BYTES] % 16384, 0);
	assert_true(v[RF_SIZE_RULE_BYTES] >= 72 && v[RF_SIZE_DEVICE_BYTES] >= 64 &&
		    v[RF_SIZE_ADDRESS_BYTES] >= 7 * 24);
	assert_in_range(v[RF_SIZE_RULE_BYTES] + v[RF_SIZE_DEVICE_BYTES] + v[RF_SIZE_ADDRESS_BYTES] +
				v[RF_SIZE_STATE_BYTES],
			v[RF_SIZE_IMAGE_BYTES] - 2 * 16384, v[RF_SIZE_IMAGE_BYTES]);
}

/* An empty policy has self-protection, a filter, and nothing else. */
static void an_empty_policy_is_small(void **state)
{
	struct rf_sizes sizes = measure("{\"ringfence\":1,\"name\":\"t\"}");

	(void)state;
	assert_int_equal(sizes.value[RF_SIZE_RULES], 0);
	assert_int_equal(sizes.value[RF_SIZE_FIXED_NAME_SLOTS], 0);
	assert_int_equal(sizes.value[RF_SIZE_ADDRESS_INTERVALS], 0);
	assert_int_equal(sizes.value[RF_SIZE_DEVICES], 0);
	assert_true(sizes.value[RF_SIZE_PATH_STATES] > 3);
	assert_true(sizes.value[RF_SIZE_INSTRUCTIONS] > 10);
}

static void every_size_has_a_name_and_keeps_its_limit(void **state)
{
	struct rf_sizes sizes = measure(text);

	(void)state;
	for (unsigned int i = 0; i < RF_SIZE_COUNT; i++) {
		uint64_t limit = rf_size_limit((enum rf_size)i);

		assert_non_null(rf_size_name((enum rf_size)i));
		assert_true(!limit || sizes.value[i] <= limit);
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(rf_size_name((enum rf_size)i),
						rf_size_name((enum rf_size)k));
	}
}

static void a_filter_is_measured_or_refused(void **state)
{
	static const char rubbish[64] = "no filter";
	struct rf_filter_size size;

	(void)state;
	assert_int_equal(rf_filter_measure(&size, rubbish, sizeof(rubbish)), -EINVAL);
}

UNIT_MAIN(cmocka_unit_test(sizes_by_table), cmocka_unit_test(an_empty_policy_is_small),
	  cmocka_unit_test(every_size_has_a_name_and_keeps_its_limit),
	  cmocka_unit_test(a_filter_is_measured_or_refused));
