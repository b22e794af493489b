/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Denials that no program of ours sees, heard on the kernel's audit netlink group: seccomp's where
 * trampolines are not to be had, and Landlock's.
 *
 * Best effort, and the report of a run says so: the kernel limits rate and backlog, tells no
 * arguments of calls, and writes Landlock's records only where auditing is enabled. What is known
 * to be lost is told. Listening changes nothing: no rule, no setting, and no other listener is
 * disturbed.
 */
#ifndef RF_AUDIT_NETLINK_H
#define RF_AUDIT_NETLINK_H

#include "lsm/abi.h"
#include "sandbox/audit/audit_line.h"
#include "sandbox/base/err.h"

struct rf_feed_sink {
	/* Whether a process is one of the sandbox: by its cgroup, while it lives. */
	bool (*ours)(void *data, uint32_t pid);
	/* A record, complete but for seq, sandbox and what only the policy knows. */
	int (*record)(void *data, struct rf_record *record, struct rf_err *err);
	/* At least so many more audit records of the whole machine were lost: it counts none. */
	int (*lost)(void *data, uint64_t count, struct rf_err *err);
	void *data;
};

struct rf_feed;

/*
 * -EPERM without CAP_AUDIT_READ in the initial user namespace, -EOPNOTSUPP where the kernel has no
 * audit group; err says what to do. The sink is copied.
 */
RF_MUST_CHECK int rf_feed_open(struct rf_feed **ret, const struct rf_feed_sink *sink,
			       struct rf_err *err);

struct rf_feed *rf_feed_close(struct rf_feed *feed);

RF_DEFINE_CLEANUP(struct rf_feed, rf_feed_closep, rf_feed_close)

/* Polls readable when there is something to read. */
int rf_feed_fd(const struct rf_feed *feed);

/* Reads what is there, never waits. A negative answer of the sink stops and is returned. */
RF_MUST_CHECK int rf_feed_read(struct rf_feed *feed, struct rf_err *err);

/* A record out of a line. 0; -ENOMSG: the line is no denial. Exposed for tests. */
struct rf_feed_buffer {
	struct rf_record head;
	uint8_t text[4096];
};
RF_MUST_CHECK int rf_feed_convert(struct rf_feed_buffer *ret, const struct rf_audit_line *line);

#endif
