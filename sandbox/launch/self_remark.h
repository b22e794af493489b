/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of ringfence itself a fence leaves open where no back-end protects it.
 *
 * BPF LSM takes ringfence's files out of whatever a policy allows. Landlock cannot: it keeps them
 * only where it grants nothing that reaches them, and without a files section nobody does.
 */
#ifndef RF_LAUNCH_SELF_REMARK_H
#define RF_LAUNCH_SELF_REMARK_H

#include "sandbox/launch/select.h"

/*
 * Adds the item `ringfence.self` to a complete selection if the command could change any of these
 * files. An ordinary user's command can change that user's own; as_user: root's command will be one
 * of somebody who can change none. The item never refuses a start.
 */
int rf_self_remark(struct rf_selection *selection, const struct rf_policy *policy, bool as_user,
		   struct rf_err *err) RF_MUST_CHECK;

#endif
