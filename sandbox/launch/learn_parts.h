/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between judging and writing: what each section of a learned policy is to hold.
 */
#ifndef RF_LAUNCH_LEARN_PARTS_H
#define RF_LAUNCH_LEARN_PARTS_H

#include "sandbox/launch/learn.h"
#include "sandbox/launch/learn_tree.h"

/* What the base says about what a child cannot widen. */
struct rf_learn_frame {
	struct rf_str extends; /* the JSON list */
	bool should;	       /* the base's need */
	bool has_filter, has_keep;
	uint64_t keep;
	uint64_t keys;			/* of "kernel" that are needed */
	bool given[RF_KERNEL_COUNT];	/* refused by the base in so many words */
	bool section[RF_SECTION_COUNT]; /* written into the learned policy */
};

enum rf_learn_asks {
	RF_LEARN_RULES,	 /* files, network and devices: what does the base allow? */
	RF_LEARN_KEYS,	 /* does a key of "kernel" refuse a call? */
	RF_LEARN_FILTER, /* does the filter refuse it, where every key allows it? */
};

/* The policy without its rules, for asking. */
int rf_learn_skeleton(const struct rf_learn_frame *frame, enum rf_learn_asks asks,
		      struct rf_str *out);

/* The whole policy. */
int rf_learn_write(const struct rf_learn *learn, const struct rf_learn_frame *frame,
		   struct rf_str *out);

/* A section of rules that begins with its first one. */
struct rf_learn_section {
	struct rf_str *out;
	const char *name;
	bool denies; /* has a default of its own */
	size_t n_rules;
};

void rf_learn_rule_begin(struct rf_learn_section *s, const char *id);
void rf_learn_rule_end(struct rf_learn_section *s, const struct rf_tally *tally);
void rf_learn_section_end(struct rf_learn_section *s);
void rf_learn_list(struct rf_str *out, const char *name, const char *const *items, size_t n);

/* Names of rights; ret has room for RF_FILE_RIGHTS. */
size_t rf_learn_rights(uint32_t rights, const char *(*name)(uint32_t bit), const char **ret);

/* Patterns of all that is needed of a kind that has names. */
int rf_learn_names_of(const struct rf_learn *learn, enum rf_why_kind kind,
		      struct rf_learned_vec *ret);

int rf_learn_network(const struct rf_learn *learn, const struct rf_learn_frame *frame,
		     struct rf_str *out);
int rf_learn_devices(const struct rf_learn *learn, const struct rf_learn_frame *frame,
		     struct rf_str *out);

#endif
