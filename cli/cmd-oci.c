/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence oci`: the hook that container runtimes call, here; what an administrator calls, in an
 * executable of its own.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/oci.h"
#include "sandbox/base/install.h"
#include "sandbox/base/str.h"

static const char usage[] =
	"usage: ringfence oci hook [--policy NAME [--exempt NAMESPACE]...]\n"
	"       ringfence oci apply [OPTION]... BUNDLE|CONFIG.json\n"
	"       ringfence oci install [OPTION]... | uninstall [--root DIR]\n"
	"       ringfence oci node install|sync|uninstall [OPTION]...\n"
	"       ringfence oci gc\n"
	"\n"
	"Fences containers of podman, runc, crun, containerd and CRI-O.\n"
	"\n"
	"  hook   what a runtime calls at createRuntime and poststop, with the container's state on\n"
	"         standard input; the container's annotation ringfence.policy names its policy\n"
	"  apply  write into a config.json what only it can hold: system calls, capabilities, ...\n"
	"  install, uninstall   the files that make engines call the hook; --check looks at them\n"
	"  node   the same on a node of Kubernetes, out of a container: programs, policies, files\n"
	"  gc     take away what containers left that are gone\n"
	"\n"
	"Exit status: 0 done, 1 refused, 2 usage, 125 failure.\n";

static int exec_helper(char **argv)
{
	RF_AUTOFREE char *dir = NULL, *path = NULL;
	struct rf_err err = RF_ERR_INIT;

	if (rf_install_libexecdir(&dir, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	if (asprintf(&path, "%s/ringfence-oci", dir) < 0)
		return RF_EXIT_FAILED;
	execv(path, argv);
	rf_err_sys(&err, -errno, "cannot start %s", path);
	return rf_cmd_fail(RF_EXIT_FAILED, &err);
}

int rf_cmd_oci(int argc, char **argv)
{
	if (argc < 2)
		return rf_cmd_usage("oci: an action is missing; `ringfence oci --help` lists them");
	if (rf_str_eq(argv[1], "--help") || rf_str_eq(argv[1], "-h")) {
		fputs(usage, stdout);
		return RF_EXIT_OK;
	}
	if (rf_str_eq(argv[1], "hook"))
		return rf_oci_cmd_hook(argc - 1, argv + 1);
	if (rf_str_eq(argv[1], "gc"))
		return rf_oci_cmd_gc(argc - 1, argv + 1);
	return exec_helper(argv);
}
