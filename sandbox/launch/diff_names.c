/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences about names: both automata are walked at once, breadth first, so that the first name
 * found for a difference is a shortest one. Only names that can exist are walked: paths whose
 * components are neither empty nor "." or "..", and abstract names.
 */
#include <string.h>

#include "sandbox/base/map64.h"
#include "sandbox/launch/diff_parts.h"

#define PAIRS_MAX     (6u << 20) /* 120 MiB */
#define EXAMPLES_MAX  16	 /* of one pair of verdicts */
#define ASKED_MAX     1000	 /* of one walk */
#define ASKED_BIG_MAX 64	 /* where one question takes long */
#define BIG_STATES    100000

/* Where in a name a walk stands. */
enum phase {
	AT_START,
	AFTER_SLASH,
	IN_NAME,   /* a whole name */
	AFTER_DOT, /* "/." */
	AFTER_DOTS,
	ABSTRACT_START, /* "@" */
	ABSTRACT	/* a whole name */
};

struct pair {
	uint32_t state[2];
	uint32_t parent;
	uint32_t differs; /* number of the pair of verdicts; 0: alike. Not a whole name: its
			     parent's */
	uint8_t byte;
	uint8_t phase;
};

/* A pair of verdicts that differ. */
struct difference {
	uint32_t rights[2]; /* by session */
	uint32_t examples;
};

RF_VEC_DEFINE(pairs, struct pair);
RF_VEC_DEFINE(differences, struct difference);

struct walk {
	struct rf_differ *differ;
	const struct rf_dfa *dfa[2];
	enum rf_why_kind kind;
	uint32_t all; /* rights */
	struct pairs pairs;
	struct rf_map64 known, verdicts;
	struct differences differences;
	size_t asked, asked_max;
	bool seen[256]; /* bytes to step by */
};

static void done(struct walk *w)
{
	pairs_done(&w->pairs);
	differences_done(&w->differences);
	rf_map64_done(&w->known);
	rf_map64_done(&w->verdicts);
}

static bool is_name(uint8_t phase)
{
	return phase == IN_NAME || phase == ABSTRACT;
}

/* As lsm/match.h decides, and the errno of a refusal; every example is asked there again. */
static uint32_t verdict_of(const struct rf_policy *policy, const struct rf_dfa_verdict *v,
			   uint32_t session, unsigned int bit)
{
	uint16_t rule = v->rule[session][bit];

	if (v->allowed[session] >> bit & 1)
		return v->would[session][bit] == RF_DFA_RULE_NONE ? RF_V_ALLOWED : RF_V_WOULD_DENY;
	if (policy->mode == RF_MODE_AUDIT && !(v->self >> bit & 1))
		return RF_V_WOULD_DENY;
	if (rule >= policy->n_rules)
		return RF_V_DENIED;
	return policy->rules[rule]->kill
		       ? RF_V_KILLED
		       : RF_V_DENIED | (uint32_t)policy->rules[rule]->errno_value << 8;
}

/* The number of the difference between two states; 0 if there is none. */
static int compare(struct walk *w, const uint32_t state[2], uint32_t *ret)
{
	const struct rf_dfa_verdict *v[2];
	struct difference d = {.examples = 0};
	uint32_t no[2];
	int r;

	for (int i = 0; i < 2; i++) {
		no[i] = w->dfa[i]->states.data[state[i]].verdict;
		v[i] = &w->dfa[i]->verdicts.data[no[i]];
	}
	r = rf_map64_put(&w->verdicts, (uint64_t)no[0] << 32 | no[1],
			 (uint32_t)w->differences.len + 1, ret);
	if (r < 0)
		return rf_differ_no_memory(w->differ);
	if (r == 0) {
		for (uint32_t s = 0; s < w->differ->n_sessions; s++)
			for (unsigned int bit = 0; bit < RF_FILE_RIGHTS; bit++)
				if (w->all >> bit & 1 &&
				    verdict_of(w->differ->side[0].policy, v[0], s, bit) !=
					    verdict_of(w->differ->side[1].policy, v[1], s, bit))
					d.rights[s] |= 1u << bit;
		if (differences_push(&w->differences, d) < 0)
			return rf_differ_no_memory(w->differ);
	}
	if (!w->differences.data[*ret - 1].rights[0] && !w->differences.data[*ret - 1].rights[1])
		*ret = 0;
	return 0;
}

/* The name that leads to a pair and one byte more. -ENAMETOOLONG: nothing that could be asked. */
static int spell(const struct walk *w, uint32_t at, int byte, char *ret, size_t size)
{
	size_t len = byte >= 0, component = 0;

	for (uint32_t p = at; p; p = w->pairs.data[p].parent)
		len++;
	if (len >= size)
		return -ENAMETOOLONG;
	ret[len] = 0;
	if (byte >= 0)
		ret[--len] = (char)byte;
	for (uint32_t p = at; p; p = w->pairs.data[p].parent)
		ret[--len] = (char)w->pairs.data[p].byte;
	if (!ret[0])
		(void)snprintf(ret, size, "/");
	for (const char *c = ret; *c && ret[0] == '/'; c++) {
		component = *c == '/' ? 0 : component + 1;
		if (component > 255)
			return -ENAMETOOLONG;
	}
	return 0;
}

