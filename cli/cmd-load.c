/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence load`, `unload` and `status`: the kernel side as a whole.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/status_list.h"
#include "cli/status_metrics.h"
#include "cli/status_records.h"
#include "lsm/cgroup.h"
#include "lsm/loader.h"
#include "lsm/rules.h"
#include "lsm/tree.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/log.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/found.h"
#include "sandbox/launch/oci_arm.h"
#include "sandbox/launch/service_own.h"

static const char load_help[] =
	"usage: ringfence load [--replace] [--oracle WAY]\n"
	"\n"
	"Loads the kernel side and pins it below /sys/fs/bpf/ringfence, where it stays until unload\n"
	"or the next boot. The first `run` does this by itself.\n"
	"\n"
	"  --replace      put this build's in place of another's, under running sandboxes too\n"
	"  --oracle WAY   how paths are judged, from now on; for tests of ringfence itself:\n"
	"                 only   by a walk of each path, nothing that is kept about directories\n"
	"                 check  both ways; a difference is counted (status --json) and denied\n"
	"                 off    as usual: from what is kept, else by the walk\n"
	"\n"
	"exit status: 0 loaded, 2 usage, 125 failure\n";

static const char unload_help[] =
	"usage: ringfence unload [--force]\n"
	"\n"
	"Removes the kernel side. Refused while sandboxes run.\n"
	"\n"
	"  --force     take their fence away from running sandboxes\n"
	"\n"
	"exit status: 0 nothing is loaded any more, 2 usage, 125 failure\n";

static const char status_help[] =
	"usage: ringfence status [--json|--metrics] [--verify]\n"
	"\n"
	"Lists the sandboxes and says whether the kernel side is loaded; an ordinary user's are his\n"
	"own. What the kernel side does not have (it needs BPF LSM) is listed without counts.\n"
	"\n"
	"  --json      one object: {\"sandboxes\":[{\"id\":...}],...}\n"
	"  --metrics   counters in Prometheus's text format\n"
	"  --verify    exit 1 unless this build's kernel side is loaded and whole\n"
	"\n"
	"exit status: 0 done, 1 --verify found something, 2 usage, 125 failure\n";

enum {
	OPT_FLAG = 256,
	OPT_JSON,
	OPT_METRICS,
	OPT_VERIFY,
	OPT_REPLACE,
	OPT_ORACLE,
	OPT_HELP
};

/* Parses `--flag` and --help only. -1: go on; else the exit status. */
static int parse_flag(int argc, char **argv, const char *flag, const char *help, bool *ret)
{
	const struct option options[] = {{flag, no_argument, NULL, OPT_FLAG},
					 {"help", no_argument, NULL, OPT_HELP},
					 {NULL, 0, NULL, 0}};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(help, stdout);
			return RF_EXIT_OK;
		}
		if (option != OPT_FLAG)
			return rf_cmd_usage("%s: unknown option %s", argv[0], argv[optind - 1]);
		*ret = true;
	}
	if (optind < argc)
		return rf_cmd_usage("%s takes no argument: %s", argv[0], argv[optind]);
	return -1;
}

static const struct {
	const char *word, *said; /* as an option, as `status` says it */
} tree_modes[] = {
	[RF_TREE_WALK] = {"only", "walked"},
	[RF_TREE_KEEP] = {"off", "kept"},
	[RF_TREE_CHECK] = {"check", "checked"},
};

/* RF_TREE_*, or -1. */
static int find_mode(const char *word)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(tree_modes); i++)
		if (!strcmp(tree_modes[i].word, word))
			return (int)i;
	return -1;
}

static int load_kernel_side(bool replace, int mode)
{
	struct rf_err err = RF_ERR_INIT;
	int r = rf_lsm_load(replace, &err);

	/* What was asked for is not refused silently: nothing can be kept unseen. */
	if (r == 0 && mode >= 0 && mode != RF_TREE_WALK)
		r = rf_tree_try(&err);
	if (r == 0 && mode >= 0)
		r = rf_tree_set((uint32_t)mode, &err);
	return r < 0 ? rf_cmd_fail_as_user(r, "loading", &err) : RF_EXIT_OK;
}

int rf_cmd_load(int argc, char **argv)
{
	static const struct option options[] = {{"replace", no_argument, NULL, OPT_REPLACE},
						{"oracle", required_argument, NULL, OPT_ORACLE},
						{"help", no_argument, NULL, OPT_HELP},
						{NULL, 0, NULL, 0}};
	bool replace = false;
	int option, mode = -1;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(load_help, stdout);
			return RF_EXIT_OK;
		}
		if (option != OPT_REPLACE && option != OPT_ORACLE)
			return rf_cmd_usage("load: unknown option %s", argv[optind - 1]);
		if (option == OPT_REPLACE)
			replace = true;
		else if ((mode = find_mode(optarg)) < 0)
			return rf_cmd_usage("load: --oracle is only, check or off: %s", optarg);
	}
	if (optind < argc)
		return rf_cmd_usage("load takes no argument: %s", argv[optind]);
	return load_kernel_side(replace, mode);
}

int rf_cmd_unload(int argc, char **argv)
{
	struct rf_err err = RF_ERR_INIT;
	unsigned gone = 0;
	bool force = false;
	int status = parse_flag(argc, argv, "force", unload_help, &force), r;

	if (status >= 0)
		return status;
	/* Containers that are gone are in nobody's way. */
	if (rf_oci_collect(&gone, NULL) < 0)
		rf_log_debug("cannot look for what containers left");
	r = rf_lsm_unload(force, &err);
	if (r == 0)
		r = rf_cg_unload(force, &err);
	return r < 0 ? rf_cmd_fail_as_user(r, "unloading", &err) : RF_EXIT_OK;
}

/* ---- status ---- */

static const char *const state_words[] = {
	[RF_LSM_ABSENT] = "not loaded",
	[RF_LSM_CURRENT] = "loaded",
	[RF_LSM_OTHER] = "another build is loaded",
};

static const char *const state_keys[] = {
	[RF_LSM_ABSENT] = "absent",
	[RF_LSM_CURRENT] = "loaded",
	[RF_LSM_OTHER] = "other",
};

static void kernel_json(struct rf_str *out, enum rf_lsm_state state, bool open)
{
	struct rf_tree tree = {};

	(void)rf_str_addf(out, "],\"kernel\":{\"state\":\"%s\"", state_keys[state]);
	if (open && rf_tree_read(&tree, NULL) == 0 && tree.mode < RF_ARRAY_LEN(tree_modes))
		(void)rf_str_addf(out, ",\"paths\":\"%s\",\"mismatches\":%" PRIu64,
				  tree_modes[tree.mode].said, (uint64_t)tree.mismatches);
	(void)rf_str_add(out, "}}\n");
}

/* Said only where it is not as usual. */
static void kernel_text(struct rf_str *out, enum rf_lsm_state state)
{
	struct rf_tree tree = {};

	(void)rf_str_addf(out, "kernel side: %s\n", state_words[state]);
	if (state != RF_LSM_CURRENT || rf_tree_read(&tree, NULL) < 0 || tree.mode == RF_TREE_KEEP)
		return;
	(void)rf_str_add(out,
			 tree.mode == RF_TREE_CHECK
				 ? "paths: judged twice, differences are denied (load --oracle)\n"
				 : "paths: walked each time, nothing is kept about directories\n");
}

static int print_status(int format, enum rf_lsm_state state, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT((size_t)64 << 20);
	RF_CLEANUP(rf_lsm_closep) struct rf_lsm *lsm = NULL;
	int r = state == RF_LSM_CURRENT ? rf_lsm_open(&lsm, err) : 0;
	bool json = format == OPT_JSON;

	if (r < 0)
		return r;
	if (format == OPT_METRICS)
		r = rf_status_metrics(&out, lsm);
	else if (json)
		(void)rf_str_add(&out, "{\"sandboxes\":[");
	else
		kernel_text(&out, state);
	if (lsm && format != OPT_METRICS)
		rf_status_sandboxes(&out, lsm, json, 0);
	if (format != OPT_METRICS)
		rf_status_records(&out, lsm, NULL, json);
	if (json)
		kernel_json(&out, state, lsm != NULL);
	r = rf_str_error(&out);
	if (r < 0)
		return rf_err_sys(err, r, "list the sandboxes");
	return rf_fd_write_all(STDOUT_FILENO, rf_str_text(&out), out.len, err);
}

/* why: for what reason nothing is known of it; NULL: it is there. */
static void own_kernel_json(struct rf_str *out, const struct rf_err *why)
{
	(void)rf_str_addf(out, "],\"kernel\":{\"state\":\"%s\"", why ? "unknown" : "loaded");
	if (why) {
		(void)rf_str_add(out, ",\"why\":");
		(void)rf_str_add_json(out, rf_err_text(why));
	}
	(void)rf_str_add(out, "}}\n");
}

/*
 * An ordinary user is told of his own sandboxes: by their records, and by the service of those
 * that it keeps. Where no service answers he is told so, and of the others all the same.
 */
static int print_own(int format, bool verify, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT((size_t)8 << 20);
	struct rf_err why = RF_ERR_INIT, no_records = RF_ERR_INIT;
	RF_AUTOFREE char *list = NULL;
	bool json = format == OPT_JSON;
	size_t len;
	int r = 0;

	if (format == OPT_METRICS || verify)
		return rf_err_set(err, -EPERM, "status --%s needs root",
				  verify ? "verify" : "metrics");
	if (rf_service_list(&list, &why) < 0)
		list = NULL;
	len = list ? strlen(list) : 0;
	if (list && (len < 2 || list[len - 1] != ']'))
		return rf_err_set(err, -EPROTO, "the service's answer is damaged");
	if (json)
		(void)rf_str_addf(&out, "{\"sandboxes\":%.*s", list ? (int)len - 1 : 1,
				  list ? list : "[");
	else if (list)
		r = rf_status_text(&out, list);
	else
		(void)rf_str_addf(&out, "kernel side: not known: %s\n", rf_err_text(&why));
	rf_status_records(&out, NULL, list, json);
	if (!json && rf_record_kept(&no_records) < 0)
		(void)rf_str_addf(&out, "sandboxes without the service: not known: %s\n",
				  rf_err_text(&no_records));
	if (json)
		own_kernel_json(&out, list ? NULL : &why);
	if (r == 0)
		r = rf_str_error(&out);
	if (r < 0)
		return rf_err_sys(err, r, "list the sandboxes");
	return rf_fd_write_all(STDOUT_FILENO, rf_str_text(&out), out.len, err);
}

static const struct option status_options[] = {{"json", no_argument, NULL, OPT_JSON},
					       {"metrics", no_argument, NULL, OPT_METRICS},
					       {"verify", no_argument, NULL, OPT_VERIFY},
					       {"help", no_argument, NULL, OPT_HELP},
					       {NULL, 0, NULL, 0}};

int rf_cmd_status(int argc, char **argv)
{
	struct rf_err err = RF_ERR_INIT;
	enum rf_lsm_state state = RF_LSM_ABSENT;
	bool verify = false;
	int option, format = 0, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", status_options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(status_help, stdout);
			return RF_EXIT_OK;
		}
		if (option != OPT_JSON && option != OPT_METRICS && option != OPT_VERIFY)
			return rf_cmd_usage("status: unknown option %s", argv[optind - 1]);
		if (option == OPT_VERIFY)
			verify = true;
		else if (format != 0 && format != option)
			return rf_cmd_usage("status: --json and --metrics exclude each other");
		else
			format = option;
	}
	if (optind < argc)
		return rf_cmd_usage("status takes no argument: %s", argv[optind]);
	if (geteuid() != 0) {
		r = print_own(format, verify, &err);
		return r < 0 ? rf_cmd_fail(RF_EXIT_FAILED, &err) : RF_EXIT_OK;
	}
	r = rf_lsm_state(&state, &err);
	if (r == 0)
		r = print_status(format, state, &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	if (verify && state == RF_LSM_CURRENT)
		r = rf_lsm_verify(&err);
	else if (verify)
		r = rf_err_set(&err, -ENOENT, "this build's kernel side is %s", state_words[state]);
	return r < 0 ? rf_cmd_fail(RF_EXIT_NO, &err) : RF_EXIT_OK;
}
