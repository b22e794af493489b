/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Denials heard on the audit netlink group, for a sandbox whose kernel side has no trampolines.
 */
#ifndef RF_CLI_RUN_FEED_H
#define RF_CLI_RUN_FEED_H

#include "sandbox/audit/netlink.h"
#include "sandbox/audit/stream.h"
#include "sandbox/launch/launch.h"

struct rf_run_feed;

/* Opens the feed for the sandbox of a launch; NULL where it cannot be had (not root, no audit). */
struct rf_run_feed *rf_run_feed_open(const struct rf_launch *launch, struct rf_stream *stream);
struct rf_run_feed *rf_run_feed_close(struct rf_run_feed *feed);

/* The watch for the supervisor's loop. */
struct rf_watch rf_run_feed_watch(struct rf_run_feed *feed);

#endif
