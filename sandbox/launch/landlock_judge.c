/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock's honest answer: exact, stricter or not at all, for each item.
 *
 * Landlock only ever grants, so a deny rule is held exactly when nothing that was granted reaches
 * what it names, and not at all otherwise. The test is by all names of what was granted and errs to
 * "reaches".
 */
#include "sandbox/launch/landlock_judge.h"

#include <stdarg.h>
#include <string.h>

#include "sandbox/launch/landlock_abi.h"
#include "sandbox/launch/landlock_grant.h"
#include "sandbox/launch/landlock_looks.h"
#include "sandbox/launch/landlock_names.h"

void rf_ll_answer(struct rf_coverage *item, enum rf_hold hold, const char *fmt, ...)
{
	va_list args;

	item->hold = hold;
	item->by = hold == RF_HOLD_NONE ? NULL : RF_LL_NAME;
	va_start(args, fmt);
	(void)vsnprintf(item->why, sizeof(item->why), fmt, args);
	va_end(args);
}

static void answer_exact(struct rf_coverage *item)
{
	item->hold = RF_HOLD_EXACT;
	item->by = RF_LL_NAME;
	item->why[0] = '\0';
}

/* Items of this section name the rule that is the first part of a file rule. */
static const struct rf_file_rule *file_rule(const struct rf_rule *rule)
{
	return (const struct rf_file_rule *)((const char *)rule -
					     offsetof(struct rf_file_rule, rule));
}

/* What is granted is in the looks. */
static int pass(void *data RF_UNUSED, const struct rf_ll_target *target RF_UNUSED,
		struct rf_err *err RF_UNUSED)
{
	return 0;
}

/* What all rules are judged with. */
struct judge {
	int abi;
	struct rf_ll_looks *looks;
	struct rf_ll_names names; /* of what is granted, once the allow rules are judged */
};

static void judge_done(struct judge *j)
{
	rf_ll_names_done(&j->names);
	(void)rf_ll_looks_free(j->looks);
}

static int judge_allow(const struct rf_file_rule *rule, struct judge *j, struct rf_coverage *item,
		       struct rf_err *err)
{
	struct rf_ll_gap gap = {.found = false};
	int r = rf_ll_rule_targets(rule, j->abi, j->looks, pass, NULL, &gap, err);

	if (r < 0)
		return r;
	if (gap.found)
		rf_ll_answer(item, RF_HOLD_STRICTER, "%s", gap.why);
	else
		answer_exact(item);
	return 0;
}

/* A regular file with several names may be granted by another one. */
static int find_other_names(const struct rf_pattern *pattern, const struct judge *j, bool *ret)
{
	*ret = false;
	if (!j->names.vec.len || (!pattern->literal && strpbrk(pattern->text, "*?[{")))
		return 0;
	return rf_ll_looks_named(j->looks, pattern->text, ret);
}

static bool judge_reached(const struct rf_file_rule *rule, const struct rf_pattern *pattern,
			  const struct rf_ll_names *names, struct rf_coverage *item)
{
	const struct rf_ll_name *name = rf_ll_names_reached(names, pattern, rule->rights);

	if (!name)
		return false;
	if (name->mounted)
		rf_ll_answer(item, RF_HOLD_NONE,
			     "Landlock cannot take %.50s out of %.50s, which is allowed and also "
			     "mounted as %.50s",
			     pattern->text, name->granted, name->path);
	else
		rf_ll_answer(item, RF_HOLD_NONE,
			     "Landlock cannot take %.80s out of %.80s, which is allowed",
			     pattern->text, name->granted);
	return true;
}

static int judge_deny(const struct rf_file_rule *rule, const struct judge *j,
		      struct rf_coverage *item)
{
	uint32_t rights = rule->rights;

