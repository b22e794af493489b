/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes section seccomp as an OCI object.
 *
 * Runtimes know rules without order: those of one call with one action are alternatives, the
 * conditions of one rule hold together, no two of them about one argument. So a first-match list
 * becomes alternatives of masked comparisons, and where its end is not the profile's default, the
 * opposite of its conditions. Calls always refused by ringfence itself are left out: they are
 * refused under any profile.
 */
#include "sandbox/policy/oci_export.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/base/arena.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/oci_alternatives.h"
#include "sandbox/policy/syscalls.h"
#include "sandbox/policy/syslayer.h"
#include "sandbox/policy/sysmodel.h"
#include "sandbox/policy/wide.h"

#define RULES_MAX  20000
#define ARENA_MAX  (16u << 20)
#define VALUES_MAX 256

struct writer {
	const struct rf_sys_model *model;
	json_t *rules;
	struct rf_err *err;
	uint32_t fallback;	    /* the profile's default action */
	struct rf_oci_profile base; /* the shipped filter beneath, if there is one */
};

static void put(json_t **json)
{
	json_decref(*json);
}

static int no_memory(const struct writer *w)
{
	return rf_err_set(w->err, -ENOMEM, "no memory to write the profile");
}

static const char *action_name(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
		return "SCMP_ACT_KILL_PROCESS";
	case SECCOMP_RET_KILL_THREAD:
		return "SCMP_ACT_KILL_THREAD";
	case SECCOMP_RET_TRAP:
		return "SCMP_ACT_TRAP";
	case SECCOMP_RET_LOG:
		return "SCMP_ACT_LOG";
	case SECCOMP_RET_ALLOW:
		return "SCMP_ACT_ALLOW";
	default:
		return "SCMP_ACT_ERRNO";
	}
}

