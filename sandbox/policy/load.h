/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of loading: the files that take part, and putting them together.
 */
#ifndef RF_POLICY_LOAD_H
#define RF_POLICY_LOAD_H

#include "sandbox/policy/draft.h"

struct rf_loader {
	struct rf_parse parse;
	struct rf_drafts drafts; /* owned; outermost first */
	size_t depth;		 /* of extends, right now */
};

/*
 * Loads one policy argument and everything it extends. Returns 0, also when problems were told, or
 * the errno of an argument that could not be opened or of a failure of the system.
 */
RF_MUST_CHECK int rf_load_argument(struct rf_loader *loader, const char *name, size_t root,
				   struct rf_err *err);

/* As above for a text in memory that is called `name`. synthetic: it has no lines of its own. */
RF_MUST_CHECK int rf_load_text(struct rf_loader *loader, const char *name, const char *text,
			       size_t len, bool synthetic, size_t root, struct rf_err *err);

/* A rule of the command line as a text of its own. Returns as rf_load_text. */
RF_MUST_CHECK int rf_load_extra(struct rf_loader *loader, const struct rf_extra_rule *extra,
				size_t root, struct rf_err *err);

/*
 * Unites the drafts into policy, whose arena is loader->parse.arena (POLICY.md, "Composition").
 * Contradictions are told as problems. Returns 0, -EINVAL or -ENOMEM.
 */
RF_MUST_CHECK int rf_policy_compose(struct rf_loader *loader, size_t n_roots,
				    struct rf_policy *policy);

/* A policy whose parts lie in memory that is freed with it. -ENOMEM: it stays the caller's. */
RF_MUST_CHECK int rf_policy_adopt(struct rf_policy **ret, const struct rf_policy *from,
				  void *owned);

/* Loads one text instead of named policies; else as rf_policy_load. */
RF_MUST_CHECK int rf_policy_load_text(struct rf_policy **ret, const char *name, const char *text,
				      size_t len, const struct rf_load_options *options,
				      struct rf_problems *problems, struct rf_err *err);

#endif
