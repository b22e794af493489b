/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence learn`: its options, and its two ways: from recorded events, and from a run.
 */
#ifndef RF_CLI_LEARN_H
#define RF_CLI_LEARN_H

#include "cli/learn_read.h"

struct rf_learn_args {
	const char **bases; /* -p */
	size_t n_bases;
	const char **files; /* --from */
	size_t n_files;
	const char **sets; /* --set */
	size_t n_sets;
	char **pass; /* other options, for `run`, as they were given */
	size_t n_pass;
	char *const *command; /* NULL: none */
	const char *out, *diff, *workdir, *user;
	bool from, only_denied, help;
	bool passes; /* options that mean something to a run only */
	bool says_summary, accepts_less;
};

/*
 * Runs the command in audit mode and reads what it used into learn. Returns the status of the run;
 * *ret_ran tells whether there is something to learn from.
 */
int rf_learn_run(struct rf_learn *learn, const struct rf_learn_args *args, bool *ret_ran,
		 struct rf_reading_stats *stats);

#endif
