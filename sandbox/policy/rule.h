/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rules of all sections have in common: id, allow or deny, reason, need and so on.
 */
#ifndef RF_POLICY_RULE_H
#define RF_POLICY_RULE_H

#include "sandbox/policy/draft.h"

/* A rule being read: the common part, and the members that its section reads afterwards. */
struct rf_rule_draft {
	struct rf_rule rule;
	struct rf_at at;			      /* the rule itself */
	struct rf_at list;			      /* the value of `allow` or `deny` */
	struct rf_at allow, deny;		      /* json NULL: not there; so for all below */
	struct rf_at paths, except;		      /* files */
	struct rf_at unix_names, to, ports, protocol; /* network */
	struct rf_at nodes;			      /* devices */
	struct rf_at args, optional;		      /* seccomp */
	struct rf_at mode, audit, action, errno_at;
};

/* Walks `rules` of a section: checks that it is a list and calls parse for each item. */
void rf_rules_parse(struct rf_parse *p, struct rf_at at, struct rf_draft *draft,
		    void (*parse)(struct rf_parse *p, struct rf_at at, struct rf_draft *draft));

/*
 * Reads the common members of one rule; `own` is the section's table, whose parsers get `ret`.
 * False if it is no object, or one too many (told). Other problems, such as both or neither of
 * allow and deny, leave a rule that can be looked at further; list.json may be NULL.
 */
bool rf_rule_parse(struct rf_parse *p, struct rf_at at, struct rf_draft *draft,
		   enum rf_section section, const struct rf_member *own, struct rf_rule_draft *ret);

/* The rights named in ret->list as bits in the order of names; 0 if none is right (told). */
uint32_t rf_rule_rights(struct rf_parse *p, const struct rf_rule_draft *rule,
			const char *const *names, size_t n);

/* Notes the rule's id for the check that ids are unique. */
void rf_rule_note_id(struct rf_parse *p, struct rf_draft *draft, const char *id, uint32_t node);

/* Counts a rule against RF_LIMIT_RULES; false beyond it (told once). */
bool rf_rule_count(struct rf_parse *p, struct rf_at at);

/* For tables: keeps the cursor of a member for later. */
void rf_keep_paths(struct rf_parse *p, struct rf_at at, void *rule);
void rf_keep_except(struct rf_parse *p, struct rf_at at, void *rule);
void rf_keep_unix(struct rf_parse *p, struct rf_at at, void *rule);
void rf_keep_to(struct rf_parse *p, struct rf_at at, void *rule);
void rf_keep_ports(struct rf_parse *p, struct rf_at at, void *rule);
void rf_keep_protocol(struct rf_parse *p, struct rf_at at, void *rule);
void rf_keep_nodes(struct rf_parse *p, struct rf_at at, void *rule);
void rf_keep_args(struct rf_parse *p, struct rf_at at, void *rule);
void rf_keep_optional(struct rf_parse *p, struct rf_at at, void *rule);

#endif
