/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running sandboxes that the kernel side's table does not have, as `status` prints them: without
 * BPF LSM a sandbox is known by its record alone. There are no counts of those.
 */
#ifndef RF_CLI_STATUS_RECORDS_H
#define RF_CLI_STATUS_RECORDS_H

#include "lsm/rules.h"
#include "sandbox/base/str.h"

/*
 * Like rf_status_sandboxes, for those that neither lsm (NULL: nothing is loaded) nor list, JSON
 * text of the service's (NULL: none), has. A comma precedes each object but one that follows '['.
 */
void rf_status_records(struct rf_str *out, struct rf_lsm *lsm, const char *list, bool json);

/* How many they are. */
uint64_t rf_status_count_records(struct rf_lsm *lsm);

#endif
