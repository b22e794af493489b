/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The actions of `ringfence policy` that no launch needs, in an executable of their own.
 */
#include "cli/cmd.h"
#include "cli/policy.h"
#include "sandbox/base/str.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} actions[] = {
	{"diff", rf_policy_cmd_diff},	    {"replay", rf_policy_cmd_replay},
	{"replace", rf_policy_cmd_replace}, {"import", rf_policy_cmd_import},
	{"export", rf_policy_cmd_export},
};

int main(int argc, char **argv)
{
	rf_cmd_begin();
	for (size_t i = 0; argc > 0 && i < RF_ARRAY_LEN(actions); i++)
		if (rf_str_eq(actions[i].name, argv[0]))
			return actions[i].run(argc, argv);
	return rf_cmd_usage("this is a part of `ringfence policy`");
}
