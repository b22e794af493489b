/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing what cannot change in a running process. See fixed_part.h. */
#include "sandbox/launch/fixed_part.h"

#include <string.h>

#include "sandbox/base/parse.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/canonical.h"
#include "sandbox/policy/syslayer.h"

RF_DEFINE_CLEANUP(json_t, json_freep, json_decref)

/* Words for people, and how much it matters: not what is enforced. */
static const char *const words[] = {"need", "reason", "hint", "given"};

static void strip(json_t *json)
{
	json_t *value;
	const char *key;
	size_t i;

	for (i = 0; json_is_object(json) && i < RF_ARRAY_LEN(words); i++)
		(void)json_object_del(json, words[i]);
	json_object_foreach (json, key, value)
		strip(value);
	json_array_foreach (json, i, value)
		strip(value);
}

static bool appends_alone(const struct rf_policy *policy)
{
	for (size_t i = 0; i < policy->n_files; i++)
		if (rf_grants_append_alone(policy, &policy->files[i]))
			return true;
	return false;
}

json_t *rf_fixed_part(const struct rf_policy *policy)
{
	static const char *const members[] = {"mode",	 "process",	 "resources",
					      "seccomp", "capabilities", "kernel"};
	RF_CLEANUP(json_freep) json_t *all = rf_policy_to_json(policy, false);
	json_t *part = all ? json_object() : NULL;

	for (size_t i = 0; part && i < RF_ARRAY_LEN(members); i++) {
		json_t *member = json_object_get(all, members[i]);

		if (member)
			(void)json_object_set(part, members[i], member);
	}
	strip(part);
	if (part && appends_alone(policy))
		(void)json_object_set_new(part, "append_alone", json_true());
	return part;
}

struct fixed {
	const struct rf_policy *policy;
	const json_t *began, *wanted;
	bool same_mode;
};

static bool is_same(const struct fixed *f, const char *section, const char *member)
{
	const json_t *a = json_object_get(f->began, section);
	const json_t *b = json_object_get(f->wanted, section);

	if (member) {
		a = json_object_get(a, member);
		b = json_object_get(b, member);
	}
	return a == b || (a && b && json_equal(a, b));
}

static void hold(struct rf_coverage *item, enum rf_hold how, const char *by, const char *why)
{
	item->hold = how;
	item->by = how == RF_HOLD_NONE ? NULL : by;
	(void)snprintf(item->why, sizeof(item->why), "%s", why);
}

/* Is this very rule one that the filter was made from? */
static bool has_rule(const struct fixed *f, const char *id)
{
	const json_t *old = json_object_get(json_object_get(f->began, "seccomp"), "filters");
	const json_t *new = json_object_get(json_object_get(f->wanted, "seccomp"), "filters");
	const json_t *filter, *rule, *was_filter, *was;
	size_t i, k, m, n;

	json_array_foreach (new, i, filter)
		json_array_foreach (json_object_get(filter, "rules"), k, rule) {
			if (!rf_str_eq(json_string_value(json_object_get(rule, "id")), id))
				continue;
			json_array_foreach (old, m, was_filter)
				json_array_foreach (json_object_get(was_filter, "rules"), n, was)
					if (json_equal(was, rule))
						return true;
		}
	return false;
}

static void judge_seccomp(const struct fixed *f, struct rf_coverage *item)
{
	if (f->same_mode &&
	    (is_same(f, "seccomp", NULL) || (item->kind == RF_ITEM_RULE && has_rule(f, item->id))))
		hold(item, RF_HOLD_EXACT, "seccomp", "");
	else
		hold(item, RF_HOLD_NONE, NULL,
		     "the system call filter of a running process stays as it is");
}

/* Each use is asked for in the kernel: fewer can be held; what was dropped does not come back. */
static void judge_capabilities(const struct fixed *f, struct rf_coverage *item)
{
	const json_t *keep = json_object_get(json_object_get(f->began, "capabilities"), "keep");
	uint64_t kept = UINT64_MAX;

	if (keep && rf_parse_u64_any(json_string_value(keep), UINT64_MAX, &kept) < 0)
		kept = 0; /* never looser than what is written there */
	if (f->same_mode && (f->policy->capabilities_keep & ~kept) == 0)
		hold(item, RF_HOLD_EXACT, "bpf-lsm", "");
	else
		hold(item, RF_HOLD_STRICTER, "capabilities",
		     "capabilities that were dropped cannot be given back");
}

