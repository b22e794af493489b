/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of refused system calls whose arguments nobody recorded: what a policy says of such a
 * call may depend on them, and then the record knows better than any guess.
 */
#ifndef RF_CLI_WHY_RECORDED_H
#define RF_CLI_WHY_RECORDED_H

#include <jansson.h>

#include "sandbox/launch/why.h"

/*
 * If finding lets the call pass that was refused when it was recorded, and the answer depends on
 * arguments that the record lacks, it becomes what the record says, and true is returned. Its
 * strings are the event's then, but for the place's file, which goes into file.
 */
bool rf_recorded_decides(const struct rf_question *question, const json_t *event,
			 struct rf_finding *finding, char *file, size_t size);

#endif
