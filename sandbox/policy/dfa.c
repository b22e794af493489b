/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From rules to the finished automaton: the order of the stages, and what a state's rules say.
 */
#include "sandbox/policy/dfa.h"

#include <string.h>

#include "sandbox/policy/dfa_parts.h"

static bool in_session(const struct rf_dfa_rule *rule, int half)
{
	return rule->session == RF_SESSION_ANY ||
	       rule->session == (half ? RF_SESSION_EXEC : RF_SESSION_INIT);
}

/* deny > allow > default for one right; the rule of the lowest index decides among equals. */
static void judge_right(struct rf_dfa_verdict *v, const struct rf_dfa_input *input,
			const uint32_t *rules, size_t n, int half, unsigned int bit, bool by_name)
{
	uint16_t deny = RF_DFA_RULE_NONE, allow = RF_DFA_RULE_NONE, would = RF_DFA_RULE_NONE;
	uint8_t mask = (uint8_t)(1u << bit);
	bool allowed = input->default_rights & mask, denied = false, audit = false;

	for (size_t i = 0; i < n; i++) {
		const struct rf_dfa_rule *rule = &input->rules[rules[i]];
		uint16_t index = (uint16_t)rule->index;

		if (!(rule->rights & mask) || !in_session(rule, half))
			continue;
		if (rule->self) {
			v->self |= mask;
			deny = RF_DFA_RULE_SELF;
			denied = true;
		} else if (rule->deny && rule->would) {
			would = would == RF_DFA_RULE_NONE ? index : would;
		} else if (rule->deny) {
			deny = denied ? deny : index;
			denied = true;
		} else {
			if (allow == RF_DFA_RULE_NONE && (by_name || rule->audit))
				allow = index;
			allowed = true;
			audit |= rule->audit;
		}
	}
	allowed = allowed && !denied;
	v->rule[half][bit] = denied ? deny : allow;
	v->would[half][bit] = allowed ? would : RF_DFA_RULE_NONE;
	if (allowed)
		v->allowed[half] |= mask;
	if (allowed && (audit || input->audit_rights & mask))
		v->audit[half] |= mask;
}

void rf_dfa_decide(struct rf_dfa_verdict *ret, const struct rf_dfa_input *input,
		   const uint32_t *rules, size_t n_rules, bool by_name)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < n_rules; i++)
		ret->nail |= input->rules[rules[i]].nail;
	for (int half = 0; half < 2; half++)
		for (unsigned int bit = 0; bit < RF_FILE_RIGHTS; bit++)
			judge_right(ret, input, rules, n_rules, half, bit, by_name);
}

int rf_dfa_judge(struct rf_dfa *dfa, const struct rf_dfa_input *input, const uint32_t *rules,
		 size_t n_rules, uint32_t *ret_verdict, struct rf_err *err)
{
	struct rf_dfa_verdict verdict;

	/* The verdict without rules is number 0; most states of a tree are without. */
	if (n_rules == 0 && dfa->verdicts.len) {
		*ret_verdict = 0;
		return 0;
	}
	rf_dfa_decide(&verdict, input, rules, n_rules, false);
	/* States in a row often agree; a full table is not worth its code (merging comes later). */
	for (size_t i = dfa->verdicts.len; i > 0 && dfa->verdicts.len - i < 64; i--) {
		if (memcmp(&dfa->verdicts.data[i - 1], &verdict, sizeof(verdict)) == 0) {
			*ret_verdict = (uint32_t)i - 1;
			return 0;
		}
	}
	*ret_verdict = (uint32_t)dfa->verdicts.len;
	if (rf_dfa_verdicts_push(&dfa->verdicts, verdict) < 0)
		return rf_err_set(err, -ENOMEM, "no memory for the verdicts of the policy");
	return 0;
}

static int compare_verdicts(const void *a, const void *b, void *data)
{
	const struct rf_dfa_verdict *verdicts = data;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int c = memcmp(&verdicts[x], &verdicts[y], sizeof(*verdicts));

	return c ? c : x < y ? -1 : x > y;
}