static int set_action(json_t *object, uint32_t action, const char *key, const char *errno_key)
{
	int r = json_object_set_new(object, key, json_string(action_name(action)));

	if (r == 0 && (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		r = json_object_set_new(object, errno_key, json_integer(action & SECCOMP_RET_DATA));
	return r;
}

static json_t *args_json(const struct rf_oci_test *const *list, size_t n)
{
	json_t *args = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct rf_oci_test *t = list[i];
		bool masked = t->mask != 0;
		json_t *arg = json_pack("{s:i, s:o, s:s}", "index", (int)t->index, "value",
					rf_json_u64(masked ? t->mask : t->value), "op", t->op);

		if (masked)
			json_object_set_new(arg, "valueTwo", rf_json_u64(t->value));
		json_array_append_new(args, arg);
	}
	return args;
}

static int cannot(const struct writer *w, const char *name, const char *why)
{
	return rf_err_set(w->err, -EOPNOTSUPP,
			  "an OCI profile cannot say what the policy says about %s: %s", name, why);
}

static int emit(struct writer *w, const char *name, uint32_t action,
		const struct rf_oci_test *const *list, size_t n)
{
	json_t *rule;

	rule = json_pack("{s:[s]}", "names", name);
	if (!rule || set_action(rule, action, "action", "errnoRet") < 0 ||
	    (n && json_object_set_new(rule, "args", args_json(list, n)) < 0) ||
	    json_array_append_new(w->rules, rule) < 0)
		return no_memory(w);
	if (json_array_size(w->rules) > RULES_MAX)
		return rf_err_set(w->err, -EOPNOTSUPP, "the profile would need more than %d rules",
				  RULES_MAX);
	return 0;
}

/* All combinations of one alternative of each condition, as rules with one action. */
static int emit_product(struct writer *w, const char *name, uint32_t action,
			const struct rf_oci_tests *of, size_t n)
{
	const struct rf_oci_test *chosen[6] = {NULL};
	size_t at[6] = {0};

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (of[i].len && of[k].len && of[i].data[0].index == of[k].data[0].index)
				return cannot(w, name, "two conditions on one argument");
	for (;;) {
		size_t i = 0;
		int r;

		for (size_t k = 0; k < n; k++) {
			if (of[k].len == 0)
				return 0; /* never holds */
			chosen[k] = &of[k].data[at[k]];
		}
		r = emit(w, name, action, chosen, n);
		if (r < 0)
			return r;
		while (i < n && ++at[i] == of[i].len)
			at[i++] = 0;
		if (i == n)
			return 0;
	}
}

static void done_all(struct rf_oci_tests (*all)[6])
{
	for (size_t i = 0; i < 6; i++)
		rf_oci_tests_done(&(*all)[i]);
}

static int expand(const struct writer *w, const struct rf_sys_cond *cond, bool negate,
		  struct rf_oci_tests *to)
{
	int r = rf_oci_alternatives(to, cond, negate);

	return r < 0 ? no_memory(w) : 0;
}

static int emit_clause(struct writer *w, const char *name, const struct rf_sys_clause *clause)
{
	RF_CLEANUP(done_all) struct rf_oci_tests all[6] = {0};
	int r = 0;

	if (clause->n_conds > 6)
		return cannot(w, name, "two conditions on one argument");
	for (size_t i = 0; i < clause->n_conds && r == 0; i++)
		r = expand(w, &clause->conds[i], false, &all[i]);
	return r < 0 ? r : emit_product(w, name, clause->action, all, clause->n_conds);
}

/* Clauses that each ask one argument, the same one, for values: all of those as one list. */
static bool as_list(const struct rf_sys_clause *clauses, size_t n, struct rf_sys_cond *ret,
		    uint64_t *values, size_t max)
{
	const struct rf_sys_cond *first = clauses[0].conds;

	*ret = (struct rf_sys_cond){.index = first->index,
				    .op = RF_ARG_IN,
				    .narrow = first->narrow && !first->as_library,
				    .values = values};
	for (size_t i = 0; i < n; i++) {
		const struct rf_sys_cond *c = clauses[i].conds;
		size_t more = c->op == RF_ARG_IN ? c->n_values : 1;

		if (clauses[i].n_conds != 1 || c->index != first->index || c->negate ||
		    (c->op != RF_ARG_IN && c->op != RF_ARG_EQ) ||
		    (c->narrow && !c->as_library) != ret->narrow || ret->n_values + more > max)
			return false;
		for (size_t k = 0; k < more; k++)
			values[ret->n_values++] = c->op == RF_ARG_IN ? c->values[k] : c->value;
	}
	return true;
}

/* Where none of the clauses holds. One clause: any of its conditions fails. Several: each of one.
 */
static int emit_rest(struct writer *w, const char *name, const struct rf_sys_clause *clauses,
		     size_t n, uint32_t action)
{
	RF_CLEANUP(done_all) struct rf_oci_tests all[6] = {0};
	uint64_t values[VALUES_MAX];
	struct rf_sys_cond list;
	int r = 0;

	if (as_list(clauses, n, &list, values, RF_ARRAY_LEN(values))) {
		r = expand(w, &list, true, &all[0]);
		return r < 0 ? r : emit_product(w, name, action, all, 1);
	}
	if (n == 1) {
		for (size_t i = 0; i < clauses[0].n_conds && r == 0; i++) {
			all[0].len = 0;
			r = expand(w, &clauses[0].conds[i], true, &all[0]);
			if (r == 0)
				r = emit_product(w, name, action, all, 1);
		}
		return r;
	}
	if (n > 6)
		return cannot(w, name, "too many conditions at once");
	for (size_t i = 0; i < n && r == 0; i++) {
		if (clauses[i].n_conds != 1)
			return cannot(w, name, "several rules with several conditions");
		r = expand(w, clauses[i].conds, true, &all[i]);
	}
	return r < 0 ? r : emit_product(w, name, action, all, n);
}

static int emit_list(struct writer *w, const char *name, const struct rf_sys_list *list)
{
	RF_AUTOFREE struct rf_sys_clause *clauses = calloc(list->n + 1, sizeof(*clauses));
	uint32_t last = list->clauses[list->n - 1].action;
	size_t n = 0;
	int r = 0;

	if (!clauses)
		return no_memory(w);
	for (size_t i = 0; i + 1 < list->n; i++)
		if (list->clauses[i].origin != RF_SYS_SELF)
			clauses[n++] = list->clauses[i];
	/* What is as the end anyway needs no telling if nothing else comes after it. */
	while (n && clauses[n - 1].action == last)
		n--;
	for (size_t i = 1; i < n; i++)
		if (clauses[i].action != clauses[0].action)
			return cannot(w, name, "several answers besides the usual one");
	if (n == 0)
		return last == w->fallback ? 0 : emit(w, name, last, NULL, 0);
	for (size_t i = 0; i < n && r == 0 && clauses[0].action != w->fallback; i++)
		r = emit_clause(w, name, &clauses[i]);
	if (r == 0 && last != w->fallback)
		r = emit_rest(w, name, clauses, n, last);
	return r;
}

/* Nothing but the shipped filter beneath speaks of the call. */
static bool is_base(const struct writer *w, const struct rf_sys_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->clauses[i].origin == RF_SYS_RULE)
			return false;
	return w->base.n_rules > 0;
}

