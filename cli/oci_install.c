/* SPDX-License-Identifier: Apache-2.0 */
/* `ringfence oci install` and `uninstall`, on this machine. What they write is in oci_files.c. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/oci.h"
#include "cli/oci_files.h"
#include "cli/oci_places.h"
#include "sandbox/base/install.h"
#include "sandbox/base/str.h"

static const char install_usage[] =
	"usage: ringfence oci install [--policy NAME [--exempt NAMESPACE]...] [--precreate]\n"
	"                             [--containerd-spec FILE] [--root DIR]\n"
	"       ringfence oci install --check [--root DIR]\n"
	"\n"
	"Makes podman and CRI-O call the hook for containers with an annotation ringfence.policy.\n"
	"\n"
	"  --policy NAME          for every container, where no annotation names another\n"
	"  --exempt NAMESPACE     but not for pods of this namespace of Kubernetes\n"
	"  --containerd-spec FILE the output of `ctr oci spec` (-: standard input); written with the\n"
	"                         hooks to " RF_OCI_SPEC_DIR "/" RF_OCI_SPEC_FILE
	", for containerd's\n"
	"                         base_runtime_spec\n"
	"  --precreate            podman only: a further hook that applies the policy's system calls,\n"
	"                         capabilities and devices to the container's config (CRI-O refuses a\n"
	"                         folder with this stage)\n"
	"  --root DIR             below DIR instead of /\n"
	"  --check                look at what is installed and at the containers that run\n"
	"\n"
	"Exit status: 0 done, 1 --check found something, 2 usage, 125 failure.\n";

static const char uninstall_usage[] = "usage: ringfence oci uninstall [--root DIR]\n"
				      "\n"
				      "Removes what `oci install` wrote. A base spec for\n"
				      "containerd stays, without the hooks: containerd does not\n"
				      "start without the file that its configuration names.\n"
				      "\n"
				      "Exit status: 0 done, 2 usage, 125 failure.\n";

struct install {
	struct rf_oci_files files;
	bool check;
};

static bool take(struct install *in, int option, const char *value)
{
	struct rf_oci_files *f = &in->files;

	if (option == 'x' && f->n_exempt == RF_OCI_EXEMPT_MAX)
		return false;
	if (option == 'x')
		f->exempt[f->n_exempt++] = value;
	else if (option == 'c')
		in->check = true;
	else if (option == 'e')
		f->precreate = true;
	else
		*(option == 'p' ? &f->policy : option == 's' ? &f->spec : &f->root) = value;
	return true;
}

/* -1: go on; else the exit status. */
static int parse(struct install *ret, int argc, char **argv, const char *usage)
{
	static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
						{"exempt", required_argument, NULL, 'x'},
						{"containerd-spec", required_argument, NULL, 's'},
						{"root", required_argument, NULL, 'r'},
						{"check", no_argument, NULL, 'c'},
						{"precreate", no_argument, NULL, 'e'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct rf_oci_files *f = &ret->files;
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return RF_EXIT_OK;
		}
		if (option == '?' || (usage == uninstall_usage && option != 'r'))
			return rf_cmd_usage("oci %s: unknown option %s", argv[0], argv[optind - 1]);
		if (!take(ret, option, optarg))
			return rf_cmd_usage("oci install: more than %d --exempt",
					    RF_OCI_EXEMPT_MAX);
	}
	if (optind < argc)
		return rf_cmd_usage("oci %s takes no argument: %s", argv[0], argv[optind]);
	if (ret->check && (f->policy || f->spec || f->precreate))
		return rf_cmd_usage("oci install: --check takes only --root");
	if (f->n_exempt && !f->policy)
		return rf_cmd_usage("oci install: --exempt goes with --policy");
	return -1;
}

static int install(struct install *in, struct rf_err *err)
{
	RF_AUTOFREE char *binary = NULL;
	int r = rf_install_executable(&binary, err);

	if (r == 0 && access(binary, X_OK) < 0)
		r = rf_err_sys(err, -errno, "cannot use %s as the hook", binary);
	in->files.binary = binary;
	if (r == 0)
		r = rf_oci_files_write(&in->files, err);
	return r;
}

int rf_oci_cmd_install(int argc, char **argv)
{
	struct install in = {.files.root = ""};
	struct rf_err err = RF_ERR_INIT;
	int status = parse(&in, argc, argv, install_usage);

	if (status >= 0)
		return status;
	if (!in.check && install(&in, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	return !in.check || rf_oci_check(in.files.root) ? RF_EXIT_OK : RF_EXIT_NO;
}

int rf_oci_cmd_uninstall(int argc, char **argv)
{
	struct install in = {.files.root = ""};
	struct rf_err err = RF_ERR_INIT;
	int status = parse(&in, argc, argv, uninstall_usage);
	bool spec = false;

	if (status >= 0)
		return status;
	if (rf_oci_files_remove(in.files.root, &spec, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	if (spec)
		fputs("restart containerd: until then it calls the hook\n", stdout);
	return RF_EXIT_OK;
}
