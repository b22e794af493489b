/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings about a policy that is valid: rules without effect, grants without bounds, and what the
 * fence cannot hold (POLICY.md 13 and 19).
 *
 * Pairs of rules are compared as texts here, so that the other rule can be named; what several
 * rules do together is found in check_use.c.
 */
#include "sandbox/policy/check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/base/str.h"
#include "sandbox/policy/check_use.h"
#include "sandbox/policy/problem.h"
#include "sandbox/policy/siblings.h"

/* Pairs of rules are compared up to this many rules, patterns and address ranges of a section. */
#define PAIRS_MAX    3000
#define PATTERNS_MAX 10000
#define RANGES_MAX   10000

struct checker {
	const struct rf_policy *policy;
	struct rf_problems *problems;
	bool *told; /* by index of a rule */
	int error;
};

static void warn(struct checker *c, const struct rf_place *place, const char *fmt, ...)
	RF_PRINTF(3, 4);

static void warn(struct checker *c, const struct rf_place *place, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (rf_problems_add(c->problems, true, place, "", text) < 0)
		c->error = -ENOMEM;
}

static bool is_literal(const struct rf_pattern *pattern)
{
	return pattern->literal || !strpbrk(pattern->text, "*?[{");
}

/* Every name of `inner` is one of `outer`, as far as the texts show. */
static bool covers(const struct rf_pattern *outer, const struct rf_pattern *inner)
{
	size_t len = strlen(outer->text);

	if (strcmp(outer->text, inner->text) == 0 && outer->literal == inner->literal)
		return true;
	if (outer->literal)
		return false;
	if (strcmp(outer->text, "/**") == 0)
		return true;
	if (rf_str_has_prefix(outer->text, "**/") && !strpbrk(outer->text + 3, "*?[{/")) {
		const char *name = strrchr(inner->text, '/');

		return name && strcmp(name + 1, outer->text + 3) == 0;
	}
	if (len < 3 || strcmp(outer->text + len - 3, "/**") != 0)
		return false;
	len -= 3;
	if (memchr(outer->text, '*', len) || memchr(outer->text, '?', len) ||
	    memchr(outer->text, '{', len))
		return false;
	return strncmp(outer->text, inner->text, len) == 0 &&
	       (inner->text[len] == '/' || !inner->text[len]);
}

static bool covers_all(const struct rf_pattern *outer, size_t n_outer,
		       const struct rf_pattern *inner, size_t n_inner)
{
	for (size_t i = 0; i < n_inner; i++) {
		bool covered = false;

		for (size_t o = 0; o < n_outer && !covered; o++)
			covered = covers(&outer[o], &inner[i]);
		if (!covered)
			return false;
	}
	return n_inner > 0;
}

static bool in_all_sessions(const struct rf_rule *outer, const struct rf_rule *inner)
{
	return outer->session == RF_SESSION_ANY || outer->session == inner->session;
}

/* What a rule for `rights` decides about `wanted`, it decides about all of it. */
static bool file_rule_covers(const struct rf_file_rule *outer, const struct rf_file_rule *inner)
{
	return (inner->rights & ~outer->rights) == 0 && !outer->n_except &&
	       outer->rule.mode == RF_MODE_ENFORCE && in_all_sessions(&outer->rule, &inner->rule) &&
	       covers_all(outer->paths, outer->n_paths, inner->paths, inner->n_paths);
}

/* Every range of `inner` lies in one of `outer`, of which none means any. */
static bool covers_addresses(const struct rf_net_rule *outer, const struct rf_net_rule *inner)
{
	for (size_t i = 0; i < inner->n_to; i++) {
		const struct rf_addr_range *in = &inner->to[i];
		bool covered = outer->n_to == 0;

		for (size_t o = 0; o < outer->n_to && !covered; o++)
			covered = memcmp(outer->to[o].first, in->first, sizeof(in->first)) <= 0 &&
				  memcmp(outer->to[o].last, in->last, sizeof(in->last)) >= 0;
		if (!covered)
			return false;
	}
	return inner->n_to > 0 || outer->n_to == 0;
}

