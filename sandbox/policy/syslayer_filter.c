/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layer of one filter of section seccomp: its rules, and below them its base or default.
 */
#include "sandbox/policy/syslayer.h"

#include <string.h>

#define UNKNOWN_ANSWER (SECCOMP_RET_ERRNO | ENOSYS)

/* In audit mode a refusal passes and is logged. */
static uint32_t in_mode(const struct rf_sys_maker *maker, uint32_t action)
{
	return maker->policy->mode == RF_MODE_AUDIT && rf_sys_refuses(action) ? SECCOMP_RET_LOG
									      : action;
}

static uint32_t rule_action(const struct rf_sys_maker *maker, const struct rf_filter *filter,
			    const struct rf_rule *rule)
{
	int value = rule->errno_value ? rule->errno_value : filter->errno_value;

	if (!rule->deny)
		return rule->audit ? SECCOMP_RET_LOG : SECCOMP_RET_ALLOW;
	if (rule->mode == RF_MODE_AUDIT)
		return SECCOMP_RET_LOG;
	if (rule->kill)
		return in_mode(maker, SECCOMP_RET_KILL_PROCESS);
	return in_mode(maker, SECCOMP_RET_ERRNO | (uint32_t)(value ? value : EPERM));
}

static bool takes_part(const struct rf_sys_maker *maker, const struct rf_rule *rule)
{
	enum rf_session session = maker->context->session;

	if (session == RF_SESSION_ANY)
		session = RF_SESSION_INIT;
	return rule->session == RF_SESSION_ANY || rule->session == session;
}

static int make_conds(struct rf_sys_clause *clause, struct rf_sys_maker *maker,
		      const struct rf_sys_rule *rule)
{
	struct rf_sys_cond *conds;

	if (rule->n_args == 0)
		return 0;
	conds = rf_arena_array(maker->arena, rule->n_args, sizeof(*conds));
	if (!conds)
		return rf_err_set(maker->err, -ENOMEM, "system calls: no memory");
	for (size_t i = 0; i < rule->n_args; i++) {
		const struct rf_arg_test *arg = &rule->args[i];

		if (arg->index > 5)
			return rf_err_set(maker->err, -EINVAL, "%s: a call has arguments 0 to 5",
					  rule->rule.id);
		conds[i].index = (uint8_t)arg->index;
		conds[i].op = (uint8_t)arg->op;
		conds[i].value = arg->value;
		conds[i].mask = arg->mask;
		conds[i].values = arg->values;
		conds[i].n_values = arg->n_values;
	}
	clause->conds = conds;
	clause->n_conds = rule->n_args;
	return 0;
}

static int add_rule(struct rf_sys_layer *layer, struct rf_sys_maker *maker,
		    const struct rf_filter *filter, const struct rf_sys_rule *rule)
{
	struct rf_sys_clause clause = {
		.action = rule_action(maker, filter, &rule->rule),
		.origin = RF_SYS_RULE,
		.rule = &rule->rule,
		.filter = filter,
	};
	enum rf_sys_phase phase = rule->rule.deny    ? RF_PHASE_DENY
				  : rule->n_args > 0 ? RF_PHASE_ALLOW_ARGS
						     : RF_PHASE_ALLOW;
	int r;

	if (!takes_part(maker, &rule->rule))
		return 0;
	/* A rule in audit mode takes no part in the verdict; it only marks what others allow. */
	if (rule->rule.deny && rule->rule.mode == RF_MODE_AUDIT)
		layer = maker->audit;
	/* Whatever else refuses the call: in this filter, in another, with or without arguments. */
	else if (rule->rule.kill && rf_sys_refuses(clause.action))
		layer = maker->kills;
	r = make_conds(&clause, maker, rule);
	for (size_t i = 0; i < rule->n_calls && r == 0; i++)
		r = rf_sys_layer_add(layer, maker, rule->calls[i].name, phase, &clause);
	return r;
}

/* ---- a shipped filter as base ---- */

