/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy's system calls as an OCI linux.seccomp object, met with the one that is there.
 *
 * A profile is a list of what is allowed, by name and arguments. A call stays allowed where both
 * allow it; where the policy asks for arguments, its conditions take the place of a plain
 * permission. What such a list cannot say (all but some values of an argument) is refused, or told.
 */
#include "sandbox/launch/oci_apply.h"

#include <linux/seccomp.h>
#include <string.h>

#include "sandbox/policy/syscalls.h"
#include "sandbox/policy/sysmodel.h"

#define ALLOW "SCMP_ACT_ALLOW"

struct profile {
	const json_t *old; /* NULL: there was none, so it allows everything */
	const struct rf_sys_model *model;
	json_t *plain; /* names that are allowed whatever the arguments */
	json_t *rules; /* of the new profile */
	struct rf_str *notes;
	bool must;
};

static bool is_allowing(uint32_t action)
{
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

static bool is_named(const json_t *rule, const char *name)
{
	const json_t *names = json_object_get(rule, "names"), *value;
	size_t at;

	json_array_foreach (names, at, value)
		if (json_is_string(value) && strcmp(json_string_value(value), name) == 0)
			return true;
	return false;
}

static bool is_permission(const char *action)
{
	return action && (strcmp(action, ALLOW) == 0 || strcmp(action, "SCMP_ACT_LOG") == 0);
}

static bool allows(const json_t *rule)
{
	return is_permission(json_string_value(json_object_get(rule, "action")));
}

static bool allows_otherwise(const json_t *profile)
{
	return is_permission(json_string_value(json_object_get(profile, "defaultAction")));
}

static uint64_t number(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* As engines write it: a second value of 0 is left out. */
static json_t *make_arg(uint32_t index, const char *op, uint64_t value, uint64_t two)
{
	json_t *arg = json_pack("{s:i,s:I}", "index", (int)index, "value", (json_int_t)value);

	if (arg && two)
		(void)json_object_set_new(arg, "valueTwo", json_integer((json_int_t)two));
	if (arg)
		(void)json_object_set_new(arg, "op", json_string(op));
	return arg;
}

/* A rule's conditions as we write them, so that equal ones compare equal. */
static json_t *normalise(const json_t *args)
{
	json_t *ret = json_array(), *arg;
	size_t at;

	json_array_foreach (args, at, arg) {
		const char *op = json_string_value(json_object_get(arg, "op"));

		(void)json_array_append_new(ret, make_arg((uint32_t)number(arg, "index"),
							  op ? op : "", number(arg, "value"),
							  number(arg, "valueTwo")));
	}
	return ret;
}

/* One asks for a value, the other for any but that: no call meets both. */
static bool contradict(const json_t *a, const json_t *b)
{
	const json_t *x, *y;
	size_t i, k;

	json_array_foreach (a, i, x)
		json_array_foreach (b, k, y) {
			const char *p = json_string_value(json_object_get(x, "op"));
			const char *q = json_string_value(json_object_get(y, "op"));

			if (p && q && number(x, "index") == number(y, "index") &&
			    number(x, "value") == number(y, "value") &&
			    ((!strcmp(p, "SCMP_CMP_EQ") && !strcmp(q, "SCMP_CMP_NE")) ||
			     (!strcmp(p, "SCMP_CMP_NE") && !strcmp(q, "SCMP_CMP_EQ"))))
				return true;
		}
	return false;
}

static bool all_contradict(const json_t *denied, const json_t *allowed)
{
	const json_t *d, *a;
	size_t i, k;

	json_array_foreach (denied, i, d)
		json_array_foreach (allowed, k, a)
			if (!contradict(d, a))
				return false;
	return true;
}

/* What the old profile says of a call. */
struct old_answer {
	bool plain;	    /* allowed, whatever the arguments */
	json_t *conditions; /* else: lists of conditions, any of which allows */
};

/*
 * As libseccomp merges rules: one without arguments beats those with. A refusal of some arguments
 * that its permissions do not exclude anyway is taken for one of all, which is stricter.
 */
static struct old_answer ask_old(const struct profile *p, const char *name)
{
	const json_t *rules = json_object_get(p->old, "syscalls"), *rule;
	bool spoken_of = false, never = false;
	json_t *denied = json_array();
	struct old_answer a = {.conditions = json_array()};
	size_t at;

	json_array_foreach (rules, at, rule) {
		const json_t *args = json_object_get(rule, "args");

		if (!is_named(rule, name))
			continue;
		spoken_of = true;
		if (json_array_size(args))
			(void)json_array_append_new(allows(rule) ? a.conditions : denied,
						    normalise(args));
		else if (allows(rule))
			a.plain = true;
		else
			never = true;
	}
	if (!spoken_of)
		a.plain = !p->old || allows_otherwise(p->old);
	a.plain &= !never;
	if (never || !all_contradict(denied, a.conditions))
		(void)json_array_clear(a.conditions);
	json_decref(denied);
	return a;
}

/* ---- one condition ---- */

/* NULL: the format has no words for it. One value of IN by its position. */
static json_t *format_cond(const struct rf_sys_cond *c, size_t at)
{
	static const char *const ops[] = {[RF_ARG_LT] = "SCMP_CMP_LT",
					  [RF_ARG_LE] = "SCMP_CMP_LE",
					  [RF_ARG_GT] = "SCMP_CMP_GT",
					  [RF_ARG_GE] = "SCMP_CMP_GE"};
	static const char *const negated[] = {[RF_ARG_LT] = "SCMP_CMP_GE",
					      [RF_ARG_LE] = "SCMP_CMP_GT",
					      [RF_ARG_GT] = "SCMP_CMP_LE",
					      [RF_ARG_GE] = "SCMP_CMP_LT"};
	bool narrow = c->narrow && !c->as_library;
	uint64_t value = c->op == RF_ARG_IN ? c->values[at] : c->value;

	/* JSON's numbers here are signed. */
	if (value > INT64_MAX || (c->op == RF_ARG_MASKED_EQ && c->mask > INT64_MAX))
		return NULL;
	switch (c->op) {
	case RF_ARG_MASKED_EQ:
		return c->negate ? NULL : make_arg(c->index, "SCMP_CMP_MASKED_EQ", c->mask, value);
	case RF_ARG_EQ:
	case RF_ARG_IN:
		if (c->negate)
			return narrow || c->op == RF_ARG_IN
				       ? NULL
				       : make_arg(c->index, "SCMP_CMP_NE", value, 0);
		if (narrow)
			return make_arg(c->index, "SCMP_CMP_MASKED_EQ", UINT32_MAX,
					value & UINT32_MAX);
		return make_arg(c->index, "SCMP_CMP_EQ", value, 0);
	case RF_ARG_LT:
	case RF_ARG_LE:
	case RF_ARG_GT:
	case RF_ARG_GE:
		return narrow ? NULL
			      : make_arg(c->index, c->negate ? negated[c->op] : ops[c->op], value,
					 0);
	default:
		return NULL;
	}
}

/* Rules for one clause that allows; false: it cannot be said. */
static bool format_clause(const struct rf_sys_clause *clause, json_t *ret_lists)
{
	uint32_t used = 0;
	size_t ways = 1;

	for (size_t i = 0; i < clause->n_conds; i++) {
		/* Two conditions on one argument mean "any of them" to runtimes. */
		if (used & 1u << clause->conds[i].index)
			return false;
		used |= 1u << clause->conds[i].index;
		if (clause->conds[i].op == RF_ARG_IN) {
			if (ways > 1)
				return false;
			ways = clause->conds[i].n_values;
		}
	}
	for (size_t way = 0; way < ways; way++) {
		json_t *args = json_array();

		(void)json_array_append_new(ret_lists, args);
		for (size_t i = 0; i < clause->n_conds; i++) {
			json_t *arg = format_cond(&clause->conds[i], way);

			if (!arg || json_array_append_new(args, arg) < 0)
				return false;
		}
	}
	return true;
}

/* ---- one call ---- */

/* Other layers hold these: the kernel section, socket families, TIOCSTI; without arguments they
 * count. */
static bool is_left_out(const struct rf_sys_clause *c)
{
	return c->n_conds && !is_allowing(c->action) && c->origin != RF_SYS_RULE &&
	       c->origin != RF_SYS_DEFAULT;
}

enum answer {
	ANSWER_NO,
	ANSWER_YES,
	ANSWER_ARGS,
	ANSWER_UNSAYABLE
};

/*
 * What the policy says of a call; lists gets its lists of conditions, any of which allows. A
 * refusal of some arguments can be left out where the permissions after it exclude them anyway.
 */
static enum answer ask_policy(const struct rf_sys_list *list, json_t *lists)
{
	json_t *denied = json_array();
	enum answer answer = ANSWER_NO;
	bool ended = false;

	for (size_t i = 0; i < list->n && !ended; i++) {
		const struct rf_sys_clause *c = &list->clauses[i];

		if (is_left_out(c))
			continue;
		ended = c->n_conds == 0;
		if (ended && is_allowing(c->action))
			answer = json_array_size(denied) ? ANSWER_UNSAYABLE : ANSWER_YES;
		else if (ended)
			answer = json_array_size(lists) ? ANSWER_ARGS : ANSWER_NO;
		else if (!format_clause(c, is_allowing(c->action) ? lists : denied))
			answer = ANSWER_UNSAYABLE;
		ended |= answer == ANSWER_UNSAYABLE;
	}
	if (answer == ANSWER_ARGS && !all_contradict(denied, lists))
		answer = ANSWER_UNSAYABLE;
	json_decref(denied);
	return answer;
}

static int add_rules(struct profile *p, const char *name, const json_t *lists)
{
	const json_t *args;
	size_t at;

	json_array_foreach (lists, at, args)
		if (json_array_append_new(p->rules, json_pack("{s:[s],s:s,s:O}", "names", name,
							      "action", ALLOW, "args", args)) < 0)
			return -ENOMEM;
	return 0;
}

static bool is_in(const json_t *list, const json_t *value)
{
	const json_t *other;
	size_t at;

	json_array_foreach (list, at, other)
		if (json_equal(other, value))
			return true;
	return false;
}

static bool is_same_set(const json_t *a, const json_t *b)
{
	const json_t *value;
	size_t at;

	json_array_foreach (a, at, value)
		if (!is_in(b, value))
			return false;
	json_array_foreach (b, at, value)
		if (!is_in(a, value))
			return false;
	return true;
}

static int meet_call(struct profile *p, const char *name, const struct old_answer *old,
		     enum answer answer, const json_t *lists, struct rf_err *err)
{
	if (answer == ANSWER_NO || (!old->plain && !json_array_size(old->conditions)))
		return 0;
	if (answer == ANSWER_UNSAYABLE && p->must)
		return rf_err_set(err, -EOPNOTSUPP,
				  "the policy's rule for %s cannot be written as an OCI seccomp "
				  "profile; deny the call whole, or give seccomp `need: should`",
				  name);
	if (answer == ANSWER_UNSAYABLE) {
		(void)rf_str_addf(p->notes, "%s: denied whole, its arguments cannot be told\n",
				  name);
		return 0;
	}
	if (answer == ANSWER_YES)
		return old->plain ? json_array_append_new(p->plain, json_string(name))
				  : add_rules(p, name, old->conditions);
	if (old->plain || is_same_set(old->conditions, lists))
		return add_rules(p, name, lists);
	(void)rf_str_addf(p->notes, "%s: denied whole, both ask for arguments\n", name);
	return 0;
}

static int merge_call(struct profile *p, const char *name, const struct rf_sys_list *list,
		      struct rf_err *err)
{
	struct old_answer old = ask_old(p, name);
	json_t *lists = json_array();
	enum answer answer = ask_policy(list, lists);
	int r = meet_call(p, name, &old, answer, lists, err);

	json_decref(old.conditions);
	json_decref(lists);
	return r;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int merge_all(struct profile *p, struct rf_err *err)
{
	const struct rf_abi *native = rf_abi_at(0);
	const char *names[RF_CALLS_MAX];
	size_t n = 0;
	int r = 0;

	for (uint32_t nr = native->first; nr < native->first + RF_CALLS_MAX; nr++) {
		names[n] = rf_call_name(native, nr);
		n += names[n] != NULL;
	}
	qsort(names, n, sizeof(*names), compare);
	for (size_t i = 0; i < n && r == 0; i++) {
		int nr = rf_call_number(native, names[i]);
		const struct rf_sys_list *list =
			nr < 0 ? NULL
			       : rf_sys_model_find(p->model, native->audit_arch, (uint32_t)nr);

		if (list)
			r = merge_call(p, names[i], list, err);
	}
	return r < 0 ? rf_err_sys(err, r, "write linux.seccomp") : 0;
}

static json_t *native_only(void)
{
	return json_pack("[s]",
#if defined(__aarch64__)
			 "SCMP_ARCH_AARCH64"
#else
			 "SCMP_ARCH_X86_64"
#endif
	);
}

/* Flags and architectures of the old one stay; what feeds a listener does not. */
static json_t *finish(struct profile *p)
{
	const json_t *archs = json_object_get(p->old, "architectures");
	const json_t *flags = json_object_get(p->old, "flags");
	json_t *ret =
		json_pack("{s:s,s:i}", "defaultAction", "SCMP_ACT_ERRNO", "defaultErrnoRet", 1);

	(void)json_object_set_new(ret, "architectures",
				  json_is_array(archs) ? json_deep_copy(archs) : native_only());
	if (json_is_array(flags))
		(void)json_object_set_new(ret, "flags", json_deep_copy(flags));
	(void)json_array_insert_new(p->rules, 0,
				    json_pack("{s:O,s:s}", "names", p->plain, "action", ALLOW));
	(void)json_object_set(ret, "syscalls", p->rules);
	return ret;
}

int rf_oci_apply_seccomp(json_t **ret, const json_t *old, const struct rf_policy *policy,
			 struct rf_str *notes, struct rf_err *err)
{
	RF_CLEANUP(rf_sys_model_freep) struct rf_sys_model *model = NULL;
	const struct rf_sys_context context = {.session = RF_SESSION_INIT};
	const struct rf_sys_program *programs;
	struct profile p = {.old = json_is_object(old) ? old : NULL,
			    .notes = notes,
			    .must = policy->sections[RF_SECTION_SECCOMP].need == RF_NEED_MUST};
	int r = rf_sys_model_new(&model, policy, &context, err);

	if (r < 0)
		return r;
	if (rf_sys_model_programs(model, &programs) > 0)
		return rf_err_set(
			err, -EOPNOTSUPP,
			"a policy with seccomp.oci is not merged; give the profile to the "
			"container engine itself");
	p.model = model;
	p.plain = json_array();
	p.rules = json_array();
	r = merge_all(&p, err);
	if (r == 0)
		*ret = finish(&p);
	json_decref(p.plain);
	json_decref(p.rules);
	return r;
}
