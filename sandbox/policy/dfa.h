/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All name patterns of a section as one minimised DFA over bytes, with the verdict of every state.
 *
 * Compiled once from the rules of `files` (paths) or the unix rules of `network` (names), with the
 * patterns that protect ringfence itself. Its cost grows with the patterns' bytes; patterns that
 * multiply each other (many stars in many rules) are refused beyond the limits below, with the
 * costliest rules named. Of several rules that deny a name, one that denies the whole tree it is in
 * is told as the one that decides, else the one of the lowest index. Input convention:
 * sandbox/policy/nfa.h.
 */
#ifndef RF_POLICY_DFA_H
#define RF_POLICY_DFA_H

#include "sandbox/base/vec.h"
#include "sandbox/policy/policy.h"

#define RF_DFA_MAX_STATES      400000	   /* before minimisation */
#define RF_DFA_MAX_WORK	       (24u << 20) /* nodes in all sets of the construction: 96 MiB */
#define RF_DFA_MAX_EDGES       (8u << 20)  /* transitions before minimisation: 64 MiB */
#define RF_DFA_MAX_STEPS       (1u << 30)  /* looks at nodes, edges and ends: seconds */
#define RF_DFA_RELATION_STATES 2048
#define RF_DFA_RELATION_STEPS  (1u << 28) /* looks at pairs; beyond, there is no relation */

#define RF_DFA_RULE_NONE 0xffff /* the default decided, or an allow rule that records nothing */
#define RF_DFA_RULE_SELF 0xfffe /* self-protection decided */

/* One rule as the automaton sees it. Rules are given in the order of their index. */
struct rf_dfa_rule {
	uint32_t index; /* into policy->rules */
	uint32_t rights;
	bool deny;
	bool would; /* a deny rule in audit mode: records, never decides */
	bool audit; /* record allowed uses */
	bool self;  /* self-protection: denies before everything, in both sessions */
	bool kill;  /* of a deny rule: comes before all that do not, and another is no substitute */
	bool nail;  /* decides nothing: marks the names of a deny rule without wildcards */
	enum rf_session session;
	const struct rf_pattern *patterns;
	size_t n_patterns;
	const struct rf_pattern *except;
	size_t n_except;
};

struct rf_dfa_input {
	const struct rf_dfa_rule *rules;
	size_t n_rules;
	uint32_t default_rights;	/* allowed where no rule speaks */
	uint32_t audit_rights;		/* rights whose allowed use is recorded everywhere */
	const struct rf_policy *policy; /* names costly rules in errors; may be NULL */
	uint8_t *uses; /* by rule: RF_DFA_ACTS…, filled on the way; may be NULL */
};

/* What a rule is good for, over all names. */
#define RF_DFA_ACTS  1 /* some name gets another answer by this rule, or would without others */
#define RF_DFA_ALONE 2 /* some name gets another answer by this rule and no other */

/* What holds in a state, per session (0 init, 1 exec); as struct rf_verdict of the kernel side. */
struct rf_dfa_verdict {
	uint16_t rule[2][RF_FILE_RIGHTS];
	uint16_t would[2][RF_FILE_RIGHTS];
	uint8_t allowed[2];
	uint8_t audit[2];
	uint8_t self;
	uint8_t nail; /* a deny rule names exactly this, without a wildcard */
	uint8_t pad[2];
};

/* A transition other than the default. */
struct rf_dfa_edge {
	uint32_t byte;
	uint32_t to;
};

struct rf_dfa_state {
	uint32_t fallback; /* target of every byte without an edge, byte 0 among them */
	uint32_t edges;	   /* first in dfa->edges, sorted by byte, none leads to fallback */
	uint32_t n_edges;
	uint32_t verdict;
	uint32_t related; /* number in the relation; UINT32_MAX if there is none */
	bool universal;	  /* as RF_ACC_UNIVERSAL … of lsm/abi_image.h */
	bool sticky;
	bool self_below;
};

RF_VEC_DEFINE(rf_dfa_states, struct rf_dfa_state);
RF_VEC_DEFINE(rf_dfa_edges, struct rf_dfa_edge);
RF_VEC_DEFINE(rf_dfa_verdicts, struct rf_dfa_verdict);

struct rf_dfa {
	struct rf_dfa_states states; /* 0 is the start; numbered breadth first */
	struct rf_dfa_edges edges;
	struct rf_dfa_verdicts verdicts;
	uint32_t n_related; /* 0: no relation */
	uint64_t *relation; /* bit p * n_related + q: p adds nothing to q, here and below */
	/* Before minimisation, for `policy show --sizes`. */
	size_t n_raw_states, n_raw_edges, n_nodes;
	uint64_t n_steps;
};

int rf_dfa_compile(struct rf_dfa **ret, const struct rf_dfa_input *input, struct rf_err *err)
	RF_MUST_CHECK;

/*
 * Fills input->uses. Every rule is told apart here, so patterns that compile may be too much for
 * it: -E2BIG then.
 */
int rf_dfa_uses(const struct rf_dfa_input *input, struct rf_err *err) RF_MUST_CHECK;

/* Accepts NULL; returns NULL. */
struct rf_dfa *rf_dfa_free(struct rf_dfa *dfa);

RF_DEFINE_CLEANUP(struct rf_dfa, rf_dfa_freep, rf_dfa_free)

/*
 * Tells who decides about names, allow rules included. The automaton does not tell allow rules
 * apart: which of them allows changes nothing, and every prefix that some rule allows would need
 * states of its own. This asks the patterns themselves, without an automaton.
 */
struct rf_dfa_explainer;

/* The input is borrowed and must outlive it. */
int rf_dfa_explainer_new(struct rf_dfa_explainer **ret, const struct rf_dfa_input *input,
			 struct rf_err *err) RF_MUST_CHECK;

/* Accepts NULL; returns NULL. */
struct rf_dfa_explainer *rf_dfa_explainer_free(struct rf_dfa_explainer *explainer);

RF_DEFINE_CLEANUP(struct rf_dfa_explainer, rf_dfa_explainer_freep, rf_dfa_explainer_free)

int rf_dfa_explain(struct rf_dfa_verdict *ret, const struct rf_dfa_explainer *explainer,
		   const char *bytes, size_t len, struct rf_err *err) RF_MUST_CHECK;

uint32_t rf_dfa_next(const struct rf_dfa *dfa, uint32_t state, uint8_t byte);

/* The state after len bytes from the start. */
uint32_t rf_dfa_run(const struct rf_dfa *dfa, const char *bytes, size_t len);

#endif
