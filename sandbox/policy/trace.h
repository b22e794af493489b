/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What loading a policy read, besides its options: so that what came of it can be kept, and known
 * to be stale.
 *
 * Files are kept with their whole text and compared with it, not by their times: an edit within
 * the same tick of the clock is an edit. They are looked for again as at first, so that a file that
 * has appeared earlier on the search path, or that others may write by now, is noticed. Of the
 * directories that patterns name it is kept which way symbolic links led, or that there were none.
 *
 * A trace is bytes without pointers. Whatever cannot be kept makes it unusable as a whole.
 */
#ifndef RF_POLICY_TRACE_H
#define RF_POLICY_TRACE_H

#include "sandbox/base/str.h"
#include "sandbox/base/vec.h"
#include "sandbox/policy/policy.h"

RF_VEC_DEFINE(rf_trace_leads, char *);

struct rf_trace {
	struct rf_str bytes;
	struct rf_trace_leads leads; /* paths without a link */
	int64_t since;		     /* when looking began */
	bool broken;
};

void rf_trace_init(struct rf_trace *trace);
void rf_trace_done(struct rf_trace *trace);

/* ---- for the loader; a NULL trace is nobody's wish ---- */

/* A policy that was looked for, as rf_search_open's arguments, and its text. */
void rf_trace_policy(struct rf_trace *trace, const char *name, const char *base_dir,
		     bool base_trusted, const char *text, size_t len);

/* Another file that a policy names, by its path. */
void rf_trace_file(struct rf_trace *trace, const char *path, const char *text, size_t len);

/* A pattern that rf_pattern_resolve answered `answer` for, with its result or NULL. */
void rf_trace_pattern(struct rf_trace *trace, const char *root, const struct rf_pattern *pattern,
		      bool follow, int answer, const char *result);

/* ---- for whoever keeps it ---- */

/*
 * Appends the trace as bytes; false if it is of no use. A path for which is_seen answers true is
 * left out: somebody else looks there for links.
 */
bool rf_trace_pack(struct rf_trace *trace, struct rf_str *out,
		   bool (*is_seen)(const void *data, const char *path), const void *data);

/* Whether a load with these options would read the same now. Damaged bytes: false. */
bool rf_trace_holds(const void *bytes, size_t len, const struct rf_load_options *options);

#endif
