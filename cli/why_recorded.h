/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that know better than what a policy says of the names in them: of refused system calls
 * whose arguments nobody recorded, of refusals of ringfence's own, and of what was not judged.
 */
#ifndef RF_CLI_WHY_RECORDED_H
#define RF_CLI_WHY_RECORDED_H

#include <jansson.h>

#include "sandbox/launch/why.h"

/* A refusal that no rule of a policy is about. */
bool rf_recorded_unasked(const json_t *event);

/* A link or rename that was refused since the object would have got rights by its new name. */
bool rf_recorded_alias(const json_t *event);

/* What the record says; strings as below. */
void rf_recorded_finding(const json_t *event, struct rf_finding *finding, char *file, size_t size);

/*
 * If finding lets pass what was refused when it was recorded, and the answer depends on arguments
 * that the record lacks, or the refusal was none of a policy's, it becomes what the record says,
 * and true is returned. Its strings are the event's then, but for the place's file, which goes into
 * file.
 */
bool rf_recorded_decides(const struct rf_question *question, const json_t *event,
			 struct rf_finding *finding, char *file, size_t size);

/*
 * A socket of a family that no rule can name: true, with what this policy does about it, and its
 * name in *ret_family, the event's. Strings of *finding are the policy's or constant.
 */
bool rf_recorded_family(const json_t *event, const struct rf_policy *policy,
			struct rf_finding *finding, const char **ret_family);

#endif
