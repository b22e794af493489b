/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence run`: confine a command and return its exit status.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cmd.h"
#include "cli/run_choose.h"
#include "cli/run_load.h"
#include "cli/run_recipe.h"
#include "sandbox/base/fd.h"
#include "sandbox/launch/plan.h"
#include "sandbox/launch/report.h"
#include "sandbox/launch/service_client.h"

#define PLAN_MAX (1u << 20)

static const char usage[] =
	"usage: ringfence run [-p POLICY]... [OPTION]... [--] COMMAND [ARGUMENT...]\n"
	"\n"
	"Runs COMMAND inside the fence that the policies make together (without -p: default).\n"
	"\n"
	"policy:\n"
	"  -p, --policy POLICY    a file (with a '/' or ending in .json) or the name of a policy\n"
	"  --allow RIGHT[,RIGHT]=PATH, --allow connect=tcp:ADDR:PORT, --deny ...   one more rule\n"
	"  --set NAME=VALUE       a variable of the policies\n"
	"  --mode enforce|audit   audit: record what would be denied, and let it pass\n"
	"  --need must|should     should: start even if not everything can be enforced\n"
	"command:\n"
	"  --user NAME|UID[:GROUP|GID]  --workdir DIR  --env NAME[=VALUE]  --clear-env\n"
	"  --keep-fd N            an open descriptor that the command keeps\n"
	"  --timeout TIME         30, 1.5s, 2m: then the whole sandbox is ended; status 124\n"
	"  --name NAME            the sandbox's name\n"
	"what happened:\n"
	"  --events FILE|-|fd:N   one JSON record per line\n"
	"  --summary auto|always|never   what was denied, by which rule, and the fix\n"
	"  --report FILE|-        what is enforced, by what (JSON)\n"
	"  --on-loss report|freeze|kill  when records are lost\n"
	"  --stacks               the user stack in each denial (needs BPF LSM)\n"
	"  --plan                 print the steps and stop\n"
	"\n"
	"Exit status: COMMAND's own; 128+N if signal N killed it; 124 timeout; 125 it was never\n"
	"started, for wrong options too; 126 not executable; 127 not found.\n";

struct context {
	struct rf_run_options options;
	struct rf_run_subject subject;
	struct rf_inherited inherited;
	struct rf_run_choice choice;
	struct rf_request request;
};

/* Becoming who one is already asks for no privilege. */
static bool changes_user(const struct context *c)
{
	return c->subject.has_user && (geteuid() == 0 || c->subject.user.uid != geteuid() ||
				       c->subject.user.gid != getegid());
}

static void fill_request(struct context *c)
{
	c->request = (struct rf_request){
		.policy = c->subject.policy,
		.image_part = c->subject.form.image_part,
		.selection = &c->choice.selection,
		.site = c->choice.site.parent_fd >= 0 ? &c->choice.site : NULL,
		.inherited = &c->inherited,
		.argv = c->options.command,
		.env = &c->subject.env,
		.cwd = c->subject.cwd ? c->subject.cwd : ".",
		.change_dir = c->subject.cwd,
		.user = changes_user(c) ? &c->subject.user : NULL,
		.n_keep_fds = c->options.n_keep_fds,
		.timeout_ns = c->options.timeout_ns,
		.name = c->options.name,
		.audit_mode = c->subject.policy->mode == RF_MODE_AUDIT,
		.stacks = c->options.stacks,
		.ring_bytes = c->options.on_loss == RF_ON_LOSS_REPORT ? 0 : RF_LOSS_RING_BYTES,
	};
	memcpy(c->request.keep_fds, c->options.keep_fds, sizeof(c->request.keep_fds));
}

static int write_report(const struct context *c, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(RF_REPORT_MAX);
	RF_AUTOCLOSE int fd = -1;
	const char *path = c->options.report;
	struct stat st;
	int r = rf_report_json(&text, c->subject.policy, &c->choice.selection);

	if (r < 0)
		return rf_err_sys(err, r, "cannot make the enforcement report");
	if (rf_str_eq(path, "-"))
		return rf_fd_write_all(STDOUT_FILENO, rf_str_text(&text), text.len, err);
	fd = open(path,
		  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
		  0600);
	if (fd < 0)
		return rf_err_sys(err, -errno, "--report: cannot open %s", path);
	if (fstat(fd, &st) < 0 || S_ISFIFO(st.st_mode))
		return rf_err_set(err, -EINVAL, "--report %s is not a file", path);
	r = rf_fd_write_all(fd, rf_str_text(&text), text.len, err);
	return r < 0 ? rf_err_wrap(err, r, "--report %s", path) : 0;
}

static void print_items(const struct context *c, enum rf_report_lines which)
{
	RF_AUTOSTR struct rf_str lines = RF_STR_INIT(RF_REPORT_MAX);

	if (rf_report_text(&lines, &c->choice.selection, which))
		(void)!rf_fd_write_all(STDERR_FILENO, rf_str_text(&lines), lines.len, NULL);
}

static int refuse(const struct context *c, size_t n)
{
	struct rf_err err = RF_ERR_INIT;

	rf_err_set(&err, -EOPNOTSUPP,
		   "policy %s needs %zu %s that cannot be enforced here exactly as written, so "
		   "nothing was started (--need should starts anyway)",
		   c->subject.policy->name, n, n == 1 ? "item" : "items");
	(void)rf_cmd_fail(RF_EXIT_FAILED, &err);
	print_items(c, RF_REPORT_REFUSED);
	return RF_EXIT_FAILED;
}

static int print_plan(const struct context *c)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(PLAN_MAX);
	struct rf_err err = RF_ERR_INIT;
	struct rf_plan plan;
	int r = rf_plan_make(&plan, &c->request, &err);

	if (r == 0)
		r = rf_plan_format(&plan, &text);
	if (r == 0)
		r = rf_fd_write_all(STDOUT_FILENO, rf_str_text(&text), text.len, &err);
	return r < 0 ? rf_cmd_fail(RF_EXIT_FAILED, &err) : RF_EXIT_OK;
}

static int tell_end(const struct rf_outcome *outcome, const struct rf_err *err)
{
	switch (outcome->end) {
	case RF_END_EXITED:
		return outcome->value;
	case RF_END_SIGNALED:
		return RF_EXIT_SIGNAL + outcome->value;
	case RF_END_TIMEOUT:
		return RF_EXIT_TIMEOUT;
	case RF_END_NO_EXEC:
		return rf_cmd_fail(outcome->value, err);
	case RF_END_NOT_STARTED:
	default:
		return rf_cmd_fail(RF_EXIT_FAILED, err);
	}
}

static int attempt(struct context *c, bool *again)
{
	RF_CLEANUP(rf_run_events_freep) struct rf_run_events *events = NULL;
	RF_AUTOFREE char *recipe = NULL, *words = NULL;
	struct rf_err err = RF_ERR_INIT;
	struct rf_outcome outcome;
	int status, r = rf_run_events_new(&events, c->subject.policy, c->options.events,
					  c->options.summary, c->options.on_loss, &err);

	c->request.sandbox_id = rf_service_chosen(&c->choice.selection);
	if (r == 0 && c->request.sandbox_id)
		r = rf_run_events_words(events, &words, &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	c->request.words = words;
	recipe = rf_recipe_make(&c->options, &c->subject, c->request.sandbox_id != 0);
	c->request.recipe = recipe;
	c->request.started = rf_run_events_start;
	c->request.data = events;
	rf_launch_run(&c->request, &outcome, &err);
	*again = rf_run_choose_without(&c->choice, &outcome, &err);
	if (*again)
		return RF_EXIT_FAILED;
	status = tell_end(&outcome, &err);
	rf_run_events_report(events, &c->choice.selection, outcome.end != RF_END_NOT_STARTED);
	if (outcome.end != RF_END_NOT_STARTED && c->options.summary != RF_SUMMARY_NEVER)
		print_items(c, c->options.summary == RF_SUMMARY_ALWAYS ? RF_REPORT_WEAKER
								       : RF_REPORT_ASKED);
	return status;
}

static int choose_and_launch(struct context *c, bool *again)
{
	struct rf_err err = RF_ERR_INIT;
	size_t refused;
	int status, r;

	c->choice.as_user = geteuid() == 0 && c->subject.has_user && c->subject.user.uid != 0;
	*again = false;
	r = rf_run_choose(&c->choice, c->subject.policy, &err);
	if (r == 0 && c->options.report)
		r = write_report(c, &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	fill_request(c);
	refused = rf_selection_refused(&c->choice.selection);
	if (c->options.plan) {
		status = print_plan(c);
		return refused ? refuse(c, refused) : status;
	}
	return refused ? refuse(c, refused) : attempt(c, again);
}

/*
 * A run that was asked for wrongly has not started the command either, and 2 may be the command's
 * own status: so here, and only here, usage is a failure.
 */
static int not_started(int status)
{
	return status == RF_EXIT_USAGE ? RF_EXIT_FAILED : status;
}

static int run(struct context *c)
{
	bool again = true;
	int status = not_started(rf_run_subject_load(&c->subject, &c->options));

	c->choice.form = &c->subject.form;
	while (status == RF_EXIT_OK && again) {
		status = choose_and_launch(c, &again);
		if (again)
			status = RF_EXIT_OK;
	}
	return status;
}

int rf_cmd_run(int argc, char **argv)
{
	struct context c = {.choice = RF_RUN_CHOICE_INIT};
	int status;

	rf_inherited_take(&c.inherited);
	rf_service_allow();
	status = not_started(rf_run_options_parse(&c.options, argc, argv));
	if (status == RF_EXIT_OK && c.options.help)
		fputs(usage, stdout);
	else if (status == RF_EXIT_OK)
		status = run(&c);
	rf_run_choice_done(&c.choice);
	rf_run_subject_done(&c.subject);
	rf_run_options_done(&c.options);
	return status;
}
