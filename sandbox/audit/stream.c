/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring, order and formatting of one sandbox, put together; see stream.h.
 */
#include "sandbox/audit/stream.h"

#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "sandbox/audit/exes.h"
#include "sandbox/audit/folds.h"
#include "sandbox/audit/order.h"
#include "sandbox/audit/rest.h"
#include "sandbox/audit/ring.h"

/* At the end, numbers that were given but neither committed nor lost get this long, in ms. */
#define FINISH_WAIT_MS 200

/* Repeats of a record that was lost: only how many they are is known. */
struct lost {
	struct rf_record head; /* type 0 */
	uint64_t count;
};

/* A note waits in the order like a record: this head, then its JSON members. */
struct note {
	struct rf_record head; /* type 0 */
	char type[24];
	int64_t now;
	char members[];
};

struct rf_stream {
	struct rf_ring *ring;
	struct rf_order *order;
	struct rf_exes exes;
	struct rf_str line;
	struct rf_sandbox *counters;
	struct rf_sandbox nobody; /* counters after rf_stream_detach */
	struct rf_subject subject;
	struct rf_stream_sink sink;
	struct rf_keeper *keeper; /* NULL: nothing is folded */
	uint64_t period;	  /* of folding, in ns */
	bool hears_some; /* not all denials come from the ring: rf_stream_record folds, too */
	bool armed;	 /* timer_fd will fire */
	int timer_fd;
	int rest_fd;
	int epoll_fd;
	bool owner;
	uint64_t others_told; /* of the numbers told as lost: those that were no access */
	int64_t stats_told;   /* when, by the wall clock */
	bool skipped;	      /* a passive reader was overtaken: the next gap is its own */
	int64_t offset;	      /* of the clocks, renewed by each drain */
};

/* formatted: what the formatter of s->line answered. */
static int hand_on(struct rf_stream *s, int formatted, const struct rf_record *record,
		   struct rf_err *err)
{
	if (formatted < 0)
		return rf_err_sys(err, formatted, "format an event");
	return s->sink.event(s->sink.data, rf_str_text(&s->line), s->line.len, record, err);
}

/* The sandbox under the policy of a generation. */
static struct rf_subject subject_at(const struct rf_stream *s, uint32_t policy_gen)
{
	struct rf_subject subject = s->subject;

	if (subject.at)
		subject.at(subject.data, policy_gen, &subject);
	return subject;
}

static int deliver_note(struct rf_stream *s, const struct note *note, struct rf_err *err)
{
	const struct rf_subject subject = subject_at(s, note->head.policy_gen);
	int r;

	rf_str_reset(&s->line);
	r = rf_event_note_json(&s->line, note->type, note->head.seq, &subject, note->now,
			       note->members);
	return hand_on(s, r, NULL, err);
}

static int deliver_repeats_lost(struct rf_stream *s, const struct lost *lost, struct rf_err *err)
{
	int r;

	rf_str_reset(&s->line);
	r = rf_event_lost_json(&s->line, lost->head.seq, lost->head.seq, lost->count,
			       RF_LOST_RING_FULL, &s->subject, rf_event_now());
	if (s->sink.lost)
		s->sink.lost(s->sink.data, lost->count);
	return hand_on(s, r, NULL, err);
}

static int deliver(void *data, const void *bytes, size_t len, struct rf_err *err)
{
	struct rf_stream *s = data;
	const struct rf_record *record = bytes;
	struct rf_subject subject;
	const struct rf_exe *exe;
	int r;

	if (record->type == 0 && len == sizeof(struct lost))
		return deliver_repeats_lost(s, bytes, err);
	if (record->type == 0)
		return deliver_note(s, bytes, err);
	if (record->type == RF_REC_EXEC && record->obj == RF_OBJ_FILE)
		rf_exes_add(&s->exes, record->seq, record->text, record->o.file.path_len);
	/* An exec's own event speaks of the process as it is afterwards. */
	exe = rf_exes_find(&s->exes, record->type == RF_REC_EXEC ? record->seq : record->exec_id);
	rf_str_reset(&s->line);
	subject = subject_at(s, record->policy_gen);
	r = rf_event_json(&s->line, record, &subject, exe ? exe->path : NULL, exe ? exe->len : 0,
			  s->offset);
	if (s->keeper)
		rf_keeper_saw(s->keeper, record);
	return hand_on(s, r, record, err);
}

/* How many lost records were no access the kernel counts, not which: over all gaps it is exact. */
static uint64_t take_others(struct rf_stream *s, uint64_t most)
{
	uint64_t lost = __atomic_load_n(&s->counters->lost_other, __ATOMIC_ACQUIRE);
	uint64_t n = lost > s->others_told ? lost - s->others_told : 0;

	if (n > most)
		n = most;
	s->others_told += n;
	return n;
}

