/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence oci node`: this installation on a node of Kubernetes, from inside a container that
 * sees the node's file system below --root. See docs/kubernetes.md for the manifests, and decision
 * 0082 for the order of the steps.
 */
#include <dirent.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/cmd.h"
#include "cli/oci.h"
#include "cli/oci_files.h"
#include "cli/oci_places.h"
#include "cli/oci_sync.h"
#include "cli/oci_tree.h"
#include "lsm/loader.h"
#include "lsm/rules.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"

#define PREFIX	    "/opt/ringfence"
#define WATCH_MAX_S 86400
#define STAT_MAX    4096
#define START_FIELD 22

static const char usage[] =
	"usage: ringfence oci node install --root DIR [--prefix PATH] [--policies DIR]\n"
	"              [--policy NAME [--exempt NAMESPACE]...] [--containerd-spec FILE]\n"
	"       ringfence oci node sync --root DIR --policies DIR [--watch SECONDS]\n"
	"       ringfence oci node uninstall --root DIR [--prefix PATH] [--force]\n"
	"\n"
	"Puts this installation on the machine whose / is DIR, and takes it away again.\n"
	"\n"
	"  install    policies, then a copy of the programs, then what engines read; whatever is\n"
	"             interrupted, engines call a whole copy, the old one or the new, or none\n"
	"  sync       the policies alone; all of them or, where one is wrong, none\n"
	"  uninstall  what engines read, then the programs, then the policies of the cluster; refuses\n"
	"             while containers are fenced, and keeps the programs until containerd, which\n"
	"             reads its base spec at its start only, was restarted\n"
	"\n"
	"  --prefix PATH          where the programs go below DIR (" PREFIX ")\n"
	"  --policies DIR         *.json to be policies of the machine, a mounted ConfigMap for\n"
	"                         example\n"
	"  --policy NAME          for every container, where no annotation names another\n"
	"  --exempt NAMESPACE     but not for pods of this namespace\n"
	"  --containerd-spec FILE the output of `ctr oci spec` (-: standard input): for containerd,\n"
	"                         instead of hooks.d for CRI-O\n"
	"  --watch SECONDS        stay, and look again so often\n"
	"  --force                although containers are fenced; they stay so\n"
	"\n"
	"Exit status: 0 done, 1 uninstall has to wait, 2 usage, 125 failure.\n";

struct node {
	struct rf_oci_files files;
	const char *prefix, *policies;
	uint64_t watch;
	bool force;
};

static int host_path(char ret[PATH_MAX], const struct node *n, const char *below,
		     struct rf_err *err)
{
	if (snprintf(ret, PATH_MAX, "%s%s", n->files.root, below) >= PATH_MAX)
		return rf_err_set(err, -ENAMETOOLONG, "%s is too long", n->files.root);
	return 0;
}

/* ---- install, sync ---- */

static int sync_once(const struct node *n, struct rf_err *err)
{
	size_t changed = 0;
	int r = rf_oci_sync(n->policies, n->files.root, &changed, err);

	if (r == 0 && changed)
		printf("%zu policies changed\n", changed);
	return r;
}

/* A hook is written last, when what it calls and what it may be asked for are there. */
static int install(struct node *n, struct rf_err *err)
{
	char prefix[PATH_MAX], binary[PATH_MAX];
	int r = host_path(prefix, n, n->prefix, err);

	if (r == 0 &&
	    snprintf(binary, sizeof(binary), "%s" RF_OCI_TREE_BINARY, n->prefix) >= PATH_MAX)
		r = rf_err_set(err, -ENAMETOOLONG, "%s is too long", n->prefix);
	if (r == 0 && n->policies)
		r = sync_once(n, err);
	if (r == 0)
		r = rf_oci_tree_install(prefix, err);
	n->files.binary = binary;
	n->files.only_spec = n->files.spec != NULL;
	if (r == 0)
		r = rf_oci_files_write(&n->files, err);
	return r;
}

static volatile sig_atomic_t ended;

static void end(int sig RF_UNUSED)
{
	ended = 1;
}

/* A container's first process has no default actions for signals. The node stays as it is. */
static int watch(const struct node *n, struct rf_err *err)
{
	const struct sigaction action = {.sa_handler = end};
	const struct timespec pause = {.tv_sec = (time_t)n->watch};
	char told[1024] = "";
	int r;

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	do {
		rf_err_clear(err);
		r = sync_once(n, err);
		(void)fflush(stdout);
		if (r < 0 && n->watch && !rf_str_eq(told, rf_err_text(err)))
			(void)rf_cmd_fail(RF_EXIT_FAILED, err);
		(void)snprintf(told, sizeof(told), "%s", r < 0 ? rf_err_text(err) : "");
	} while (n->watch && !ended && (nanosleep(&pause, NULL) == 0 || !ended));
	return n->watch ? 0 : r;
}

/* ---- uninstall ---- */

static unsigned count_fenced(void)
{
	RF_CLEANUP(rf_lsm_closep) struct rf_lsm *lsm = NULL;
	unsigned fenced = 0;

	if (rf_lsm_open(&lsm, NULL) < 0)
		return 0;
	for (uint32_t slot = 0; slot < rf_fence_limit(lsm); slot++) {
		struct rf_about about;

		fenced += rf_fence_at(lsm, slot)->state == RF_SB_LIVE &&
			  rf_fence_about(lsm, slot, &about) == 0 && about.container[0];
	}
	return fenced;
}

#define TICKS_S 0.02 /* of CLK_TCK, and of the slowest CONFIG_HZ */

/* Seconds since the machine's start at which a process began; negative: it is no containerd. */
static double start_of(const char *pid)
{
	RF_AUTOFREE char *text = NULL;
	char path[64], *at, *word = NULL;
	uint64_t ticks;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	if (rf_fd_read_file(path, STAT_MAX, &text, NULL, NULL) < 0 ||
	    !strstr(text, "(containerd) "))
		return -1;
	at = strrchr(text, ')');
	at = at ? at + 2 : NULL;
	for (int i = 3; at && i <= START_FIELD; i++)
		word = strsep(&at, " ");
	if (!word || rf_parse_u64(word, UINT64_MAX, &ticks) < 0)
		return -1;
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

/* The number of a containerd that read the base spec while it had hooks; 0: there is none. */
static long find_old_containerd(const char *spec)
{
	RF_AUTOCLOSEDIR DIR *dir = opendir("/proc");
	struct timespec now, up;
	struct stat st;
	double cleared;

	if (stat(spec, &st) < 0 || !dir || clock_gettime(CLOCK_REALTIME, &now) < 0 ||
	    clock_gettime(CLOCK_BOOTTIME, &up) < 0)
		return 0;
	/*
	 * As seconds since the machine's start, too. Those of processes are cut to a tick, those of
	 * files to the kernel's own: who began about then counts as before.
	 */
	cleared = (double)st.st_mtim.tv_sec + 1e-9 * (double)st.st_mtim.tv_nsec -
		  ((double)now.tv_sec + 1e-9 * (double)now.tv_nsec) +
		  ((double)up.tv_sec + 1e-9 * (double)up.tv_nsec);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		uint64_t pid;
		double start;

		if (rf_parse_u64(entry->d_name, INT32_MAX, &pid) < 0)
			continue;
		start = start_of(entry->d_name);
		if (start >= 0 && start <= cleared + TICKS_S)
			return (long)pid;
	}
	return 0;
}

/* 1: it has to wait. */
static int uninstall(const struct node *n, struct rf_err *err)
{
	char prefix[PATH_MAX], spec[PATH_MAX];
	unsigned fenced = n->force ? 0 : count_fenced();
	bool has_spec = false;
	long old;
	int r;

	if ((r = host_path(prefix, n, n->prefix, err)) < 0 ||
	    (r = host_path(spec, n, RF_OCI_SPEC_DIR "/" RF_OCI_SPEC_FILE, err)) < 0)
		return r;
	if (fenced) {
		(void)rf_err_set(err, -EBUSY,
				 "%u containers are fenced here, and the next ones would not be: "
				 "drain the node, or --force",
				 fenced);
		return 1;
	}
	r = rf_oci_files_remove(n->files.root, &has_spec, err);
	if (r < 0)
		return r;
	old = has_spec ? find_old_containerd(spec) : 0;
	if (old) {
		(void)rf_err_set(err, -EBUSY,
				 "containerd (process %ld) still has the hooks in memory: restart "
				 "it, then uninstall again; the programs stay until then",
				 old);
		return 1;
	}
	r = rf_oci_tree_remove(prefix, err);
	return r < 0 ? r : rf_oci_sync_remove(n->files.root, err);
}

/* ---- the command ---- */

static bool take(struct node *n, int option, const char *value)
{
	struct rf_oci_files *f = &n->files;

	switch (option) {
	case 'x':
		if (f->n_exempt == RF_OCI_EXEMPT_MAX)
			return false;
		f->exempt[f->n_exempt++] = value;
		return true;
	case 'w':
		return rf_parse_u64(value, WATCH_MAX_S, &n->watch) == 0 && n->watch > 0;
	case 'f':
		n->force = true;
		return true;
	case 'r':
		/* "/" is the machine itself, and paths get their slash from what follows. */
		f->root = rf_str_eq(value, "/") ? "" : value;
		return value[0] == '/';
	case 'd':
		n->prefix = value;
		return value[0] == '/' && value[1] && !rf_str_has_suffix(value, "/");
	default:
		*(option == 'p' ? &f->policy : option == 's' ? &f->spec : &n->policies) = value;
		return *value != '\0';
	}
}

/* -1: go on; else the exit status. */
static int parse(struct node *ret, int argc, char **argv)
{
	static const struct option options[] = {{"root", required_argument, NULL, 'r'},
						{"prefix", required_argument, NULL, 'd'},
						{"policies", required_argument, NULL, 'l'},
						{"policy", required_argument, NULL, 'p'},
						{"exempt", required_argument, NULL, 'x'},
						{"containerd-spec", required_argument, NULL, 's'},
						{"watch", required_argument, NULL, 'w'},
						{"force", no_argument, NULL, 'f'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	/* Which options an action takes. */
	static const char *const takes[][2] = {
		{"install", "rdlpxs"}, {"sync", "rlw"}, {"uninstall", "rdf"}};
	const char *known = "";
	int option;

	optind = 0;
	opterr = 0;
	for (size_t i = 0; argc > 1 && i < RF_ARRAY_LEN(takes); i++)
		if (rf_str_eq(argv[1], takes[i][0]))
			known = takes[i][1];
	if (!*known && argc > 1 && argv[1][0] != '-')
		return rf_cmd_usage("oci node: there is no action %s", argv[1]);
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return RF_EXIT_OK;
		}
		if (option == '?' || (*known && !strchr(known, option)))
			return rf_cmd_usage("oci node: unknown option %s", argv[optind - 1]);
		if (!take(ret, option, optarg))
			return rf_cmd_usage("oci node: %s is no value for this option", optarg);
	}
	if (!*known || argc - optind != 1)
		return rf_cmd_usage("oci node: one action is needed: install, sync or uninstall");
	if (!ret->files.root)
		return rf_cmd_usage("oci node %s: --root is missing", argv[optind]);
	if (rf_str_eq(argv[optind], "sync") && !ret->policies)
		return rf_cmd_usage("oci node sync: --policies is missing");
	if (ret->files.n_exempt && !ret->files.policy)
		return rf_cmd_usage("oci node: --exempt goes with --policy");
	return -1;
}

int rf_oci_cmd_node(int argc, char **argv)
{
	struct node n = {.prefix = PREFIX};
	struct rf_err err = RF_ERR_INIT;
	int status = parse(&n, argc, argv), r;

	if (status >= 0)
		return status;
	r = rf_str_eq(argv[optind], "install") ? install(&n, &err)
	    : rf_str_eq(argv[optind], "sync")  ? watch(&n, &err)
					       : uninstall(&n, &err);
	(void)fflush(stdout);
	if (r != 0)
		return rf_cmd_fail(r > 0 ? RF_EXIT_NO : RF_EXIT_FAILED, &err);
	return RF_EXIT_OK;
}