static bool covers_ports(const struct rf_net_rule *outer, const struct rf_net_rule *inner)
{
	for (size_t i = 0; i < inner->n_ports; i++) {
		bool covered = outer->n_ports == 0;

		for (size_t o = 0; o < outer->n_ports && !covered; o++)
			covered = outer->ports[o].first <= inner->ports[i].first &&
				  outer->ports[o].last >= inner->ports[i].last;
		if (!covered)
			return false;
	}
	return inner->n_ports > 0 || outer->n_ports == 0;
}

static bool net_rule_covers(const struct rf_net_rule *outer, const struct rf_net_rule *inner)
{
	if (outer->is_unix != inner->is_unix || inner->rights & ~outer->rights ||
	    outer->rule.mode != RF_MODE_ENFORCE || !in_all_sessions(&outer->rule, &inner->rule))
		return false;
	if (outer->is_unix)
		return covers_all(outer->unix_names, outer->n_unix, inner->unix_names,
				  inner->n_unix);
	return !(inner->protocols & ~outer->protocols) && covers_addresses(outer, inner) &&
	       covers_ports(outer, inner);
}

static bool covers_node(const struct rf_dev_node *outer, const struct rf_dev_node *inner)
{
	if (outer->pattern || inner->pattern)
		return rf_str_eq(outer->pattern, inner->pattern);
	return (outer->type == 'a' || outer->type == inner->type) &&
	       (outer->major < 0 || outer->major == inner->major) &&
	       (outer->minor < 0 || outer->minor == inner->minor);
}

static bool dev_rule_covers(const struct rf_dev_rule *outer, const struct rf_dev_rule *inner)
{
	if (inner->rights & ~outer->rights || outer->rule.mode != RF_MODE_ENFORCE ||
	    !in_all_sessions(&outer->rule, &inner->rule))
		return false;
	for (size_t i = 0; i < inner->n_nodes; i++) {
		bool covered = false;

		for (size_t o = 0; o < outer->n_nodes && !covered; o++)
			covered = covers_node(&outer->nodes[o], &inner->nodes[i]);
		if (!covered)
			return false;
	}
	return inner->n_nodes > 0;
}

static void tell_pair(struct checker *c, const struct rf_rule *outer, const struct rf_rule *inner)
{
	char place[512];

	c->told[inner->index] = true;
	(void)snprintf(place, sizeof(place), "%s (%s:%u)", outer->id, outer->place.file,
		       outer->place.line);
	if (outer->deny && !inner->deny)
		warn(c, &inner->place, "the allow rule \"%s\" is void: the deny rule %s covers it",
		     inner->id, place);
	else
		warn(c, &inner->place, "the rule \"%s\" adds nothing to the rule %s", inner->id,
		     place);
}

/* What adds nothing here and now may add something for another caller. */
static bool is_varied(const struct rf_pattern *patterns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (patterns[i].varied)
			return true;
	return false;
}

/* Told once a rule, for the first that covers it. Of two equal rules the later is told. */
static bool is_pair(const struct rf_rule *outer, const struct rf_rule *inner, bool varied,
		    bool back)
{
	if (varied && outer->deny == inner->deny)
		return false;
	if (outer == inner || (!outer->deny && inner->deny))
		return false;
	if (inner->mode == RF_MODE_AUDIT || inner->audit || (inner->kill && !outer->kill))
		return false;
	return outer->deny != inner->deny || !back || outer->index < inner->index;
}

