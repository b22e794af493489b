/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as they happen, of every sandbox on this machine.
 *
 * A reader first opens a socket below RF_READERS_DIR; every supervisor that starts afterwards hands
 * it a copy of its stream, from the first event to the last, however short the sandbox lives.
 * Sandboxes that run already are read from their pinned rings, from the oldest record still there.
 * A reader that is too slow loses events, is told which numbers, and holds up nobody. There are no
 * more of them than a supervisor speaks to: a further one is refused.
 */
#ifndef RF_AUDIT_LIVE_H
#define RF_AUDIT_LIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "sandbox/base/err.h"

#define RF_RUN_DIR     "/run/ringfence"
#define RF_READERS_DIR RF_RUN_DIR "/readers"
#define RF_READERS_MAX 16

typedef int rf_live_fn(void *data, const char *line, size_t len, struct rf_err *err);

/*
 * Hands each event's line (with newline) to fn. follow: goes on until fn answers negative or a
 * signal ends the process; else returns when everything recorded so far was handed on.
 */
int rf_live_read(bool follow, rf_live_fn *fn, void *data, struct rf_err *err) RF_MUST_CHECK;

/*
 * Locks the folder RF_READERS_DIR, which is made if it is not there, until the answer is closed: a
 * descriptor, or negative. Under it a socket comes to be, from bind to listen, and one that nobody
 * listens on is taken away.
 */
int rf_live_lock(struct rf_err *err) RF_MUST_CHECK;

/* ---- the supervisor's side ---- */

struct rf_readers;

/*
 * Connects to the readers that have a socket in this folder (RF_READERS_DIR), RF_READERS_MAX at
 * most; NULL if there is none (or no memory: readers are guests).
 */
struct rf_readers *rf_readers_open(const char *path);
size_t rf_readers_count(const struct rf_readers *readers);
struct rf_readers *rf_readers_close(struct rf_readers *readers);

/* Offers one line to each reader without ever waiting. */
void rf_readers_offer(struct rf_readers *readers, const char *line, size_t len);

#endif
