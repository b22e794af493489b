/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandboxes of the kernel side as `status` prints them.
 */
#ifndef RF_CLI_STATUS_LIST_H
#define RF_CLI_STATUS_LIST_H

#include "lsm/rules.h"
#include "sandbox/base/str.h"

/*
 * JSON objects with commas between, or a line of text for each. owner: only those of this
 * rf_sandbox.owner; 0: all. A failure sticks to out.
 */
void rf_status_sandboxes(struct rf_str *out, struct rf_lsm *lsm, bool json, uint64_t owner);

/* Lines of text from JSON objects as above, in an array. -EPROTO: they are none. */
int rf_status_text(struct rf_str *out, const char *list) RF_MUST_CHECK;

#endif