static void check_file_pairs(struct checker *c)
{
	const struct rf_policy *policy = c->policy;
	size_t patterns = 0;

	for (size_t i = 0; i < policy->n_files; i++)
		patterns += policy->files[i].n_paths;
	if (policy->n_files > PAIRS_MAX || patterns > PATTERNS_MAX)
		return;
	for (size_t i = 0; i < policy->n_files; i++) {
		const struct rf_file_rule *inner = &policy->files[i];

		for (size_t o = 0; o < policy->n_files; o++) {
			const struct rf_file_rule *outer = &policy->files[o];

			if (!file_rule_covers(outer, inner) ||
			    !is_pair(&outer->rule, &inner->rule,
				     is_varied(inner->paths, inner->n_paths),
				     file_rule_covers(inner, outer)))
				continue;
			c->told[outer->rule.index] |= file_rule_covers(inner, outer);
			tell_pair(c, &outer->rule, &inner->rule);
			break;
		}
	}
}

/* As in check_use.c: what need not hold, and what tells its own reason, may well repeat another. */
static bool may_repeat(const struct rf_policy *policy, const struct rf_rule *rule)
{
	return rule->need == RF_NEED_SHOULD || rf_rule_is_told_for_itself(rule) ||
	       rf_rule_is_inherited(policy, rule);
}

static void check_net_pairs(struct checker *c)
{
	const struct rf_policy *policy = c->policy;
	size_t ranges = 0;

	for (size_t i = 0; i < policy->n_network; i++)
		ranges += policy->network[i].n_to + policy->network[i].n_unix;
	if (policy->n_network > PAIRS_MAX || ranges > RANGES_MAX)
		return;
	for (size_t i = 0; i < policy->n_network; i++) {
		const struct rf_net_rule *inner = &policy->network[i];
		bool varied = inner->is_unix ? is_varied(inner->unix_names, inner->n_unix)
					     : inner->varied || may_repeat(policy, &inner->rule);

		for (size_t o = 0; o < policy->n_network; o++) {
			const struct rf_net_rule *outer = &policy->network[o];

			if (!net_rule_covers(outer, inner) ||
			    !is_pair(&outer->rule, &inner->rule, varied,
				     net_rule_covers(inner, outer)))
				continue;
			c->told[outer->rule.index] |= net_rule_covers(inner, outer);
			tell_pair(c, &outer->rule, &inner->rule);
			break;
		}
	}
}

static void check_device_pairs(struct checker *c)
{
	const struct rf_policy *policy = c->policy;

	for (size_t i = 0; i < policy->n_devices && policy->n_devices <= PAIRS_MAX; i++) {
		const struct rf_dev_rule *inner = &policy->devices[i];

		for (size_t o = 0; o < policy->n_devices; o++) {
			const struct rf_dev_rule *outer = &policy->devices[o];

			if (!dev_rule_covers(outer, inner) ||
			    !is_pair(&outer->rule, &inner->rule, may_repeat(policy, &inner->rule),
				     dev_rule_covers(inner, outer)))
				continue;
			tell_pair(c, &outer->rule, &inner->rule);
			break;
		}
	}
}

/* With `default: allow` an allow rule changes nothing unless it records. */
static void check_needless(struct checker *c, const struct rf_rule *rule, enum rf_default fallback)
{
	if (fallback == RF_DEFAULT_ALLOW && !rule->deny && !rule->audit)
		warn(c, &rule->place,
		     "the allow rule \"%s\" changes nothing: the default of the section is allow",
		     rule->id);
}

static void check_broad_files(struct checker *c, const struct rf_file_rule *rule)
{
	if (rule->rule.deny || !(rule->rights & RF_FILE_WRITE_ALL) ||
	    c->policy->files_default == RF_DEFAULT_ALLOW)
		return;
	for (size_t i = 0; i < rule->n_paths; i++) {
		const char *text = rule->paths[i].text;

		if (!rule->paths[i].literal &&
		    (strcmp(text, "/**") == 0 || strcmp(text, "**/*") == 0 ||
		     strcmp(text, "/*/**") == 0))
			warn(c, &rule->rule.place,
			     "the rule \"%s\" grants writing to the whole tree (\"%s\")",
			     rule->rule.id, text);
	}
}

