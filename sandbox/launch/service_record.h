/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root's record (record.h) of a sandbox that the service keeps for a user, for `status` and `stop`.
 */
#ifndef RF_LAUNCH_SERVICE_RECORD_H
#define RF_LAUNCH_SERVICE_RECORD_H

#include <stdbool.h>
#include <sys/types.h>

#include "sandbox/launch/service.h"

struct rf_service_record;

/* Written and locked by this process. *ret may stay NULL where no records are kept. */
int rf_service_record_write(struct rf_service_record **ret, const struct rf_service_sandbox *spec,
			    uid_t uid, struct rf_err *err) RF_MUST_CHECK;

void rf_service_record_command(const struct rf_service_record *record, pid_t pid);

/* Gives it up; leave: processes live on, and the file stays. Accepts NULL; returns NULL. */
struct rf_service_record *rf_service_record_end(struct rf_service_record *record, bool leave);

/* Takes back what killed processes of the service, and killed launches, left. */
void rf_service_record_collect(void);

#endif
