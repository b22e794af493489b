/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules change anything, read off while the automaton is made: each of its states stands for
 * names that get one answer from the same rules.
 */
#include "sandbox/policy/dfa_parts.h"

/* Rights by who gives or takes them: any rule, and more than one. */
struct said {
	uint32_t once, twice;
};

static void say(struct said *said, uint32_t rights)
{
	said->twice |= said->once & rights;
	said->once |= rights;
}

static bool takes_part(const struct rf_dfa_rule *rule, enum rf_session session)
{
	return !rule->would && !rule->nail &&
	       (rule->self || rule->session == RF_SESSION_ANY || rule->session == session);
}

static void mark(const struct rf_dfa_input *input, const uint32_t *rules, size_t n,
		 enum rf_session session)
{
	struct said allowed = {0}, denied = {0};

	for (size_t i = 0; i < n; i++) {
		const struct rf_dfa_rule *rule = &input->rules[rules[i]];

		if (takes_part(rule, session))
			say(rule->deny ? &denied : &allowed, rule->rights);
	}
	for (size_t i = 0; i < n; i++) {
		const struct rf_dfa_rule *rule = &input->rules[rules[i]];
		uint32_t given = input->default_rights, acts, alone;

		if (!takes_part(rule, session))
			continue;
		acts = rule->rights & (rule->deny ? given | allowed.once : ~denied.once);
		alone = acts & (rule->deny ? ~denied.twice : ~(given | allowed.twice));
		input->uses[rules[i]] |=
			(uint8_t)((acts ? RF_DFA_ACTS : 0) | (alone ? RF_DFA_ALONE : 0));
	}
}

void rf_dfa_mark_uses(const struct rf_dfa_input *input, const uint32_t *rules, size_t n_rules)
{
	mark(input, rules, n_rules, RF_SESSION_INIT);
	mark(input, rules, n_rules, RF_SESSION_EXEC);
}
