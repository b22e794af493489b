/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a policy: refused with a sentence and a place, or loaded into a policy whose
 * canonical form can be told. Never a crash, never a half-loaded policy, never a silent refusal.
 */
#include <assert.h>

#include "sandbox/policy/load.h"
#include "sandbox/policy/policy.h"
#include "tests/fuzz/fuzz.h"

RF_DEFINE_CLEANUP(struct rf_policy, free_policy, rf_policy_free)

static const struct rf_variable variables[] = {
	{"HOME", "/home/user"}, {"CWD", "/home/user/work"}, {"USER", "user"},
	{"UID", "1000"},	{"TMPDIR", "/tmp"},	    {"WORK", "/home/user/work"},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rf_load_options options = {
		.variables = variables,
		.n_variables = RF_ARRAY_LEN(variables),
	};
	RF_CLEANUP(free_policy) struct rf_policy *policy = NULL;
	struct rf_problems problems = {0};
	struct rf_err err = RF_ERR_INIT;
	int r = rf_policy_load_text(&policy, "fuzz.json", (const char *)data, size, &options,
				    &problems, &err);

	assert(r <= 0);
	assert((r == 0) == (policy != NULL));
	assert(r == 0 || (err.code < 0 && err.msg[0]));
	rf_problems_done(&problems);
	return 0;
}
