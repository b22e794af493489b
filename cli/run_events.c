/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivering the events of one run; see run_events.h.
 */
#include "cli/run_events.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run_advice.h"
#include "cli/run_calls.h"
#include "cli/run_feed.h"
#include "cli/run_last.h"
#include "cli/run_lines.h"
#include "cli/run_names.h"
#include "cli/run_summary.h"
#include "cli/run_target.h"
#include "cli/run_words.h"
#include "lsm/abi.h"
#include "sandbox/audit/live.h"
#include "sandbox/audit/stream.h"
#include "sandbox/audit/summary.h"
#include "sandbox/audit/symbols.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

/* How long a reader of events may take to read on. */
#define READER_WAIT_MS 2000

struct rf_run_events {
	struct rf_wordbook words;
	struct rf_history *history; /* NULL: the policy cannot be replaced */
	struct rf_calls calls;
	struct rf_names names;
	struct rf_run_feed *feed;  /* NULL: not needed, or not to be had */
	struct rf_stream *stream;  /* NULL with lines */
	struct rf_run_lines lines; /* fd -1: there is no service between */
	struct rf_summary *summary;
	struct rf_readers *readers; /* NULL: nobody follows */
	enum rf_summary_mode mode;
	enum rf_on_loss on_loss;
	struct rf_loss loss;
	struct rf_last *last;
	struct rf_run_last *server; /* NULL: nobody can ask */
	struct rf_symbols *symbols; /* NULL: no stacks, or no memory */
	const struct rf_sandbox *counters;
	int fd;	       /* -1: no --events */
	bool observed; /* something on this host reports denials to us */
	const char *target;
	char name[64];
	char host[65];
	char boot[40];
	struct rf_sandbox own_counters; /* where no kernel side counts */
	struct rf_err write_err;	/* the first failure to deliver */
	bool refused;			/* and with it, the launch */
	struct rf_err stream_err;
};

/* Left out of events if they cannot be had. */
static void find_host(struct rf_run_events *events)
{
	RF_AUTOFREE char *boot = NULL;

	if (gethostname(events->host, sizeof(events->host) - 1) < 0)
		events->host[0] = '\0';
	if (rf_fd_read_file("/proc/sys/kernel/random/boot_id", 64, &boot, NULL, NULL) == 0)
		(void)snprintf(events->boot, sizeof(events->boot), "%.*s", (int)strcspn(boot, "\n"),
			       boot);
}

int rf_run_events_new(struct rf_run_events **ret, const struct rf_policy *policy,
		      const char *target, enum rf_summary_mode summary, enum rf_on_loss on_loss,
		      struct rf_err *err)
{
	RF_CLEANUP(rf_run_events_freep) struct rf_run_events *events = calloc(1, sizeof(*events));
	int r;

	if (!events)
		return rf_err_sys(err, -ENOMEM, "set up events");
	events->fd = events->lines.fd = -1;
	events->mode = summary;
	events->on_loss = on_loss;
	events->target = target;
	rf_calls_init(&events->calls, policy);
	events->names.policy = policy;
	r = rf_words_fill(&events->words, policy, err);
	if (r < 0)
		return r;
	if (target) {
		r = rf_run_target_open(target, &events->fd, err);
		if (r < 0)
			return r;
		find_host(events);
	}
	if (summary != RF_SUMMARY_NEVER) {
		events->summary = rf_summary_new();
		if (!events->summary)
			return rf_err_sys(err, -ENOMEM, "set up the summary");
		rf_summary_ask(events->summary, rf_run_advise, &events->calls);
	}
	*ret = RF_TAKE_PTR(events);
	return 0;
}

int rf_run_events_words(const struct rf_run_events *events, char **ret, struct rf_err *err)
{
	return rf_wordbook_format(&events->words, NULL, ret, err);
}

