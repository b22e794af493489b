/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a policy argument to an open file (POLICY.md 3).
 */
#ifndef RF_POLICY_SEARCH_H
#define RF_POLICY_SEARCH_H

#include "sandbox/policy/policy.h"

struct rf_found {
	int fd;
	char *name;   /* FILE of places: the path, or the name as it was given */
	char *dir;    /* what relative entries are relative to: "" or ending in '/' */
	bool trusted; /* found on the search path */
};

#define RF_FOUND_INIT                                                                              \
	{                                                                                          \
		.fd = -1                                                                           \
	}

void rf_found_done(struct rf_found *found);

/*
 * Opens what `name` means. base_dir is the directory of the naming file, NULL for the command line;
 * base_trusted: the naming file came from the search path, so what it names must be safe as well.
 * Returns 0, -ENOENT, -EPERM (somebody else can write it), -EINVAL (no name), or why it cannot be
 * opened, with the sentence in err.
 */
RF_MUST_CHECK int rf_search_open(const struct rf_load_options *options, const char *name,
				 const char *base_dir, bool base_trusted, struct rf_found *ret,
				 struct rf_err *err);

#endif
