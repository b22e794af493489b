/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The collector of what containers left, in a kernel side that is open already.
 */
#ifndef RF_LAUNCH_OCI_COLLECT_H
#define RF_LAUNCH_OCI_COLLECT_H

struct rf_lsm;

/* What rf_oci_collect does, but for opening, which costs more than the rest. Returns the number. */
unsigned rf_oci_sweep(struct rf_lsm *lsm, int armed_fd);

#endif