struct rf_run_events *rf_run_events_free(struct rf_run_events *events)
{
	if (!events)
		return NULL;
	(void)rf_run_last_close(events->server);
	(void)rf_last_free(events->last);
	(void)rf_run_feed_close(events->feed);
	(void)rf_stream_close(events->stream);
	(void)rf_symbols_free(events->symbols);
	(void)rf_summary_free(events->summary);
	(void)rf_readers_close(events->readers);
	(void)rf_history_free(events->history);
	rf_calls_done(&events->calls);
	rf_names_done(&events->names);
	rf_wordbook_done(&events->words);
	if (events->fd >= 0)
		(void)close(events->fd);
	free(events);
	return NULL;
}

/* Does somebody want us to end, or to pass something on? All signals are held back for later. */
static bool signal_waits(void)
{
	sigset_t set;

	(void)sigpending(&set);
	return sigismember(&set, SIGTERM) == 1 || sigismember(&set, SIGINT) == 1 ||
	       sigismember(&set, SIGHUP) == 1 || sigismember(&set, SIGQUIT) == 1;
}

/*
 * A reader that stops reading must not hold up the fence: after a while it gets nothing more, but
 * with --on-loss freeze the sandbox waits with us. What a pipe takes without waiting, once it says
 * that it has room, is at least PIPE_BUF bytes.
 */
static int write_line(struct rf_run_events *events, const char *line, size_t len)
{
	while (len) {
		struct pollfd p = {.fd = events->fd, .events = POLLOUT};
		size_t piece = len < PIPE_BUF ? len : PIPE_BUF;
		int r = poll(&p, 1, 0);

		if (r == 0)
			rf_loss_hold(&events->loss);
		if (r == 0)
			r = poll(&p, 1, READER_WAIT_MS);
		if (r == 0 && events->loss.frozen && !signal_waits())
			continue;
		if (r == 0)
			return rf_err_set(&events->write_err, -ETIMEDOUT, "nobody reads");
		if (r < 0 && errno != EINTR)
			return rf_err_sys(&events->write_err, -errno, "cannot wait");
		if (r < 0)
			continue;
		r = rf_fd_write_all(events->fd, line, piece, &events->write_err);
		if (r < 0)
			return r;
		line += piece;
		len -= piece;
	}
	return 0;
}

/* So much is unread that the ring may be full before it is read. */
static bool is_behind(const struct rf_run_events *events)
{
	size_t size, pending;

	if (!events->stream)
		return false;
	pending = rf_stream_pending(events->stream, &size);
	return pending > size / 8;
}

static void take_loss(void *data, uint64_t count RF_UNUSED)
{
	struct rf_run_events *events = data;

	rf_loss_happened(&events->loss);
}

/* The command goes on when events cannot be delivered; the reader of standard error is told. */
static int deliver(void *data, const char *line, size_t len, const struct rf_record *record,
		   struct rf_err *err RF_UNUSED)
{
	struct rf_run_events *events = data;

	if (is_behind(events))
		rf_loss_hold(&events->loss);
	if (events->fd >= 0 && events->write_err.code == 0 && write_line(events, line, len) < 0)
		rf_loss_happened(&events->loss);
	if (events->readers)
		rf_readers_offer(events->readers, line, len);
	if (record && events->last)
		rf_last_add(events->last, line, len);
	if (events->summary && events->stream_err.code == 0)
		(void)!rf_summary_add(events->summary, line, len, &events->stream_err);
	return 0;
}

static int drain(struct rf_run_events *events)
{
	return events->stream ? rf_stream_drain(events->stream, &events->stream_err)
			      : rf_run_lines_read(&events->lines, false, &events->stream_err);
}

/* Somebody inside asks: told with what has just happened. */
static int answer(void *data, bool last)
{
	struct rf_run_events *events = data;
	int r = last ? 0 : drain(events);

	rf_loss_release(&events->loss);
	if (r == 0 && !last)
		rf_run_last_answer(events->server);
	return r;
}

/* Where nothing tells of denials, nobody is promised an answer. */
static void listen_for_questions(struct rf_run_events *events, const struct rf_launch *launch,
				 struct rf_watch *watches, size_t *n_watches)
{
	if (!events->observed)
		return;
	events->last = rf_last_new();
	if (events->last)
		events->server = rf_run_last_open(launch, events->last);
	if (events->server)
		watches[(*n_watches)++] = (struct rf_watch){.fd = rf_run_last_fd(events->server),
							    .timeout_ms = -1,
							    .ready = answer,
							    .data = events};
}

