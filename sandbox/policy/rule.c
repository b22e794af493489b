/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rules of all sections have in common. See rule.h.
 */
#include "sandbox/policy/rule.h"

#include <string.h>

#include "sandbox/policy/limits.h"

/* A member whose meaning depends on others is kept until all are known. */
#define KEEP(name, member)                                                                         \
	static void name(struct rf_parse *p, struct rf_at at, void *rule)                          \
	{                                                                                          \
		(void)p;                                                                           \
		((struct rf_rule_draft *)rule)->member = at;                                       \
	}                                                                                          \
	_Static_assert(1, "takes a semicolon")

KEEP(keep_allow, allow);
KEEP(keep_deny, deny);
KEEP(keep_mode, mode);
KEEP(keep_audit, audit);
KEEP(keep_action, action);
KEEP(keep_errno, errno_at);

#define KEEP_OWN(name, member)                                                                     \
	void name(struct rf_parse *p, struct rf_at at, void *rule)                                 \
	{                                                                                          \
		(void)p;                                                                           \
		((struct rf_rule_draft *)rule)->member = at;                                       \
	}                                                                                          \
	_Static_assert(1, "takes a semicolon")

KEEP_OWN(rf_keep_paths, paths);
KEEP_OWN(rf_keep_except, except);
KEEP_OWN(rf_keep_unix, unix_names);
KEEP_OWN(rf_keep_to, to);
KEEP_OWN(rf_keep_ports, ports);
KEEP_OWN(rf_keep_protocol, protocol);
KEEP_OWN(rf_keep_nodes, nodes);
KEEP_OWN(rf_keep_args, args);
KEEP_OWN(rf_keep_optional, optional);

static void parse_id(struct rf_parse *p, struct rf_at at, void *out)
{
	static const char *const reserved[] = {"files.default",	  "network.default",
					       "devices.default", "seccomp.default",
					       "capabilities",	  "files.unjudged"};
	struct rf_rule_draft *draft = out;
	const char *id = NULL;

	if (!rf_parse_label(p, at, &id))
		return;
	for (size_t i = 0; i < RF_ARRAY_LEN(reserved); i++) {
		if (strcmp(id, reserved[i]) == 0) {
			rf_at_error(p, at, "\"%s\" stands for what no rule decided; use another id",
				    id);
			return;
		}
	}
	if (rf_str_has_prefix(id, "kernel.") || rf_str_has_prefix(id, "ringfence.")) {
		rf_at_error(p, at, "ids that begin with \"%.*s.\" are ringfence's own",
			    (int)strcspn(id, "."), id);
		return;
	}
	draft->rule.id = id;
}

static void parse_words(struct rf_parse *p, struct rf_at at, const char **ret)
{
	const char *text = NULL;

	if (!rf_at_string(p, at, &text))
		return;
	if (strlen(text) > RF_LIMIT_TEXT_BYTES)
		rf_at_error(p, at, "longer than %d bytes, which is the limit", RF_LIMIT_TEXT_BYTES);
	else
		*ret = rf_parse_strdup(p, text);
}

static void parse_reason(struct rf_parse *p, struct rf_at at, void *out)
{
	parse_words(p, at, &((struct rf_rule_draft *)out)->rule.reason);
}

static void parse_hint(struct rf_parse *p, struct rf_at at, void *out)
{
	parse_words(p, at, &((struct rf_rule_draft *)out)->rule.hint);
}

static void parse_need(struct rf_parse *p, struct rf_at at, void *out)
{
	static const char *const names[] = {"must", "should"};
	size_t choice = 0;

	if (rf_at_choice(p, at, names, 2, &choice))
		((struct rf_rule_draft *)out)->rule.need = (enum rf_need)choice;
}

static void parse_session(struct rf_parse *p, struct rf_at at, void *out)
{
	static const char *const names[] = {"init", "exec"};
	size_t choice = 0;

	if (rf_at_choice(p, at, names, 2, &choice))
		((struct rf_rule_draft *)out)->rule.session =
			choice ? RF_SESSION_EXEC : RF_SESSION_INIT;
}

static const struct rf_member common[] = {
	{"id", parse_id},	  {"allow", keep_allow},      {"deny", keep_deny},
	{"reason", parse_reason}, {"hint", parse_hint},	      {"mode", keep_mode},
	{"need", parse_need},	  {"audit", keep_audit},      {"action", keep_action},
	{"errno", keep_errno},	  {"session", parse_session}, {NULL, NULL},
};

