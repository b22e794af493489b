/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The containers of this machine as runc and crun keep them: who runs without the fence it asks
 * for, and which annotation of a pod is for nobody. Engines say nothing of either.
 */
#ifndef RF_CLI_OCI_RUNNING_H
#define RF_CLI_OCI_RUNNING_H

#include <stdbool.h>

/*
 * Calls report for each finding; sure is false where it may come right by itself. Only looks, but
 * waits up to a second for containers that are just about to start.
 */
void rf_oci_running_check(void (*report)(void *data, bool sure, const char *text), void *data);

#endif
