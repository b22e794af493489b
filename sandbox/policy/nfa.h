/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All path patterns of a policy as one nondeterministic automaton over bytes.
 *
 * The input is "/" + name for each component, the root being the empty string; abstract unix names
 * are "@" + bytes. Patterns share the nodes of a common beginning, so ten thousand literal rules
 * are a tree. Byte 0 occurs in no pattern, so it stands for "any byte that nobody names".
 */
#ifndef RF_POLICY_NFA_H
#define RF_POLICY_NFA_H

#include "sandbox/base/map64.h"
#include "sandbox/base/vec.h"
#include "sandbox/policy/policy.h"

/* Alternatives in braces are written out; one pattern may stand for so many. */
#define RF_NFA_MAX_ALTERNATIVES 4096
#define RF_NFA_MAX_NODES	(2u << 20)
/* Bytes of all patterns together once their alternatives are written out, on the way and in the
 * end: what adding them costs. */
#define RF_NFA_MAX_BYTES (64u << 20)

enum rf_nfa_loop {
	RF_NFA_NO_LOOP,
	RF_NFA_LOOP_NAME, /* every byte but '/' leads back here */
	RF_NFA_LOOP_ANY	  /* every byte does */
};

enum rf_nfa_kind {
	RF_NFA_BYTE,  /* `byte` */
	RF_NFA_TREE,  /* '/', into the loop of a `**` */
	RF_NFA_SET,   /* any byte of sets[set] */
	RF_NFA_EMPTY, /* no byte */
};

#define RF_NFA_END UINT32_MAX

struct rf_nfa_edge {
	uint32_t next; /* edge of the same node, or RF_NFA_END */
	uint32_t to;
	uint16_t set;
	uint8_t kind;
	uint8_t byte;
};

/* A pattern ends here: of rule number `rule` of the input, as one of its exceptions or not. */
struct rf_nfa_accept {
	uint32_t next;
	uint32_t rule;
	bool except;
};

struct rf_nfa_node {
	uint32_t edges;
	uint32_t accepts;
	uint32_t owner;	   /* rule that made the node */
	uint32_t loop : 2; /* enum rf_nfa_loop */
	uint32_t n_edges : 30;
};

struct rf_byte_set {
	uint64_t bits[4];
};

static inline bool rf_byte_set_has(const struct rf_byte_set *set, unsigned int byte)
{
	return set->bits[byte >> 6] >> (byte & 63) & 1;
}

RF_VEC_DEFINE(rf_nfa_nodes, struct rf_nfa_node);
RF_VEC_DEFINE(rf_nfa_edges, struct rf_nfa_edge);
RF_VEC_DEFINE(rf_nfa_accepts, struct rf_nfa_accept);
RF_VEC_DEFINE(rf_byte_sets, struct rf_byte_set);
RF_VEC_DEFINE(rf_node_numbers, uint32_t);

/* Node 0 is the start. */
struct rf_nfa {
	struct rf_nfa_nodes nodes;
	struct rf_nfa_edges edges;
	struct rf_nfa_accepts accepts;
	struct rf_byte_sets sets;
	/*
	 * By 2 * rule + except: the node where all patterns of the rule that end in `**` stay for
	 * good; 0: none. One, because that many nodes would be told apart for nothing.
	 */
	struct rf_node_numbers forever;
	/* What would take long to look for in a list. */
	struct rf_map64 edge_at;   /* edges of nodes that have many; nfa.c */
	struct rf_map64 set_at;	   /* numbers of sets, by hash */
	struct rf_map64 accept_at; /* ends that there are */
	uint64_t bytes;		   /* of patterns so far; see RF_NFA_MAX_BYTES */
	uint32_t owner; /* of the nodes made next: set before rf_nfa_add; names costly rules */
};

int rf_nfa_init(struct rf_nfa *nfa, struct rf_err *err) RF_MUST_CHECK;
void rf_nfa_done(struct rf_nfa *nfa);

/* Adds a checked pattern (rf_pattern_check). */
int rf_nfa_add(struct rf_nfa *nfa, const struct rf_pattern *pattern, uint32_t rule, bool except,
	       struct rf_err *err) RF_MUST_CHECK;

/*
 * The nodes that a walk over bytes stands on in the end, without an automaton: slow, for one name.
 * *ret is the caller's to free.
 */
int rf_nfa_walk(const struct rf_nfa *nfa, const char *bytes, size_t len, uint32_t **ret,
		size_t *ret_n, struct rf_err *err) RF_MUST_CHECK;

#endif