/* The two that no system call stands for are the LSM's alone; the others the filter refuses too. */
static void judge_kernel(const struct fixed *f, struct rf_coverage *item)
{
	const json_t *began = json_object_get(f->began, "kernel");
	const json_t *key = json_object_get(began, rf_kernel_key_name(item->key));
	const char *was = json_string_value(json_object_get(key, "value"));
	bool refuses = f->policy->kernel[item->key].value == RF_KERNEL_DENY &&
		       f->policy->mode != RF_MODE_AUDIT;

	if (!refuses && rf_str_eq(was, "deny") &&
	    !rf_str_eq(json_string_value(json_object_get(f->began, "mode")), "audit") &&
	    item->key != RF_KERNEL_SIGNALS && item->key != RF_KERNEL_FILELESS_EXEC)
		hold(item, RF_HOLD_STRICTER, "seccomp",
		     "the system call filter that the sandbox began with refuses it");
	else
		hold(item, RF_HOLD_EXACT, "bpf-lsm", "");
}

/* The filter keeps descriptors that may only append from calls that do more. */
static void judge_files(const struct fixed *f, struct rf_coverage *item)
{
	bool kept = f->same_mode && json_is_true(json_object_get(f->began, "append_alone"));

	hold(item, RF_HOLD_EXACT, "bpf-lsm", "");
	for (size_t i = 0; !kept && i < f->policy->n_files; i++)
		if (item->rule == &f->policy->files[i].rule &&
		    rf_grants_append_alone(f->policy, &f->policy->files[i]) &&
		    f->policy->mode != RF_MODE_AUDIT)
			hold(item, RF_HOLD_NONE, NULL,
			     "the system call filter of a running process does not keep it from "
			     "fallocate on what it may only append to");
}

static void judge_item(const struct fixed *f, struct rf_coverage *item)
{
	switch (item->section) {
	case RF_SECTION_FILES:
		judge_files(f, item);
		break;
	case RF_SECTION_SECCOMP:
		judge_seccomp(f, item);
		break;
	case RF_SECTION_CAPABILITIES:
		judge_capabilities(f, item);
		break;
	case RF_SECTION_KERNEL:
		judge_kernel(f, item);
		break;
	case RF_SECTION_PROCESS:
		if (is_same(f, "process", NULL))
			hold(item, RF_HOLD_EXACT, "launcher", "");
		else
			hold(item, RF_HOLD_NONE, NULL,
			     "limits and environment of a running process stay as they are");
		break;
	case RF_SECTION_RESOURCES:
		if (is_same(f, "resources", item->id + strlen("resources.")))
			hold(item, RF_HOLD_EXACT, "cgroup", "");
		else
			hold(item, RF_HOLD_NONE, NULL,
			     "the limits of the sandbox's cgroup stay as they are");
		break;
	default:
		hold(item, RF_HOLD_EXACT, "bpf-lsm", "");
	}
}

/* What the policy does not speak of any more, and holds nevertheless. */
static int add_rests(const struct fixed *f, struct rf_report *report, struct rf_err *err)
{
	static const struct {
		enum rf_section section;
		const char *name, *why;
	} rests[] = {
		{RF_SECTION_SECCOMP, "seccomp", "the sandbox keeps the filter that it began with"},
		{RF_SECTION_RESOURCES, "resources", "the sandbox keeps its cgroup's limits"},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(rests); i++) {
		const json_t *was = json_object_get(f->began, rests[i].name);
		struct rf_coverage *item;

		if (json_object_size(was) == 0 || f->policy->sections[rests[i].section].present)
			continue;
		item = rf_report_add(report);
		if (!item)
			return rf_err_sys(err, -ENOMEM, "compare the policies");
		item->section = rests[i].section;
		item->kind = RF_ITEM_SECTION;
		item->id = rests[i].name;
		item->need = RF_NEED_SHOULD;
		hold(item, RF_HOLD_STRICTER, "launcher", rests[i].why);
	}
	return 0;
}

int rf_fixed_judge(struct rf_selection *ret, const struct rf_policy *policy, const json_t *began,
		   struct rf_err *err)
{
	RF_CLEANUP(json_freep) json_t *wanted = rf_fixed_part(policy);
	const struct fixed f = {
		.policy = policy,
		.began = began,
		.wanted = wanted,
		.same_mode =
			json_equal(json_object_get(began, "mode"), json_object_get(wanted, "mode")),
	};
	int r = wanted ? 0 : rf_err_sys(err, -ENOMEM, "compare the policies");

	for (int section = 0; r == 0 && section < RF_SECTION_COUNT; section++)
		r = rf_report_items(&ret->report, policy, (enum rf_section)section, err);
	for (size_t i = 0; r == 0 && i < ret->report.n; i++)
		judge_item(&f, &ret->report.items[i]);
	return r < 0 ? r : add_rests(&f, &ret->report, err);
}