static int deliver_lost(void *data, uint64_t first, uint64_t last, enum rf_lost_cause cause,
			struct rf_err *err)
{
	struct rf_stream *s = data;
	uint64_t count = last - first + 1 - take_others(s, last - first + 1);
	int r;

	rf_str_reset(&s->line);
	r = rf_event_lost_json(&s->line, first, last, count, cause, &s->subject, rf_event_now());
	if (s->sink.lost)
		s->sink.lost(s->sink.data, count);
	return hand_on(s, r, NULL, err);
}

static int open_poll(struct rf_stream *s, int ring_fd, struct rf_err *err)
{
	/* Edge-triggered: the consumer position lags on purpose, so the ring always looks full. */
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};

	if (ring_fd >= 0 && epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, ring_fd, &event) < 0)
		return rf_err_sys(err, -errno, "wait for the event ring");
	if (ring_fd >= 0)
		s->rest_fd = rf_rest_open(s->epoll_fd);
	return ring_fd < 0 || s->rest_fd >= 0 ? 0 : rf_err_sys(err, s->rest_fd, "set up a timer");
}

int rf_stream_open(struct rf_stream **ret, int ring_fd, struct rf_sandbox *counters, bool owner,
		   const struct rf_subject *subject, const struct rf_stream_sink *sink,
		   struct rf_err *err)
{
	RF_CLEANUP(rf_stream_closep) struct rf_stream *s = calloc(1, sizeof(*s));
	struct rf_order_sink order = {.record = deliver, .lost = deliver_lost, .data = s};
	int r;

	if (!s)
		return rf_err_sys(err, -ENOMEM, "open an event stream");
	s->timer_fd = s->rest_fd = -1;
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0)
		return rf_err_sys(err, -errno, "make an epoll instance");
	s->counters = counters;
	s->subject = *subject;
	s->sink = *sink;
	s->owner = owner;
	s->skipped = !owner;
	s->offset = rf_event_clock_offset();
	s->stats_told = rf_event_now();
	rf_str_init(&s->line, RF_EVENT_LINE_MAX);
	s->order = rf_order_new(1, &order);
	if (!s->order)
		return rf_err_sys(err, -ENOMEM, "open an event stream");
	if (ring_fd >= 0) {
		r = rf_ring_open(&s->ring, ring_fd, owner, err);
		if (r == 0)
			r = open_poll(s, ring_fd, err);
		if (r < 0)
			return r;
	}
	*ret = RF_TAKE_PTR(s);
	return 0;
}

int rf_stream_fold(struct rf_stream *s, int folds_fd, bool complete, uint64_t period,
		   struct rf_err *err)
{
	struct epoll_event event = {.events = EPOLLIN};
	int r;

	s->hears_some = !complete;
	if (period == 0)
		return 0;
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (s->timer_fd < 0 || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->timer_fd, &event) < 0)
		return rf_err_sys(err, -errno, "set up a timer for repeated denials");
	r = rf_keeper_open(&s->keeper, folds_fd, err);
	s->period = period;
	return r;
}

struct rf_stream *rf_stream_close(struct rf_stream *s)
{
	if (!s)
		return NULL;
	(void)rf_keeper_close(s->keeper);
	(void)rf_ring_close(s->ring);
	(void)rf_order_free(s->order);
	rf_exes_done(&s->exes);
	rf_str_done(&s->line);
	if (s->timer_fd >= 0)
		(void)close(s->timer_fd);
	if (s->rest_fd >= 0)
		(void)close(s->rest_fd);
	if (s->epoll_fd >= 0)
		(void)close(s->epoll_fd);
	free(s);
	return NULL;
}

void rf_stream_detach(struct rf_stream *s)
{
	s->counters = &s->nobody;
}

int rf_stream_fd(const struct rf_stream *s)
{
	return s->epoll_fd;
}

/* One record from the ring. A number missing before it after an overtaking is our own loss. */
static int take(struct rf_stream *s, const void *bytes, size_t len, struct rf_err *err)
{
	const struct rf_record *record;
	int r = rf_event_check(&record, bytes, len, err);

	if (r < 0)
		return r;
	if (s->skipped && record->seq > 1) {
		s->skipped = false;
		r = rf_order_settle(s->order, record->seq - 1, RF_LOST_READER, err);
		if (r < 0)
			return r;
	}
	return rf_order_add(s->order, record->seq, record, record->size, err);
}