	if (rule->rule.mode == RF_MODE_AUDIT) {
		rf_ll_answer(item, RF_HOLD_NONE, "Landlock cannot let pass and record");
		return 0;
	}
	if ((rights & RF_FILE_METADATA) && (rights & RF_FILE_WRITE_ALL) != RF_FILE_WRITE_ALL) {
		rf_ll_answer(item, RF_HOLD_NONE, "Landlock does not see changes of metadata");
		return 0;
	}
	if (rule->rule.kill) {
		rf_ll_answer(item, RF_HOLD_NONE, "Landlock refuses but does not kill");
		return 0;
	}
	if (j->names.vec.len && j->names.incomplete) {
		rf_ll_answer(item, RF_HOLD_NONE,
			     "/proc/self/mountinfo cannot be read, so what is allowed may have "
			     "other names");
		return 0;
	}
	for (size_t i = 0; i < rule->n_paths; i++) {
		bool several = false;

		if (judge_reached(rule, &rule->paths[i], &j->names, item))
			return 0;
		if (find_other_names(&rule->paths[i], j, &several) < 0)
			return -ENOMEM;
		if (several) {
			rf_ll_answer(item, RF_HOLD_NONE, "%.120s has further names (hard links)",
				     rule->paths[i].text);
			return 0;
		}
	}
	if (rule->rule.errno_value && rule->rule.errno_value != EACCES)
		rf_ll_answer(item, RF_HOLD_STRICTER, "Landlock always answers EACCES");
	else
		answer_exact(item);
	return 0;
}

/* With `default: allow` nothing is to be refused but what deny rules name, and those are beyond. */
static void judge_all_allowed(struct rf_report *report, size_t from)
{
	for (size_t i = from; i < report->n; i++) {
		struct rf_coverage *item = &report->items[i];

		if (item->rule && item->rule->deny)
			rf_ll_answer(item, RF_HOLD_NONE,
				     "Landlock only grants: it needs \"default\": \"deny\"");
		else
			answer_exact(item);
	}
}

static void judge_default(struct rf_coverage *item, int abi)
{
	if (abi < RF_LL_ABI_TRUNCATE)
		rf_ll_answer(item, RF_HOLD_NONE,
			     "Landlock ABI %d does not see truncation (ABI 3, Linux 6.2)", abi);
	else
		answer_exact(item);
}

/* Adds what holds for the whole section whatever its rules say. Such items never refuse a start. */
static int add_remark(struct rf_report *report, const struct rf_policy *policy, const char *id,
		      enum rf_hold hold, const char *why, struct rf_err *err)
{
	struct rf_coverage *item = rf_report_add(report);

	if (!item)
		return rf_err_sys(err, -ENOMEM, "cannot judge the policy");
	item->section = RF_SECTION_FILES;
	item->kind = RF_ITEM_SECTION;
	item->id = id;
	item->place = policy->sections[RF_SECTION_FILES].place;
	item->need = RF_NEED_SHOULD;
	rf_ll_answer(item, hold, "%s", why);
	return 0;
}

static int add_remarks(struct rf_report *report, const struct rf_policy *policy, struct rf_err *err)
{
	bool audit = false;
	int r = add_remark(report, policy, "files.unseen", RF_HOLD_NONE,
			   "Landlock does not see chmod, chown, utimes, extended attributes, "
			   "readlink, executable mappings and ld.so, nor by which of its names "
			   "(links, other mounts) a granted object is reached",
			   err);

	if (r < 0)
		return r;
	r = add_remark(report, policy, "files.names", RF_HOLD_STRICTER,
		       "Landlock grants creating and removing by directory: a name granted alone "
		       "can be neither made nor removed; mounts cannot be changed",
		       err);
	for (size_t i = 0; i < policy->n_files; i++)
		audit |= policy->files[i].rule.audit;
	if (r == 0 && audit)
		r = add_remark(report, policy, "files.audit", RF_HOLD_NONE,
			       "Landlock does not record allowed uses", err);
	if (r == 0 && policy->links_deny) {
		r = add_remark(report, policy, "files.links", RF_HOLD_NONE,
			       "Landlock does not count the names of a file", err);
		if (r == 0)
			report->items[report->n - 1].need = policy->sections[RF_SECTION_FILES].need;
	}
	return r;
}

