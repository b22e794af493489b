/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a process belongs to a sandbox, asked from outside by its number.
 */
#ifndef RF_LAUNCH_MEMBER_H
#define RF_LAUNCH_MEMBER_H

#include "sandbox/launch/backend.h"

enum rf_member {
	RF_MEMBER_NO,
	RF_MEMBER_YES,
	RF_MEMBER_GONE /* no such process any more: cannot be told */
};

/*
 * By cgroup where the sandbox has one, else by descent from the command, which a process that
 * outlives its parents loses. For telling whose a report is, never for a verdict.
 */
enum rf_member rf_member_find(const struct rf_launch *launch, uint32_t pid);

/* The parent of a live process; 0: gone, or none. */
uint32_t rf_member_parent(uint32_t pid);

/* Whether no other sandbox runs beside this one, as far as its cgroup's neighbours tell. */
bool rf_member_alone(const struct rf_launch *launch);

#endif
