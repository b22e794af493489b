/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence audit`: reads events from files, standard input or the running sandboxes, chooses, and
 * prints them as JSON or as text.
 *
 * An executable of its own in libexec: reading events needs nothing of what a launch needs.
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#include "cli/cmd.h"
#include "sandbox/audit/counts.h"
#include "sandbox/audit/lines.h"
#include "sandbox/audit/live.h"
#include "sandbox/audit/ocsf.h"
#include "sandbox/audit/outlet.h"
#include "sandbox/audit/select.h"
#include "sandbox/audit/text.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/map_enum.h"
#include "sandbox/base/str.h"

enum format {
	FORMAT_JSON,
	FORMAT_TEXT,
	FORMAT_OCSF,
	FORMAT_COUNT
};

RF_MAP_ENUM_DECLARE(format, enum format)
RF_MAP_ENUM(format, enum format, FORMAT_COUNT, "json", "text", "ocsf");

#define OUT_BYTES 65536

struct audit {
	struct rf_select select;
	enum format format;
	bool follow, format_given;
	bool colour;
	struct rf_str out; /* printed when no further line is here */
	struct rf_tape *tape;
	struct rf_outlet outlet; /* no sink: standard output */
	const char *state;
	const char *metrics_address;
	struct rf_counts *counts; /* NULL: not counted */
	struct rf_metrics *metrics;
	const char *source; /* for errors */
	uint64_t bad_lines;
};

static const char help[] =
	"usage: ringfence audit [OPTION...] [FILE...|-]\n"
	"\n"
	"Prints events from FILEs, from standard input (-), or, without a FILE, from the sandboxes\n"
	"that are running now (without BPF LSM only, with --follow, from those that start then).\n"
	"\n"
	"  -f, --follow          go on as events come\n"
	"      --format FORMAT   json, text or ocsf (default: text on a terminal, else json)\n"
	"      --where EXPR      e.g. 'layer = files and object.path ~ /etc/*'\n"
	"      --sandbox NAME    events of the sandbox with this id or name (a container: its id, or\n"
	"                        the first 12 characters of it)\n"
	"      --denied          denials and losses only\n"
	"      --since TIME      a duration back (10m) or a UTC time (2026-01-05T10:11)\n"
	"      --to SINK         deliver to -, file:PATH[?size=64M&count=5&fsync=no|rotate|always],\n"
	"                        unix:PATH, syslog, journald, nats:URL[?stream=NAME&replicas=3];\n"
	"                        may be given several times\n"
	"      --state FILE      remember what each SINK has had, and go on there next time\n"
	"      --metrics ADDR    serve counts of what is read to Prometheus, at unix:PATH or\n"
	"                        127.0.0.1:PORT, path /metrics\n"
	"      --help\n"
	"\n"
	"exit status: 0 done, 1 something in the input was no event, 2 usage, 125 failure\n";

/* Whole records only, whatever happens in between. */
static int flush(struct audit *audit, struct rf_err *err)
{
	int r;

	if (audit->outlet.n > 0)
		return rf_outlet_flush(&audit->outlet, err);
	r = rf_fd_write_all(STDOUT_FILENO, rf_str_text(&audit->out), audit->out.len, err);

	rf_str_reset(&audit->out);
	return r;
}

static int add_event(struct audit *audit, const struct rf_node *event, const char *line, size_t len,
		     struct rf_err *err)
{
	int r;

	if (audit->format == FORMAT_TEXT) {
		r = rf_event_text(&audit->out, event, audit->colour);
		if (r == 0)
			r = rf_event_text_stack(&audit->out, event, audit->colour);
	} else if (audit->format == FORMAT_OCSF) {
		r = rf_ocsf_add(&audit->out, event);
	} else {
		(void)rf_str_add_n(&audit->out, line, len);
		r = rf_str_add_char(&audit->out, '\n');
	}
	if (r < 0)
		return rf_err_sys(err, r, "format an event");
	if (audit->outlet.n > 0) {
		r = rf_outlet_write(&audit->outlet, event, rf_str_text(&audit->out), audit->out.len,
				    err);
		rf_str_reset(&audit->out);
		return r;
	}
	return audit->out.len >= OUT_BYTES ? flush(audit, err) : 0;
}

static int take_line(struct audit *audit, const char *line, size_t len, struct rf_err *err)
{
	const struct rf_node *event;

	if (len > 0 && line[len - 1] == '\n')
		len--;
	if (len == 0)
		return 0;
	event = rf_tape_parse(audit->tape, line, len, false);
	if (audit->counts && event)
		rf_counts_add(audit->counts, event);
	if (audit->counts && !event)
		rf_counts_add_bad(audit->counts);
	if (!event) {
		audit->bad_lines++;
		return 0;
	}
	if (!rf_select_matches(&audit->select, event))
		return 0;
	return add_event(audit, event, line, len, err);
}

static int take_live(void *data, const char *line, size_t len, struct rf_err *err)
{
	int r = take_line(data, line, len, err);

	return r < 0 ? r : flush(data, err);
}

/* Before it waits for more, everything it has is printed. */
static int drain(struct audit *audit, struct rf_lines *lines, struct rf_err *err)
{
	const char *line;
	size_t len;
	int r;

	do {
		r = rf_lines_ready(lines) ? 0 : flush(audit, err);
		if (r == 0)
			r = rf_lines_next(lines, &line, &len, err);
		if (r != RF_LINES_LINE)
			return r < 0 ? r : 0;
		r = take_line(audit, line, len, err);
	} while (r == 0);
	return r;
}

/* Waits for the file to grow and goes on reading, for ever. */
static int follow_file(struct audit *audit, const char *path, struct rf_lines *lines,
		       struct rf_err *err)
{
	RF_AUTOCLOSE int watch = inotify_init1(IN_CLOEXEC);
	char events[4096];

	if (watch < 0 || inotify_add_watch(watch, path, IN_MODIFY) < 0)
		return rf_err_sys(err, -errno, "watch %s", path);
	for (;;) {
		int r = drain(audit, lines, err);

		if (r < 0)
			return r;
		if (read(watch, events, sizeof(events)) < 0 && errno != EINTR)
			return rf_err_sys(err, -errno, "watch %s", path);
	}
}

static int read_file(struct audit *audit, const char *path, struct rf_err *err)
{
	RF_CLEANUP(rf_lines_freep) struct rf_lines *lines = NULL;
	bool is_stdin = strcmp(path, "-") == 0;
	RF_AUTOCLOSE int fd = -1;
	int r;

	if (!is_stdin) {
		r = rf_fd_open_read(path, &fd, err);
		if (r < 0)
			return r;
	}
	lines = rf_lines_new(is_stdin ? STDIN_FILENO : fd);
	if (!lines)
		return rf_err_sys(err, -ENOMEM, "read %s", path);
	audit->source = path;
	r = drain(audit, lines, err);
	if (r == 0 && audit->follow && !is_stdin)
		r = follow_file(audit, path, lines, err);
	audit->bad_lines += lines->too_long + (rf_lines_rest(lines) > 0 ? 1 : 0);
	return r < 0 ? rf_err_wrap(err, r, "%s", path) : 0;
}

enum option_id {
	OPT_FORMAT = 256,
	OPT_WHERE,
	OPT_SANDBOX,
	OPT_DENIED,
	OPT_SINCE,
	OPT_TO,
	OPT_STATE,
	OPT_METRICS,
	OPT_HELP
};

static const struct option options[] = {
	{"follow", no_argument, NULL, 'f'},
	{"format", required_argument, NULL, OPT_FORMAT},
	{"where", required_argument, NULL, OPT_WHERE},
	{"sandbox", required_argument, NULL, OPT_SANDBOX},
	{"denied", no_argument, NULL, OPT_DENIED},
	{"since", required_argument, NULL, OPT_SINCE},
	{"to", required_argument, NULL, OPT_TO},
	{"state", required_argument, NULL, OPT_STATE},
	{"metrics", required_argument, NULL, OPT_METRICS},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

/* -1: go on; else the exit status. */
static int take_option(struct audit *audit, int option, const char *argument)
{
	struct rf_err err = RF_ERR_INIT;
	const char *stranger;

	switch (option) {
	case 'f':
		audit->follow = true;
		return -1;
	case OPT_FORMAT:
		if (format_parse(argument, &audit->format) < 0)
			return rf_cmd_usage("--format %s: there are json, text and ocsf", argument);
		audit->format_given = true;
		return -1;
	case OPT_WHERE:
		if (audit->select.where)
			return rf_cmd_usage("--where may be given once; join expressions with and");
		if (rf_where_parse(&audit->select.where, argument, &err) < 0)
			return rf_cmd_usage("%s", rf_err_text(&err));
		stranger = rf_where_stranger(audit->select.where);
		if (stranger)
			return rf_cmd_usage("--where: no record has a member %s", stranger);
		return -1;
	case OPT_SANDBOX:
		audit->select.sandbox = argument;
		return -1;
	case OPT_DENIED:
		audit->select.denied = true;
		return -1;
	case OPT_SINCE:
		if (rf_select_set_since(&audit->select, argument, &err) < 0)
			return rf_cmd_usage("%s", rf_err_text(&err));
		return -1;
	case OPT_TO:
		if (audit->outlet.n == RF_OUTLET_MAX)
			return rf_cmd_usage("--to: there may be %d sinks", RF_OUTLET_MAX);
		audit->outlet.names[audit->outlet.n++] = argument;
		return -1;
	case OPT_STATE:
		audit->state = argument;
		return -1;
	case OPT_METRICS:
		audit->metrics_address = argument;
		return -1;
	case OPT_HELP:
		fputs(help, stdout);
		return RF_EXIT_OK;
	default:
		return RF_EXIT_USAGE;
	}
}

static int tell_option(int option, const char *word)
{
	if (option == ':')
		return rf_cmd_usage("audit: the option %s needs a value", word);
	return rf_cmd_usage("audit: unknown option %s", word);
}

static void tell(const struct rf_err *trouble)
{
	(void)rf_cmd_fail(RF_EXIT_FAILED, trouble);
}

/* -1: go on; else the exit status. */
static int open_sinks(struct audit *audit)
{
	struct rf_err err = RF_ERR_INIT;
	size_t n = audit->outlet.n;
	int r = 0;

	if (audit->state && n == 0)
		return rf_cmd_usage("--state is about sinks; give them with --to");
	if (audit->state)
		r = rf_cursor_open(&audit->outlet.cursor, audit->state, &err);
	audit->outlet.n = 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = rf_sink_open(&audit->outlet.sinks[i], audit->outlet.names[i], tell, &err);
		audit->outlet.n += r == 0;
	}
	if (r == -EINVAL)
		return rf_cmd_usage("%s", rf_err_text(&err));
	return r < 0 ? rf_cmd_fail(RF_EXIT_FAILED, &err) : -1;
}

/* -1: go on; else the exit status. */
static int open_metrics(struct audit *audit)
{
	struct rf_err err = RF_ERR_INIT;
	int r;

	if (!audit->metrics_address)
		return -1;
	audit->counts = rf_counts_new();
	r = audit->counts
		    ? rf_metrics_start(&audit->metrics, audit->metrics_address, audit->counts, &err)
		    : rf_err_sys(&err, -ENOMEM, "count events");
	if (r == -EINVAL)
		return rf_cmd_usage("%s", rf_err_text(&err));
	return r < 0 ? rf_cmd_fail(RF_EXIT_FAILED, &err) : -1;
}

static int run(struct audit *audit, char **files, int n_files)
{
	struct rf_err err = RF_ERR_INIT;
	int r = 0;

	if (!audit->tape)
		return RF_EXIT_FAILED;
	if (audit->follow && n_files > 1)
		return rf_cmd_usage("--follow takes one FILE");
	if (n_files == 0)
		r = rf_live_read(audit->follow, take_live, audit, &err);
	if (r < 0)
		return rf_cmd_fail_as_user(r, "reading the events of sandboxes", &err);
	for (int i = 0; r == 0 && i < n_files; i++)
		r = read_file(audit, files[i], &err);
	if (r == 0)
		r = flush(audit, &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	if (audit->bad_lines > 0) {
		(void)rf_err_set(&err, -EINVAL, "%ju lines of the input are no events",
				 (uintmax_t)audit->bad_lines);
		return rf_cmd_fail(RF_EXIT_NO, &err);
	}
	return RF_EXIT_OK;
}

/* Does it take what only the other build of this program has (cli/meson.build)? */
static bool is_for_the_other(const struct audit *audit)
{
#ifdef RF_AUDIT_LIGHT
	for (size_t i = 0; i < audit->outlet.n; i++)
		if (rf_str_has_prefix(audit->outlet.names[i], "nats:"))
			return true;
	return audit->metrics_address != NULL;
#else
	(void)audit;
	return false;
#endif
}

int main(int argc, char **argv)
{
	bool terminal = isatty(STDOUT_FILENO) == 1;
	struct audit audit = {
		.format = terminal ? FORMAT_TEXT : FORMAT_JSON,
		.colour = terminal && !getenv("NO_COLOR"),
		.out = RF_STR_INIT((size_t)4 << 20),
		.tape = rf_tape_new(),
	};
	int option, status = -1;

	rf_cmd_begin();
	opterr = 0;
	while (status < 0 && (option = getopt_long(argc, argv, ":f", options, NULL)) != -1)
		status = option == '?' || option == ':' ? tell_option(option, argv[optind - 1])
							: take_option(&audit, option, optarg);
	if (status < 0 && audit.outlet.n > 0 && !audit.format_given)
		audit.format = FORMAT_JSON;
	if (status < 0 && is_for_the_other(&audit))
		status = rf_cmd_exec_helper("audit-net", argv);
	if (status < 0)
		status = open_sinks(&audit);
	if (status < 0)
		status = open_metrics(&audit);
	if (status < 0)
		status = run(&audit, argv + optind, argc - optind);
	rf_select_done(&audit.select);
	rf_str_done(&audit.out);
	(void)rf_tape_free(audit.tape);
	rf_outlet_close(&audit.outlet);
	(void)rf_metrics_stop(audit.metrics);
	(void)rf_counts_free(audit.counts);
	return status;
}
