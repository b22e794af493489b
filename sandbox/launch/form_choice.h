/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which back-end holds what of a policy, as bytes: the answers, and what they were given under.
 */
#ifndef RF_LAUNCH_FORM_CHOICE_H
#define RF_LAUNCH_FORM_CHOICE_H

#include "sandbox/base/str.h"
#include "sandbox/launch/select.h"

/* Appends; returns 0 or what went wrong in out. */
int rf_choice_pack(struct rf_str *out, const struct rf_selection *selection,
		   const struct rf_facts *facts) RF_MUST_CHECK;

/*
 * Fills the report of a selection whose back-ends were just chosen with the answers in the bytes,
 * which must stay. -ESTALE if the back-ends or the facts differ from then, -EBADMSG
 * for other bytes; the report is then in any state.
 */
int rf_choice_unpack(struct rf_selection *selection, const struct rf_policy *policy,
		     const struct rf_facts *facts, const void *bytes, size_t len) RF_MUST_CHECK;

#endif
