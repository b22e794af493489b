/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pile of events says, added up: the numbers behind `ringfence report`.
 *
 * One pass, bounded memory, however many events and however hostile their names: every table has a
 * limit, and what does not fit is counted beside it, so that the sums always agree with the events.
 * Words are kept as they came, what was touched as text.h prints
 * it; the page escapes both.
 */
#ifndef RF_AUDIT_DIGEST_H
#define RF_AUDIT_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/audit/grove.h"
#include "sandbox/audit/tape.h"
#include "sandbox/audit/timeline.h"
#include "sandbox/base/err.h"
#include "sandbox/base/str.h"

enum rf_digest_verdict {
	RF_DIGEST_ALLOWED,
	RF_DIGEST_DENIED,
	RF_DIGEST_KILLED,
	RF_DIGEST_WOULD_DENY,
	RF_DIGEST_VERDICTS
};

/* EVENTS.md's layers in their order, and one more for what names none of them. */
#define RF_DIGEST_LAYERS 8
#define RF_DIGEST_OTHER	 7

/* Series of the timeline: denials by layer, then these. */
#define RF_DIGEST_SERIES_ALLOWED 8
#define RF_DIGEST_SERIES_LOST	 9

#define RF_DIGEST_NONE UINT32_MAX /* no word, no sandbox */

struct rf_digest_sandbox {
	uint32_t id, name, policy, sha256; /* words */
	uint64_t events, lost;
	uint64_t n[RF_DIGEST_VERDICTS];
	uint64_t last_seq, gaps; /* numbers that neither came nor were told to be lost */
};

struct rf_digest_rule {
	uint32_t id, source, reason, hint; /* words */
	unsigned int layer;
	uint64_t n[RF_DIGEST_VERDICTS];
};

/* Denials that differ in nothing but time and process number. */
struct rf_digest_group {
	uint32_t sandbox, rule;
	uint32_t action, what, exe, fix; /* words */
	unsigned int layer;
	enum rf_digest_verdict verdict;
	uint64_t count;
	int64_t first, last; /* ns since 1970; -1: not known */
};

struct rf_digest_peer {
	uint32_t what; /* word */
	uint64_t denied, allowed;
};

struct rf_digest_process {
	uint32_t sandbox;
	int64_t pid, ppid, start;
	uint32_t comm, exe; /* words */
	uint64_t denied, allowed;
};

struct rf_digest_loss {
	uint32_t sandbox, cause; /* word */
	uint64_t first, last, count;
};

RF_VEC_DEFINE(rf_digest_sandbox_vec, struct rf_digest_sandbox);
RF_VEC_DEFINE(rf_digest_rule_vec, struct rf_digest_rule);
RF_VEC_DEFINE(rf_digest_group_vec, struct rf_digest_group);
RF_VEC_DEFINE(rf_digest_peer_vec, struct rf_digest_peer);
RF_VEC_DEFINE(rf_digest_process_vec, struct rf_digest_process);
RF_VEC_DEFINE(rf_digest_loss_vec, struct rf_digest_loss);

struct rf_digest {
	uint64_t events, bad_lines;
	uint64_t n[RF_DIGEST_VERDICTS];
	uint64_t layers[RF_DIGEST_LAYERS][RF_DIGEST_VERDICTS];
	uint64_t execs, exits, lost, loss_records;
	uint64_t group_others, rule_others, peer_others, process_others, sandbox_others;
	int64_t first, last;
	struct rf_timeline timeline;
	struct rf_digest_sandbox_vec sandboxes;
	struct rf_digest_rule_vec rules;
	struct rf_digest_group_vec groups;
	struct rf_digest_peer_vec peers;
	struct rf_digest_process_vec processes;
	struct rf_digest_loss_vec losses;
	struct rf_grove objects; /* names as text.h prints them */
	struct rf_grove stacks;	 /* by function, "SYMBOL (OBJECT)", else "OBJECT+0xOFF" */
	struct rf_grove parents; /* after finish; a name is the uint32_t index of a process */
	struct rf_intern *words;
	struct rf_intern *keys[5]; /* private: of the tables above */
	struct rf_str scratch;	   /* private */
};

struct rf_digest *rf_digest_new(void); /* NULL without memory */
struct rf_digest *rf_digest_free(struct rf_digest *digest);

RF_DEFINE_CLEANUP(struct rf_digest, rf_digest_freep, rf_digest_free)

void rf_digest_add(struct rf_digest *digest, const struct rf_node *event);

/* Finds parents, sums up trees and puts tables in the order of the page. Once, at the end. */
int rf_digest_finish(struct rf_digest *digest, struct rf_err *err) RF_MUST_CHECK;

/* Text of a word; "" for RF_DIGEST_NONE. */
const char *rf_digest_word(const struct rf_digest *digest, uint32_t word, size_t *ret_len);

extern const char *const rf_digest_layers[RF_DIGEST_LAYERS];
extern const char *const rf_digest_verdicts[RF_DIGEST_VERDICTS];

#endif