/* The members that mean something only beside `deny`, or only beside `allow`. */
static void parse_one_sided(struct rf_parse *p, struct rf_rule_draft *draft)
{
	static const char *const modes[] = {"enforce", "audit"}, *const actions[] = {"kill"};
	struct rf_rule *rule = &draft->rule;
	size_t choice = 0;

	if (draft->mode.json && rf_at_choice(p, draft->mode, modes, 2, &choice)) {
		rule->mode = (enum rf_mode)choice;
		if (!rule->deny && rule->mode == RF_MODE_AUDIT)
			rf_at_error(p, draft->mode,
				    "\"mode\": \"audit\" is for deny rules; to "
				    "record what an allow rule lets pass, write "
				    "\"audit\": true");
	}
	if (draft->audit.json && rf_at_bool(p, draft->audit, &rule->audit) && rule->audit &&
	    rule->deny)
		rf_at_error(p, draft->audit,
			    "\"audit\" records allowed uses and is for allow "
			    "rules; denials are always recorded");
	if (draft->action.json && rf_at_choice(p, draft->action, actions, 1, &choice)) {
		rule->kill = true;
		if (!rule->deny)
			rf_at_key_error(p, draft->action, "\"action\" is for deny rules");
	}
	if (draft->errno_at.json) {
		rf_parse_errno(p, draft->errno_at, &rule->errno_value);
		if (!rule->deny)
			rf_at_key_error(p, draft->errno_at, "\"errno\" is for deny rules");
	}
	if (draft->action.json && draft->errno_at.json)
		rf_at_key_error(p, draft->errno_at, "a rule that kills returns no errno");
}

static void set_id(struct rf_parse *p, struct rf_draft *draft, struct rf_rule_draft *rule,
		   enum rf_section section)
{
	struct rf_at id = rf_at_member(p, rule->at, "id");
	char text[64];

	if (!rule->rule.id) {
		(void)snprintf(text, sizeof(text), "%s.%u", rf_section_name(section),
			       p->doc->scan.nodes[rule->at.node].index);
		rule->rule.id = rf_parse_strdup(p, text);
	}
	if (rule->rule.id)
		rf_rule_note_id(p, draft, rule->rule.id, id.json ? id.node : rule->at.node);
}

bool rf_rule_parse(struct rf_parse *p, struct rf_at at, struct rf_draft *draft,
		   enum rf_section section, const struct rf_member *own, struct rf_rule_draft *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->at = at;
	ret->rule.section = section;
	ret->rule.place = rf_at_place(p, at);
	ret->rule.need = draft->sections[section].need;
	if (!rf_rule_count(p, at) || !rf_at_object(p, at, common, own, ret))
		return false;
	set_id(p, draft, ret, section);
	if (ret->allow.json && ret->deny.json)
		rf_at_key_error(p, ret->deny, "a rule has \"allow\" or \"deny\", not both");
	if (!ret->allow.json && !ret->deny.json)
		rf_at_error(p, at, "the rule has neither \"allow\" nor \"deny\"");
	ret->rule.deny = ret->deny.json;
	ret->list = ret->rule.deny ? ret->deny : ret->allow;
	parse_one_sided(p, ret);
	return true;
}

void rf_rules_parse(struct rf_parse *p, struct rf_at at, struct rf_draft *draft,
		    void (*parse)(struct rf_parse *p, struct rf_at at, struct rf_draft *draft))
{
	if (!rf_at_is_list(p, at, "rules"))
		return;
	for (struct rf_at item = rf_at_first(p, at); item.json; item = rf_at_next(p, item))
		parse(p, item, draft);
}

uint32_t rf_rule_rights(struct rf_parse *p, const struct rf_rule_draft *rule,
			const char *const *names, size_t n)
{
	uint32_t bits = 0;

	if (!rule->list.json || !rf_at_is_list(p, rule->list, "rights"))
		return 0;
	for (struct rf_at i = rf_at_first(p, rule->list); i.json; i = rf_at_next(p, i)) {
		size_t choice = 0;

		if (!rf_at_choice(p, i, names, n, &choice))
			continue;
		if (bits & 1u << choice)
			rf_at_error(p, i, "\"%s\" is named twice", names[choice]);
		bits |= 1u << choice;
	}
	return bits;
}

void rf_rule_note_id(struct rf_parse *p, struct rf_draft *draft, const char *id, uint32_t node)
{
	struct rf_id_use use = {.id = id, .node = node};

	if (rf_id_uses_push(&draft->ids, use) < 0)
		p->no_memory = true;
}

bool rf_rule_count(struct rf_parse *p, struct rf_at at)
{
	if (p->n_rules++ == RF_LIMIT_RULES)
		rf_at_error(p, at, "more than %d rules, which is the limit", RF_LIMIT_RULES);
	return p->n_rules <= RF_LIMIT_RULES;
}