static int ready(void *data, bool last)
{
	struct rf_run_events *events = data;
	int r;

	if (__atomic_load_n(&events->counters->lost, __ATOMIC_RELAXED) > 0)
		rf_loss_happened(&events->loss);
	if (!last) {
		r = rf_stream_drain(events->stream, &events->stream_err);
		rf_loss_release(&events->loss);
		return r;
	}
	rf_loss_end(&events->loss);
	r = rf_stream_finish(events->stream, &events->stream_err);
	if (r == 0)
		r = rf_stream_note(events->stream, "sandbox_end", "", &events->stream_err);
	return r;
}

static int find_rule(void *data, const struct rf_record *record, struct rf_rule_words *ret)
{
	struct rf_run_events *events = data;
	struct rf_past_policy *past =
		events->history ? rf_history_find(events->history, record->policy_gen) : NULL;
	struct rf_record named = *record; /* a wordbook looks at no names */

	if (!past)
		rf_names_find(&events->names, record, &named.rule);
	return rf_wordbook_find(past ? &past->book : &events->words, &named, ret);
}

static void find_policy(void *data, uint32_t policy_gen, struct rf_subject *ret)
{
	struct rf_run_events *events = data;
	struct rf_past_policy *past =
		events->history ? rf_history_find(events->history, policy_gen) : NULL;

	if (!past)
		return;
	ret->policy = past->name;
	ret->sha256 = past->sha256;
}

static int find_call(void *data, struct rf_record *copy, struct rf_rule_words *ret)
{
	struct rf_run_events *events = data;

	return rf_calls_find(&events->calls, copy, ret);
}

static bool find_symbol(void *data, const struct rf_mapped *object, const struct rf_frame *frame,
			bool caller, struct rf_str *name)
{
	struct rf_run_events *events = data;

	return rf_symbols_find(events->symbols, object, frame, caller, name);
}

/* The command runs either way: a stack is a help, not a promise. */
static void start_stacks(struct rf_run_events *events, const struct rf_launch *launch,
			 struct rf_subject *subject)
{
	if (!launch->counters || !(launch->counters->flags & RF_SBF_STACKS)) {
		(void)dprintf(STDERR_FILENO,
			      "ringfence: --stacks: %s, so the denials are told without their "
			      "stacks\n",
			      launch->lines_fd >= 0 ? "the service passes none on"
						    : "no BPF LSM here");
		return;
	}
	events->symbols = rf_symbols_new();
	if (events->symbols)
		subject->symbol = find_symbol;
}

/* The service tells a loss as any reader hears of it. */
static int deliver_line(void *data, const char *line, size_t len, const struct rf_record *record,
			struct rf_err *err)
{
	if (!record && memmem(line, len, "\"type\":\"lost\"", 13))
		take_loss(data, 1);
	return deliver(data, line, len, record, err);
}

static int lines_ready(void *data, bool last)
{
	struct rf_run_events *events = data;
	int r;

	if (last)
		rf_loss_end(&events->loss);
	r = rf_run_lines_read(&events->lines, last, &events->stream_err);
	rf_loss_release(&events->loss);
	return r;
}

static int start_lines(struct rf_run_events *events, const struct rf_launch *launch,
		       const struct rf_subject *subject, struct rf_watch *watches,
		       size_t *n_watches)
{
	events->lines = (struct rf_run_lines){
		.fd = launch->lines_fd, .subject = *subject, .event = deliver_line, .data = events};
	events->counters = &events->own_counters;
	events->observed = true;
	listen_for_questions(events, launch, watches, n_watches);
	watches[(*n_watches)++] = (struct rf_watch){
		.fd = launch->lines_fd, .timeout_ms = -1, .ready = lines_ready, .data = events};
	return 0;
}

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

/* What events say of the sandbox, and whether its policy may become another. */
static void note_sandbox(struct rf_run_events *events, const struct rf_launch *launch)
{
	(void)snprintf(events->name, sizeof(events->name), "%s", launch->sandbox_name);
	if (launch->hears_all)
		events->history = rf_history_new(launch->sandbox_id);
}

