/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest change that would allow a system call. Several layers must allow it: section
 * kernel, and each filter. So one change after the other is made to a copy, until it passes.
 */
#include "sandbox/launch/why_parts.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/policy/sysanswer.h"

#define CHANGES_MAX 16

/* A policy with filters and rules of its own; borrows everything else. */
struct changed {
	struct rf_policy policy;
	struct rf_filter *filters;
	struct rf_sys_rule **rules; /* of each filter, with room for one more */
	struct rf_call call;
};

static void changed_done(struct changed *c)
{
	for (size_t i = 0; c->rules && i < c->policy.n_filters; i++)
		free(c->rules[i]);
	free(c->rules);
	free(c->filters);
}

static int changed_init(struct changed *c, const struct rf_policy *policy)
{
	size_t n = policy->n_filters;

	c->policy = *policy;
	c->filters = calloc(n + 1, sizeof(*c->filters));
	c->rules = calloc(n + 1, sizeof(*c->rules));
	if (!c->filters || !c->rules)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t n_rules = policy->filters[i].n_rules;

		c->filters[i] = policy->filters[i];
		c->rules[i] = calloc(n_rules + 1, sizeof(*c->rules[i]));
		if (!c->rules[i])
			return -ENOMEM;
		if (n_rules)
			memcpy(c->rules[i], policy->filters[i].rules,
			       n_rules * sizeof(*c->rules[i]));
		c->filters[i].rules = c->rules[i];
	}
	c->policy.filters = c->filters;
	return 0;
}

static bool passes(const struct rf_sys_answer *a)
{
	return a->verdict == RF_SYS_ALLOWED || (a->verdict == RF_SYS_LOGGED && !a->would_deny);
}

/*
 * Adds the call to the list that its filter allows, which is told by its place; false: a profile's
 * list is not ours.
 */
static bool allow_call(struct changed *c, const struct rf_sys_answer *a, const char *name,
		       struct rf_str *out)
{
	for (size_t i = 0; i < c->policy.n_filters; i++) {
		struct rf_filter *filter = &c->filters[i];

		if (filter != a->filter)
			continue;
		if (filter->kind == RF_FILTER_OCI) {
			rf_str_addf(out, "let the profile of seccomp.oci allow \"%s\"", name);
			rf_why_add_place(&filter->place, out);
			return false;
		}
		c->call = (struct rf_call){.name = name};
		c->rules[i][filter->n_rules++] = (struct rf_sys_rule){
			.rule = {.section = RF_SECTION_SECCOMP, .id = "", .index = UINT32_MAX},
			.calls = &c->call,
			.n_calls = 1};
		rf_str_addf(out, "add \"%s\" to seccomp.allow", name);
		rf_why_add_place(&filter->place, out);
		return true;
	}
	return false;
}

static bool remove_rule(struct changed *c, const struct rf_sys_answer *a, struct rf_str *out)
{
	rf_str_add(out, "narrow or remove the rule ");
	rf_str_add_printable(out, a->rule_id);
	rf_why_add_place(&a->place, out);
	for (size_t i = 0; i < c->policy.n_filters; i++)
		for (size_t k = 0; k < c->filters[i].n_rules; k++)
			if (c->rules[i][k].rule.index == a->rule->index)
				c->rules[i][k].n_calls = 0;
	return true;
}

/* Makes the change that this answer asks for; false: there is no further one to tell. */
static bool change(struct changed *c, const struct rf_sys_answer *a, const char *name,
		   struct rf_str *out)
{
	if (out->len)
		rf_str_add(out, ", and ");
	switch (a->origin) {
	case RF_SYS_KERNEL:
		c->policy.kernel[a->key].value = RF_KERNEL_ALLOW;
		rf_why_add_key(&c->policy, a->key, out);
		return true;
	case RF_SYS_RULE:
		return remove_rule(c, a, out);
	case RF_SYS_DEFAULT:
		return allow_call(c, a, name, out);
	case RF_SYS_NETWORK:
		rf_str_add(out, "\"network\": {\"default\": \"allow\"}");
		rf_why_add_place(&a->place, out);
		return false;
	case RF_SYS_SELF:
	case RF_SYS_UNKNOWN:
	default:
		rf_str_add(out, "none: no policy can allow it");
		return false;
	}
}

int rf_why_change_calls(const struct rf_policy *policy, const struct rf_question *q,
			struct rf_str *out, struct rf_err *err)
{
	const struct rf_sys_context context = {
		.session = q->session ? RF_SESSION_EXEC : RF_SESSION_INIT, .hold_self = true};
	RF_CLEANUP(changed_done) struct changed c = {.rules = NULL};

	if (changed_init(&c, policy) < 0)
		return rf_err_set(err, -ENOMEM, "no memory to change the policy");
	for (int i = 0; i < CHANGES_MAX; i++) {
		struct rf_sys_answer answer;
		int r = rf_filter_explain(&c.policy, &context, q->audit_arch, q->nr, q->args,
					  &answer, err);

		if (r < 0)
			return r;
		if (passes(&answer) || !answer.name || !change(&c, &answer, answer.name, out))
			return 0;
	}
	return 0;
}
