/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of everything a policy asks for, item by item, before anybody says what holds it.
 *
 * Made from the policy alone, so that a back-end which forgets an item cannot hide it: the item is
 * here already, held by nobody.
 */
#include "sandbox/launch/backend.h"

#include <string.h>

#include "sandbox/base/vec.h"
#include "sandbox/launch/landlock_looks.h"

/* In the order of enum rf_kernel_key. */
static const char *const kernel_ids[] = {
	"kernel.mount",	      "kernel.user_namespaces",
	"kernel.namespaces",  "kernel.ptrace",
	"kernel.signals",     "kernel.ipc",
	"kernel.io_uring",    "kernel.bpf",
	"kernel.perf_events", "kernel.keyrings",
	"kernel.modules",     "kernel.fileless_exec",
};
_Static_assert(RF_ARRAY_LEN(kernel_ids) == RF_KERNEL_COUNT, "a name for each key");

struct rf_coverage *rf_report_add(struct rf_report *report)
{
	if (report->n == report->cap) {
		void *items = report->items;
		size_t cap =
			rf_vec_grow(&items, report->cap, report->n + 1, sizeof(*report->items));

		if (!cap)
			return NULL;
		report->items = items;
		report->cap = cap;
	}
	memset(&report->items[report->n], 0, sizeof(*report->items));
	return &report->items[report->n++];
}

void rf_report_done(struct rf_report *report)
{
	free(report->items);
	(void)rf_ll_looks_free(report->looks);
	memset(report, 0, sizeof(*report));
}

const struct rf_coverage *rf_report_kernel(const struct rf_report *report, enum rf_kernel_key key)
{
	for (size_t i = 0; i < report->n; i++)
		if (report->items[i].kind == RF_ITEM_KERNEL && report->items[i].key == key)
			return &report->items[i];
	return NULL;
}

static int add_item(struct rf_report *report, const struct rf_coverage *like, struct rf_err *err)
{
	struct rf_coverage *item = rf_report_add(report);

	if (!item)
		return rf_err_sys(err, -ENOMEM, "cannot list what the policy asks for");
	*item = *like;
	item->hold = RF_HOLD_NONE;
	return 0;
}

/* An item that stands for the section, or for one property of it. */
static int add_section(struct rf_report *report, const struct rf_policy *policy,
		       enum rf_section section, enum rf_item_kind kind, const char *id,
		       struct rf_err *err)
{
	const struct rf_section_info *info = &policy->sections[section];
	const struct rf_coverage like = {.section = section,
					 .kind = kind,
					 .id = id,
					 .place = info->place,
					 .need = info->need};

	return add_item(report, &like, err);
}

static int add_rules(struct rf_report *report, const struct rf_policy *policy,
		     enum rf_section section, struct rf_err *err)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct rf_rule *rule = policy->rules[i];
		const struct rf_coverage like = {.section = section,
						 .kind = RF_ITEM_RULE,
						 .rule = rule,
						 .id = rule->id,
						 .place = rule->place,
						 .need = rule->need};
		int r = 0;

		if (rule->section == section)
			r = add_item(report, &like, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_kernel_keys(struct rf_report *report, const struct rf_policy *policy,
			   struct rf_err *err)
{
	for (size_t key = 0; key < RF_KERNEL_COUNT; key++) {
		const struct rf_kernel_setting *setting = &policy->kernel[key];
		const struct rf_coverage like = {.section = RF_SECTION_KERNEL,
						 .kind = RF_ITEM_KERNEL,
						 .key = (enum rf_kernel_key)key,
						 .id = kernel_ids[key],
						 .place = setting->place,
						 .need = setting->need};
		int r = add_item(report, &like, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int rf_report_self(struct rf_report *report, const struct rf_policy *policy, struct rf_err *err)
{
	static const enum rf_kernel_key keys[] = {RF_KERNEL_BPF, RF_KERNEL_MODULES};
	struct rf_coverage like = {.section = RF_SECTION_KERNEL,
				   .kind = RF_ITEM_SECTION,
				   .id = "ringfence.self",
				   .need = RF_NEED_SHOULD};
	const char *names[RF_ARRAY_LEN(keys)];
	size_t n = 0;

	for (size_t i = 0; i < RF_ARRAY_LEN(keys); i++) {
		const struct rf_kernel_setting *setting = &policy->kernel[keys[i]];

		if (!setting->given || setting->value != RF_KERNEL_ALLOW)
			continue;
		if (n == 0)
			like.place = setting->place;
		names[n++] = rf_kernel_key_name(keys[i]);
	}
	if (n == 0)
		return 0;
	(void)snprintf(like.why, sizeof(like.why),
		       "\"%s\": \"allow\"%s%s%s void%s self-protection: the command can remove the "
		       "fence",
		       names[0], n > 1 ? " and \"" : "", n > 1 ? names[1] : "",
		       n > 1 ? "\": \"allow\"" : "", n > 1 ? "" : "s");
	return add_item(report, &like, err);
}

static int add_resources(struct rf_report *report, const struct rf_policy *policy,
			 struct rf_err *err)
{
	const struct {
		uint64_t value;
		const char *id;
	} resources[RF_RESOURCE_COUNT] = {
		[RF_RESOURCE_MEMORY] = {policy->memory_max, "resources.memory_max"},
		[RF_RESOURCE_PIDS] = {policy->pids_max, "resources.pids_max"},
		[RF_RESOURCE_CPU] = {policy->cpu_max_permille, "resources.cpu_max"},
	};

	for (size_t i = 0; i < RF_ARRAY_LEN(resources); i++) {
		int r = 0;

		if (resources[i].value)
			r = add_section(report, policy, RF_SECTION_RESOURCES, RF_ITEM_SECTION,
					resources[i].id, err);
		if (r < 0)
			return r;
		if (resources[i].value)
			report->items[report->n - 1].place = policy->resource_places[i];
	}
	return 0;
}

int rf_report_items(struct rf_report *report, const struct rf_policy *policy,
		    enum rf_section section, struct rf_err *err)
{
	static const char *const defaults[RF_SECTION_COUNT] = {
		[RF_SECTION_FILES] = "files.default",
		[RF_SECTION_NETWORK] = "network.default",
		[RF_SECTION_DEVICES] = "devices.default",
		[RF_SECTION_SECCOMP] = "seccomp.default",
	};
	int r;

	/* Absent kernel keys have defaults (POLICY.md 4): that section is always there. */
	if (section == RF_SECTION_KERNEL)
		return add_kernel_keys(report, policy, err);
	if (!policy->sections[section].present)
		return 0;
	if (section == RF_SECTION_CAPABILITIES)
		return add_section(report, policy, section, RF_ITEM_SECTION, "capabilities", err);
	if (section == RF_SECTION_PROCESS)
		return add_section(report, policy, section, RF_ITEM_SECTION, "process", err);
	if (section == RF_SECTION_RESOURCES)
		return add_resources(report, policy, err);
	r = add_section(report, policy, section, RF_ITEM_DEFAULT, defaults[section], err);
	if (r < 0)
		return r;
	return add_rules(report, policy, section, err);
}
