/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence policy`: check, show and print the schema of policies.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/cmd.h"
#include "cli/policy.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/install.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/cache.h"
#include "sandbox/launch/filter.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/sizes.h"
#include "sandbox/policy/canonical.h"
#include "sandbox/policy/check.h"
#include "sandbox/policy/check_use.h"
#include "sandbox/policy/problem.h"

#define SCHEMA_MAX_BYTES (1u << 20)

static const char check_usage[] =
	"usage: ringfence policy check [--strict] [--set VAR=VALUE]... POLICY...\n"
	"\n"
	"Checks each policy by itself and tells every problem with its place, then warnings, then hints\n"
	"at what matches nothing on this machine.\n"
	"Exit status: 0 right; 1 wrong (with --strict also for warnings); 2 usage; 125 a policy\n"
	"cannot be read.\n";

static const char show_usage[] =
	"usage: ringfence policy show [--json] [--sizes] [--set VAR=VALUE]... [-p] POLICY...\n"
	"\n"
	"Prints what the policies make together: every rule with its place, what patterns resolve\n"
	"to on this machine, and what is not enforced. With --sizes also what that costs once\n"
	"compiled, in the kernel's maps and as a system call filter, beside the limits.\n";

static const char compile_usage[] =
	"usage: ringfence policy compile [--set VAR=VALUE]... POLICY...\n"
	"\n"
	"Compiles each policy as it is for this user, in this directory, and keeps the result in the\n"
	"cache. A launch does the same by itself the first time.\n";

static const char schema_usage[] =
	"usage: ringfence policy schema\n"
	"\n"
	"Prints the JSON Schema (draft 2020-12) of policies, for editors.\n";

static const char policy_usage[] =
	"usage: ringfence policy ACTION [ARGUMENT...]\n"
	"\n"
	"actions:\n"
	"  check   tell what is wrong with policies\n"
	"  show    print what policies make together\n"
	"  compile keep the compiled form of policies for their next use\n"
	"  diff    tell what two policies decide differently\n"
	"  replay  tell what recorded activity would meet\n"
	"  replace put another policy on a running sandbox\n"
	"  import  make a policy of a container's configuration\n"
	"  export  write a policy as a container's configuration\n"
	"  schema  print the JSON Schema of policies\n"
	"\n"
	"A POLICY with a '/' or ending in .json is a file; anything else is the name of one in\n"
	"$XDG_CONFIG_HOME/ringfence, /etc/ringfence or the installed library.\n";

/* What the loader cannot see: that it is too much to compile. */
static int check_compiled(const struct rf_policy *policy, const char *name)
{
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL;
	RF_CLEANUP(rf_blob_done) struct rf_blob filter = {0};
	const struct rf_sys_context context = {.session = RF_SESSION_INIT};
	struct rf_err err = RF_ERR_INIT;
	int r = rf_image_compile(&image, policy, &err);

	if (r == 0)
		r = rf_filter_build(policy, &context, &filter, &err);
	if (r == 0)
		return RF_EXIT_OK;
	rf_err_wrap(&err, r, "policy %s", name);
	return rf_cmd_fail(r == -ENOMEM ? RF_EXIT_FAILED : RF_EXIT_NO, &err);
}

static int check_policy(const struct rf_policy *policy, const char *name,
			struct rf_problems *problems)
{
	struct rf_err err = RF_ERR_INIT;
	int r = rf_policy_check(policy, problems);

	if (r == 0)
		r = rf_policy_check_machine(policy, problems);
	if (r < 0) {
		rf_err_sys(&err, r, "check policy %s", name);
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	}
	rf_policy_tell(problems);
	return check_compiled(policy, name);
}

static int check_one(const struct rf_policy_args *args, const char *name)
{
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	struct rf_policy *policy = NULL;
	int status = rf_policy_args_load(&policy, args, &name, 1, &problems);
	size_t n;

	if (status != RF_EXIT_OK)
		return status;
	status = check_policy(policy, name, &problems);
	rf_policy_free(policy);
	if (status != RF_EXIT_OK)
		return status;
	n = rf_problems_warnings(&problems);
	if (n && args->strict)
		return RF_EXIT_NO;
	printf("%s: ok", name);
	if (n)
		printf(", %zu warning%s", n, n == 1 ? "" : "s");
	putchar('\n');
	return RF_EXIT_OK;
}

int rf_policy_cmd_check(int argc, char **argv)
{
	RF_CLEANUP(rf_policy_args_done) struct rf_policy_args args = {0};
	int worst = rf_policy_args_parse(&args, argc, argv, check_usage);

	if (worst != RF_EXIT_OK || args.help)
		return worst;
	if (args.json || args.sizes)
		return rf_cmd_usage("`policy check` knows --strict and --set only");
	if (args.n_names == 0)
		return rf_cmd_usage("`policy check` needs a policy");
	for (size_t i = 0; i < args.n_names; i++) {
		int status = check_one(&args, args.names[i]);

		worst = status > worst ? status : worst;
	}
	return worst;
}

/* Peak of this process, which did nothing but load, compile and measure. */
static uint64_t resident_bytes(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) < 0 ? 0 : (uint64_t)usage.ru_maxrss * 1024;
}

static void print_size(const char *name, uint64_t value, uint64_t limit)
{
	char words[64];

	(void)snprintf(words, sizeof(words), "%s", name);
	for (char *c = words; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	if (limit)
		printf("  %-31s %10" PRIu64 " of %" PRIu64 "\n", words, value, limit);
	else
		printf("  %-31s %10" PRIu64 "\n", words, value);
}

/* What the policy costs once it is compiled. */
static int print_sizes(const struct rf_policy *policy, struct rf_err *err)
{
	struct rf_sizes sizes;
	int r = rf_sizes_measure(&sizes, policy, err);

	if (r < 0)
		return r;
	printf("\nsizes:\n");
	for (unsigned int i = 0; i < RF_SIZE_COUNT; i++)
		print_size(rf_size_name((enum rf_size)i), sizes.value[i],
			   rf_size_limit((enum rf_size)i));
	print_size("resident_bytes", resident_bytes(), 0);
	return 0;
}

static int add_size(json_t *to, const char *name, uint64_t value, uint64_t limit)
{
	json_t *size = json_pack("{s:I}", "value", (json_int_t)value);

	if (limit && json_object_set_new(size, "limit", json_integer((json_int_t)limit)) < 0) {
		json_decref(size);
		return -ENOMEM;
	}
	return json_object_set_new(to, name, size) < 0 ? -ENOMEM : 0;
}

/* The same as member "sizes" of the policy. */
static int add_sizes(json_t *json, const struct rf_policy *policy, struct rf_err *err)
{
	json_t *to = json_object();
	struct rf_sizes sizes;
	int r = rf_sizes_measure(&sizes, policy, err);

	for (unsigned int i = 0; i < RF_SIZE_COUNT && r == 0; i++)
		r = add_size(to, rf_size_name((enum rf_size)i), sizes.value[i],
			     rf_size_limit((enum rf_size)i)) < 0
			    ? rf_err_set(err, -ENOMEM, "no memory to print the sizes")
			    : 0;
	if (r == 0 && (add_size(to, "resident_bytes", resident_bytes(), 0) < 0 ||
		       json_object_set(json, "sizes", to) < 0))
		r = rf_err_set(err, -ENOMEM, "no memory to print the sizes");
	json_decref(to);
	return r;
}

static int print_json(const struct rf_policy *policy, bool sizes, struct rf_err *err)
{
	json_t *json = rf_policy_to_json(policy, true);
	int r = sizes && json ? add_sizes(json, policy, err) : 0;

	/* What could not be written is told at the end, as for all that is printed. */
	if (r == 0 && (!json || (json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) < 0 &&
				 !ferror(stdout))))
		r = rf_err_set(err, -EIO, "cannot write the policy");
	json_decref(json);
	if (r == 0)
		putchar('\n');
	return r;
}

int rf_policy_cmd_show(int argc, char **argv)
{
	RF_CLEANUP(rf_policy_args_done) struct rf_policy_args args = {0};
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	static const char *const fallback[] = {"default"};
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;
	int status = rf_policy_args_parse(&args, argc, argv, show_usage), r;

	if (status != RF_EXIT_OK || args.help)
		return status;
	if (args.strict)
		return rf_cmd_usage("`policy show` does not know --strict");
	status = rf_policy_args_load(&policy, &args, args.n_names ? args.names : fallback,
				     args.n_names ? args.n_names : 1, &problems);
	if (status != RF_EXIT_OK)
		return status == RF_EXIT_NO ? RF_EXIT_FAILED : status;
	r = args.json ? print_json(policy, args.sizes, &err) : rf_policy_print(policy, &err);
	if (r == 0 && args.sizes && !args.json)
		r = print_sizes(policy, &err);
	rf_policy_free(policy);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	return RF_EXIT_OK;
}

/* Compiles one policy and keeps it, so that the first launch finds it. */
static int compile_one(const struct rf_policy_args *args, const char *name)
{
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL;
	char key[RF_HASH_HEX_LEN + 1], path[PATH_MAX];
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;
	int status = rf_policy_args_load(&policy, args, &name, 1, &problems), r;

	if (status != RF_EXIT_OK)
		return status;
	r = rf_image_name(policy, key, &err);
	if (r == 0)
		r = rf_image_make(&image, policy, &err);
	rf_policy_free(policy);
	if (r != 0)
		return rf_cmd_fail(r == -E2BIG ? RF_EXIT_NO : RF_EXIT_FAILED, &err);
	if (rf_cache_path("img", key, path, sizeof(path)) < 0 || access(path, R_OK) < 0)
		(void)snprintf(path, sizeof(path), "not kept");
	printf("%s: %zu KiB, %s\n", name, image->n_pages * sizeof(struct rf_page) / 1024, path);
	return RF_EXIT_OK;
}

int rf_policy_cmd_compile(int argc, char **argv)
{
	RF_CLEANUP(rf_policy_args_done) struct rf_policy_args args = {0};
	int worst = rf_policy_args_parse(&args, argc, argv, compile_usage);

	if (worst != RF_EXIT_OK || args.help)
		return worst;
	if (args.json || args.sizes || args.strict)
		return rf_cmd_usage("`policy compile` knows --set only");
	if (args.n_names == 0)
		return rf_cmd_usage("`policy compile` needs a policy");
	for (size_t i = 0; i < args.n_names; i++) {
		int status = compile_one(&args, args.names[i]);

		worst = status > worst ? status : worst;
	}
	return worst;
}

int rf_policy_cmd_schema(int argc, char **argv)
{
	RF_AUTOFREE char *dir = NULL, *path = NULL, *text = NULL;
	struct rf_err err = RF_ERR_INIT;
	size_t len = 0;

	if (argc > 1 && rf_str_eq(argv[1], "--help")) {
		fputs(schema_usage, stdout);
		return RF_EXIT_OK;
	}
	if (argc > 1)
		return rf_cmd_usage("`policy schema` takes no arguments");
	if (rf_install_datadir(&dir, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	if (asprintf(&path, "%s/schema/policy-v1.json", dir) < 0)
		return RF_EXIT_FAILED;
	if (rf_fd_read_file(path, SCHEMA_MAX_BYTES, &text, &len, &err) < 0 ||
	    rf_fd_write_all(STDOUT_FILENO, text, len, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	return RF_EXIT_OK;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} actions[] = {
	/* Without a function: ringfence-policy in libexec has it, since no launch needs it. */
	{"check", rf_policy_cmd_check},
	{"show", rf_policy_cmd_show},
	{"compile", rf_policy_cmd_compile},
	{"schema", rf_policy_cmd_schema},
	{"diff", NULL},
	{"replay", NULL},
	{"replace", NULL},
	{"import", NULL},
	{"export", NULL},
};

int rf_cmd_policy(int argc, char **argv)
{
	if (argc < 2)
		return rf_cmd_usage(
			"`policy` needs an action; `ringfence policy --help` lists them");
	if (rf_str_eq(argv[1], "--help") || rf_str_eq(argv[1], "-h")) {
		fputs(policy_usage, stdout);
		return RF_EXIT_OK;
	}
	for (size_t i = 0; i < RF_ARRAY_LEN(actions); i++)
		if (rf_str_eq(actions[i].name, argv[1]))
			return actions[i].run ? actions[i].run(argc - 1, argv + 1)
					      : rf_cmd_exec_helper("policy", argv + 1);
	return rf_cmd_usage("unknown action %s; `ringfence policy --help` lists them", argv[1]);
}
