/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pinned description of what is loaded (struct rf_meta), and how `load --replace` hands running
 * sandboxes from one build's programs to the next one's.
 *
 * Order: the new set is announced, attached, put in place by renames; then it takes over, and the
 * old set goes. Whoever finds both sets' folders finishes that for a load that died.
 */
#ifndef RF_LSM_META_H
#define RF_LSM_META_H

#include <stdint.h>

#include "lsm/abi.h"
#include "sandbox/base/err.h"

/* CLOCK_BOOTTIME in ns, as struct rf_meta has it. */
uint64_t rf_meta_now(void);

/* Shared with everybody; unmapped by the caller. NULL: none is pinned that can be read. */
struct rf_meta *rf_meta_map(void);
void rf_meta_unmap(struct rf_meta **meta);

/*
 * May this build take over what runs? -EBUSY if another version's sandboxes are running; what
 * their maps hold is not known here. meta: NULL where it cannot be read.
 */
int rf_meta_check(const struct rf_meta *meta, struct rf_err *err) RF_MUST_CHECK;

/* What will be said of the new set. 0. */
int rf_meta_announce(struct rf_meta *meta, const uint8_t hash[32], uint32_t n_programs);

/* The new set is in place: it counts from now on. Nothing where none was announced. */
void rf_meta_take_over(struct rf_meta *meta);

#endif
