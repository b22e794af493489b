/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one file of a policy says, before the files are composed (POLICY.md, "Composition"): what is
 * given and what is not still matters here. Strings live in the policy's arena, arrays on the heap.
 */
#ifndef RF_POLICY_DRAFT_H
#define RF_POLICY_DRAFT_H

#include "sandbox/base/vec.h"
#include "sandbox/policy/doc.h"
#include "sandbox/policy/policy.h"

RF_VEC_DEFINE(rf_file_rules, struct rf_file_rule);
RF_VEC_DEFINE(rf_net_rules, struct rf_net_rule);
RF_VEC_DEFINE(rf_dev_rules, struct rf_dev_rule);
RF_VEC_DEFINE(rf_sys_rules, struct rf_sys_rule);
RF_VEC_DEFINE(rf_keeps, struct rf_keep);
RF_VEC_DEFINE(rf_key_limits, struct rf_key_limit);
RF_VEC_DEFINE(rf_rlimits, struct rf_rlimit);
RF_VEC_DEFINE(rf_env_sets, struct rf_env_set);
RF_VEC_DEFINE(rf_names, const char *);
RF_VEC_DEFINE(rf_patterns, struct rf_pattern);

struct rf_draft;
RF_VEC_DEFINE(rf_drafts, struct rf_draft *);

/* An id and where it was given, to find ids that are used twice in a file. */
struct rf_id_use {
	const char *id;
	uint32_t node;
};

RF_VEC_DEFINE(rf_id_uses, struct rf_id_use);

struct rf_draft_section {
	bool given;
	enum rf_need need; /* the section's own, else the file's, else must */
	struct rf_place place;
	bool default_given;
	enum rf_default fallback;
};

struct rf_draft_audit {
	bool given;
	bool exec_allowed, connect_allowed;
	uint32_t file_rights;
	uint64_t dedupe_ns;
};

struct rf_draft {
	struct rf_doc doc;
	uint64_t roots;		   /* bit per policy argument that it comes in by */
	size_t depth;		   /* of extends, on the shortest way: 0 is an argument */
	struct rf_drafts extended; /* not owned */

	const char *name;
	bool mode_given, need_given;
	enum rf_mode mode;
	enum rf_need need;
	struct rf_at extends; /* json NULL: none */
	struct rf_id_uses ids;

	struct rf_draft_section sections[RF_SECTION_COUNT];
	bool links_deny;
	struct rf_file_rules files;
	struct rf_net_rules network;
	struct rf_dev_rules devices;

	uint64_t capabilities_keep;

	struct rf_filter filter; /* valid if section seccomp is given; rules stay below */
	struct rf_sys_rules calls;
	bool calls_optional;

	struct rf_kernel_setting kernel[RF_KERNEL_COUNT];

	bool nnp_given, nnp, session_given, new_session;
	struct rf_rlimits rlimits;
	bool env_keep_given;
	struct rf_names env_keep;
	struct rf_env_sets env_set;
	struct rf_place env_place;
	uint64_t memory_max, pids_max, cpu_max_permille; /* 0: not given */

	struct rf_draft_audit audit;
};

struct rf_draft *rf_draft_new(void);

/* Accepts NULL; returns NULL. */
struct rf_draft *rf_draft_free(struct rf_draft *draft);

RF_DEFINE_CLEANUP(struct rf_draft, rf_draft_freep, rf_draft_free)

/*
 * Reads the members of draft->doc (already parsed as JSON) into the draft. Problems are told
 * through p, whose doc is draft->doc; the draft is only usable if there were none.
 */
void rf_draft_parse(struct rf_parse *p, struct rf_draft *draft);

/* The sections, each in its own file; `draft` is a struct rf_draft. */
void rf_parse_files(struct rf_parse *p, struct rf_at at, void *draft);
void rf_parse_network(struct rf_parse *p, struct rf_at at, void *draft);
void rf_parse_devices(struct rf_parse *p, struct rf_at at, void *draft);
void rf_parse_seccomp(struct rf_parse *p, struct rf_at at, void *draft);
void rf_parse_capabilities(struct rf_parse *p, struct rf_at at, void *draft);
void rf_parse_kernel(struct rf_parse *p, struct rf_at at, void *draft);
void rf_parse_process(struct rf_parse *p, struct rf_at at, void *draft);
void rf_parse_resources(struct rf_parse *p, struct rf_at at, void *draft);
void rf_parse_audit(struct rf_parse *p, struct rf_at at, void *draft);

/* Begins a section: notes place and need. Its `need` member is checked by rf_member_need. */
struct rf_draft_section *rf_section_begin(struct rf_parse *p, struct rf_draft *draft,
					  enum rf_section section, struct rf_at at);

/* For tables of members: a key that rf_section_begin or somebody else has read already. */
void rf_member_need(struct rf_parse *p, struct rf_at at, void *unused);

/* `default`: "deny" or "allow", into a struct rf_draft_section. */
void rf_parse_default(struct rf_parse *p, struct rf_at at, struct rf_draft_section *section);

/* An errno by name or number. */
void rf_parse_errno(struct rf_parse *p, struct rf_at at, int *ret);

/* A name as ids and policies have it: letters, digits, '.', '_', '-', not first '.' or '-'. */
bool rf_parse_label(struct rf_parse *p, struct rf_at at, const char **ret);

#endif