static int base_conds(struct rf_sys_clause *clause, struct rf_sys_maker *maker,
		      const struct rf_oci_rule *rule)
{
	static const uint8_t ops[] = {
		[1] = RF_ARG_NE, [2] = RF_ARG_LT, [3] = RF_ARG_LE,	  [4] = RF_ARG_EQ,
		[5] = RF_ARG_GE, [6] = RF_ARG_GT, [7] = RF_ARG_MASKED_EQ,
	};
	struct rf_sys_cond *conds;

	if (rule->n_args == 0)
		return 0;
	if (rule->any)
		return rf_err_set(maker->err, -EINVAL,
				  "shipped filter: two conditions on one argument");
	conds = rf_arena_array(maker->arena, rule->n_args, sizeof(*conds));
	if (!conds)
		return rf_err_set(maker->err, -ENOMEM, "system calls: no memory");
	for (size_t i = 0; i < rule->n_args; i++) {
		const struct rf_oci_arg *arg = &rule->args[i];
		bool masked = ops[arg->op] == RF_ARG_MASKED_EQ;

		conds[i].as_library = true;
		conds[i].index = (uint8_t)arg->index;
		conds[i].op = ops[arg->op];
		conds[i].value = masked ? arg->value_two : arg->value;
		conds[i].mask = masked ? arg->value : 0;
	}
	clause->conds = conds;
	clause->n_conds = rule->n_args;
	return 0;
}

static int add_base_rules(struct rf_sys_layer *layer, struct rf_sys_maker *maker,
			  const struct rf_filter *filter, const struct rf_oci_profile *profile)
{
	int r = 0;

	for (size_t i = 0; i < profile->n_rules && r == 0; i++) {
		const struct rf_oci_rule *rule = &profile->rules[i];
		struct rf_sys_clause clause = {
			.action = in_mode(maker, rule->action),
			.origin = RF_SYS_DEFAULT,
			.filter = filter,
		};
		enum rf_sys_phase phase =
			rule->n_args > 0 ? RF_PHASE_BASE_ARGS : RF_PHASE_BASE_ALWAYS;

		r = base_conds(&clause, maker, rule);
		for (size_t k = 0; k < rule->n_names && r == 0; k++)
			r = rf_sys_layer_add(layer, maker, rule->names[k], phase, &clause);
	}
	return r;
}

struct rf_oci_host rf_sys_flattening_host(const struct rf_policy *policy,
					  const struct rf_sys_context *context)
{
	bool given = policy->sections[RF_SECTION_CAPABILITIES].present;

	return (struct rf_oci_host){
		.capabilities = given ? policy->capabilities_keep : rf_oci_default_capabilities,
		.kernel = context->kernel ? context->kernel : rf_oci_running_kernel(),
	};
}

static int fill_base(struct rf_sys_layer *layer, struct rf_sys_maker *maker,
		     const struct rf_filter *filter)
{
	const char *text = rf_base_filter_text(filter->base);
	struct rf_oci_host host = rf_sys_flattening_host(maker->policy, maker->context);
	struct rf_oci_profile profile;
	int r;

	if (!text)
		return rf_err_set(maker->err, -ENOENT, "no shipped filter is called \"%s\"",
				  filter->base);
	r = rf_oci_seccomp_parse(&profile, text, &host, maker->arena, maker->err);
	if (r < 0)
		return rf_err_wrap(maker->err, r, "shipped filter %s", filter->base);
	layer->known.action = in_mode(maker, profile.default_action);
	layer->unknown.action = in_mode(maker, UNKNOWN_ANSWER);
	layer->foreign.action = in_mode(maker, UNKNOWN_ANSWER);
	layer->abis = profile.abis;
	return add_base_rules(layer, maker, filter, &profile);
}

static void fill_default(struct rf_sys_layer *layer, const struct rf_sys_maker *maker,
			 const struct rf_filter *filter)
{
	uint32_t value = (uint32_t)(filter->errno_value ? filter->errno_value : EPERM);
	const struct rf_abi *abi;

	layer->known.action = filter->fallback == RF_DEFAULT_ALLOW
				      ? SECCOMP_RET_ALLOW
				      : in_mode(maker, SECCOMP_RET_ERRNO | value);
	layer->unknown.action = in_mode(maker, UNKNOWN_ANSWER);
	layer->foreign.action = in_mode(maker, UNKNOWN_ANSWER);
	for (size_t i = 0; (abi = rf_abi_at(i)); i++)
		if (abi->foreign)
			layer->abis &= ~(1u << i);
}

int rf_sys_layer_filter(struct rf_sys_layer *layer, struct rf_sys_maker *maker,
			const struct rf_filter *filter)
{
	int r = 0;

	layer->known.filter = filter;
	layer->unknown.filter = filter;
	layer->foreign.filter = filter;
	switch (filter->kind) {
	case RF_FILTER_BASE:
		r = fill_base(layer, maker, filter);
		break;
	case RF_FILTER_DEFAULT:
		fill_default(layer, maker, filter);
		break;
	case RF_FILTER_OCI: /* its program decides beside the lists; our keys only tighten */
	default:
		break;
	}
	for (size_t i = 0; i < filter->n_rules && r == 0; i++)
		r = add_rule(layer, maker, filter, &filter->rules[i]);
	return r;
}