static int read_ring(struct rf_stream *s, struct rf_err *err)
{
	const void *bytes;
	size_t len;
	int r;

	while (s->ring) {
		r = rf_ring_next(s->ring, &bytes, &len);
		if (r == RF_RING_EMPTY)
			return 0;
		if (r == RF_RING_SKIPPED) {
			s->skipped = true;
			continue;
		}
		if (r < 0)
			return rf_err_sys(err, r, "read the event ring");
		r = take(s, bytes, len, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * If every number given so far is either committed or counted as lost, returns the last of them:
 * reading the two counters before `seq` makes equality mean that it held at one moment.
 */
static uint64_t quiet_point(const struct rf_stream *s)
{
	uint64_t done = __atomic_load_n(&s->counters->submitted, __ATOMIC_ACQUIRE) +
			__atomic_load_n(&s->counters->lost, __ATOMIC_ACQUIRE);
	uint64_t given = __atomic_load_n(&s->counters->seq, __ATOMIC_ACQUIRE);

	return done == given ? given : 0;
}

/* What is missing up to a quiet point, after the ring was read to its end, is lost. */
static int settle(struct rf_stream *s, struct rf_err *err)
{
	uint64_t quiet = quiet_point(s);
	int r;

	if (quiet < rf_order_next(s->order))
		return 0;
	r = read_ring(s, err);
	return r < 0 ? r : rf_order_settle(s->order, quiet, RF_LOST_RING_FULL, err);
}

static uint64_t take_number(struct rf_stream *s)
{
	return __atomic_add_fetch(&s->counters->seq, 1, __ATOMIC_SEQ_CST);
}

/* Nothing pending, no timer: an idle stream wakes nobody. */
static void set_timer(struct rf_stream *s)
{
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)(s->period / 1000000000),
					       .tv_nsec = (long)(s->period % 1000000000)}};

	if (!s->armed && timerfd_settime(s->timer_fd, 0, &when, NULL) == 0)
		s->armed = true;
}

static int tell_repeats(void *data, struct rf_record *record, uint64_t count, struct rf_err *err)
{
	struct rf_stream *s = data;
	uint64_t seq = take_number(s);
	struct lost lost = {.head = {.seq = seq}, .count = count};
	int r;

	if (record) {
		record->seq = seq;
		r = rf_order_add(s->order, seq, record, record->size, err);
	} else {
		r = rf_order_add(s->order, seq, &lost, sizeof(lost), err);
	}
	__atomic_add_fetch(&s->counters->submitted, 1, __ATOMIC_RELEASE);
	return r;
}

static int flush(struct rf_stream *s, enum rf_flush how, struct rf_err *err)
{
	int left;

	__atomic_store_n(&s->counters->fold_dirty, 0, __ATOMIC_SEQ_CST);
	if (s->hears_some)
		rf_keeper_look(s->keeper);
	left = rf_keeper_flush(s->keeper, how, s->period, tell_repeats, s, err);
	if (left > 0)
		__atomic_store_n(&s->counters->fold_dirty, 1, __ATOMIC_SEQ_CST);
	return left < 0 ? left : 0;
}

/* Tells repeats when their time has come, and sets the clock if there are some. */
static int look_at_folds(struct rf_stream *s, struct rf_err *err)
{
	uint64_t expired;
	int r = 0;

	if (!s->keeper)
		return 0;
	if (read(s->timer_fd, &expired, sizeof(expired)) > 0)
		s->armed = false;
	if ((!s->armed && __atomic_load_n(&s->counters->fold_dirty, __ATOMIC_ACQUIRE)) ||
	    rf_keeper_has_gone(s->keeper))
		r = flush(s, RF_FLUSH_DUE, err);
	if (r == 0 && __atomic_load_n(&s->counters->fold_dirty, __ATOMIC_ACQUIRE))
		set_timer(s);
	return r;
}

static bool folds_wait(const struct rf_stream *s)
{
	return s->keeper && !s->armed &&
	       __atomic_load_n(&s->counters->fold_dirty, __ATOMIC_ACQUIRE);
}

static int tell_stats(struct rf_stream *s, struct rf_err *err)
{
	const struct rf_sandbox *c = s->counters;
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(1024);

	s->stats_told = rf_event_now();
	(void)rf_str_addf(&text,
			  ",\"denied\":%" PRIu64 ",\"unjudged\":%" PRIu64 ",\"folded\":%" PRIu64
			  ",\"lost\":%" PRIu64,
			  (uint64_t)c->denied, (uint64_t)c->errors, (uint64_t)c->folded,
			  (uint64_t)(c->lost - c->lost_other));
	if (s->ring)
		(void)rf_str_addf(&text, ",\"ring\":{\"size\":%zu,\"pending\":%zu}",
				  rf_ring_size(s->ring), rf_ring_pending(s->ring));
	if (rf_str_addf(&text, ",\"completeness\":\"%s\"",
			s->hears_some ? "best-effort" : "complete") < 0)
		return rf_err_sys(err, -ENOMEM, "tell the counts");
	return rf_stream_note(s, "stats", rf_str_text(&text), err);
}

