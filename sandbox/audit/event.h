/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event as users see it: a kernel record, checked, and what is known about its sandbox, as one
 * line of JSON (EVENTS.md).
 *
 * Formatting is pure: the same record, subject and clock give the same bytes. Everything that
 * comes from inside the fence (names, paths, comm) is data and is escaped.
 */
#ifndef RF_AUDIT_EVENT_H
#define RF_AUDIT_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "lsm/abi.h"
#include "sandbox/audit/order.h"
#include "sandbox/audit/stack.h"
#include "sandbox/base/err.h"
#include "sandbox/base/str.h"

/* A rule as the reader of an event should see it. Borrowed; NULL or 0: left out. */
struct rf_rule_words {
	const char *id;
	const char *file;
	uint32_t line;
	const char *reason;
	const char *hint;
};

/*
 * What a stream knows of its sandbox besides the records. Strings are borrowed for the stream's
 * life; NULL members are left out of events.
 *
 * rule: words for record's rule number (a rule's index or RF_RULE_*) and layer; answers 1 and
 * fills *ret, or 0 for "not known". syscall: the same for a system call, which the kernel reports
 * without its rule; it may also change the copy it is given, where another section than seccomp
 * refused the call (layer, object, verdict). at: what the sandbox's policy was in a generation
 * (policy and sha256 of *ret, which is a copy of the subject); NULL: there was only one.
 */
struct rf_subject {
	uint64_t id;
	const char *name;
	const char *policy;
	const char *sha256;
	const char *host;
	const char *boot;
	const char *container_id, *container_runtime, *container_pod;
	int (*rule)(void *data, const struct rf_record *record, struct rf_rule_words *ret);
	int (*syscall)(void *data, struct rf_record *copy, struct rf_rule_words *ret);
	rf_symbol_fn *symbol; /* for the frames of stacks */
	void (*at)(void *data, uint32_t policy_gen, struct rf_subject *ret);
	void *data;
};

/* Longest line of JSON; a record's text may grow sixfold by escaping. */
#define RF_EVENT_LINE_MAX 65536

/*
 * Checks that bytes are one whole record of this ABI whose parts lie inside it. *ret points into
 * bytes. -EBADMSG otherwise. The kernel side wrote it, but a reader does not trust it blindly.
 */
int rf_event_check(const struct rf_record **ret, const void *bytes, size_t len, struct rf_err *err)
	RF_MUST_CHECK;

/*
 * Appends the record as one line of JSON with its newline. exe: the process's executable as bytes,
 * NULL if not known. clock_offset: CLOCK_REALTIME minus CLOCK_BOOTTIME in ns.
 */
int rf_event_json(struct rf_str *out, const struct rf_record *record,
		  const struct rf_subject *subject, const char *exe, size_t exe_len,
		  int64_t clock_offset) RF_MUST_CHECK;

/*
 * The range of numbers first..last, in which `count` accesses were, as a `lost` line; now: ns of
 * CLOCK_REALTIME.
 */
int rf_event_lost_json(struct rf_str *out, uint64_t first, uint64_t last, uint64_t count,
		       enum rf_lost_cause cause, const struct rf_subject *subject, int64_t now)
	RF_MUST_CHECK;

/*
 * A line about the sandbox itself: type is "sandbox_start", "sandbox_end", "policy_loaded",
 * "policy_replaced" or "stats"; members is JSON text of further members, each with a leading comma,
 * or "".
 */
int rf_event_note_json(struct rf_str *out, const char *type, uint64_t seq,
		       const struct rf_subject *subject, int64_t now, const char *members)
	RF_MUST_CHECK;

/* CLOCK_REALTIME minus CLOCK_BOOTTIME, and the wall clock, in ns. */
int64_t rf_event_clock_offset(void);
int64_t rf_event_now(void);

#endif