/* Keeps one of equal verdicts; states follow. The order of first use stays. */
static int unify_verdicts(struct rf_dfa *dfa, struct rf_err *err)
{
	uint32_t n = (uint32_t)dfa->verdicts.len, kept = 0;
	struct rf_dfa_verdict *verdicts = dfa->verdicts.data;
	RF_AUTOFREE uint32_t *order = calloc(n, sizeof(*order));
	RF_AUTOFREE uint32_t *number = calloc(n, sizeof(*number));

	if (!order || !number)
		return rf_err_set(err, -ENOMEM, "no memory for the verdicts of the policy");
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), compare_verdicts, verdicts);
	/* number: the lowest verdict equal to it, then its place among those kept. */
	for (uint32_t i = 0; i < n; i++) {
		bool same = i > 0 && memcmp(&verdicts[order[i - 1]], &verdicts[order[i]],
					    sizeof(*verdicts)) == 0;

		number[order[i]] = same ? number[order[i - 1]] : order[i];
	}
	for (uint32_t i = 0; i < n; i++) {
		if (number[i] == i) {
			verdicts[kept] = verdicts[i];
			number[i] = kept++;
		} else {
			number[i] = number[number[i]];
		}
	}
	dfa->verdicts.len = kept;
	for (size_t q = 0; q < dfa->states.len; q++)
		dfa->states.data[q].verdict = number[dfa->states.data[q].verdict];
	return 0;
}

static int minimise(struct rf_dfa *dfa, struct rf_err *err)
{
	RF_AUTOFREE uint32_t *class_of = calloc(dfa->states.len, sizeof(*class_of));
	int n;

	if (!class_of)
		return rf_err_set(err, -ENOMEM, "no memory to minimise the patterns");
	for (size_t q = 0; q < dfa->states.len; q++)
		class_of[q] = dfa->states.data[q].verdict;
	n = rf_dfa_refine(dfa, class_of, (uint32_t)dfa->verdicts.len, err);
	return n < 0 ? n : rf_dfa_merge(dfa, class_of, (uint32_t)n, err);
}

/* By session and rights: one more than the number of the first plain allow rule; 0: none yet. */
struct firsts {
	uint32_t at[RF_SESSION_EXEC + 1][1u << RF_FILE_RIGHTS];
};

/* The first rule that says the same: allow rules that record nothing are not told apart. */
static uint32_t first_like(struct firsts *firsts, const struct rf_dfa_rule *rule, uint32_t number)
{
	uint32_t *first;

	if (rule->deny || rule->audit || rule->n_except)
		return number;
	first = &firsts->at[rule->session][rule->rights & ((1u << RF_FILE_RIGHTS) - 1)];
	if (!*first)
		*first = number + 1;
	return *first - 1;
}

/* `as`: the number that its patterns stand for. */
static int add_rule(struct rf_nfa *nfa, const struct rf_dfa_input *input, uint32_t number,
		    uint32_t as, struct rf_err *err)
{
	const struct rf_dfa_rule *rule = &input->rules[number];
	int r = 0;

	nfa->owner = number;
	for (size_t i = 0; i < rule->n_patterns && r == 0; i++)
		r = rf_nfa_add(nfa, &rule->patterns[i], as, false, err);
	for (size_t i = 0; i < rule->n_except && r == 0; i++)
		r = rf_nfa_add(nfa, &rule->except[i], number, true, err);
	if (r < 0 && input->policy && rule->index < input->policy->n_rules)
		return rf_err_wrap(err, r, "rule %s", input->policy->rules[rule->index]->id);
	return r;
}

static int add_rules(struct rf_nfa *nfa, const struct rf_dfa_input *input, bool by_name,
		     struct rf_err *err)
{
	struct firsts firsts = {0};
	int r = rf_nfa_init(nfa, err);

	for (uint32_t i = 0; i < input->n_rules && r == 0; i++)
		r = add_rule(nfa, input, i, by_name ? i : first_like(&firsts, &input->rules[i], i),
			     err);
	return r;
}

struct rf_dfa_explainer {
	struct rf_nfa nfa;
	struct rf_dfa_input input;
};