/* The first events. Who asked for them and cannot have these is told before anything runs. */
static int tell_start(struct rf_run_events *events, const struct rf_launch *launch,
		      struct rf_err *err)
{
	char members[64];
	int r;

	(void)snprintf(members, sizeof(members), ",\"process\":{\"pid\":%d}", (int)launch->pid);
	r = rf_stream_note(events->stream, "sandbox_start", members, err);
	if (r == 0)
		r = rf_stream_note(events->stream, "policy_loaded", "", err);
	if (r == 0)
		r = rf_stream_drain(events->stream, err);
	if (r < 0 || events->write_err.code == 0 || events->write_err.code == -ETIMEDOUT)
		return r;
	events->refused = true;
	*err = events->write_err;
	return rf_err_wrap(err, err->code, "--events %s", events->target);
}

int rf_run_events_start(void *data, const struct rf_launch *launch, struct rf_watch *watches,
			size_t *n_watches, struct rf_err *err)
{
	struct rf_run_events *events = data;
	struct rf_subject subject = {.id = launch->sandbox_id,
				     .name = events->name,
				     .policy = launch->policy->name,
				     .sha256 = or_null(launch->policy->sha256),
				     .host = or_null(events->host),
				     .boot = or_null(events->boot),
				     .rule = find_rule,
				     .syscall = find_call,
				     .at = find_policy,
				     .data = events};
	struct rf_stream_sink sink = {.event = deliver, .lost = take_loss, .data = events};
	struct rf_sandbox *counters = launch->counters ? launch->counters : &events->own_counters;
	int r = rf_loss_start(&events->loss, events->on_loss, launch, err);

	if (r < 0)
		return r;
	if (launch->stacks)
		start_stacks(events, launch, &subject);
	note_sandbox(events, launch);
	if (launch->lines_fd >= 0)
		return start_lines(events, launch, &subject, watches, n_watches);
	events->readers = rf_readers_open(RF_READERS_DIR);
	if (events->fd < 0 && !events->summary && !events->readers && launch->ring_fd < 0)
		return 0;
	if (events->readers && events->fd < 0)
		find_host(events);
	events->counters = counters;
	r = rf_stream_open(&events->stream, launch->ring_fd, counters, true, &subject, &sink, err);
	if (r == 0)
		r = rf_stream_fold(events->stream, launch->folds_fd, launch->hears_all,
				   launch->policy->dedupe_ns, err);
	if (r < 0)
		return r;
	if (launch->counters) {
		r = rf_words_publish(&events->words, launch->policy, err);
		if (r < 0)
			return r;
	}
	r = tell_start(events, launch, err);
	if (r < 0)
		return r;
	if (!launch->hears_all)
		events->feed = rf_run_feed_open(launch, events->stream);
	if (events->feed) /* before the stream's own: its last look ends the stream */
		watches[(*n_watches)++] = rf_run_feed_watch(events->feed);
	events->observed = launch->ring_fd >= 0 || events->feed;
	listen_for_questions(events, launch, watches, n_watches);
	watches[(*n_watches)++] = (struct rf_watch){.fd = rf_stream_fd(events->stream),
						    .timeout_ms = -1,
						    .ready = ready,
						    .data = events};
	return 0;
}

void rf_run_events_report(struct rf_run_events *events, const struct rf_selection *selection,
			  bool ran)
{
	if (events->write_err.code != 0 && !events->refused)
		(void)dprintf(STDERR_FILENO,
			      "ringfence: --events %s: %s; later events are missing\n",
			      events->target, rf_err_text(&events->write_err));
	if (events->stream_err.code != 0)
		(void)dprintf(STDERR_FILENO, "ringfence: events: %s\n",
			      rf_err_text(&events->stream_err));
	if (events->loss.killed)
		(void)dprintf(STDERR_FILENO, "ringfence: records were lost, so the sandbox was "
					     "killed (--on-loss kill)\n");
	if (ran && events->summary)
		rf_run_summary_print(events->summary, events->mode == RF_SUMMARY_ALWAYS,
				     events->observed, selection);
}
