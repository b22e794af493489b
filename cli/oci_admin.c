/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executable ringfence-oci: what `ringfence oci` does for administrators and engines, but the
 * hook.
 */
#include <string.h>

#include "cli/cmd.h"
#include "cli/oci.h"
#include "sandbox/base/str.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} actions[] = {
		{"apply", rf_oci_cmd_apply},
		{"install", rf_oci_cmd_install},
		{"node", rf_oci_cmd_node},
		{"uninstall", rf_oci_cmd_uninstall},
	};

	rf_cmd_begin();
	for (size_t i = 0; argc > 1 && i < RF_ARRAY_LEN(actions); i++)
		if (rf_str_eq(argv[1], actions[i].name))
			return actions[i].run(argc - 1, argv + 1);
	return rf_cmd_usage("oci: there is no action %s; `ringfence oci --help` lists them",
			    argc > 1 ? argv[1] : "without a name");
}