/* Some ABI's list for a call says more than the shipped filter does. */
static bool is_overridden(const struct writer *w, const char *name)
{
	const struct rf_abi *abi;

	for (size_t i = 0; (abi = rf_abi_at(i)); i++) {
		int nr = rf_call_number(abi, name);
		const struct rf_sys_list *list =
			nr < 0 ? NULL : rf_sys_model_find(w->model, abi->audit_arch, (uint32_t)nr);

		if (list && !is_base(w, list))
			return true;
	}
	return false;
}

static json_t *base_args(const struct rf_oci_rule *rule)
{
	static const char *const ops[] = {
		NULL,	       "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",
		"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ",
	};
	const struct rf_oci_test *chosen[6] = {NULL};
	struct rf_oci_test tests[6];

	for (size_t k = 0; k < rule->n_args && k < 6; k++) {
		const struct rf_oci_arg *arg = &rule->args[k];
		bool masked = arg->op == 7;

		tests[k] = (struct rf_oci_test){.index = arg->index,
						.op = ops[arg->op],
						.value = masked ? arg->value_two : arg->value,
						.mask = masked ? arg->value : 0};
		chosen[k] = &tests[k];
	}
	return args_json(chosen, rule->n_args);
}

/*
 * What the shipped filter says of calls that nothing else speaks of, rule by rule in its own order:
 * libseccomp's programs may differ for another order of the same rules.
 */
static int emit_base(struct writer *w)
{
	for (size_t i = 0; i < w->base.n_rules; i++) {
		const struct rf_oci_rule *rule = &w->base.rules[i];
		json_t *names = json_array(), *object = json_pack("{s:o}", "names", names);

		if (!object)
			return no_memory(w);
		for (size_t k = 0; k < rule->n_names; k++)
			if (!is_overridden(w, rule->names[k]))
				json_array_append_new(names, json_string(rule->names[k]));
		if (set_action(object, rule->action, "action", "errnoRet") < 0 ||
		    (rule->n_args && json_object_set_new(object, "args", base_args(rule)) < 0) ||
		    (json_array_size(names) && json_array_append(w->rules, object) < 0)) {
			json_decref(object);
			return no_memory(w);
		}
		json_decref(object);
	}
	return 0;
}

/* Every call of an ABI that no earlier one has by this name. */
static int emit_abi(struct writer *w, const struct rf_abi *abi, size_t index)
{
	int r = 0;

	for (uint32_t i = 0; i < RF_CALLS_MAX && r == 0; i++) {
		const char *name = rf_call_name(abi, abi->first + i);
		const struct rf_sys_list *list;
		bool told = false;

		for (size_t k = 0; name && k < index; k++)
			told |= rf_call_number(rf_abi_at(k), name) >= 0;
		if (!name || told)
			continue;
		list = rf_sys_model_find(w->model, abi->audit_arch, abi->first + i);
		if (list && (!w->base.n_rules || is_overridden(w, name)))
			r = emit_list(w, name, list);
	}
	return r;
}

/* An ABI that the filter leaves out answers every call alike. */
static bool is_left_out(const struct rf_sys_model *model, const struct rf_abi *abi)
{
	const struct rf_sys_list *unknown =
		rf_sys_model_find(model, abi->audit_arch, abi->first + RF_CALLS_MAX - 1);
	int nr = rf_call_number(abi, "exit_group");
	const struct rf_sys_list *known =
		nr < 0 ? NULL : rf_sys_model_find(model, abi->audit_arch, (uint32_t)nr);

	return abi->foreign && known && unknown && rf_sys_list_same(known, unknown);
}

static const char *token_of(const struct rf_abi *abi)
{
	static const char *const tokens[][2] = {
		{"x86_64", "SCMP_ARCH_X86_64"}, {"i386", "SCMP_ARCH_X86"},
		{"x32", "SCMP_ARCH_X32"},	{"aarch64", "SCMP_ARCH_AARCH64"},
		{"arm", "SCMP_ARCH_ARM"},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(tokens); i++)
		if (rf_str_eq(tokens[i][0], abi->name))
			return tokens[i][1];
	return NULL;
}

/* More numbers of the ABI before it. */
static bool is_further_block(size_t index)
{
	return index > 0 && rf_abi_at(index)->token == rf_abi_at(index - 1)->token;
}

