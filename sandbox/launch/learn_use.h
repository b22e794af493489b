/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What commands used, or wanted to: each thing once, how often, and by whom. Read out of events and
 * later judged; a set that keeps its order of arrival nowhere, so that the same events in any order
 * make the same policy.
 */
#ifndef RF_LAUNCH_LEARN_USE_H
#define RF_LAUNCH_LEARN_USE_H

#include "sandbox/base/str.h"
#include "sandbox/base/vec.h"
#include "sandbox/launch/why.h"

/* Names of commands that are remembered for each thing. */
#define RF_BY_MAX 4

/* Different things that one recording may hold. */
#define RF_USES_MAX 500000

/* How often, and by which commands. */
struct rf_tally {
	uint64_t count;
	uint32_t n_by;
	bool more; /* than RF_BY_MAX */
	char by[RF_BY_MAX][16];
};

struct rf_use {
	enum rf_why_kind kind;
	uint32_t rights;
	char *text; /* as in struct rf_question; owned by the set */
	uint8_t address[16];
	uint16_t port;
	uint8_t protocol;
	uint32_t audit_arch, nr, number;
	uint32_t dev_type, dev_major, dev_minor;
	uint64_t args[6];
	uint32_t n_args;
	bool blind; /* as in struct rf_question */
	struct rf_tally tally;

	/* Filled by judging: of the rights (or 1 where a kind has none). */
	uint32_t needed;   /* what a learned policy has to grant */
	uint32_t withheld; /* what it must not */
	char *why;	   /* why not; owned */
	bool unsure;	   /* SYSCALL: withheld, as its arguments are not known */
	bool listed;	   /* SYSCALL: named in "allow" */
	bool exact;	   /* its own name is written, no pattern */
};

RF_VEC_DEFINE(rf_use_vec, struct rf_use);

struct rf_uses {
	struct rf_use_vec items;
	uint32_t *table; /* open addressing: index + 1 */
	size_t table_size;
};

/* Adds the question, or raises what is known of it. by may be NULL. -E2BIG beyond RF_USES_MAX. */
int rf_uses_add(struct rf_uses *uses, const struct rf_question *question, uint64_t count,
		const char *by, struct rf_err *err) RF_MUST_CHECK;

/* The rights by which what the question is about was used so far; 0: not at all. */
uint32_t rf_uses_rights(const struct rf_uses *uses, const struct rf_question *question);

void rf_uses_done(struct rf_uses *uses);

/* The same order whatever the order of the events. Nothing may be added afterwards. */
void rf_uses_sort(struct rf_uses *uses);

/* The question about `rights` of it. */
void rf_use_question(const struct rf_use *use, uint32_t rights, struct rf_question *ret);

void rf_tally_add(struct rf_tally *to, const struct rf_tally *from);

/* "12 uses by gcc, as and others" */
void rf_tally_text(const struct rf_tally *tally, struct rf_str *out);

#endif
