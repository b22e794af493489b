/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replacing the policy of a running sandbox, at one moment for all of its processes.
 *
 * What the kernel side holds changes (files, network, devices, capabilities, kernel operations);
 * what a process has been given for life does not: fixed_part.h tells what that means for a policy.
 */
#ifndef RF_LAUNCH_REPLACE_H
#define RF_LAUNCH_REPLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "lsm/rules.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/world.h"
#include "sandbox/policy/policy.h"

struct rf_replacement {
	uint64_t sandbox;
	const struct rf_policy *policy;
	const struct rf_image *image; /* of that policy */
	struct rf_world world;	      /* of the sandbox's files */
	/*
	 * Called with the policy's generation before it counts: writes down whose events of that
	 * generation will be. A negative answer stops it, and the old policy stays.
	 */
	int (*note)(void *data, uint32_t gen, struct rf_err *err);
	void *data;
};

/* -ENOENT: the sandbox has ended. On failure nothing has changed. One at a time on a machine. */
int rf_replace(struct rf_lsm *lsm, const struct rf_replacement *r, uint32_t *ret_gen,
	       struct rf_err *err) RF_MUST_CHECK;

#endif
