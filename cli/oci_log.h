/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system's log, for a hook whose output its runtime may throw away. Opened beforehand, so that
 * a hook whose time is over can still say so, from a signal handler.
 */
#ifndef RF_CLI_OCI_LOG_H
#define RF_CLI_OCI_LOG_H

#include <stddef.h>

#define RF_OCI_LOG_MAX 4096 /* of one message; the rest is cut off */

/* Without a log nothing happens, here and below. */
void rf_oci_log_open(void);

void rf_oci_log(const char *text);

/* What rf_oci_log_late says, in place of what it was. */
void rf_oci_log_prepare(const char *text);

/* To standard error and to the log; safe in a signal handler, and never waits. */
void rf_oci_log_late(void);

#endif
