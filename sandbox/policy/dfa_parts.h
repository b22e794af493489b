/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages of rf_dfa_compile, one file each. Private to sandbox/policy/dfa*.c and its tests.
 */
#ifndef RF_POLICY_DFA_PARTS_H
#define RF_POLICY_DFA_PARTS_H

#include "sandbox/policy/dfa.h"
#include "sandbox/policy/nfa.h"

/*
 * What rules that match say together; rule numbers of the input, ascending. by_name: allow rules
 * are named also where they record nothing.
 */
void rf_dfa_decide(struct rf_dfa_verdict *ret, const struct rf_dfa_input *input,
		   const uint32_t *rules, size_t n_rules, bool by_name);

/* The number of the verdict of rules that match in one state. */
int rf_dfa_judge(struct rf_dfa *dfa, const struct rf_dfa_input *input, const uint32_t *rules,
		 size_t n_rules, uint32_t *ret_verdict, struct rf_err *err) RF_MUST_CHECK;

/*
 * Reads off the nodes that a walk stands on the rules that match: ascending, without those that an
 * exception takes away. *ret is the caller's to free, NULL if there are none.
 */
int rf_dfa_matching(const struct rf_nfa *nfa, const uint32_t *nodes, size_t n, uint32_t **ret,
		    size_t *ret_n, struct rf_err *err) RF_MUST_CHECK;

/* Marks what the rules that match in one state are good for there: input->uses. */
void rf_dfa_mark_uses(const struct rf_dfa_input *input, const uint32_t *rules, size_t n_rules);

/* Sets of nodes become states: dfa->states, edges, verdicts. */
int rf_dfa_determinise(struct rf_dfa *dfa, const struct rf_nfa *nfa,
		       const struct rf_dfa_input *input, struct rf_err *err) RF_MUST_CHECK;

/*
 * Classes of states that no continuation tells apart, given classes that the empty one does.
 * class_of holds those on entry (0..n_classes), the coarsest refinement of them on return; the
 * number of classes is returned, or a negative errno.
 */
int rf_dfa_refine(const struct rf_dfa *dfa, uint32_t *class_of, uint32_t n_classes,
		  struct rf_err *err) RF_MUST_CHECK;

/* Replaces the states by their classes, numbered breadth first from the start. */
int rf_dfa_merge(struct rf_dfa *dfa, const uint32_t *class_of, uint32_t n_classes,
		 struct rf_err *err) RF_MUST_CHECK;

/* Fills universal, sticky, self_below. */
int rf_dfa_mark(struct rf_dfa *dfa, struct rf_err *err) RF_MUST_CHECK;

/* Fills related and relation where RF_DFA_RELATION_STATES suffice. */
int rf_dfa_relate(struct rf_dfa *dfa, struct rf_err *err) RF_MUST_CHECK;

#endif
