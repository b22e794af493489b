/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a name that was used once to the pattern that a reviewer would write for it: variables for
 * the home, the work tree and the temporary directory, "*" for numbers of processes, random parts
 * of temporary names and versions of libraries. Everything else stands for itself.
 */
#ifndef RF_LAUNCH_LEARN_NAME_H
#define RF_LAUNCH_LEARN_NAME_H

#include "sandbox/base/str.h"
#include "sandbox/policy/policy.h"

/* The variables' values; NULL or "": not to be used. No trailing slash. */
struct rf_learn_names {
	const char *home, *cwd, *tmpdir, *uid;
};

/* Takes those that are places of one's own: never "/", and CWD only where it is not all of a part
 * of the system ("/usr", "/etc"). */
void rf_learn_names_take(struct rf_learn_names *ret, const struct rf_variable *variables, size_t n);

/* Appends the pattern of a path ("/a/b") or unix name ("/a/b", "@name"). */
void rf_learn_pattern(struct rf_str *out, const struct rf_learn_names *names, const char *name);

/* The same without variables: a pattern that matches this name alone. */
void rf_learn_exact(struct rf_str *out, const char *name);

#endif