static int judge_rules(struct judge *j, struct rf_report *report, size_t from, struct rf_err *err)
{
	bool denies = false;

	for (size_t i = from; i < report->n; i++) {
		struct rf_coverage *item = &report->items[i];
		int r = 0;

		if (item->kind == RF_ITEM_DEFAULT)
			judge_default(item, j->abi);
		else if (item->rule && !item->rule->deny)
			r = judge_allow(file_rule(item->rule), j, item, err);
		else if (item->rule)
			denies = true;
		if (r < 0)
			return r;
	}
	if (denies && rf_ll_names(&j->names, j->looks, err) < 0)
		return -ENOMEM;
	for (size_t i = from; i < report->n; i++) {
		struct rf_coverage *item = &report->items[i];

		if (item->rule && item->rule->deny &&
		    judge_deny(file_rule(item->rule), j, item) < 0)
			return rf_err_sys(err, -ENOMEM, "cannot judge the policy");
	}
	return 0;
}

int rf_ll_judge_files(const struct rf_policy *policy, int abi, struct rf_report *report,
		      struct rf_err *err)
{
	RF_CLEANUP(judge_done) struct judge j = {.abi = abi};
	size_t from = report->n;
	int r = rf_report_items(report, policy, RF_SECTION_FILES, err);

	if (r < 0 || report->n == from)
		return r;
	if (policy->mode == RF_MODE_AUDIT) {
		for (size_t i = from; i < report->n; i++)
			rf_ll_answer(&report->items[i], RF_HOLD_NONE,
				     "Landlock cannot let pass and record (audit mode)");
		return 0;
	}
	if (policy->files_default == RF_DEFAULT_ALLOW) {
		judge_all_allowed(report, from);
		return 0;
	}
	j.looks = rf_ll_looks_new();
	if (!j.looks)
		return rf_err_sys(err, -ENOMEM, "cannot judge the policy");
	r = judge_rules(&j, report, from, err);
	if (r == 0)
		r = add_remarks(report, policy, err);
	if (r == 0) {
		(void)rf_ll_looks_free(report->looks);
		report->looks = RF_TAKE_PTR(j.looks);
	}
	return r;
}

uint64_t rf_ll_scopes(const struct rf_policy *policy, int abi)
{
	if (abi < RF_LL_ABI_SCOPE || policy->mode == RF_MODE_AUDIT)
		return 0;
	return policy->kernel[RF_KERNEL_SIGNALS].value == RF_KERNEL_INSIDE ? RF_LL_SCOPE_SIGNAL : 0;
}

int rf_ll_judge_kernel(const struct rf_policy *policy, int abi, struct rf_report *report,
		       struct rf_err *err)
{
	size_t from = report->n;
	int r = rf_report_items(report, policy, RF_SECTION_KERNEL, err);

	if (r < 0)
		return r;
	for (size_t i = from; i < report->n; i++) {
		struct rf_coverage *item = &report->items[i];
		enum rf_kernel_value value = policy->kernel[item->key].value;

		if (value == RF_KERNEL_ALLOW)
			answer_exact(item);
		else if (policy->mode == RF_MODE_AUDIT)
			rf_ll_answer(item, RF_HOLD_NONE, "Landlock cannot let pass and record");
		else if (value == RF_KERNEL_INSIDE && item->key == RF_KERNEL_PTRACE)
			answer_exact(item);
		else if (value == RF_KERNEL_INSIDE && rf_ll_scopes(policy, abi) &&
			 item->key == RF_KERNEL_SIGNALS)
			answer_exact(item);
		else if (value == RF_KERNEL_INSIDE && item->key == RF_KERNEL_SIGNALS)
			rf_ll_answer(item, RF_HOLD_NONE,
				     "Landlock ABI %d has no scopes (ABI 6, Linux 6.12)", abi);
		else
			rf_ll_answer(item, RF_HOLD_NONE, "Landlock has nothing for this");
	}
	return 0;
}
