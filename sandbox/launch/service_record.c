/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a user's sandbox. See service_record.h. */
#include "sandbox/launch/service_record.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/launch/backend.h"
#include "sandbox/launch/record.h"

struct rf_service_record {
	struct rf_record record;
};

int rf_service_record_write(struct rf_service_record **ret, const struct rf_service_sandbox *spec,
			    uid_t uid, struct rf_err *err)
{
	RF_AUTOFREE struct rf_service_record *record = calloc(1, sizeof(*record));
	struct rf_policy policy = {.name = spec->policy};
	struct rf_launch launch = {.policy = &policy, .sandbox_id = spec->id, .uid = uid};
	int r;

	if (!record)
		return rf_err_sys(err, -ENOMEM, "keep a record of the sandbox");
	record->record = (struct rf_record)RF_RECORD_INIT;
	memcpy(policy.sha256, spec->sha256, sizeof(policy.sha256));
	(void)snprintf(launch.sandbox_name, sizeof(launch.sandbox_name), "%s", spec->name);
	/* No cgroup: what a user says of one is not for root to kill or remove. */
	r = rf_record_write(&record->record, &launch, NULL, err);
	if (r == 0)
		*ret = RF_TAKE_PTR(record);
	return r;
}

void rf_service_record_command(const struct rf_service_record *record, pid_t pid)
{
	rf_record_command(&record->record, pid);
}

struct rf_service_record *rf_service_record_end(struct rf_service_record *record, bool leave)
{
	if (record && leave)
		rf_record_leave(&record->record);
	else if (record)
		rf_record_remove(&record->record);
	free(record);
	return NULL;
}

void rf_service_record_collect(void)
{
	rf_record_collect(NULL);
}
