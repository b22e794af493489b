/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that no launch needs are executables of their own in libexec. */
#include <stdio.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "sandbox/base/install.h"

int rf_cmd_exec_helper(const char *name, char **argv)
{
	RF_AUTOFREE char *dir = NULL, *path = NULL;
	struct rf_err err = RF_ERR_INIT;

	if (rf_install_libexecdir(&dir, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	if (asprintf(&path, "%s/ringfence-%s", dir, name) < 0)
		return RF_EXIT_FAILED;
	execv(path, argv);
	rf_err_sys(&err, -errno, "cannot start %s", path);
	return rf_cmd_fail(RF_EXIT_FAILED, &err);
}
