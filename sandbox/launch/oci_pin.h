/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container's link is pinned. */
#ifndef RF_LAUNCH_OCI_PIN_H
#define RF_LAUNCH_OCI_PIN_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "sandbox/launch/oci_arm.h"

#define RF_OCI_PIN_PATH_MAX 64

static inline void rf_oci_pin_path(uint64_t sandbox, char ret[RF_OCI_PIN_PATH_MAX])
{
	(void)snprintf(ret, RF_OCI_PIN_PATH_MAX, RF_OCI_PIN_DIR "/%016" PRIx64, sandbox);
}

#endif