static int tell(struct walk *w, uint32_t at, int byte, uint32_t differs)
{
	struct difference *d = &w->differences.data[differs - 1];
	struct rf_question q = {.kind = w->kind};

	if (d->examples == EXAMPLES_MAX || w->asked == w->asked_max ||
	    spell(w, at, byte, q.text, sizeof(q.text)) < 0)
		return 0;
	d->examples++;
	w->asked++;
	for (uint32_t s = 0; s < w->differ->n_sessions; s++) {
		int r;

		q.session = s;
		q.rights = d->rights[s];
		r = q.rights ? rf_differ_confirm(w->differ, &q) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

/* Where a byte leads to in a name; -1: no name goes on so. */
static int next_phase(uint8_t phase, uint8_t byte, bool is_unix)
{
	switch (phase) {
	case AT_START:
		if (byte == '/')
			return AFTER_SLASH;
		return is_unix && byte == '@' ? ABSTRACT_START : -1;
	case AFTER_SLASH:
		if (byte == '/')
			return -1;
		return byte == '.' ? AFTER_DOT : IN_NAME;
	case AFTER_DOT:
		if (byte == '/')
			return -1;
		return byte == '.' ? AFTER_DOTS : IN_NAME;
	case AFTER_DOTS:
		return byte == '/' ? -1 : IN_NAME;
	case IN_NAME:
		return byte == '/' ? AFTER_SLASH : IN_NAME;
	default:
		return ABSTRACT;
	}
}

static int step(struct walk *w, uint32_t at, uint8_t byte)
{
	const struct pair from = w->pairs.data[at];
	int phase = next_phase(from.phase, byte, w->kind == RF_WHY_UNIX), r;
	struct pair to = {.parent = at, .byte = byte, .phase = (uint8_t)phase};
	uint32_t no;

	if (phase < 0)
		return 0;
	to.differs = from.differs;
	for (int i = 0; i < 2; i++)
		to.state[i] = rf_dfa_next(w->dfa[i], from.state[i], byte);
	if (is_name(to.phase)) {
		r = compare(w, to.state, &to.differs);
		if (r == 0 && to.differs && to.differs != from.differs)
			r = tell(w, at, byte, to.differs);
		if (r < 0)
			return r;
	}
	r = rf_map64_put(&w->known, (uint64_t)to.state[0] << 32 | to.state[1] << 3 | to.phase,
			 (uint32_t)w->pairs.len, &no);
	if (r < 0 || (r == 0 && pairs_push(&w->pairs, to) < 0))
		return rf_differ_no_memory(w->differ);
	return 0;
}

/* A byte that neither state tells apart from others, one that reads well if there is one. */
static int plain_byte(const struct walk *w)
{
	static const char nice[] = "xyzabcdefghijklmnopqrstuvw0123456789_-XYZ";

	for (const char *c = nice; *c; c++)
		if (!w->seen[(uint8_t)*c])
			return (uint8_t)*c;
	for (int byte = 1; byte < 256; byte++)
		if (!w->seen[byte] && byte != '/' && byte != '.')
			return byte;
	return -1;
}

static int steps(struct walk *w, uint32_t at)
{
	const struct pair from = w->pairs.data[at];
	bool closed = true;
	int plain, r = 0;

	memset(w->seen, 0, sizeof(w->seen));
	w->seen['/'] = true;
	w->seen['@'] = from.phase == AT_START;
	for (int i = 0; i < 2; i++) {
		const struct rf_dfa_state *state = &w->dfa[i]->states.data[from.state[i]];

		closed &= state->universal;
		for (uint32_t e = 0; e < state->n_edges; e++)
			w->seen[w->dfa[i]->edges.data[state->edges + e].byte] = true;
	}
	plain = plain_byte(w);
	if (plain >= 0)
		w->seen[plain] = true;
	/* Below two directories of which each has one verdict nothing new is to be found. */
	if (closed && from.phase == IN_NAME)
		w->seen['/'] = false;
	if (from.phase == AFTER_SLASH || from.phase == AFTER_DOT)
		w->seen['.'] = true;
	for (unsigned int byte = 1; byte < 256 && r == 0; byte++)
		if (w->seen[byte])
			r = step(w, at, (uint8_t)byte);
	return r;
}

static int walk_names(struct rf_differ *differ, enum rf_why_kind kind, const struct rf_dfa *a,
		      const struct rf_dfa *b)
{
	RF_CLEANUP(done) struct walk w = {.differ = differ, .dfa = {a, b}, .kind = kind};
	struct pair start = {.phase = AT_START};
	int r;

	w.all = kind == RF_WHY_FILE ? RF_FILE_ALL : RF_NET_ALL;
	w.asked_max = a->states.len + b->states.len > BIG_STATES ? ASKED_BIG_MAX : ASKED_MAX;
	/* The empty string is the root; no unix socket has it as its name. */
	r = kind == RF_WHY_FILE ? compare(&w, start.state, &start.differs) : 0;
	if (r < 0)
		return r;
	if (pairs_push(&w.pairs, start) < 0)
		return rf_differ_no_memory(differ);
	if (start.differs)
		r = tell(&w, 0, -1, start.differs);
	for (uint32_t at = 0; at < w.pairs.len && r == 0; at++) {
		if (w.pairs.len > PAIRS_MAX) {
			differ->unfinished = true;
			return rf_differ_note(differ,
					      "the %s are too many to be compared to the end",
					      kind == RF_WHY_FILE ? "paths" : "names of sockets");
		}
		r = steps(&w, at);
	}
	return r;
}

int rf_diff_files(struct rf_differ *differ)
{
	return walk_names(differ, RF_WHY_FILE, differ->side[0].files, differ->side[1].files);
}

int rf_diff_unix(struct rf_differ *differ)
{
	return walk_names(differ, RF_WHY_UNIX, differ->side[0].names, differ->side[1].names);
}
