/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `ringfence why` is asked, out of words or out of an event.
 */
#ifndef RF_CLI_WHY_QUESTION_H
#define RF_CLI_WHY_QUESTION_H

#include <jansson.h>

#include "sandbox/launch/why.h"

/*
 * words: "read PATH", "connect tcp ADDR:PORT", … 0; -EINVAL: there is no such question; else what
 * kept its path from being resolved. Each with a sentence.
 */
int rf_question_parse(struct rf_question *ret, char *const *words, size_t n, struct rf_err *err)
	RF_MUST_CHECK;

/* An access record of the stream. 0; -ENOMSG: another type of record; -EINVAL. */
int rf_question_from_event(struct rf_question *ret, const json_t *event, struct rf_err *err)
	RF_MUST_CHECK;

/*
 * The same for all that a record's access needed, not only for what was missing then: two questions
 * where two names take part.
 */
int rf_questions_from_event(struct rf_question ret[2], size_t *ret_n, const json_t *event,
			    struct rf_err *err) RF_MUST_CHECK;

/* The unspecified address as a peer is this machine. */
void rf_question_settle(struct rf_question *question);

/*
 * The name by which the kernel would know what path leads to: symbolic links followed where they
 * exist, the last one only if asked. What does not exist is judged by name. root "" is never
 * given: the answer of the root is "/".
 */
int rf_resolve_path(const char *path, bool follow_last, char *ret, size_t size, struct rf_err *err)
	RF_MUST_CHECK;

#endif
