/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The containers of this machine as runc and crun keep them: who runs without the fence it asks
 * for. Engines say nothing of it.
 */
#ifndef RF_CLI_OCI_RUNNING_H
#define RF_CLI_OCI_RUNNING_H

/*
 * Calls report for each finding. Only looks, but waits up to a second for a container that is just
 * about to start.
 */
void rf_oci_running_check(void (*report)(void *data, const char *text), void *data);

#endif
