/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Composition of what the strictest file decides: keys of the kernel, capabilities, limits.
 */
#ifndef RF_POLICY_COMPOSE_STRICTEST_H
#define RF_POLICY_COMPOSE_STRICTEST_H

#include "sandbox/policy/draft.h"

/*
 * Unites those sections of the n drafts into policy, with the place of each that decides. Without
 * memory p->no_memory is set.
 */
void rf_compose_strictest(struct rf_parse *p, struct rf_draft *const *drafts, size_t n,
			  struct rf_policy *policy);

#endif
