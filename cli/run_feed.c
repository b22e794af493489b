/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit netlink into the sandbox's stream; see run_feed.h.
 */
#include "cli/run_feed.h"

#include <poll.h>
#include <stdlib.h>

#include "sandbox/launch/member.h"

/* kauditd sends a little after the fact: the last look waits this long for what is on its way. */
#define LAST_WAIT_MS 2

struct rf_run_feed {
	struct rf_feed *feed;
	struct rf_stream *stream;
	const struct rf_launch *launch;
	uint64_t lost; /* at least */
};

/*
 * A process that is gone already is taken for ours if it began after the command (numbers are given
 * in order) and no other sandbox is there that it could have been of.
 */
static bool ours(void *data, uint32_t pid)
{
	const struct rf_run_feed *feed = data;
	enum rf_member member = rf_member_find(feed->launch, pid);

	return member == RF_MEMBER_YES ||
	       (member == RF_MEMBER_GONE && (pid_t)pid > feed->launch->pid &&
		rf_member_alone(feed->launch));
}

static int record(void *data, struct rf_record *record, struct rf_err *err)
{
	struct rf_run_feed *feed = data;

	record->ppid = rf_member_parent(record->pid);
	return rf_stream_record(feed->stream, record, err);
}

static int lost(void *data, uint64_t count, struct rf_err *err)
{
	struct rf_run_feed *feed = data;
	char members[96];

	feed->lost += count;
	(void)snprintf(members, sizeof(members),
		       ",\"source\":\"audit\",\"audit_lost\":%ju,\"completeness\":\"best-effort\"",
		       (uintmax_t)feed->lost);
	return rf_stream_note(feed->stream, "stats", members, err);
}

struct rf_run_feed *rf_run_feed_open(const struct rf_launch *launch, struct rf_stream *stream)
{
	struct rf_run_feed *feed = calloc(1, sizeof(*feed));
	const struct rf_feed_sink sink = {
		.ours = ours, .record = record, .lost = lost, .data = feed};

	if (!feed)
		return NULL;
	feed->stream = stream;
	feed->launch = launch;
	if (rf_feed_open(&feed->feed, &sink, NULL) < 0)
		return rf_run_feed_close(feed);
	return feed;
}

struct rf_run_feed *rf_run_feed_close(struct rf_run_feed *feed)
{
	if (!feed)
		return NULL;
	(void)rf_feed_close(feed->feed);
	free(feed);
	return NULL;
}

static int ready(void *data, bool last)
{
	struct rf_run_feed *feed = data;
	struct pollfd wait = {.fd = rf_feed_fd(feed->feed), .events = POLLIN};
	int r = rf_feed_read(feed->feed, NULL);

	if (last && r == 0 && poll(&wait, 1, LAST_WAIT_MS) > 0)
		r = rf_feed_read(feed->feed, NULL);
	return r;
}

struct rf_watch rf_run_feed_watch(struct rf_run_feed *feed)
{
	return (struct rf_watch){
		.fd = rf_feed_fd(feed->feed), .timeout_ms = -1, .ready = ready, .data = feed};
}
