/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What deny rules name without a wildcard is denied under every name it has (POLICY.md 13): finds
 * those objects now and nails them. What gets such a name later is nailed by the kernel side.
 */
#ifndef RF_LAUNCH_NAILS_H
#define RF_LAUNCH_NAILS_H

#include "lsm/rules.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/world.h"

/*
 * For the sandbox of the slot, whose names lead where `world` says. keep: the nails of its present
 * policy stay, too (policy replace). Names that lead nowhere are skipped; an object that cannot be
 * nailed is an error.
 */
int rf_nails_set(struct rf_lsm *lsm, uint32_t slot, const struct rf_world *world,
		 const struct rf_policy *policy, const struct rf_image *image, bool keep,
		 struct rf_err *err) RF_MUST_CHECK;

#endif
