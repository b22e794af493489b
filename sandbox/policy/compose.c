/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting files together (POLICY.md, "Composition"): rules are united, everything else is
 * tightened, and the order in which policies are named changes no verdict.
 */
#include <string.h>

#include "sandbox/policy/compose_strictest.h"
#include "sandbox/policy/draft_order.h"
#include "sandbox/policy/load.h"
#include "sandbox/policy/problem.h"

struct composer {
	struct rf_parse *p;
	struct rf_draft **drafts;     /* in an order of their own */
	struct rf_draft *const *read; /* as they were named: outermost first */
	size_t n_drafts, n_roots;
	struct rf_policy *policy;
	const struct rf_rule **rules;
	uint32_t n_rules;
};

#define FOR_EACH_DRAFT(c, draft)                                                                   \
	for (size_t draft##_i = 0; draft##_i < (c)->n_drafts; draft##_i++)                         \
		for (const struct rf_draft *draft = (c)->drafts[draft##_i]; draft; draft = NULL)

static void tell(struct composer *c, const struct rf_place *place, const char *pointer,
		 const char *text)
{
	c->p->n_errors++;
	if (rf_problems_add(c->p->problems, false, place, pointer, text) < 0)
		c->p->no_memory = true;
}

/*
 * A list of rules of all drafts in one array; numbers them and puts them into c->rules. Those that
 * kill come first: of several rules that deny, the lowest number decides.
 */
#define UNITE(name, member, type, vec, ret, ret_n)                                                 \
	static void name(struct composer *c)                                                       \
	{                                                                                          \
		size_t n = 0;                                                                      \
		type *all;                                                                         \
                                                                                                   \
		FOR_EACH_DRAFT (c, draft)                                                          \
			n += draft->vec.len;                                                       \
		all = n ? rf_arena_array(c->p->arena, n, sizeof(*all)) : NULL;                     \
		c->p->no_memory |= n && !all;                                                      \
		if (!all)                                                                          \
			return;                                                                    \
		n = 0;                                                                             \
		for (int kill = 1; kill >= 0; kill--)                                              \
			FOR_EACH_DRAFT (c, draft)                                                  \
				for (size_t i = 0; i < draft->vec.len; i++) {                      \
					if (draft->vec.data[i].rule.kill != kill)                  \
						continue;                                          \
					all[n] = draft->vec.data[i];                               \
					all[n].rule.index = c->n_rules;                            \
					c->rules[c->n_rules++] = &all[n++].rule;                   \
				}                                                                  \
		c->policy->ret = all;                                                              \
		c->policy->ret_n = n;                                                              \
	}                                                                                          \
	_Static_assert(1, "takes a semicolon")

UNITE(unite_files, files, struct rf_file_rule, files, files, n_files);
UNITE(unite_network, network, struct rf_net_rule, network, network, n_network);
UNITE(unite_devices, devices, struct rf_dev_rule, devices, devices, n_devices);

static size_t count_rules(const struct composer *c)
{
	size_t n = 0;

	FOR_EACH_DRAFT (c, draft)
		n += draft->files.len + draft->network.len + draft->devices.len + draft->calls.len;
	return n;
}

/* Filters are stacked, not united: each keeps its own rules. */
static void stack_filters(struct composer *c)
{
	struct rf_filter *filters;
	size_t n = 0;

	FOR_EACH_DRAFT (c, draft)
		n += draft->sections[RF_SECTION_SECCOMP].given;
	filters = n ? rf_arena_array(c->p->arena, n, sizeof(*filters)) : NULL;
	c->p->no_memory |= n && !filters;
	if (!filters)
		return;
	n = 0;
	FOR_EACH_DRAFT (c, draft) {
		struct rf_sys_rule *rules;

		if (!draft->sections[RF_SECTION_SECCOMP].given)
			continue;
		rules = rf_parse_array(c->p, draft->calls.data, draft->calls.len, sizeof(*rules));
		filters[n] = draft->filter;
		filters[n].rules = rules;
		filters[n++].n_rules = rules ? draft->calls.len : 0;
		for (size_t i = 0; rules && i < draft->calls.len; i++) {
			rules[i].rule.index = c->n_rules;
			c->rules[c->n_rules++] = &rules[i].rule;
		}
	}
	c->policy->filters = filters;
	c->policy->n_filters = n;
}

static bool has_default(enum rf_section section)
{
	return section == RF_SECTION_FILES || section == RF_SECTION_NETWORK ||
	       section == RF_SECTION_DEVICES;
}

/* Present, need and place of a section; returns its default, where it has one. */
static enum rf_default unite_section(struct composer *c, enum rf_section section)
{
	struct rf_section_info *info = &c->policy->sections[section];
	enum rf_default fallback = RF_DEFAULT_ALLOW;
	const struct rf_draft_section *first = NULL;
	bool decided = false;
	char pointer[32];

	info->need = RF_NEED_SHOULD;
	FOR_EACH_DRAFT (c, draft) {
		const struct rf_draft_section *given = &draft->sections[section];

		if (given->given && !first)
			first = given;
		if (!given->given || (has_default(section) && !given->default_given))
			continue;
		if (given->need == RF_NEED_MUST)
			info->need = RF_NEED_MUST;
		if (!decided || (fallback == RF_DEFAULT_ALLOW &&
				 given->fallback == RF_DEFAULT_DENY && has_default(section))) {
			info->place = given->place;
			fallback = given->fallback;
		}
		decided = true;
	}
	info->present = first;
	if (first && !decided) {
		(void)snprintf(pointer, sizeof(pointer), "/%s", rf_section_name(section));
		tell(c, &first->place, first->place.line ? pointer : "",
		     "the section has no \"default\", neither its own nor an inherited one; write "
		     "\"default\": \"deny\" or \"allow\"");
	}
	return fallback;
}

static bool keeps(const struct rf_draft *draft, const char *name)
{
	for (size_t i = 0; i < draft->env_keep.len; i++)
		if (strcmp(draft->env_keep.data[i], name) == 0)
			return true;
	return false;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What every list that is given keeps. */
static void unite_env_keep(struct composer *c)
{
	const struct rf_draft *first = NULL;
	struct rf_names all = {0};

	FOR_EACH_DRAFT (c, draft)
		if (draft->env_keep_given && !first)
			first = draft;
	for (size_t i = 0; first && i < first->env_keep.len; i++) {
		const char *name = first->env_keep.data[i];
		bool kept = true;

		FOR_EACH_DRAFT (c, draft)
			kept &= !draft->env_keep_given || keeps(draft, name);
		for (size_t j = 0; j < all.len && kept; j++)
			kept = strcmp(all.data[j], name) != 0;
		if (kept)
			c->p->no_memory |= rf_names_push(&all, name) < 0;
	}
	if (all.len)
		qsort(all.data, all.len, sizeof(*all.data), compare_names);
	c->policy->env_keep_given = first;
	c->policy->env_keep = rf_parse_array(c->p, all.data, all.len, sizeof(*all.data));
	c->policy->n_env_keep = all.len;
	rf_names_done(&all);
}

static void add_env(struct composer *c, struct rf_env_sets *all, const struct rf_env_set *set,
		    const struct rf_place *place)
{
	char text[1024];

	for (size_t i = 0; i < all->len; i++) {
		if (strcmp(all->data[i].name, set->name) != 0)
			continue;
		if (strcmp(all->data[i].value, set->value) == 0)
			return;
		(void)snprintf(text, sizeof(text),
			       "the policies set the variable %s to different values, \"%s\" and "
			       "\"%s\"",
			       set->name, all->data[i].value, set->value);
		tell(c, place, "/process/env/set", text);
		return;
	}
	c->p->no_memory |= rf_env_sets_push(all, *set) < 0;
}

static int compare_env(const void *a, const void *b)
{
	return strcmp(((const struct rf_env_set *)a)->name, ((const struct rf_env_set *)b)->name);
}

static void unite_env_set(struct composer *c)
{
	struct rf_env_sets all = {0};

	FOR_EACH_DRAFT (c, draft)
		for (size_t i = 0; i < draft->env_set.len; i++)
			add_env(c, &all, &draft->env_set.data[i], &draft->env_place);
	if (all.len)
		qsort(all.data, all.len, sizeof(*all.data), compare_env);
	c->policy->env_set = rf_parse_array(c->p, all.data, all.len, sizeof(*all.data));
	c->policy->n_env_set = all.len;
	rf_env_sets_done(&all);
}

/* true wins; no_new_privileges is true unless somebody wrote false and nobody true. */
static void unite_flags(struct composer *c)
{
	bool nnp_false = false, nnp_true = false;

	FOR_EACH_DRAFT (c, draft) {
		nnp_true |= draft->nnp_given && draft->nnp;
		nnp_false |= draft->nnp_given && !draft->nnp;
		c->policy->new_session |= draft->session_given && draft->new_session;
		c->policy->links_deny |= draft->links_deny;
	}
	c->policy->no_new_privileges = nnp_true || !nnp_false;
}

/*
 * Enforce and must win over what else is written. Of policies that extend each other only what is
 * written counts; an argument that writes nothing at all asks for enforce and must.
 */
static void unite_mode_and_need(struct composer *c)
{
	c->policy->mode = RF_MODE_AUDIT;
	c->policy->need = RF_NEED_SHOULD;
	for (size_t root = 0; root < c->n_roots; root++) {
		bool audit = false, enforce = false, should = false, must = false;

		FOR_EACH_DRAFT (c, draft) {
			if (!(draft->roots >> root & 1))
				continue;
			audit |= draft->mode_given && draft->mode == RF_MODE_AUDIT;
			enforce |= draft->mode_given && draft->mode == RF_MODE_ENFORCE;
			should |= draft->need_given && draft->need == RF_NEED_SHOULD;
			must |= draft->need_given && draft->need == RF_NEED_MUST;
		}
		if (enforce || !audit)
			c->policy->mode = RF_MODE_ENFORCE;
		if (must || !should)
			c->policy->need = RF_NEED_MUST;
	}
}

/* The outermost of those that write it: lowest depth, then first named. */
static void take_audit(struct composer *c)
{
	const struct rf_draft_audit *audit = NULL;
	size_t depth = SIZE_MAX;

	c->policy->dedupe_ns = RF_NS_PER_SEC;
	for (size_t i = 0; i < c->n_drafts; i++) {
		const struct rf_draft *draft = c->read[i];

		if (draft->audit.given && draft->depth < depth) {
			audit = &draft->audit;
			depth = draft->depth;
		}
	}
	if (!audit)
		return;
	c->policy->audit_exec_allowed = audit->exec_allowed;
	c->policy->audit_connect_allowed = audit->connect_allowed;
	c->policy->audit_file_rights = audit->file_rights;
	c->policy->dedupe_ns = audit->dedupe_ns;
}

/* The name of the first argument, else what its file is called. */
static void take_name(struct composer *c)
{
	const struct rf_draft *first = c->read[0];
	const char *file = strrchr(first->doc.name, '/');
	size_t len;

	c->policy->name = first->name;
	if (first->name)
		return;
	file = file ? file + 1 : first->doc.name + (first->doc.name[0] == '@');
	len = strlen(file);
	if (rf_str_has_suffix(file, ".json"))
		len -= strlen(".json");
	c->policy->name = rf_arena_strndup(c->p->arena, file, len);
	c->p->no_memory |= !c->policy->name;
}

static void list_sources(struct composer *c)
{
	const char **sources = rf_arena_array(c->p->arena, c->n_drafts, sizeof(*sources));

	c->p->no_memory |= !sources;
	for (size_t i = 0; sources && i < c->n_drafts; i++)
		sources[i] = c->read[i]->doc.name;
	c->policy->sources = sources;
	c->policy->n_sources = sources ? c->n_drafts : 0;
}

/* Rules of the command line belong to no file: they are needed as much as the whole. */
static void adopt_need(struct composer *c, enum rf_need need)
{
	FOR_EACH_DRAFT (c, draft) {
		if (!draft->doc.synthetic)
			continue;
		for (size_t i = 0; i < draft->files.len; i++)
			draft->files.data[i].rule.need = need;
		for (size_t i = 0; i < draft->network.len; i++)
			draft->network.data[i].rule.need = need;
	}
}

/* --mode and --need say the last word; defaulted kernel keys stay wishes. */
static void force_options(struct composer *c)
{
	const struct rf_load_options *options = c->p->options;
	struct rf_policy *policy = c->policy;

	if (options->force_mode)
		policy->mode = options->audit_mode ? RF_MODE_AUDIT : RF_MODE_ENFORCE;
	if (!options->force_need)
		return;
	policy->need = options->need;
	for (size_t i = 0; i < RF_SECTION_COUNT; i++)
		policy->sections[i].need = options->need;
	for (size_t i = 0; i < RF_KERNEL_COUNT; i++)
		if (policy->kernel[i].given)
			policy->kernel[i].need = options->need;
	FOR_EACH_DRAFT (c, draft) {
		for (size_t i = 0; i < draft->files.len; i++)
			draft->files.data[i].rule.need = options->need;
		for (size_t i = 0; i < draft->network.len; i++)
			draft->network.data[i].rule.need = options->need;
		for (size_t i = 0; i < draft->devices.len; i++)
			draft->devices.data[i].rule.need = options->need;
		for (size_t i = 0; i < draft->calls.len; i++)
			draft->calls.data[i].rule.need = options->need;
	}
	for (size_t i = 0; i < c->n_drafts; i++)
		c->drafts[i]->filter.need = options->need;
}

static void unite_sections(struct composer *c)
{
	struct rf_policy *policy = c->policy;

	for (size_t i = 0; i < RF_SECTION_COUNT; i++) {
		enum rf_default fallback = unite_section(c, (enum rf_section)i);

		if (i == RF_SECTION_FILES)
			policy->files_default = fallback;
		else if (i == RF_SECTION_NETWORK)
			policy->network_default = fallback;
		else if (i == RF_SECTION_DEVICES)
			policy->devices_default = fallback;
	}
}

int rf_policy_compose(struct rf_loader *loader, size_t n_roots, struct rf_policy *policy)
{
	struct composer c = {
		.p = &loader->parse,
		.read = loader->drafts.data,
		.n_drafts = loader->drafts.len,
		.n_roots = n_roots,
		.policy = policy,
	};
	size_t n;

	c.drafts = rf_arena_array(c.p->arena, c.n_drafts, sizeof(*c.drafts));
	if (!c.drafts || rf_drafts_order(c.drafts, c.read, c.n_drafts, n_roots) < 0)
		return -ENOMEM;
	n = count_rules(&c);
	c.rules = n ? rf_arena_array(c.p->arena, n, sizeof(*c.rules)) : NULL;
	if (n && !c.rules)
		return -ENOMEM;
	unite_sections(&c);
	rf_compose_strictest(c.p, c.drafts, c.n_drafts, policy);
	unite_env_keep(&c);
	unite_env_set(&c);
	unite_flags(&c);
	unite_mode_and_need(&c);
	take_audit(&c);
	take_name(&c);
	list_sources(&c);
	adopt_need(&c, policy->need);
	force_options(&c);
	unite_files(&c);
	unite_network(&c);
	unite_devices(&c);
	stack_filters(&c);
	policy->rules = c.rules;
	policy->n_rules = c.n_rules;
	if (c.p->no_memory)
		return -ENOMEM;
	return c.p->n_errors ? -EINVAL : 0;
}
