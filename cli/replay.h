/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded accesses put to a policy, summed up by the rule that decides. Memory is bounded by the
 * number of rules, not by the number of records.
 */
#ifndef RF_CLI_REPLAY_H
#define RF_CLI_REPLAY_H

#include <jansson.h>

#include "sandbox/base/arena.h"
#include "sandbox/base/vec.h"
#include "sandbox/launch/why.h"

#define RF_REPLAY_EXAMPLES 3

/* What one rule decided one way. */
struct rf_replay_row {
	struct rf_finding finding; /* of the first */
	const char *layer;
	bool uncertain; /* seccomp: the record has no arguments, and other ones get another answer
			 */
	uint64_t accesses;
	const char *examples[RF_REPLAY_EXAMPLES];
	size_t n_examples;
};

RF_VEC_DEFINE(rf_replay_rows, struct rf_replay_row);

struct rf_replay {
	struct rf_asker *asker;		/* borrowed */
	const struct rf_policy *policy; /* borrowed */
	struct rf_arena *arena;
	struct rf_replay_rows rows;
	uint64_t records;  /* of accesses */
	uint64_t others;   /* records of other types */
	uint64_t accesses; /* folded ones counted */
	uint64_t denied, would_deny, uncertain;
	uint64_t newly_denied;	/* was allowed or would_deny when it was recorded */
	uint64_t newly_allowed; /* was refused when it was recorded */
	uint64_t lost;		/* accesses that the stream says it lost */
};

/* 0, -ENOMEM, or -EINVAL: this is no event, with a sentence that does not say where. */
int rf_replay_event(struct rf_replay *replay, const json_t *event, struct rf_err *err)
	RF_MUST_CHECK;

void rf_replay_done(struct rf_replay *replay);

#endif
