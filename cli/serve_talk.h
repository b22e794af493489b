/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service's side of its socket: messages within a time limit, answers, events that never wait.
 */
#ifndef RF_CLI_SERVE_TALK_H
#define RF_CLI_SERVE_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "lsm/abi.h"
#include "sandbox/launch/service.h"

struct rf_talk {
	int conn;	  /* -1: the caller is gone */
	int passed;	  /* the descriptor that came with the last message; -1: none */
	int64_t deadline; /* ms of CLOCK_MONOTONIC for the next messages */
	uint64_t missed_first, missed_last, missed; /* events that found no room; 0: none */
	_Alignas(8) char bytes[RF_SERVICE_MESSAGE_MAX];
};

/* Takes conn; the caller has `seconds` for all it says until a sandbox is up. */
void rf_talk_begin(struct rf_talk *talk, int conn, int seconds);
void rf_talk_done(struct rf_talk *talk);

/*
 * The next message, waited for until the deadline; wait false: -EAGAIN if none is here. -EPIPE: the
 * caller went away. A descriptor is accepted with TASK only.
 */
int rf_talk_receive(struct rf_talk *talk, struct rf_service_message *ret, bool wait,
		    struct rf_err *err) RF_MUST_CHECK;

/* HELLO or ANSWER; why: what went wrong, NULL: nothing did. */
void rf_talk_answer(struct rf_talk *talk, enum rf_service_type type, uint64_t id, uint32_t value,
		    const struct rf_err *why);

/* Sends an EVENT if there is room for it. 0, or -EAGAIN; a broken connection is given up. */
int rf_talk_event(struct rf_talk *talk, const struct rf_record *record, const char *line,
		  size_t len);

/* TEXT, waited for. */
void rf_talk_text(struct rf_talk *talk, const char *text, size_t len);

/* Waits, so many ms at most, until there is room for an event. */
void rf_talk_wait(const struct rf_talk *talk, int ms);

#endif