static int write_profile(struct writer *w, json_t *profile)
{
	json_t *architectures = json_array();
	const struct rf_abi *abi;
	int r = set_action(profile, w->fallback, "defaultAction", "defaultErrnoRet");

	if (r < 0 || json_object_set_new(profile, "architectures", architectures) < 0 ||
	    json_object_set(profile, "syscalls", w->rules) < 0)
		return no_memory(w);
	r = emit_base(w);
	for (size_t i = 0; (abi = rf_abi_at(i)) && r == 0; i++) {
		if (is_left_out(w->model, abi))
			continue;
		if (!is_further_block(i) &&
		    json_array_append_new(architectures, json_string(token_of(abi))) < 0)
			return no_memory(w);
		r = emit_abi(w, abi, i);
	}
	return r;
}

/* Section seccomp alone: the kernel keys are enforced beside any profile. */
static int make_model(struct rf_sys_model **ret, struct rf_policy *alone,
		      const struct rf_policy *policy, struct rf_err *err)
{
	const struct rf_sys_context context = {.session = RF_SESSION_INIT};

	*alone = *policy;
	for (unsigned int i = 0; i < RF_KERNEL_COUNT; i++)
		alone->kernel[i].value = RF_KERNEL_ALLOW;
	return rf_sys_model_new(ret, alone, &context, err);
}

/* One filter with a shipped one beneath. */
static int read_base(struct writer *w, const struct rf_policy *policy, struct rf_arena *arena)
{
	const struct rf_sys_context context = {.session = RF_SESSION_INIT};
	const struct rf_oci_host host = rf_sys_flattening_host(policy, &context);
	const struct rf_filter *filter = policy->filters;

	if (policy->n_filters != 1 || filter->kind != RF_FILTER_BASE)
		return 0;
	return rf_oci_seccomp_parse(&w->base, rf_base_filter_text(filter->base), &host, arena,
				    w->err);
}

static int write_model(json_t **ret, const struct rf_policy *policy, struct rf_err *err)
{
	RF_CLEANUP(rf_sys_model_freep) struct rf_sys_model *model = NULL;
	RF_CLEANUP(put) json_t *profile = json_object();
	RF_CLEANUP(put) json_t *rules = json_array();
	struct writer w = {.rules = rules, .err = err};
	const struct rf_sys_list *unknown;
	RF_CLEANUP(rf_arena_freep) struct rf_arena *arena = rf_arena_new(ARENA_MAX);
	struct rf_policy alone;
	int r = make_model(&model, &alone, policy, err);

	if (r == 0)
		r = arena ? read_base(&w, policy, arena) : no_memory(&w);
	if (r < 0)
		return r;
	w.model = model;
	unknown = rf_sys_model_find(model, rf_abi_at(0)->audit_arch,
				    rf_abi_at(0)->first + RF_CALLS_MAX);
	if (!unknown || !profile || !rules)
		return no_memory(&w);
	w.fallback = unknown->clauses[unknown->n - 1].action;
	r = write_profile(&w, profile);
	if (r == 0)
		*ret = json_incref(profile);
	return r;
}

/* Numbers that were read as negative ones; see wide.h. */
static void restore_number(json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_integer(value) && json_integer_value(value) < 0)
		json_object_set_new(object, key, rf_json_u64((uint64_t)json_integer_value(value)));
}

static void restore_numbers(json_t *profile)
{
	json_t *rule, *arg;
	size_t i, k;

	json_array_foreach (json_object_get(profile, "syscalls"), i, rule) {
		json_array_foreach (json_object_get(rule, "args"), k, arg) {
			restore_number(arg, "value");
			restore_number(arg, "valueTwo");
		}
	}
}

int rf_oci_export_seccomp(json_t **ret, const struct rf_policy *policy, struct rf_err *err)
{
	const struct rf_filter *filter = policy->filters;
	json_t *profile;

	if (!policy->sections[RF_SECTION_SECCOMP].present)
		return rf_err_set(err, -EOPNOTSUPP, "the policy has no section seccomp");
	for (size_t i = 0; i < policy->n_filters; i++)
		if (policy->filters[i].kind == RF_FILTER_OCI &&
		    (policy->n_filters > 1 || policy->filters[i].n_rules))
			return rf_err_set(err, -EOPNOTSUPP,
					  "a profile that other filters or rules tighten cannot be "
					  "written as one profile");
	if (filter->kind != RF_FILTER_OCI)
		return write_model(ret, policy, err);
	profile = json_loads(filter->oci_json, 0, NULL);
	if (!profile)
		return rf_err_set(err, -ENOMEM, "no memory to write the profile");
	restore_numbers(profile);
	*ret = profile;
	return 0;
}
