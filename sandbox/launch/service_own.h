/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ordinary user asks the service about sandboxes of his own.
 */
#ifndef RF_LAUNCH_SERVICE_OWN_H
#define RF_LAUNCH_SERVICE_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/base/err.h"

/* The caller's sandboxes as the JSON array of `status --json`; the caller frees *ret. */
int rf_service_list(char **ret, struct rf_err *err) RF_MUST_CHECK;

/*
 * Ends every process of the caller's sandbox, politely or at once. 0; 1 if processes are still
 * there; -ENOENT if it is none that the service keeps for the caller.
 */
int rf_service_stop(uint64_t id, bool kill, struct rf_err *err) RF_MUST_CHECK;

#endif