struct rf_dfa_explainer *rf_dfa_explainer_free(struct rf_dfa_explainer *explainer)
{
	if (explainer)
		rf_nfa_done(&explainer->nfa);
	free(explainer);
	return NULL;
}

int rf_dfa_explainer_new(struct rf_dfa_explainer **ret, const struct rf_dfa_input *input,
			 struct rf_err *err)
{
	RF_CLEANUP(rf_dfa_explainer_freep) struct rf_dfa_explainer *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return rf_err_set(err, -ENOMEM, "no memory to ask the patterns of the policy");
	made->input = *input;
	r = add_rules(&made->nfa, input, true, err);
	if (r == 0)
		*ret = RF_TAKE_PTR(made);
	return r;
}

int rf_dfa_explain(struct rf_dfa_verdict *ret, const struct rf_dfa_explainer *explainer,
		   const char *bytes, size_t len, struct rf_err *err)
{
	RF_AUTOFREE uint32_t *nodes = NULL;
	RF_AUTOFREE uint32_t *rules = NULL;
	size_t n, n_rules;
	int r = rf_nfa_walk(&explainer->nfa, bytes, len, &nodes, &n, err);

	if (r == 0)
		r = rf_dfa_matching(&explainer->nfa, nodes, n, &rules, &n_rules, err);
	if (r != 0)
		return r;
	rf_dfa_decide(ret, &explainer->input, rules, n_rules, true);
	return 0;
}

int rf_dfa_compile(struct rf_dfa **ret, const struct rf_dfa_input *input, struct rf_err *err)
{
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = calloc(1, sizeof(*dfa));
	RF_CLEANUP(rf_nfa_done) struct rf_nfa nfa = {0};
	uint32_t none;
	int r;

	if (!dfa)
		return rf_err_set(err, -ENOMEM, "no memory to compile the patterns");
	r = add_rules(&nfa, input, false, err);
	if (r == 0)
		r = rf_dfa_judge(dfa, input, NULL, 0, &none, err);
	if (r == 0)
		r = rf_dfa_determinise(dfa, &nfa, input, err);
	if (r == 0)
		r = unify_verdicts(dfa, err);
	if (r == 0)
		r = minimise(dfa, err);
	if (r == 0)
		r = rf_dfa_mark(dfa, err);
	if (r == 0)
		r = rf_dfa_relate(dfa, err);
	if (r < 0)
		return r;
	*ret = RF_TAKE_PTR(dfa);
	return 0;
}

int rf_dfa_uses(const struct rf_dfa_input *input, struct rf_err *err)
{
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = calloc(1, sizeof(*dfa));
	RF_CLEANUP(rf_nfa_done) struct rf_nfa nfa = {0};
	int r;

	if (!dfa)
		return rf_err_set(err, -ENOMEM, "no memory to compile the patterns");
	r = add_rules(&nfa, input, true, err);
	return r < 0 ? r : rf_dfa_determinise(dfa, &nfa, input, err);
}

struct rf_dfa *rf_dfa_free(struct rf_dfa *dfa)
{
	if (!dfa)
		return NULL;
	rf_dfa_states_done(&dfa->states);
	rf_dfa_edges_done(&dfa->edges);
	rf_dfa_verdicts_done(&dfa->verdicts);
	free(dfa->relation);
	free(dfa);
	return NULL;
}

uint32_t rf_dfa_next(const struct rf_dfa *dfa, uint32_t state, uint8_t byte)
{
	const struct rf_dfa_state *s = &dfa->states.data[state];

	for (uint32_t e = 0; e < s->n_edges; e++)
		if (dfa->edges.data[s->edges + e].byte == byte)
			return dfa->edges.data[s->edges + e].to;
	return s->fallback;
}

uint32_t rf_dfa_run(const struct rf_dfa *dfa, const char *bytes, size_t len)
{
	uint32_t state = 0;

	for (size_t i = 0; i < len; i++)
		state = rf_dfa_next(dfa, state, (uint8_t)bytes[i]);
	return state;
}
