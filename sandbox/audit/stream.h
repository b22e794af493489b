/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream of one sandbox: its ring, read in order, each event formatted once and handed on.
 *
 * The supervisor of a sandbox owns its stream; `audit --follow` opens further ones that only watch.
 * A stream knows the sandbox's counters (struct rf_sandbox: shared memory with the kernel side, or
 * private memory where no kernel side exists), so that what user space tells (start, end) takes a
 * number like everything else.
 *
 * Sleeping: the reader sets `reader_waiting`, looks once more, and sleeps on rf_stream_fd(); the
 * program that stores the next record swaps the flag back and wakes it. So there is one wake-up
 * per sleep however many records come, and none while nothing happens. Records that are no denials
 * wake at most once in RF_REST_NS, unless the ring fills; a timer looks after the others.
 */
#ifndef RF_AUDIT_STREAM_H
#define RF_AUDIT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lsm/abi.h"
#include "sandbox/audit/event.h"
#include "sandbox/base/err.h"

/*
 * Receives each event once, in order: its line of JSON with newline, and for kernel records the
 * record (NULL for notes and losses). Borrowed for the call. Negative stops the stream.
 */
struct rf_stream_sink {
	int (*event)(void *data, const char *line, size_t len, const struct rf_record *record,
		     struct rf_err *err);
	/* Besides the event that tells it: so many accesses were lost. May be NULL. */
	void (*lost)(void *data, uint64_t count);
	void *data;
};

struct rf_stream;

#define RF_STATS_NS UINT64_C(10000000000)

/*
 * ring_fd: the sandbox's ring, borrowed; -1 where there is none. counters: the sandbox's element,
 * borrowed. subject: copied, its strings borrowed. owner: see ring.h; a stream that only watches
 * begins at the oldest record still there.
 */
int rf_stream_open(struct rf_stream **ret, int ring_fd, struct rf_sandbox *counters, bool owner,
		   const struct rf_subject *subject, const struct rf_stream_sink *sink,
		   struct rf_err *err) RF_MUST_CHECK;

/*
 * For the owner, right after opening: identical denials are folded within `period` ns (0: never).
 * folds_fd: the kernel side's table of them, borrowed; -1 where there is none. complete: the ring
 * has all denials; else rf_stream_record folds, too, in the same table, and `stats` says
 * best-effort.
 */
int rf_stream_fold(struct rf_stream *stream, int folds_fd, bool complete, uint64_t period,
		   struct rf_err *err) RF_MUST_CHECK;

/* Closes without reading further. Accepts NULL; returns NULL. */
struct rf_stream *rf_stream_close(struct rf_stream *stream);

RF_DEFINE_CLEANUP(struct rf_stream, rf_stream_closep, rf_stream_close)

/* The sandbox ended and its counters belong to another now: what is in the ring is the rest. */
void rf_stream_detach(struct rf_stream *stream);

/* A descriptor that polls readable when rf_stream_drain has work; -1 without a ring. */
int rf_stream_fd(const struct rf_stream *stream);

/* Reads and hands on everything there is, then arms the wake-up. */
int rf_stream_drain(struct rf_stream *stream, struct rf_err *err) RF_MUST_CHECK;

/* Gives user space's own event its number and hands it on: see rf_event_note_json. */
int rf_stream_note(struct rf_stream *stream, const char *type, const char *members,
		   struct rf_err *err) RF_MUST_CHECK;

/*
 * A record made by user space (audit netlink, …): counted with its like, or numbered, completed and
 * handed on.
 */
int rf_stream_record(struct rf_stream *stream, struct rf_record *record, struct rf_err *err)
	RF_MUST_CHECK;

/* Bytes of the ring that are still to be read; size: of the whole ring, 0 without one. */
size_t rf_stream_pending(const struct rf_stream *stream, size_t *ret_size);

/*
 * The last look: drains, tells the repeats that are left, and as lost what was numbered and will
 * not come any more; the owner ends with a record of its counts ("stats", also told while much
 * happens, once in RF_STATS_NS at most).
 */
int rf_stream_finish(struct rf_stream *stream, struct rf_err *err) RF_MUST_CHECK;

#endif
