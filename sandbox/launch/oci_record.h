/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's record beside those of `run` (record.h), so that `stop`, `exec` and readers of
 * events find it as any other sandbox. It has no supervisor and stays until the container is gone.
 */
#ifndef RF_LAUNCH_OCI_RECORD_H
#define RF_LAUNCH_OCI_RECORD_H

#include "sandbox/launch/oci_arm.h"

/* Removes the files, of all sandboxes, whose maker is gone and whose cgroup has no process. */
void rf_oci_record_collect(void);

/* 0 also where there is no directory or no room for records, as rf_record_write. */
int rf_oci_record_write(const struct rf_oci_container *container, uint64_t sandbox,
			struct rf_err *err) RF_MUST_CHECK;

void rf_oci_record_remove(uint64_t sandbox);

#endif
