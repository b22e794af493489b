/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy costs once it is compiled, beside the limit of each: for `policy show --sizes`.
 *
 * Everything is measured on what a launch would use: the image that is written into the kernel's
 * map, the filter that is installed.
 */
#ifndef RF_LAUNCH_SIZES_H
#define RF_LAUNCH_SIZES_H

#include "sandbox/base/err.h"
#include "sandbox/policy/policy.h"

enum rf_size {
	/* as it is written */
	RF_SIZE_RULES,
	RF_SIZE_PATTERNS,
	RF_SIZE_ADDRESS_RANGES,
	RF_SIZE_CALLS,
	RF_SIZE_FILTERS,
	/* the automata: paths, and names of unix sockets */
	RF_SIZE_PATH_STATES_BEFORE,
	RF_SIZE_PATH_STATES,
	RF_SIZE_NAME_STATES_BEFORE,
	RF_SIZE_NAME_STATES,
	RF_SIZE_TRANSITIONS_BEFORE, /* these three of the automaton that has more */
	RF_SIZE_PIECES,
	RF_SIZE_STEPS,
	RF_SIZE_VERDICTS,
	RF_SIZE_RELATED_STATES,
	/* the other tables */
	RF_SIZE_ADDRESS_INTERVALS,
	RF_SIZE_ADDRESS_LIST, /* the longest */
	RF_SIZE_DEVICES,
	RF_SIZE_FIXED_NAMES,
	/* bytes of the image */
	RF_SIZE_RULE_BYTES,
	RF_SIZE_DEVICE_BYTES,
	RF_SIZE_ADDRESS_BYTES,
	RF_SIZE_STATE_BYTES, /* and the verdicts and relations behind them */
	RF_SIZE_IMAGE_BYTES,
	/* what the kernel keeps for a sandbox that has the policy */
	RF_SIZE_POLICY_MAP_BYTES,
	RF_SIZE_FIXED_NAME_SLOTS,
	RF_SIZE_RING_BYTES,
	RF_SIZE_REPEAT_BYTES,
	/* the system call filter */
	RF_SIZE_CASES, /* about the call that has most */
	RF_SIZE_PROGRAMS,
	RF_SIZE_INSTRUCTIONS,
	RF_SIZE_PROGRAM_INSTRUCTIONS, /* of the longest */
	RF_SIZE_FILTER_BYTES,
	RF_SIZE_COUNT
};

struct rf_sizes {
	uint64_t value[RF_SIZE_COUNT];
};

/* Compiles the policy as rf_image_compile and rf_filter_build do, and fails as they do. */
int rf_sizes_measure(struct rf_sizes *ret, const struct rf_policy *policy, struct rf_err *err)
	RF_MUST_CHECK;

/* "address_intervals"; static. */
const char *rf_size_name(enum rf_size size);

/* What is more is refused (docs/policy.md, "Limits"); 0: nothing of its own bounds it. */
uint64_t rf_size_limit(enum rf_size size);

#endif
