/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Section files: rights, path patterns, exceptions (POLICY.md 9 to 13).
 */
#include "sandbox/policy/names.h"
#include "sandbox/policy/pattern.h"
#include "sandbox/policy/rule.h"

static const struct rf_member rule_members[] = {
	{"paths", rf_keep_paths},
	{"except", rf_keep_except},
	{NULL, NULL},
};

static void parse_rule(struct rf_parse *p, struct rf_at at, struct rf_draft *draft)
{
	struct rf_rule_draft in;
	struct rf_file_rule rule = {0};
	bool strict, deny;

	if (!rf_rule_parse(p, at, draft, RF_SECTION_FILES, rule_members, &in))
		return;
	rule.rule = in.rule;
	rule.rights = rf_rule_rights(p, &in, rf_file_right_names, RF_FILE_RIGHTS);
	if (rule.rights & RF_FILE_WRITE)
		rule.rights |= RF_FILE_WRITE_ALL;
	deny = rule.rule.deny;
	strict = deny && rule.rule.need == RF_NEED_MUST;
	if (in.paths.json)
		rf_patterns_parse(p, in.paths, RF_PATTERN_FILE, strict, deny, &rule.paths,
				  &rule.n_paths);
	else
		rf_at_error(p, at, "the rule has no \"paths\"");
	if (in.except.json)
		rf_patterns_parse(p, in.except, RF_PATTERN_FILE, false, false, &rule.except,
				  &rule.n_except);
	if (rf_file_rules_push(&draft->files, rule) < 0)
		p->no_memory = true;
}

static void parse_section_default(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_parse_default(p, at, &((struct rf_draft *)draft)->sections[RF_SECTION_FILES]);
}

static void parse_links(struct rf_parse *p, struct rf_at at, void *draft)
{
	static const char *const names[] = {"allow", "deny"};
	size_t choice = 0;

	if (rf_at_choice(p, at, names, 2, &choice))
		((struct rf_draft *)draft)->links_deny = choice;
}

static void parse_rules(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_rules_parse(p, at, draft, parse_rule);
}

static const struct rf_member members[] = {
	{"need", rf_member_need},
	{"default", parse_section_default},
	{"links", parse_links},
	{"rules", parse_rules},
	{NULL, NULL},
};

void rf_parse_files(struct rf_parse *p, struct rf_at at, void *draft)
{
	rf_section_begin(p, draft, RF_SECTION_FILES, at);
	rf_at_object(p, at, members, NULL, draft);
}
