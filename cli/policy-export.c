/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence policy export --to FORM POLICY`: what a policy says, for container runtimes.
 */
#include <getopt.h>
#include <jansson.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/policy.h"
#include "sandbox/launch/diff.h"
#include "sandbox/policy/load.h"
#include "sandbox/policy/oci_export.h"
#include "sandbox/policy/wide.h"

static const char usage[] =
	"usage: ringfence policy export --to oci-seccomp|oci-config [--set VAR=VALUE]... POLICY\n"
	"\n"
	"Writes on standard output what the policy says in the form that container runtimes read: a\n"
	"linux.seccomp object, or a config.json with nothing but what the policy decides. The\n"
	"profile written is compared with the policy over every system call first. What a\n"
	"config.json has no word for is told on standard error.\n"
	"Exit status: 0 written; 1 an OCI profile cannot say it; 2 usage; 125 not loadable.\n";

struct options {
	struct rf_policy_args args;
	const char *to;
};

static void done(struct options *o)
{
	rf_policy_args_done(&o->args);
}

static int parse_options(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{"to", required_argument, NULL, 't'},
		{"set", required_argument, NULL, 's'},
		{"policy", required_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	o->args.names = calloc((size_t)argc + 1, sizeof(*o->args.names));
	o->args.sets = calloc((size_t)argc + 1, sizeof(*o->args.sets));
	if (!o->args.names || !o->args.sets)
		return RF_EXIT_FAILED;
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":p:h", options, NULL)) != -1) {
		if (c == 't')
			o->to = optarg;
		else if (c == 's')
			o->args.sets[o->args.n_sets++] = optarg;
		else if (c == 'p')
			o->args.names[o->args.n_names++] = optarg;
		else if (c == 'h')
			o->args.help = true;
		else
			return rf_cmd_usage(c == ':' ? "the option %s needs a value"
						     : "unknown option %s of `policy export`",
					    argv[optind - 1]);
	}
	while (optind < argc)
		o->args.names[o->args.n_names++] = argv[optind++];
	if (o->args.help)
		return RF_EXIT_OK;
	if (!o->to || (strcmp(o->to, "oci-seccomp") != 0 && strcmp(o->to, "oci-config") != 0))
		return rf_cmd_usage("`policy export` needs --to oci-seccomp or --to oci-config");
	if (o->args.n_names != 1)
		return rf_cmd_usage("`policy export` needs one policy");
	return RF_EXIT_OK;
}

/* Section seccomp of a policy and nothing else that could answer a system call. */
static void alone(struct rf_policy *ret, const struct rf_policy *policy)
{
	*ret = *policy;
	for (unsigned int s = 0; s < RF_SECTION_COUNT; s++)
		ret->sections[s].present = s == RF_SECTION_SECCOMP || s == RF_SECTION_CAPABILITIES;
	for (unsigned int i = 0; i < RF_KERNEL_COUNT; i++)
		ret->kernel[i].value = RF_KERNEL_ALLOW;
	ret->n_files = ret->n_network = ret->n_devices = 0;
}

/* Profiles name calls, and names that libseccomp does not know are passed over by runtimes. */
static bool is_nameless(const char *call)
{
	return call && seccomp_syscall_resolve_name(call) == __NR_SCMP_ERROR;
}

/* Calls of an ABI that a profile does not list are refused whole, by whatever runtimes do then. */
static bool is_out_of_reach(const void *data, const struct rf_abi *abi, const char *call)
{
	const json_t *listed = data, *item;
	size_t i;

	if (is_nameless(call))
		return true;
	if (!abi->foreign || !listed)
		return false;
	json_array_foreach (listed, i, item)
		if (rf_abi_find(json_string_value(item)) == abi)
			return false;
	return true;
}

/* The profile as a policy of its own must decide every call as the policy does. */
static int compare(const struct rf_policy *policy, json_t *profile, struct rf_err *err)
{
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	RF_CLEANUP(rf_diff_freep) struct rf_diff *diff = NULL;
	const struct rf_load_options options = {0};
	struct rf_policy *back = NULL, a, b;
	RF_AUTOFREE char *text = NULL;
	const struct rf_diff_skip skip = {.skip = is_out_of_reach,
					  .data = json_object_get(profile, "architectures")};
	json_t *as_policy = json_pack("{s:i, s:{s:O}}", "ringfence", 1, "seccomp", "oci", profile);
	int r;

	text = as_policy ? json_dumps(as_policy, JSON_COMPACT) : NULL;
	json_decref(as_policy);
	if (!text)
		return rf_err_sys(err, -ENOMEM, "compare the profile");
	rf_json_restore(text);
	r = rf_policy_load_text(&back, "the profile", text, strlen(text), &options, &problems, err);
	if (r < 0)
		return rf_err_wrap(err, r, "the profile does not load");
	alone(&a, policy);
	alone(&b, back);
	b.sections[RF_SECTION_CAPABILITIES] = a.sections[RF_SECTION_CAPABILITIES];
	b.capabilities_keep = a.capabilities_keep;
	b.mode = a.mode;
	r = rf_diff_make_calls(&diff, &a, &b, &skip, err);
	if (r == 0 && diff->items.len)
		r = rf_err_set(err, -EOPNOTSUPP,
			       "an OCI profile cannot say what the policy says about %s",
			       diff->items.data[0].examples[0]);
	diff = rf_diff_free(diff);
	(void)rf_policy_free(back);
	return r;
}

static int make(const struct options *o, const struct rf_policy *policy, json_t **ret,
		struct rf_problems *problems, struct rf_err *err)
{
	json_t *profile;
	int r;

	if (strcmp(o->to, "oci-config") == 0) {
		r = rf_oci_export_config(ret, policy, problems, err);
		profile = r < 0 ? NULL : json_object_get(json_object_get(*ret, "linux"), "seccomp");
	} else {
		r = rf_oci_export_seccomp(ret, policy, err);
		profile = r < 0 ? NULL : *ret;
	}
	return profile ? compare(policy, profile, err) : r;
}

static int print(const json_t *json, struct rf_err *err)
{
	RF_AUTOFREE char *text = json_dumps(json, JSON_INDENT(2));

	if (!text)
		return rf_err_sys(err, -ENOMEM, "write the configuration");
	rf_json_restore(text);
	puts(text);
	return 0;
}

int rf_policy_cmd_export(int argc, char **argv)
{
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	RF_CLEANUP(done) struct options o = {.to = NULL};
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;
	json_t *json = NULL;
	int status = parse_options(&o, argc, argv), r;

	if (status != RF_EXIT_OK)
		return status;
	if (o.args.help) {
		fputs(usage, stdout);
		return RF_EXIT_OK;
	}
	status = rf_policy_args_load_one(&policy, &o.args, o.args.names[0]);
	if (status != RF_EXIT_OK)
		return status;
	r = make(&o, policy, &json, &problems, &err);
	if (r == 0)
		r = print(json, &err);
	json_decref(json);
	(void)rf_policy_free(policy);
	if (r < 0)
		return rf_cmd_fail(r == -EOPNOTSUPP ? RF_EXIT_NO : RF_EXIT_FAILED, &err);
	rf_policy_tell(&problems);
	return RF_EXIT_OK;
}
