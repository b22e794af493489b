/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that change nothing, found by asking the compiled policy and not the text of rules: covered
 * by several others together, or never reached.
 */
#ifndef RF_POLICY_CHECK_USE_H
#define RF_POLICY_CHECK_USE_H

#include "sandbox/policy/policy.h"

/*
 * Adds warnings. told: by index of a rule, what has been told already and need not be told again.
 * A policy that is too large to compile gets none; compiling it says so. 0 or -ENOMEM.
 */
RF_MUST_CHECK int rf_policy_check_use(const struct rf_policy *policy, const bool *told,
				      struct rf_problems *ret);

/*
 * Hints at rules about files and unix sockets all of whose names begin with a folder that does not
 * exist on this machine. Not wrong: the folder may come. 0 or -ENOMEM.
 */
RF_MUST_CHECK int rf_policy_check_machine(const struct rf_policy *policy, struct rf_problems *ret);

/*
 * Fills input->uses as rf_dfa_uses does for names: rules[i] is what input->rules[i] says about
 * addresses. 0, -E2BIG (too much to ask) or -ENOMEM.
 */
struct rf_dfa_input;
RF_MUST_CHECK int rf_inet_mark_uses(const struct rf_net_rule *const *rules,
				    const struct rf_dfa_input *input);

/* Whether a rule came from a policy that this one extends. */
bool rf_rule_is_inherited(const struct rf_policy *policy, const struct rf_rule *rule);

/* A reason of its own is a use: who decides is told to whoever is denied. */
bool rf_rule_is_told_for_itself(const struct rf_rule *rule);

#endif
