/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of the files of a policy that does not depend on how they were named.
 */
#ifndef RF_POLICY_DRAFT_ORDER_H
#define RF_POLICY_DRAFT_ORDER_H

#include "sandbox/policy/draft.h"

/*
 * Puts the n drafts into ret, which has room for them: a single argument first, then all other
 * files by what they say, then the rules of the command line as they were given. Returns 0 or
 * -ENOMEM.
 */
RF_MUST_CHECK int rf_drafts_order(struct rf_draft **ret, struct rf_draft *const *drafts, size_t n,
				  size_t n_roots);

#endif
