/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence policy replay POLICY EVENTS…`: what recorded activity would meet under a policy.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/finding.h"
#include "cli/policy.h"
#include "cli/replay.h"
#include "sandbox/audit/lines.h"
#include "sandbox/base/fd.h"

#define OUT_MAX	   (64u << 20)
#define BROKEN_MAX 10 /* told one by one */

static const char usage[] =
	"usage: ringfence policy replay [--json] [--set VAR=VALUE]... POLICY EVENTS...\n"
	"\n"
	"Puts every recorded access (allowed, denied or would_deny) to the policy and sums up by\n"
	"rule what it would meet. EVENTS are files, or - for standard input. Lines that are no\n"
	"event are told and counted.\n"
	"Exit status: 0 nothing that was used would be denied; 1 something would; 2 usage; 125 the\n"
	"policy cannot be loaded, or the events cannot be read.\n";

struct job {
	struct rf_policy_args args;
	struct rf_policy *policy;
	struct rf_image *image;
	struct rf_asker *asker;
	struct rf_replay replay;
	uint64_t broken;
};

static void done(struct job *job)
{
	rf_replay_done(&job->replay);
	(void)rf_asker_free(job->asker);
	(void)rf_image_free(job->image);
	(void)rf_policy_free(job->policy);
	rf_policy_args_done(&job->args);
}

static void tell_broken(struct job *job, const char *name, uint64_t no, const char *what)
{
	struct rf_err err = RF_ERR_INIT;

	if (job->broken++ < BROKEN_MAX) {
		rf_err_set(&err, -EINVAL, "%.200s:%llu: not an event: %.200s", name,
			   (unsigned long long)no, what);
		(void)rf_cmd_fail(0, &err);
	}
}

/* A line that is broken is told; only a failure of the machine ends the reading. */
static int replay_line(struct job *job, const char *name, uint64_t no, const char *line, size_t len,
		       struct rf_err *err)
{
	struct rf_err why = RF_ERR_INIT;
	json_error_t wrong;
	json_t *event;
	int r;

	while (len && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (len == 0)
		return 0;
	event = json_loadb(line, len, JSON_REJECT_DUPLICATES, &wrong);
	if (!event) {
		tell_broken(job, name, no, wrong.text);
		return 0;
	}
	r = rf_replay_event(&job->replay, event, &why);
	json_decref(event);
	if (r == -ENOMEM)
		return rf_err_sys(err, r, "replay %s", name);
	if (r < 0)
		tell_broken(job, name, no, rf_err_text(&why));
	return 0;
}

static int replay_lines(struct job *job, const char *name, int fd, struct rf_err *err)
{
	RF_CLEANUP(rf_lines_freep) struct rf_lines *lines = rf_lines_new(fd);
	uint64_t no = 0, long_before = 0;
	const char *line;
	size_t len;
	int r = RF_LINES_LINE;

	if (!lines)
		return rf_err_sys(err, -ENOMEM, "read %s", name);
	while (r == RF_LINES_LINE) {
		r = rf_lines_next(lines, &line, &len, err);
		for (; long_before < lines->too_long; long_before++)
			tell_broken(job, name, ++no, "longer than any event");
		if (r == RF_LINES_LINE && replay_line(job, name, ++no, line, len, err) < 0)
			return -ENOMEM;
	}
	if (r < 0)
		return r;
	/* A file that ends without a newline ends with a line all the same. */
	len = rf_lines_rest(lines);
	return len ? replay_line(job, name, ++no, lines->buffer + lines->start, len, err) : 0;
}

static int replay_file(struct job *job, const char *name)
{
	struct rf_err err = RF_ERR_INIT;
	RF_AUTOCLOSE int opened = -1;
	int fd = STDIN_FILENO, r = 0;

	if (strcmp(name, "-") != 0) {
		r = rf_fd_open_read(name, &opened, &err);
		fd = opened;
	}
	if (r == 0)
		r = replay_lines(job, name, fd, &err);
	return r < 0 ? rf_cmd_fail(RF_EXIT_FAILED, &err) : RF_EXIT_OK;
}

static int severity(const struct rf_replay_row *row)
{
	if (row->uncertain)
		return 2;
	return row->finding.verdict == RF_V_ALLOWED ? 3 : row->finding.verdict == RF_V_WOULD_DENY;
}

static int compare_rows(const void *a, const void *b)
{
	const struct rf_replay_row *x = a, *y = b;
	int order = severity(x) - severity(y);

	if (order)
		return order;
	if (x->accesses != y->accesses)
		return x->accesses > y->accesses ? -1 : 1;
	order = strcmp(x->layer, y->layer);
	return order ? order : strcmp(x->finding.rule, y->finding.rule);
}

static void add_row(struct rf_str *out, const struct rf_replay_row *row)
{
	static const char *const words[] = {"allowed", "denied", "killed", "would be denied"};
	const struct rf_finding *f = &row->finding;

	rf_str_addf(out, "%s by %s", row->uncertain ? "depends on arguments" : words[f->verdict],
		    row->layer);
	rf_finding_add_decider(out, " ", f);
	rf_str_addf(out, ": %llu", (unsigned long long)row->accesses);
	for (size_t i = 0; i < row->n_examples; i++)
		rf_finding_add_line(out, "\n    ", row->examples[i]);
	if (f->verdict != RF_V_ALLOWED)
		rf_finding_add_line(out, "\n    hint: ", f->hint);
	rf_str_add(out, "\n");
}

static void print_text(const struct job *job)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(OUT_MAX);
	const struct rf_replay *r = &job->replay;

	rf_str_addf(&out, "%llu accesses in %llu records: %llu allowed, %llu denied",
		    (unsigned long long)r->accesses, (unsigned long long)r->records,
		    (unsigned long long)(r->accesses - r->denied - r->would_deny - r->uncertain),
		    (unsigned long long)r->denied);
	if (r->would_deny)
		rf_str_addf(&out, ", %llu would be denied but for audit mode",
			    (unsigned long long)r->would_deny);
	if (r->uncertain)
		rf_str_addf(&out, ", %llu depend on arguments that were not recorded",
			    (unsigned long long)r->uncertain);
	rf_str_add(&out, "\n");
	if (r->newly_denied)
		rf_str_addf(&out, "%llu passed when they were recorded and would not now\n",
			    (unsigned long long)r->newly_denied);
	if (r->newly_allowed)
		rf_str_addf(&out, "%llu were refused when they were recorded and would pass now\n",
			    (unsigned long long)r->newly_allowed);
	if (r->lost)
		rf_str_addf(&out, "%llu accesses were lost when recording: this is not all\n",
			    (unsigned long long)r->lost);
	if (job->broken)
		rf_str_addf(&out, "%llu lines were no events\n", (unsigned long long)job->broken);
	for (size_t i = 0; i < r->rows.len; i++)
		add_row(&out, &r->rows.data[i]);
	fputs(rf_str_text(&out), stdout);
}

static void add_json_row(struct rf_str *out, const struct rf_replay_row *row)
{
	rf_str_addf(out, "{\"layer\":\"%s\",", row->layer);
	rf_finding_add_json(out, &row->finding);
	rf_str_addf(out, ",\"accesses\":%llu", (unsigned long long)row->accesses);
	if (row->uncertain)
		rf_str_add(out, ",\"depends_on_arguments\":true");
	rf_str_add(out, ",\"examples\":[");
	for (size_t i = 0; i < row->n_examples; i++) {
		rf_str_add(out, i ? "," : "");
		rf_str_add_json(out, row->examples[i]);
	}
	rf_str_add(out, "]}");
}

static void print_json(const struct job *job)
{
	const struct rf_replay *r = &job->replay;
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{"records", r->records},
		{"accesses", r->accesses},
		{"allowed", r->accesses - r->denied - r->would_deny - r->uncertain},
		{"denied", r->denied},
		{"would_deny", r->would_deny},
		{"depends_on_arguments", r->uncertain},
		{"newly_denied", r->newly_denied},
		{"newly_allowed", r->newly_allowed},
		{"lost", r->lost},
		{"other_records", r->others},
		{"broken_lines", job->broken},
	};
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(OUT_MAX);

	rf_str_add(&out, "{\"policy\":");
	rf_str_add_json(&out, job->args.names[0]);
	rf_str_addf(&out, ",\"sha256\":\"%s\"", job->policy->sha256);
	for (size_t i = 0; i < RF_ARRAY_LEN(numbers); i++)
		rf_str_addf(&out, ",\"%s\":%llu", numbers[i].key,
			    (unsigned long long)numbers[i].value);
	rf_str_add(&out, ",\"rules\":[");
	for (size_t i = 0; i < r->rows.len; i++) {
		rf_str_add(&out, i ? "," : "");
		add_json_row(&out, &r->rows.data[i]);
	}
	rf_str_add(&out, "]}");
	puts(rf_str_text(&out));
}

static int load(struct job *job)
{
	struct rf_err err = RF_ERR_INIT;
	int status = rf_policy_args_load_one(&job->policy, &job->args, job->args.names[0]);

	if (status != RF_EXIT_OK)
		return status;
	if (rf_image_make(&job->image, job->policy, &err) < 0 ||
	    rf_asker_new(&job->asker, job->policy, job->image, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	job->replay.asker = job->asker;
	job->replay.policy = job->policy;
	return RF_EXIT_OK;
}

int rf_policy_cmd_replay(int argc, char **argv)
{
	RF_CLEANUP(done) struct job job = {.broken = 0};
	int status = rf_policy_args_parse(&job.args, argc, argv, usage);

	if (status != RF_EXIT_OK || job.args.help)
		return status;
	if (job.args.strict || job.args.sizes)
		return rf_cmd_usage("`policy replay` knows --json and --set only");
	if (job.args.n_names < 2)
		return rf_cmd_usage("`policy replay` needs a policy and files of events");
	status = load(&job);
	for (size_t i = 1; i < job.args.n_names && status == RF_EXIT_OK; i++)
		status = replay_file(&job, job.args.names[i]);
	if (status != RF_EXIT_OK)
		return status;
	if (job.replay.rows.len)
		qsort(job.replay.rows.data, job.replay.rows.len, sizeof(*job.replay.rows.data),
		      compare_rows);
	if (job.args.json)
		print_json(&job);
	else
		print_text(&job);
	if (job.broken && !job.replay.records && !job.replay.others)
		return RF_EXIT_FAILED;
	return job.replay.denied || job.replay.would_deny ? RF_EXIT_NO : RF_EXIT_OK;
}
