/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sandbox that the service keeps for an ordinary user: made from what the user sent, watched
 * until its command has ended.
 */
#ifndef RF_CLI_SERVE_SANDBOX_H
#define RF_CLI_SERVE_SANDBOX_H

#include "cli/serve_talk.h"
#include "lsm/rules.h"
#include "sandbox/audit/live.h"
#include "sandbox/audit/stream.h"
#include "sandbox/audit/wordbook.h"
#include "sandbox/launch/service_peer.h"
#include "sandbox/launch/service_record.h"

struct rf_served {
	struct rf_lsm *lsm;   /* borrowed */
	struct rf_talk *talk; /* borrowed */
	struct rf_service_sandbox spec;
	uint64_t dedupe_ns;
	uint32_t slot;
	bool live;
	int ring_fd, folds_fd;
	struct rf_service_record *record;
	struct rf_wordbook book;
	char host[65], boot[40];
	struct rf_subject subject;
	struct rf_stream *stream;
	struct rf_readers *readers; /* NULL: nobody follows */
};

#define RF_SERVED_INIT                                                                             \
	{                                                                                          \
		.ring_fd = -1, .folds_fd = -1                                                      \
	}

/* Checks the body that came for served->spec and makes the sandbox, still without a task. */
int rf_served_make(struct rf_served *served, const struct rf_peer *peer, const char *body,
		   const uint8_t secret[32], struct rf_err *err) RF_MUST_CHECK;

/* Reads the words of the body and opens the stream. Needs no rights. */
int rf_served_open(struct rf_served *served, const char *body, struct rf_err *err) RF_MUST_CHECK;

/* The task with this number is in: events are sent from now on. */
int rf_served_start(struct rf_served *served, pid_t pid, struct rf_err *err) RF_MUST_CHECK;

/* Hands events on until END, or, once the caller is gone, until the process of pidfd is. */
void rf_served_follow(struct rf_served *served, int pidfd);

/* The last events, and the sandbox takes no more tasks. Whatever came before. */
void rf_served_end(struct rf_served *served);

#endif
