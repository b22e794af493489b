/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events into what was used: files and pipes of records, line by line, for `learn`.
 */
#ifndef RF_CLI_LEARN_READ_H
#define RF_CLI_LEARN_READ_H

#include <jansson.h>

#include "sandbox/launch/learn.h"

struct rf_reading_stats {
	uint64_t records; /* that told of a use */
	uint64_t execs;	  /* records of programs that were started */
	uint64_t objects; /* records of the layers whose kernel side records execs, too */
	uint64_t lost;	  /* accesses in ranges that were lost */
	bool partial;	  /* a stream says that the host did not show all of its denials */
};

/* One record; others than uses are passed over. name: the file's, for errors. */
int rf_learn_read_event(struct rf_learn *learn, const json_t *event, struct rf_reading_stats *stats,
			struct rf_err *err) RF_MUST_CHECK;

/* All lines of fd until its end. An unfinished last line is an error. */
int rf_learn_read_fd(struct rf_learn *learn, int fd, const char *name,
		     struct rf_reading_stats *stats, struct rf_err *err) RF_MUST_CHECK;

/* The same of a file, or of standard input for "-". */
int rf_learn_read_file(struct rf_learn *learn, const char *path, struct rf_reading_stats *stats,
		       struct rf_err *err) RF_MUST_CHECK;

#endif
