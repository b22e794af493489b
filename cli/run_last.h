/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's answer to `ringfence why --last` from inside its fence.
 *
 * One way only: whoever connects is given the sandbox's last denials and the connection is closed;
 * not a byte is read from the inside. Only processes of this sandbox are answered. A burst of
 * callers costs a bounded share of the supervisor's time, and nobody is waited for.
 */
#ifndef RF_CLI_RUN_LAST_H
#define RF_CLI_RUN_LAST_H

#include "sandbox/audit/last.h"
#include "sandbox/launch/launch.h"

struct rf_run_last;

/* NULL where the name cannot be listened on: then nobody inside gets an answer. */
struct rf_run_last *rf_run_last_open(const struct rf_launch *launch, const struct rf_last *last);
struct rf_run_last *rf_run_last_close(struct rf_run_last *server);

/* Polls readable when somebody asks. */
int rf_run_last_fd(const struct rf_run_last *server);

/* Answers at most a few who wait. */
void rf_run_last_answer(struct rf_run_last *server);

#endif
