/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where `audit --to` delivers events: standard output, files, sockets, system logs, NATS.
 *
 *	-  file:PATH[?size=64M&count=5&fsync=no]  unix:PATH  syslog  journald nats:URL[?stream=NAME]
 *
 * A sink that breaks is opened again, with growing pauses, for RF_SINK_PATIENCE seconds; what it
 * has not taken by then is an error, never dropped. Events are delivered in order and at least
 *once; each has an id, sandbox and number, by which a receiver knows a repetition.
 */
#ifndef RF_AUDIT_SINK_H
#define RF_AUDIT_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "sandbox/audit/tape.h"
#include "sandbox/base/err.h"

#define RF_SINK_PATIENCE 30

struct rf_sink;

/* One kind of sink. write and flush: 0 taken, -EINVAL: never will be; another error: broken. */
struct rf_sink_kind {
	const char *prefix; /* of the name that a user gives; the rest goes to open */
	int (*open)(void **ret, const char *rest, struct rf_err *err);
	int (*write)(void *self, const struct rf_node *event, const char *line, size_t len,
		     struct rf_err *err);
	int (*flush)(void *self, struct rf_err *err); /* until the receiver has everything */
	void (*close)(void *self);
	/* After write or flush broke, keeps what is not delivered. NULL: closed and opened again.
	 */
	int (*mend)(void *self, struct rf_err *err);
};

extern const struct rf_sink_kind rf_sink_stdout, rf_sink_file, rf_sink_unix, rf_sink_syslog,
	rf_sink_journald, rf_sink_nats;

/*
 * Opens the sink called name, borrowed for its life. tell is called with each sentence about
 * trouble that the sink survives.
 */
int rf_sink_open(struct rf_sink **ret, const char *name, void (*tell)(const struct rf_err *trouble),
		 struct rf_err *err) RF_MUST_CHECK;
struct rf_sink *rf_sink_close(struct rf_sink *sink);

/* Delivers one event; line is its text in the format asked for, newline included. */
int rf_sink_write(struct rf_sink *sink, const struct rf_node *event, const char *line, size_t len,
		  struct rf_err *err) RF_MUST_CHECK;
int rf_sink_flush(struct rf_sink *sink, struct rf_err *err) RF_MUST_CHECK;

/* Times that the sink had to be opened again. */
uint64_t rf_sink_retries(const struct rf_sink *sink);

/* "value" of key in "a=1&key=value" as a number of bytes; fallback if it is not there. */
int rf_sink_option(const char *options, const char *key, char *ret, size_t size);

#endif
