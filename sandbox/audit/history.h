/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which policy each generation of a running sandbox is, so that an event names the rules of the
 * policy that judged it, whatever replaced that policy since.
 *
 * `policy replace` adds a line to RF_HISTORY_DIR/ID.policies before a policy counts; of several
 * lines about one generation the last is meant, because a replacement that was killed is tried
 * again under the same number. A generation without a line is the policy that the sandbox began
 * with. The words behind the rules are the books that `run` and `policy replace` publish (see
 * wordbook.h). Root's alone.
 */
#ifndef RF_AUDIT_HISTORY_H
#define RF_AUDIT_HISTORY_H

#include <stdint.h>

#include "sandbox/audit/wordbook.h"
#include "sandbox/base/err.h"

#define RF_HISTORY_DIR "/run/ringfence/sandboxes"
#define RF_WORDS_DIR   "/run/ringfence/policies"

/* About 20,000 replacements; one more is refused. */
#define RF_HISTORY_MAX ((size_t)8 << 20)

struct rf_past_policy {
	uint32_t gen;
	char name[64];
	char sha256[65];
	struct rf_wordbook book; /* empty if its words cannot be had */
};

struct rf_history;

/* For a sandbox; reads nothing yet. NULL without memory. */
struct rf_history *rf_history_new(uint64_t sandbox);
struct rf_history *rf_history_free(struct rf_history *history);

RF_DEFINE_CLEANUP(struct rf_history, rf_history_freep, rf_history_free)

/* The policy of a generation, valid until the next call; NULL: the one it began with. */
struct rf_past_policy *rf_history_find(struct rf_history *history, uint32_t gen);

/*
 * Adds a line. recipe: JSON text that says how the policy was loaded; NULL: none. -ENOENT, and no
 * list is left, when the sandbox's record is gone.
 */
int rf_history_add(uint64_t sandbox, uint32_t gen, const char *name, const char *sha256,
		   const char *recipe, struct rf_err *err) RF_MUST_CHECK;

/* The line of a generation as JSON: gen, policy, sha256, recipe. The caller owns it; NULL: none. */
json_t *rf_history_line(uint64_t sandbox, uint32_t gen);

#endif