static void check_broad_network(struct checker *c, const struct rf_net_rule *rule)
{
	static const uint8_t somewhere[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 8, 8, 8, 8};
	bool internet = rule->n_to == 0, any_port = rule->n_ports == 0;

	for (size_t i = 0; i < rule->n_ports; i++)
		any_port |= rule->ports[i].first <= 1 && rule->ports[i].last == UINT16_MAX;
	if (rule->rule.deny || rule->is_unix || !any_port || !(rule->rights & RF_NET_CONNECT) ||
	    c->policy->network_default == RF_DEFAULT_ALLOW)
		return;
	for (size_t i = 0; i < rule->n_to && !internet; i++)
		internet = memcmp(rule->to[i].first, somewhere, 16) <= 0 &&
			   memcmp(rule->to[i].last, somewhere, 16) >= 0 &&
			   memcmp(rule->to[i].first, rule->to[i].last, 13) != 0;
	if (internet)
		warn(c, &rule->rule.place,
		     "the rule \"%s\" grants connections to the internet on any port",
		     rule->rule.id);
}

/*
 * POLICY.md 13: what a link made earlier, outside, still shows. Of what a policy extends, its own
 * check tells: its reader cannot change it here.
 */
static void check_earlier_links(struct checker *c)
{
	for (size_t i = 0; i < c->policy->n_files && !c->policy->links_deny; i++) {
		const struct rf_file_rule *rule = &c->policy->files[i];

		if (!rule->rule.deny || rf_rule_is_inherited(c->policy, &rule->rule))
			continue;
		for (size_t j = 0; j < rule->n_paths; j++) {
			if (is_literal(&rule->paths[j]))
				continue;
			warn(c, &rule->rule.place,
			     "hard links made earlier, outside, to files that only a wildcard such "
			     "as \"%s\" denies are not covered; \"links\": \"deny\" refuses "
			     "regular files with several links",
			     rule->paths[j].text);
			return;
		}
	}
}

static void check_kernel(struct checker *c)
{
	static const enum rf_kernel_key keys[] = {RF_KERNEL_BPF, RF_KERNEL_MODULES};

	for (size_t i = 0; i < RF_ARRAY_LEN(keys); i++) {
		const struct rf_kernel_setting *setting = &c->policy->kernel[keys[i]];

		if (setting->given && setting->value == RF_KERNEL_ALLOW)
			warn(c, &setting->place,
			     "\"%s\": \"allow\" voids self-protection: the command can remove the "
			     "fence",
			     rf_kernel_key_name(keys[i]));
	}
}

int rf_policy_check(const struct rf_policy *policy, struct rf_problems *ret)
{
	RF_AUTOFREE bool *told = calloc(policy->n_rules + 1, sizeof(*told));
	struct checker c = {.policy = policy, .problems = ret, .told = told};

	if (!told)
		return -ENOMEM;
	check_kernel(&c);
	check_file_pairs(&c);
	check_net_pairs(&c);
	check_device_pairs(&c);
	check_earlier_links(&c);
	for (size_t i = 0; i < policy->n_files; i++) {
		check_needless(&c, &policy->files[i].rule, policy->files_default);
		check_broad_files(&c, &policy->files[i]);
	}
	for (size_t i = 0; i < policy->n_network; i++) {
		check_needless(&c, &policy->network[i].rule, policy->network_default);
		check_broad_network(&c, &policy->network[i]);
	}
	for (size_t i = 0; i < policy->n_devices; i++)
		check_needless(&c, &policy->devices[i].rule, policy->devices_default);
	if (c.error == 0)
		c.error = rf_policy_check_use(policy, told, ret);
	if (c.error == 0)
		c.error = rf_siblings_check(policy, ret);
	if (c.error < 0)
		return c.error;
	return rf_problems_sort(ret);
}
