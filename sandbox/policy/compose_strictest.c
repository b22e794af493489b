/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where several files speak of one thing and the strictest of them decides (POLICY.md, 2).
 *
 * Who decides is kept beside what is decided: whoever asks what to change is told each file that
 * stands in the way.
 */
#include "sandbox/policy/compose_strictest.h"

#include <string.h>

struct strictest {
	struct rf_parse *p;
	struct rf_draft *const *drafts;
	size_t n_drafts;
	struct rf_policy *policy;
};

#define FOR_EACH_DRAFT(c, draft)                                                                   \
	for (size_t draft##_i = 0; draft##_i < (c)->n_drafts; draft##_i++)                         \
		for (const struct rf_draft *draft = (c)->drafts[draft##_i]; draft; draft = NULL)

/* deny > inside > allow; what nobody wrote has the default of POLICY.md 4 and need should. */
static void unite_key(const struct strictest *c, enum rf_kernel_key key)
{
	struct rf_kernel_setting *setting = &c->policy->kernel[key];

	FOR_EACH_DRAFT (c, draft) {
		const struct rf_kernel_setting *given = &draft->kernel[key];
		bool must = setting->given && setting->need == RF_NEED_MUST;

		if (!given->given)
			continue;
		if (!setting->given || given->value > setting->value)
			*setting = *given;
		if (must || given->need == RF_NEED_MUST)
			setting->need = RF_NEED_MUST;
	}
	if (setting->given)
		return;
	setting->need = RF_NEED_SHOULD;
	setting->value = key == RF_KERNEL_PTRACE || key == RF_KERNEL_SIGNALS || key == RF_KERNEL_IPC
				 ? RF_KERNEL_INSIDE
				 : RF_KERNEL_DENY;
}

/* Who else stands in the way of a key. */
static void list_restrictions(const struct strictest *c)
{
	struct rf_key_limits all = {0};

	FOR_EACH_DRAFT (c, draft)
		for (size_t key = 0; key < RF_KERNEL_COUNT; key++) {
			const struct rf_kernel_setting *given = &draft->kernel[key];
			const struct rf_key_limit limit = {.key = (enum rf_kernel_key)key,
							   .place = given->place};

			if (given->given && given->value != RF_KERNEL_ALLOW)
				c->p->no_memory |= rf_key_limits_push(&all, limit) < 0;
		}
	c->policy->key_limits = rf_parse_array(c->p, all.data, all.len, sizeof(*all.data));
	c->policy->n_key_limits = all.len;
	rf_key_limits_done(&all);
}

static void unite_kernel(const struct strictest *c)
{
	for (size_t key = 0; key < RF_KERNEL_COUNT; key++)
		unite_key(c, (enum rf_kernel_key)key);
	list_restrictions(c);
	c->policy->sections[RF_SECTION_KERNEL].present = true;
}

static void unite_capabilities(const struct strictest *c)
{
	struct rf_keeps all = {0};

	c->policy->capabilities_keep = ~UINT64_C(0);
	FOR_EACH_DRAFT (c, draft) {
		const struct rf_draft_section *section = &draft->sections[RF_SECTION_CAPABILITIES];
		const struct rf_keep keep = {.bits = draft->capabilities_keep,
					     .place = section->place};

		if (!section->given)
			continue;
		c->policy->capabilities_keep &= keep.bits;
		c->p->no_memory |= rf_keeps_push(&all, keep) < 0;
	}
	c->policy->keeps = rf_parse_array(c->p, all.data, all.len, sizeof(*all.data));
	c->policy->n_keeps = all.len;
	rf_keeps_done(&all);
}

static void take_smaller(const struct strictest *c, enum rf_resource resource, uint64_t *value,
			 uint64_t other, const struct rf_draft *draft)
{
	if (!other || (*value && other >= *value))
		return;
	*value = other;
	c->policy->resource_places[resource] = draft->sections[RF_SECTION_RESOURCES].place;
}

static void unite_resources(const struct strictest *c)
{
	struct rf_policy *policy = c->policy;

	FOR_EACH_DRAFT (c, draft) {
		take_smaller(c, RF_RESOURCE_MEMORY, &policy->memory_max, draft->memory_max, draft);
		take_smaller(c, RF_RESOURCE_PIDS, &policy->pids_max, draft->pids_max, draft);
		take_smaller(c, RF_RESOURCE_CPU, &policy->cpu_max_permille, draft->cpu_max_permille,
			     draft);
	}
}

static int add_rlimit(struct rf_rlimits *all, const struct rf_rlimit *limit)
{
	for (size_t i = 0; i < all->len; i++) {
		struct rf_rlimit *known = &all->data[i];

		if (known->resource != limit->resource)
			continue;
		known->soft = limit->soft < known->soft ? limit->soft : known->soft;
		known->hard = limit->hard < known->hard ? limit->hard : known->hard;
		return 0;
	}
	return rf_rlimits_push(all, *limit);
}

static int compare_rlimits(const void *a, const void *b)
{
	return strcmp(((const struct rf_rlimit *)a)->name, ((const struct rf_rlimit *)b)->name);
}

static void unite_rlimits(const struct strictest *c)
{
	struct rf_rlimits all = {0};

	FOR_EACH_DRAFT (c, draft)
		for (size_t i = 0; i < draft->rlimits.len; i++)
			c->p->no_memory |= add_rlimit(&all, &draft->rlimits.data[i]) < 0;
	if (all.len)
		qsort(all.data, all.len, sizeof(*all.data), compare_rlimits);
	c->policy->rlimits = rf_parse_array(c->p, all.data, all.len, sizeof(*all.data));
	c->policy->n_rlimits = all.len;
	rf_rlimits_done(&all);
}

void rf_compose_strictest(struct rf_parse *p, struct rf_draft *const *drafts, size_t n,
			  struct rf_policy *policy)
{
	const struct strictest c = {.p = p, .drafts = drafts, .n_drafts = n, .policy = policy};

	unite_kernel(&c);
	unite_capabilities(&c);
	unite_resources(&c);
	unite_rlimits(&c);
}
