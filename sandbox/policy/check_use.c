/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules without effect: see check_use.h.
 */
#include "sandbox/policy/check_use.h"

#include <string.h>
#include <unistd.h>

#include "sandbox/base/str.h"
#include "sandbox/policy/dfa.h"
#include "sandbox/policy/problem.h"
#include "sandbox/policy/syscalls.h"
#include "sandbox/policy/sysmodel.h"

RF_VEC_DEFINE(dfa_rules, struct rf_dfa_rule);
RF_VEC_DEFINE(net_rules, const struct rf_net_rule *);

bool rf_rule_is_inherited(const struct rf_policy *policy, const struct rf_rule *rule)
{
	for (size_t i = 1; i < policy->n_sources; i++)
		if (rf_str_eq(rule->place.file, policy->sources[i]))
			return true;
	return false;
}

static int tell(struct rf_problems *ret, const struct rf_rule *rule, const char *what)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "the rule \"%s\" %s", rule->id, what);
	return rf_problems_add(ret, true, &rule->place, "", text);
}

/* ---- names ---- */

bool rf_rule_is_told_for_itself(const struct rf_rule *rule)
{
	return rule->deny && (rule->reason || rule->hint || rule->kill || rule->errno_value);
}

static bool is_varied(const struct rf_pattern *patterns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (patterns[i].varied)
			return true;
	return false;
}

static int tell_use(const struct rf_policy *policy, const struct rf_dfa_rule *seen, uint8_t uses,
		    bool varied, const bool *told, struct rf_problems *ret)
{
	const struct rf_rule *rule = policy->rules[seen->index];

	if (told[seen->index] || rule->audit || rule->mode == RF_MODE_AUDIT ||
	    rf_rule_is_inherited(policy, rule))
		return 0;
	if (!rule->deny && !(uses & RF_DFA_ACTS))
		return tell(ret, rule,
			    "is void: deny rules, or its own exceptions, cover all of it");
	/* What need not hold may be there for back-ends that cannot hold the wider rule. */
	if (!(uses & RF_DFA_ACTS) || uses & RF_DFA_ALONE || rf_rule_is_told_for_itself(rule) ||
	    rule->need == RF_NEED_SHOULD || varied)
		return 0;
	return tell(ret, rule, "adds nothing: other rules say all of it already");
}

static struct rf_dfa_rule name_rule(const struct rf_policy *policy, const struct rf_rule *rule,
				    uint32_t rights)
{
	return (struct rf_dfa_rule){.index = rule->index,
				    .rights = rights,
				    .deny = rule->deny,
				    .would = rule->deny && rule->mode == RF_MODE_AUDIT &&
					     policy->mode != RF_MODE_AUDIT,
				    .kill = rule->kill,
				    .session = rule->session};
}

static int check_names(const struct rf_policy *policy, const struct dfa_rules *rules,
		       uint32_t default_rights, const bool *told, struct rf_problems *ret)
{
	RF_AUTOFREE uint8_t *uses = calloc(rules->len + 1, 1);
	const struct rf_dfa_input input = {.rules = rules->data,
					   .n_rules = rules->len,
					   .default_rights = default_rights,
					   .uses = uses};
	struct rf_err err = RF_ERR_INIT;
	int r;

	if (!uses)
		return -ENOMEM;
	/* What is allowed where everything is has been told rule by rule. */
	if (!rules->len || default_rights)
		return 0;
	r = rf_dfa_uses(&input, &err);
	for (size_t i = 0; r == 0 && i < rules->len; i++)
		r = tell_use(policy, &rules->data[i], uses[i],
			     is_varied(rules->data[i].patterns, rules->data[i].n_patterns), told,
			     ret);
	return r == -E2BIG ? 0 : r;
}

static int check_files(const struct rf_policy *policy, const bool *told, struct rf_problems *ret)
{
	RF_CLEANUP(dfa_rules_done) struct dfa_rules rules = {0};

	for (size_t i = 0; i < policy->n_files; i++) {
		const struct rf_file_rule *from = &policy->files[i];
		struct rf_dfa_rule rule = name_rule(policy, &from->rule, from->rights);

		rule.patterns = from->paths;
		rule.n_patterns = from->n_paths;
		rule.except = from->except;
		rule.n_except = from->n_except;
		if (dfa_rules_push(&rules, rule) < 0)
			return -ENOMEM;
	}
	return check_names(policy, &rules,
			   policy->files_default == RF_DEFAULT_ALLOW ? RF_FILE_ALL : 0, told, ret);
}

static int check_unix(const struct rf_policy *policy, const bool *told, struct rf_problems *ret)
{
	RF_CLEANUP(dfa_rules_done) struct dfa_rules rules = {0};

	for (size_t i = 0; i < policy->n_network; i++) {
		const struct rf_net_rule *from = &policy->network[i];
		struct rf_dfa_rule rule = name_rule(policy, &from->rule, from->rights);

		rule.patterns = from->unix_names;
		rule.n_patterns = from->n_unix;
		if (from->is_unix && dfa_rules_push(&rules, rule) < 0)
			return -ENOMEM;
	}
	return check_names(policy, &rules,
			   policy->network_default == RF_DEFAULT_ALLOW ? RF_NET_ALL : 0, told, ret);
}

/* ---- addresses ---- */

static int tell_inet(const struct rf_policy *policy, const struct net_rules *from,
		     const struct dfa_rules *rules, const bool *told, struct rf_problems *ret)
{
	RF_AUTOFREE uint8_t *uses = calloc(rules->len + 1, 1);
	const struct rf_dfa_input input = {
		.rules = rules->data, .n_rules = rules->len, .uses = uses};
	int r;

	if (!uses)
		return -ENOMEM;
	r = rf_inet_mark_uses(from->data, &input);
	for (size_t i = 0; r == 0 && i < rules->len; i++)
		r = tell_use(policy, &rules->data[i], uses[i], from->data[i]->varied, told, ret);
	return r == -E2BIG ? 0 : r;
}

