/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence policy import FILE`: a policy out of a container's configuration.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/policy.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/output.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/load.h"
#include "sandbox/policy/oci_import.h"
#include "sandbox/policy/sysmodel.h"

static const char usage[] =
	"usage: ringfence policy import [-o FILE] [--name NAME] FILE|-\n"
	"\n"
	"Writes a policy that says what a container's configuration says. FILE is an OCI seccomp\n"
	"profile, the default profile of Docker or Podman, or a whole config.json (seccomp,\n"
	"capabilities, devices, masked and read-only paths, limits). What a policy has no word for\n"
	"is told on standard error.\n"
	"Exit status: 0 written; 2 usage; 125 the file is neither, or cannot be read or written.\n";

struct options {
	const char *out, *name, *file;
	bool help;
};

static int parse_options(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{"output", required_argument, NULL, 'o'},
		{"name", required_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:h", options, NULL)) != -1) {
		if (c == 'o')
			o->out = optarg;
		else if (c == 'n')
			o->name = optarg;
		else if (c == 'h')
			o->help = true;
		else
			return rf_cmd_usage(c == ':' ? "the option %s needs a value"
						     : "unknown option %s of `policy import`",
					    argv[optind - 1]);
	}
	if (!o->help && argc - optind != 1)
		return rf_cmd_usage("`policy import` needs one file");
	o->file = argv[optind];
	return RF_EXIT_OK;
}

/* "web" for /x/web.json, with nothing that a name may not have. */
static void name_of(const struct options *o, char *ret, size_t size)
{
	const char *from = o->name ? o->name : strrchr(o->file, '/');
	size_t len = 0;

	if (!from)
		from = o->file;
	from += !o->name && *from == '/';
	for (; *from && len + 1 < size && (o->name || *from != '.'); from++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.",
			   *from))
			ret[len++] = *from;
	ret[len] = 0;
	if (!ret[0] || ret[0] == '-' || ret[0] == '.')
		(void)snprintf(ret, size, "imported");
}

/* What is written must load, or the fault is told now and not when somebody relies on it. */
static int check_loads(const char *text, struct rf_err *err)
{
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	const struct rf_load_options options = {0};
	RF_CLEANUP(rf_sys_model_freep) struct rf_sys_model *model = NULL;
	const struct rf_sys_context context = {.session = RF_SESSION_INIT};
	struct rf_policy *policy = NULL;
	int r = rf_policy_load_text(&policy, "imported", text, strlen(text), &options, &problems,
				    err);

	if (r < 0 && problems.n)
		rf_policy_tell(&problems);
	/* Profiles are read when a filter is made of them. */
	if (r == 0 && policy->sections[RF_SECTION_SECCOMP].present)
		r = rf_sys_model_new(&model, policy, &context, err);
	model = rf_sys_model_free(model);
	(void)rf_policy_free(policy);
	return r < 0 ? rf_err_wrap(err, r, "the policy would not load") : 0;
}

static int write_text(const char *out, char *text, struct rf_err *err)
{
	size_t len = strlen(text);

	text[len] = '\n'; /* in the place of the NUL: the length is given */
	if (!out || strcmp(out, "-") == 0)
		return rf_fd_write_all(STDOUT_FILENO, text, len + 1, err);
	return rf_output_write(out, 0644, text, len + 1, err);
}

static int import(const struct options *o, struct rf_problems *problems, struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL, *written = NULL;
	json_t *policy = NULL;
	size_t len = 0;
	char name[64];
	int r;

	if (strcmp(o->file, "-") == 0)
		r = rf_fd_read_all(STDIN_FILENO, RF_IMPORT_MAX, &text, &len, err);
	else
		r = rf_fd_read_file(o->file, RF_IMPORT_MAX, &text, &len, err);
	if (r < 0)
		return r;
	name_of(o, name, sizeof(name));
	r = rf_oci_import(&policy, name, text, len, problems, err);
	if (r < 0)
		return rf_err_wrap(err, r, "%s", o->file);
	written = json_dumps(policy, JSON_INDENT(2));
	json_decref(policy);
	if (!written)
		return rf_err_sys(err, -ENOMEM, "write the policy");
	r = check_loads(written, err);
	return r < 0 ? r : write_text(o->out, written, err);
}

int rf_policy_cmd_import(int argc, char **argv)
{
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	struct options o = {.help = false};
	struct rf_err err = RF_ERR_INIT;
	int status = parse_options(&o, argc, argv), r;

	if (status != RF_EXIT_OK)
		return status;
	if (o.help) {
		fputs(usage, stdout);
		return RF_EXIT_OK;
	}
	r = import(&o, &problems, &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	rf_policy_tell(&problems);
	return RF_EXIT_OK;
}
