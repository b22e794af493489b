/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence oci apply`: writes into a container's config.json what only it can hold.
 */
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cmd.h"
#include "cli/oci.h"
#include "cli/oci_policy.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/output.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/oci_apply.h"
#include "sandbox/launch/oci_state.h"
#include "sandbox/policy/wide.h"

static const char usage[] =
	"usage: ringfence oci apply [--policy POLICY] [-o OUT] BUNDLE|CONFIG.json\n"
	"       ringfence oci apply --precreate [--policy POLICY]\n"
	"\n"
	"Tightens a container's config.json by its policy: system calls, capabilities,\n"
	"no_new_privileges, limits, devices. The policy is the annotation's unless it is given.\n"
	"\n"
	"  --policy POLICY  a name, or an absolute path\n"
	"  -o, --output OUT write there instead of over CONFIG.json; -: standard output\n"
	"  --precreate      read config.json from standard input, write it to standard output, as\n"
	"                   podman's hooks of stage precreate do; unchanged without a policy\n"
	"\n"
	"Exit status: 0 done, 1 the policy cannot be written, 2 usage, 125 failure.\n";

struct apply {
	const char *policy, *output, *input;
	bool precreate;
};

/* The annotations of a config.json choose as those of a state do. */
static int choose(const json_t *json, const char *given, const char **ret, struct rf_err *err)
{
	struct rf_oci_state state = {.root = (json_t *)(uintptr_t)json};
	int r = rf_oci_state_policy(&state, given, ret, err);

	if (r == 0 && given)
		*ret = given;
	return r;
}

/* Something could not be done, which is no answer: exit status 125. */
static int failed(int r)
{
	return r < 0 && r != -ENOMEM ? -EIO : r;
}

static int tighten(json_t *json, const struct rf_oci_config *config, const char *name,
		   struct rf_err *err)
{
	RF_AUTOSTR struct rf_str notes = RF_STR_INIT(65536);
	struct rf_policy *policy = NULL;
	int r = failed(rf_oci_policy_load(&policy, name, config, err));

	if (r == 0)
		r = rf_oci_apply(json, policy, &notes, err);
	(void)rf_policy_free(policy);
	if (r == 0 && notes.len)
		fprintf(stderr, "%s", rf_str_text(&notes));
	return r;
}

/* *ret is the text to write; NULL: nothing is to be changed. */
static int rewrite(char **ret, const struct apply *a, const char *bundle, const char *text,
		   size_t len, struct rf_err *err)
{
	RF_CLEANUP(rf_oci_config_done) struct rf_oci_config config = {.uid = 0};
	const char *name = NULL;
	int r = rf_oci_config_parse(&config, bundle, text, len, err);

	if (r == 0)
		r = choose(config.json, a->policy, &name, err);
	if (r == 0 && !name && !a->precreate)
		r = rf_err_set(err, -EINVAL,
			       "no policy: there is neither --policy nor an annotation "
			       "ringfence.policy");
	if (r < 0 || !name)
		return r;
	r = tighten(config.json, &config, name, err);
	if (r < 0)
		return r;
	*ret = json_dumps(config.json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	if (*ret)
		rf_json_restore(*ret);
	return *ret ? 0 : rf_err_sys(err, -ENOMEM, "write config.json");
}

static int precreate(const struct apply *a, struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL, *changed = NULL;
	const char *out;
	size_t len = 0;
	int r = rf_fd_read_all(STDIN_FILENO, RF_OCI_CONFIG_MAX, &text, &len, err);

	if (r == 0)
		r = rewrite(&changed, a, "/", text, len, err);
	if (r < 0 || !text)
		return r;
	out = changed ? changed : text;
	return rf_fd_write_all(STDOUT_FILENO, out, changed ? strlen(changed) : len, err);
}

static int apply_file(const struct apply *a, struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL, *changed = NULL;
	char path[PATH_MAX], bundle[PATH_MAX];
	const char *to = a->output ? a->output : path;
	struct stat st;
	size_t len = 0;
	int r;

	if (!realpath(a->input, path) || stat(path, &st) < 0)
		return failed(rf_err_sys(err, -errno, "cannot find %s", a->input));
	len = strlen(path);
	if (S_ISDIR(st.st_mode) &&
	    snprintf(path + len, sizeof(path) - len, "/config.json") >= (int)(sizeof(path) - len))
		return rf_err_set(err, -ENAMETOOLONG, "%s is too long", a->input);
	memcpy(bundle, path, sizeof(bundle));
	r = failed(rf_fd_read_file(path, RF_OCI_CONFIG_MAX, &text, &len, err));
	if (r == 0)
		r = rewrite(&changed, a, dirname(bundle), text, len, err);
	if (r < 0 || !changed)
		return r;
	if (rf_str_eq(to, "-")) {
		r = rf_fd_write_all(STDOUT_FILENO, changed, strlen(changed), err);
		return r == 0 ? rf_fd_write_all(STDOUT_FILENO, "\n", 1, err) : r;
	}
	return failed(rf_output_write(to, 0600, changed, strlen(changed), err));
}

int rf_oci_cmd_apply(int argc, char **argv)
{
	static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
						{"output", required_argument, NULL, 'o'},
						{"precreate", no_argument, NULL, 'c'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct rf_err err = RF_ERR_INIT;
	struct apply a = {.policy = NULL};
	int option, r;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "p:o:h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return RF_EXIT_OK;
		}
		if (option == '?')
			return rf_cmd_usage("oci apply: unknown option %s", argv[optind - 1]);
		if (option == 'c')
			a.precreate = true;
		else
			*(option == 'p' ? &a.policy : &a.output) = optarg;
	}
	if (a.precreate ? optind < argc || a.output : argc - optind != 1)
		return rf_cmd_usage("oci apply takes one bundle or config.json, or --precreate");
	a.input = argv[optind];
	r = a.precreate ? precreate(&a, &err) : apply_file(&a, &err);
	if (r < 0)
		return rf_cmd_fail(r == -ENOMEM || r == -EIO ? RF_EXIT_FAILED : RF_EXIT_NO, &err);
	return RF_EXIT_OK;
}