static int check_inet(const struct rf_policy *policy, const bool *told, struct rf_problems *ret)
{
	RF_CLEANUP(net_rules_done) struct net_rules from = {0};
	RF_CLEANUP(dfa_rules_done) struct dfa_rules rules = {0};

	for (size_t i = 0; i < policy->n_network; i++) {
		const struct rf_net_rule *rule = &policy->network[i];

		if (!rule->is_unix &&
		    (net_rules_push(&from, rule) < 0 ||
		     dfa_rules_push(&rules, name_rule(policy, &rule->rule, rule->rights)) < 0))
			return -ENOMEM;
	}
	/* What is allowed where everything is has been told rule by rule. */
	if (!rules.len || policy->network_default == RF_DEFAULT_ALLOW)
		return 0;
	return tell_inet(policy, &from, &rules, told, ret);
}

/* ---- system calls ---- */

static void mark_list(const struct rf_sys_list *list, bool *seen)
{
	for (size_t i = 0; list && i < list->n; i++)
		if (list->clauses[i].rule)
			seen[list->clauses[i].rule->index] = true;
}

static int mark_session(const struct rf_policy *policy, enum rf_session session, bool *seen)
{
	const struct rf_sys_context context = {.session = session};
	RF_CLEANUP(rf_sys_model_freep) struct rf_sys_model *model = NULL;
	struct rf_err err = RF_ERR_INIT;
	const struct rf_abi *abi;
	int r = rf_sys_model_new(&model, policy, &context, &err);

	for (size_t a = 0; r == 0 && (abi = rf_abi_at(a)); a++)
		for (uint32_t nr = abi->first; nr < abi->first + RF_CALLS_MAX; nr++)
			mark_list(rf_sys_model_find(model, abi->audit_arch, nr), seen);
	return r;
}

static bool has_known_call(const struct rf_sys_rule *rule)
{
	for (size_t i = 0; i < rule->n_calls; i++)
		if (rf_call_known(rule->calls[i].name))
			return true;
	return false;
}

/*
 * A rule that is in no list of the model is never asked: another of the same filter decides all
 * its calls before. With several filters an earlier one may hide it that another caller lacks.
 */
static int check_calls(const struct rf_policy *policy, struct rf_problems *ret)
{
	const struct rf_filter *filter = policy->filters;
	RF_AUTOFREE bool *seen = calloc(policy->n_rules + 1, sizeof(*seen));
	int r;

	if (!seen)
		return -ENOMEM;
	if (policy->n_filters != 1 || filter->n_rules == 0)
		return 0;
	r = mark_session(policy, RF_SESSION_INIT, seen);
	if (r == 0)
		r = mark_session(policy, RF_SESSION_EXEC, seen);
	if (r < 0) /* too many cases, or a profile that cannot be had here: told by compiling */
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < filter->n_rules && r == 0; i++) {
		const struct rf_sys_rule *rule = &filter->rules[i];

		if (seen[rule->rule.index] || rf_rule_is_inherited(policy, &rule->rule) ||
		    !has_known_call(rule))
			continue;
		r = tell(ret, &rule->rule,
			 "is never asked: others decide its calls before, or its arguments never "
			 "hold");
	}
	return r;
}

int rf_policy_check_use(const struct rf_policy *policy, const bool *told, struct rf_problems *ret)
{
	int r = check_files(policy, told, ret);

	if (r == 0)
		r = check_unix(policy, told, ret);
	if (r == 0)
		r = check_inet(policy, told, ret);
	return r == 0 ? check_calls(policy, ret) : r;
}

/* ---- this machine ---- */

/* The folder that a pattern's names begin with is there, or it has none. */
static bool may_match(const struct rf_pattern *pattern)
{
	char folder[4096 + 1];
	const char *text = pattern->text;
	size_t len = pattern->literal ? strlen(text) : strcspn(text, "*?[{");

	if (text[0] != '/' || len >= sizeof(folder))
		return true;
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)len, text);
	if (text[len])
		*strrchr(folder, '/') = 0; /* the last piece is a part of a name only */
	return !folder[0] || access(folder, F_OK) == 0 || errno != ENOENT;
}

static int hint(struct rf_problems *ret, const struct rf_policy *policy, const struct rf_rule *rule,
		const struct rf_pattern *patterns, size_t n)
{
	char text[600];

	for (size_t i = 0; i < n; i++)
		if (may_match(&patterns[i]))
			return 0;
	if (n == 0 || rf_rule_is_inherited(policy, rule) || !rule->place.line)
		return 0;
	(void)snprintf(text, sizeof(text),
		       "the rule \"%s\" matches nothing on this machine now: there is no %.300s",
		       rule->id, patterns[0].text);
	return rf_problems_hint(ret, &rule->place, text);
}

int rf_policy_check_machine(const struct rf_policy *policy, struct rf_problems *ret)
{
	int r = 0;

	for (size_t i = 0; i < policy->n_files && r == 0; i++) {
		const struct rf_file_rule *rule = &policy->files[i];

		r = hint(ret, policy, &rule->rule, rule->paths, rule->n_paths);
	}
	for (size_t i = 0; i < policy->n_network && r == 0; i++) {
		const struct rf_net_rule *rule = &policy->network[i];

		r = hint(ret, policy, &rule->rule, rule->unix_names, rule->n_unix);
	}
	return r;
}
