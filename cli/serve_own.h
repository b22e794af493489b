/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user's own sandboxes: finding, listing, stopping them.
 */
#ifndef RF_CLI_SERVE_OWN_H
#define RF_CLI_SERVE_OWN_H

#include "cli/serve_talk.h"
#include "lsm/rules.h"
#include "sandbox/launch/service_peer.h"

/* The slot of the sandbox with this number, if the service made it for this user. */
int rf_own_find(struct rf_lsm *lsm, const struct rf_peer *peer, uint64_t id, uint32_t *ret,
		struct rf_err *err) RF_MUST_CHECK;

/* Sends TEXT, the sandboxes of `status --json` that are this user's, and ANSWER. */
int rf_own_list(struct rf_lsm *lsm, const struct rf_peer *peer, struct rf_talk *talk,
		struct rf_err *err) RF_MUST_CHECK;

/* Ends its processes, politely or at once; ANSWER says whether any is left. */
int rf_own_stop(struct rf_lsm *lsm, const struct rf_peer *peer, struct rf_talk *talk,
		const struct rf_service_which *which, struct rf_err *err) RF_MUST_CHECK;

#endif
