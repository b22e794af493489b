/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence learn`: a minimal policy from recorded events, or from a run of a command.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/learn.h"
#include "cli/learn_diff.h"
#include "cli/learn_unseen.h"
#include "cli/variables.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/output.h"
#include "sandbox/launch/user.h"
#include "sandbox/policy/problem.h"

static const char usage[] =
	"usage: ringfence learn [-p BASE]... [-o OUT.json] [RUN-OPTION]... -- COMMAND [ARGUMENT...]\n"
	"       ringfence learn --from EVENTS... [--only-denied] [-p BASE]... [-o OUT.json]\n"
	"       ringfence learn --from EVENTS... --diff POLICY\n"
	"\n"
	"Runs COMMAND, lets pass and records whatever the base does not allow, and writes a minimal\n"
	"policy; or makes one from recorded events. Known secrets are never granted: what is held\n"
	"back is listed in the policy under \"x-withheld\".\n"
	"\n"
	"  -p, --policy BASE  what the new policy extends (without -p: base)\n"
	"  -o, --output FILE  where to write (without: standard output)\n"
	"  --from FILE...     files of events; - is standard input\n"
	"  --only-denied      only what was or would have been denied, added to the base\n"
	"  --diff POLICY      write nothing: tell what the events need beyond POLICY, and what of\n"
	"                     it nothing used\n"
	"  --set NAME=VALUE   a variable of the policies\n"
	"\n"
	"Exit status: with a command as `ringfence run`; else 0, --diff: 1 for differences; 2 usage;\n"
	"125 failure.\n";

/* Options of `run` that are passed on: with a value, and without. */
static const char *const valued[] = {"--need",	  "--allow",   "--set",	  "--user",
				     "--workdir", "--env",     "--name",  "--keep-fd",
				     "--timeout", "--summary", "--report"};
static const char *const flags[] = {"--clear-env", "--stacks"};
/* What a learning run decides itself. */
static const char *const refused[] = {"--mode", "--events", "--plan", "--deny", "--on-loss"};

static bool is_one_of(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list[i]);

		if (strncmp(word, list[i], len) == 0 && (!word[len] || word[len] == '='))
			return true;
	}
	return false;
}

/* "--name VALUE", "--name=VALUE", "-nVALUE". 1 taken, 0 another option, -1 no value. */
static int take(char **argv, int argc, int *at, const char *name, const char *letter,
		const char **ret)
{
	const char *word = argv[*at];
	size_t len = strlen(name);

	if (strncmp(word, name, len) == 0 && word[len] == '=') {
		*ret = word + len + 1;
		return 1;
	}
	if (letter && strncmp(word, letter, 2) == 0 && word[2]) {
		*ret = word + 2;
		return 1;
	}
	if (strcmp(word, name) != 0 && (!letter || strcmp(word, letter) != 0))
		return 0;
	if (*at + 1 >= argc)
		return -1;
	*ret = argv[++*at];
	return 1;
}

/* 1 taken, 0 not ours, -1 told. */
static int take_own(struct rf_learn_args *a, char **argv, int argc, int *at)
{
	const char *word = argv[*at], *value = NULL;
	int r = take(argv, argc, at, "--policy", "-p", &value);

	if (r > 0)
		a->bases[a->n_bases++] = value;
	if (r == 0 && (r = take(argv, argc, at, "--from", NULL, &value)) > 0) {
		a->files[a->n_files++] = value;
		a->from = true;
	}
	if (r == 0)
		r = take(argv, argc, at, "--output", "-o", &a->out);
	if (r == 0)
		r = take(argv, argc, at, "--diff", NULL, &a->diff);
	if (r == 0 && strcmp(word, "--only-denied") == 0)
		r = a->only_denied = true;
	if (r == 0 && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0))
		r = a->help = true;
	if (r < 0)
		(void)rf_cmd_usage("the option %s needs a value", word);
	return r;
}

/* An option of `run`, kept as it is. 1, or -1 told. */
static int take_passed(struct rf_learn_args *a, char **argv, int argc, int *at)
{
	const char *word = argv[*at], *value = NULL;
	int first = *at;

	if (is_one_of(word, refused, RF_ARRAY_LEN(refused))) {
		(void)rf_cmd_usage("a learning run has no option %s", word);
		return -1;
	}
	if (!is_one_of(word, valued, RF_ARRAY_LEN(valued)) &&
	    !is_one_of(word, flags, RF_ARRAY_LEN(flags))) {
		(void)rf_cmd_usage("unknown option %s of `learn`", word);
		return -1;
	}
	a->passes |= !is_one_of(word, (const char *const[]){"--set"}, 1);
	a->says_summary |= is_one_of(word, (const char *const[]){"--summary"}, 1);
	if (take(argv, argc, at, "--set", NULL, &value) > 0)
		a->sets[a->n_sets++] = value;
	else if (take(argv, argc, at, "--workdir", NULL, &value) > 0)
		a->workdir = value;
	else if (take(argv, argc, at, "--user", NULL, &value) > 0)
		a->user = value;
	else if (take(argv, argc, at, "--need", NULL, &value) > 0)
		a->accepts_less = rf_str_eq(value, "should");
	else if (!is_one_of(word, flags, RF_ARRAY_LEN(flags)) && !strchr(word, '='))
		++*at;
	if (*at >= argc) {
		(void)rf_cmd_usage("the option %s needs a value", word);
		return -1;
	}
	for (int i = first; i <= *at; i++)
		a->pass[a->n_pass++] = argv[i];
	return 1;
}

static int parse(struct rf_learn_args *a, int argc, char **argv)
{
	size_t room = (size_t)argc + 1;

	a->bases = calloc(room, sizeof(*a->bases));
	a->files = calloc(room, sizeof(*a->files));
	a->sets = calloc(room, sizeof(*a->sets));
	a->pass = calloc(room, sizeof(*a->pass));
	if (!a->bases || !a->files || !a->sets || !a->pass)
		return RF_EXIT_FAILED;
	for (int i = 1; i < argc && !a->command; i++) {
		int r = 1;

		if (strcmp(argv[i], "--") == 0)
			a->command = argv + i + 1;
		else if (argv[i][0] == '-' && argv[i][1])
			r = take_own(a, argv, argc, &i);
		else if (a->from)
			a->files[a->n_files++] = argv[i];
		else
			a->command = argv + i;
		if (r == 0)
			r = take_passed(a, argv, argc, &i);
		if (r < 0)
			return RF_EXIT_USAGE;
	}
	return RF_EXIT_OK;
}

static int check(const struct rf_learn_args *a)
{
	if (a->from && a->command)
		return rf_cmd_usage("learn from events or from a command, not from both");
	if (!a->from && a->diff)
		return rf_cmd_usage("--diff compares a policy with events; name them with --from");
	if (!a->from && a->only_denied)
		return rf_cmd_usage("--only-denied is about recorded events (--from)");
	if (!a->from && (!a->command || !a->command[0]))
		return rf_cmd_usage("`learn` needs `-- COMMAND` or `--from EVENTS`; "
				    "`ringfence learn --help` tells more");
	if (a->diff && a->out)
		return rf_cmd_usage("--diff writes no policy, so -o has no meaning");
	if (a->from && a->passes)
		return rf_cmd_usage("options of `run` have no meaning with --from");
	return RF_EXIT_OK;
}

static void args_done(struct rf_learn_args *a)
{
	free(a->bases);
	free(a->files);
	free(a->sets);
	free(a->pass);
}

/* ---- what policies are loaded with ---- */

struct place {
	struct rf_variables variables;
	struct rf_load_options load;
	struct rf_user user;
	char *cwd;
	char **bases; /* files by absolute names: the policy may be kept elsewhere */
	size_t n_bases;
};

static void place_done(struct place *p)
{
	rf_variables_done(&p->variables);
	rf_user_done(&p->user);
	for (size_t i = 0; i < p->n_bases; i++)
		free(p->bases[i]);
	free(p->bases);
	free(p->cwd);
}

static int name_base(const char *base, char **ret, struct rf_err *err)
{
	bool file = strchr(base, '/') || rf_str_has_suffix(base, ".json");

	if (file)
		*ret = realpath(base, NULL);
	else if (asprintf(ret, "%s%s", base[0] == '@' ? "" : "@", base) < 0)
		*ret = NULL;
	return *ret ? 0 : rf_err_sys(err, errno ? -errno : -ENOMEM, "policy %s", base);
}

/* The command's own variables, as far as they differ from ours. */
static int find_place(struct place *ret, const struct rf_learn_args *a, struct rf_err *err)
{
	uid_t uid = getuid();
	int r = 0;

	ret->bases = calloc(a->n_bases + 1, sizeof(*ret->bases));
	if (!ret->bases)
		return rf_err_sys(err, -ENOMEM, "collect the policies");
	for (size_t i = 0; i < a->n_bases && r == 0; i++) {
		r = name_base(a->bases[i], &ret->bases[i], err);
		ret->n_bases += r == 0;
	}
	if (r == 0 && a->user) {
		r = rf_user_parse(&ret->user, a->user, err);
		uid = ret->user.uid;
	}
	if (r == 0 && a->workdir) {
		ret->cwd = realpath(a->workdir, NULL);
		r = ret->cwd ? 0 : rf_err_sys(err, -errno, "--workdir %s", a->workdir);
	}
	if (r == 0)
		r = rf_variables_collect(&ret->variables, uid, environ, ret->cwd, a->sets,
					 a->n_sets, err);
	if (r < 0)
		return r;
	ret->load = (struct rf_load_options){.root = "/"};
	rf_variables_apply(&ret->variables, &ret->load);
	return 0;
}

/* ---- the result ---- */

static int write_out(const char *path, const struct rf_str *text, struct rf_err *err)
{
	if (!path || strcmp(path, "-") == 0)
		return rf_fd_write_all(STDOUT_FILENO, rf_str_text(text), text->len, err);
	return rf_output_write(path, 0644, rf_str_text(text), text->len, err);
}

/* The file's name, as far as policies may have it. */
static void name_policy(const char *out, char ret[64])
{
	const char *slash = out ? strrchr(out, '/') : NULL, *from = slash ? slash + 1 : out;
	size_t len = from ? strspn(from, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789_-")
			  : 0;

	if (!len || len > 60 || !rf_str_eq(from + len, ".json"))
		(void)snprintf(ret, 64, "learned");
	else
		(void)snprintf(ret, 64, "%.*s", (int)len, from);
}

static void tell_unseen(uint32_t unseen)
{
	RF_AUTOSTR struct rf_str sections = RF_STR_INIT(256);

	rf_learn_unseen_text(unseen, &sections);
	(void)dprintf(STDERR_FILENO,
		      "ringfence: uses of %s cannot be recorded here, so the policy leaves them as "
		      "its base has them (\"x-not-recorded\"); `ringfence probe` tells why\n",
		      rf_str_text(&sections));
}

static void tell(const struct rf_learn_args *a, const struct rf_reading_stats *stats,
		 uint32_t unseen, size_t withheld)
{
	if (stats->lost)
		(void)dprintf(STDERR_FILENO,
			      "ringfence: %" PRIu64 " accesses were lost, so what they used may be "
			      "missing from the policy\n",
			      stats->lost);
	if (stats->partial)
		(void)dprintf(
			STDERR_FILENO,
			"ringfence: the host did not show all that was used, so some of it may be "
			"missing from the policy; `ringfence probe` tells why\n");
	if (unseen)
		tell_unseen(unseen);
	if (withheld)
		(void)dprintf(STDERR_FILENO,
			      "ringfence: %zu thing%s used and not granted; \"x-withheld\" of %s "
			      "tells why\n",
			      withheld, withheld == 1 ? " was" : "s were",
			      a->out ? a->out : "the policy");
}

static int finish(struct rf_learn *learn, const struct rf_learn_args *a,
		  const struct rf_reading_stats *stats)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(RF_LEARN_TEXT_MAX);
	struct rf_err err = RF_ERR_INIT;
	char source[160];
	size_t withheld = 0;
	int r;

	(void)snprintf(source, sizeof(source),
		       "Learned from %" PRIu64
		       " records%s. Review it: every rule says how often it "
		       "was used, and by whom.",
		       stats->records,
		       stats->lost	? ", and some were lost"
		       : stats->partial ? ", which may not be all that was used"
					: "");
	learn->source = source;
	r = rf_learn_policy(learn, &text, &withheld, &err);
	if (r == 0)
		r = write_out(a->out, &text, &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	tell(a, stats, learn->unseen, withheld);
	return RF_EXIT_OK;
}

static int diff(struct rf_learn *learn, const struct rf_learn_args *a)
{
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;
	int status;

	if (rf_learn_spread(learn, &err) < 0 ||
	    rf_policy_load(&policy, &a->diff, 1, learn->load, &problems, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	status = rf_learn_diff(learn, policy);
	(void)rf_policy_free(policy);
	return status;
}

static int learn_from_files(struct rf_learn *learn, const struct rf_learn_args *a)
{
	struct rf_reading_stats stats = {0};
	struct rf_err err = RF_ERR_INIT;

	for (size_t i = 0; i < a->n_files; i++)
		if (rf_learn_read_file(learn, a->files[i], &stats, &err) < 0)
			return rf_cmd_fail(RF_EXIT_FAILED, &err);
	return a->diff ? diff(learn, a) : finish(learn, a, &stats);
}

static int learn_from_run(struct rf_learn *learn, const struct rf_learn_args *a)
{
	struct rf_reading_stats stats = {0};
	bool ran = false;
	int status = rf_learn_run(learn, a, &ran, &stats), r;

	if (!ran)
		return status;
	r = finish(learn, a, &stats);
	return r == RF_EXIT_OK ? status : r;
}

static int run(const struct rf_learn_args *a)
{
	RF_CLEANUP(place_done) struct place place = {.user = {0}};
	RF_CLEANUP(rf_learn_done) struct rf_learn learn = {.only_denied = a->only_denied};
	struct rf_err err = RF_ERR_INIT;
	char name[64];
	int r = find_place(&place, a, &err);

	if (r < 0)
		return rf_cmd_fail(r == -EINVAL ? RF_EXIT_USAGE : RF_EXIT_FAILED, &err);
	name_policy(a->out, name);
	learn.name = name;
	learn.bases = (const char *const *)place.bases;
	learn.n_bases = place.n_bases;
	learn.load = &place.load;
	return a->from ? learn_from_files(&learn, a) : learn_from_run(&learn, a);
}

int main(int argc, char **argv)
{
	RF_CLEANUP(args_done) struct rf_learn_args args = {.out = NULL};
	int status;

	rf_cmd_begin();
	status = parse(&args, argc, argv);
	if (status == RF_EXIT_OK && args.help)
		fputs(usage, stdout);
	else if (status == RF_EXIT_OK)
		status = check(&args);
	if (status == RF_EXIT_OK && !args.help)
		status = run(&args);
	return status;
}
