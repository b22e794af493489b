/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of pins, whatever version made it: removing it, and asking whether it is in use.
 */
#ifndef RF_LSM_PINS_H
#define RF_LSM_PINS_H

#include <stdint.h>

#include "sandbox/base/err.h"

/* Maps that others than the launcher open, by their names in the BPF object. */
#define RF_PIN_SANDBOXES "/sys/fs/bpf/ringfence/rf_sandbox"
#define RF_PIN_RINGS	 "/sys/fs/bpf/ringfence/rf_ring"
#define RF_PIN_ABOUT	 "/sys/fs/bpf/ringfence/rf_about"

/* bpffs reserves names with a dot (kernel/bpf/inode.c: bpf_lookup). */
#define RF_LSM_PIN_OLD "/sys/fs/bpf/ringfence_old" /* being replaced or removed */
#define RF_LSM_PIN_NEW "/sys/fs/bpf/ringfence_new" /* a load that is not finished */

/*
 * Removes a directory of pins; links first, so that programs stop before their maps go. A directory
 * that is not there is fine.
 */
int rf_pins_remove(const char *dir, struct rf_err *err);

/* Sandboxes that are live or still hold tasks, in the pinned table. Negative: cannot be told. */
int rf_pins_count_live(uint32_t *ret);

#endif