/* Only looked at when something happened, so that an idle stream stays idle. */
static int tell_stats_in_time(struct rf_stream *s, struct rf_err *err)
{
	if (!s->owner || rf_event_now() - s->stats_told < (int64_t)RF_STATS_NS)
		return 0;
	return tell_stats(s, err);
}

int rf_stream_drain(struct rf_stream *s, struct rf_err *err)
{
	struct epoll_event event;
	int r;

	s->offset = rf_event_clock_offset();
	(void)epoll_wait(s->epoll_fd, &event, 1, 0);
	do {
		r = read_ring(s, err);
		if (r == 0)
			r = look_at_folds(s, err);
		if (r == 0)
			r = settle(s, err);
		if (r < 0)
			return r;
		__atomic_store_n(&s->counters->reader_waiting, 1, __ATOMIC_SEQ_CST);
	} while ((s->ring && rf_ring_ready(s->ring)) || folds_wait(s));
	rf_rest_set(s->rest_fd, __atomic_load_n(&s->counters->rest_until, __ATOMIC_SEQ_CST));
	return tell_stats_in_time(s, err);
}

int rf_stream_note(struct rf_stream *s, const char *type, const char *members, struct rf_err *err)
{
	size_t len = strlen(members) + 1;
	RF_AUTOFREE struct note *note = calloc(1, sizeof(*note) + len);
	int r;

	if (!note)
		return rf_err_sys(err, -ENOMEM, "note %s", type);
	(void)snprintf(note->type, sizeof(note->type), "%s", type);
	memcpy(note->members, members, len);
	note->now = rf_event_now();
	note->head.policy_gen = __atomic_load_n(&s->counters->policy_gen, __ATOMIC_RELAXED);
	note->head.seq = take_number(s);
	r = rf_order_add(s->order, note->head.seq, note, sizeof(*note) + len, err);
	__atomic_add_fetch(&s->counters->submitted, 1, __ATOMIC_RELEASE);
	return r;
}

int rf_stream_record(struct rf_stream *s, struct rf_record *record, struct rf_err *err)
{
	int r;

	record->version = RF_ABI_VERSION;
	record->sandbox = s->subject.id;
	record->policy_gen = __atomic_load_n(&s->counters->policy_gen, __ATOMIC_RELAXED);
	if (record->verdict == RF_V_DENIED || record->verdict == RF_V_KILLED)
		__atomic_add_fetch(&s->counters->denied, 1, __ATOMIC_RELAXED);
	if (s->keeper && s->hears_some && rf_keeper_count(s->keeper, record, s->period)) {
		__atomic_store_n(&s->counters->fold_dirty, 1, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&s->counters->folded, 1, __ATOMIC_RELAXED);
		set_timer(s);
		return 0;
	}
	record->seq = take_number(s);
	r = rf_order_add(s->order, record->seq, record, record->size, err);
	__atomic_add_fetch(&s->counters->submitted, 1, __ATOMIC_RELEASE);
	return r;
}

size_t rf_stream_pending(const struct rf_stream *s, size_t *ret_size)
{
	*ret_size = s->ring ? rf_ring_size(s->ring) : 0;
	return s->ring ? rf_ring_pending(s->ring) : 0;
}

/* Waits until every number given is delivered or lost. */
static int wait_for_all(struct rf_stream *s, struct rf_err *err)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	uint64_t given = 0;
	int r = 0;

	for (int i = 0; r == 0 && i < FINISH_WAIT_MS; i++) {
		r = rf_stream_drain(s, err);
		given = __atomic_load_n(&s->counters->seq, __ATOMIC_ACQUIRE);
		if (r < 0 || rf_order_next(s->order) > given)
			return r;
		(void)nanosleep(&pause, NULL);
	}
	return r < 0 ? r : rf_order_settle(s->order, given, RF_LOST_RING_FULL, err);
}

int rf_stream_finish(struct rf_stream *s, struct rf_err *err)
{
	int r = wait_for_all(s, err);

	if (r == 0 && s->keeper)
		r = flush(s, RF_FLUSH_ALL, err);
	return r == 0 && s->owner ? tell_stats(s, err) : r;
}
