/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence policy show` for people: the composed policy, each rule with its place.
 */
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "cli/policy.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/addr.h"

#define TEXT_MAX (256u << 20)

static const char *const mode_names[] = {"enforce", "audit"};
static const char *const need_names[] = {"must", "should"};
static const char *const default_names[] = {"deny", "allow"};

static void add_place(struct rf_str *out, const struct rf_place *place)
{
	if (!place->file)
		return;
	rf_str_add(out, "  (");
	rf_str_add_printable(out, place->file);
	if (place->line)
		rf_str_addf(out, ":%u", place->line);
	rf_str_add(out, ")");
}

/* "files: default deny, need must  (web.json:12)", or that it is not enforced. */
static bool add_head(struct rf_str *out, const struct rf_policy *policy, enum rf_section section,
		     const enum rf_default *fallback)
{
	const struct rf_section_info *info = &policy->sections[section];

	rf_str_addf(out, "\n%s: ", rf_section_name(section));
	if (!info->present) {
		rf_str_add(out, "not enforced\n");
		return false;
	}
	if (fallback)
		rf_str_addf(out, "default %s, ", default_names[*fallback]);
	rf_str_addf(out, "need %s", need_names[info->need]);
	add_place(out, &info->place);
	rf_str_add(out, "\n");
	return true;
}

static void add_rule(struct rf_str *out, const struct rf_rule *rule)
{
	rf_str_addf(out, "  %s %s", rule->id, rule->deny ? "deny" : "allow");
}

static void add_details(struct rf_str *out, const struct rf_rule *rule)
{
	if (rule->mode == RF_MODE_AUDIT)
		rf_str_add(out, ", mode audit");
	if (rule->need == RF_NEED_SHOULD)
		rf_str_add(out, ", need should");
	if (rule->audit)
		rf_str_add(out, ", recorded");
	if (rule->kill)
		rf_str_add(out, ", kills");
	if (rule->errno_value)
		rf_str_addf(out, ", %s", strerrorname_np(rule->errno_value));
	if (rule->session != RF_SESSION_ANY)
		rf_str_addf(out, ", session %s",
			    rule->session == RF_SESSION_INIT ? "init" : "exec");
	add_place(out, &rule->place);
	rf_str_add(out, "\n");
	if (rule->reason) {
		rf_str_add(out, "    reason: ");
		rf_str_add_printable(out, rule->reason);
		rf_str_add(out, "\n");
	}
	if (rule->hint) {
		rf_str_add(out, "    hint: ");
		rf_str_add_printable(out, rule->hint);
		rf_str_add(out, "\n");
	}
}

static void add_rights(struct rf_str *out, uint32_t bits, const char *(*name)(uint32_t bit))
{
	for (uint32_t bit = 1; bits; bit <<= 1) {
		if (!(bits & bit))
			continue;
		rf_str_addf(out, " %s", name(bit));
		bits &= ~bit;
	}
}

static void add_patterns(struct rf_str *out, const char *before, const struct rf_pattern *patterns,
			 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		rf_str_add(out, patterns[i].resolved ? "      is also " : before);
		rf_str_add_printable(out, patterns[i].text);
		rf_str_add(out, patterns[i].literal ? "  (literal)\n" : "\n");
	}
}

static void add_files(struct rf_str *out, const struct rf_policy *policy)
{
	if (!add_head(out, policy, RF_SECTION_FILES, &policy->files_default))
		return;
	if (policy->links_deny)
		rf_str_add(out, "  links: deny\n");
	for (size_t i = 0; i < policy->n_files; i++) {
		const struct rf_file_rule *rule = &policy->files[i];

		add_rule(out, &rule->rule);
		add_rights(out, rule->rights, rf_file_right_name);
		add_details(out, &rule->rule);
		add_patterns(out, "    ", rule->paths, rule->n_paths);
		add_patterns(out, "    except ", rule->except, rule->n_except);
	}
}

static void add_peers(struct rf_str *out, const struct rf_net_rule *rule)
{
	static const char *const protocols[] = {"tcp", "udp", "sctp", "icmp"};
	char text[RF_ADDR_TEXT_MAX];

	for (size_t i = 0; i < RF_ARRAY_LEN(protocols); i++)
		if (rule->protocols == 1u << i)
			rf_str_addf(out, "    protocol %s\n", protocols[i]);
	for (size_t i = 0; i < rule->n_to; i++) {
		rf_addr_format(&rule->to[i], text);
		rf_str_addf(out, "    %s\n", text);
	}
	for (size_t i = 0; i < rule->n_ports; i++) {
		const struct rf_port_range *range = &rule->ports[i];

		if (range->first == range->last)
			rf_str_addf(out, "    port %u\n", range->first);
		else
			rf_str_addf(out, "    ports %u-%u\n", range->first, range->last);
	}
}

static void add_network(struct rf_str *out, const struct rf_policy *policy)
{
	if (!add_head(out, policy, RF_SECTION_NETWORK, &policy->network_default))
		return;
	for (size_t i = 0; i < policy->n_network; i++) {
		const struct rf_net_rule *rule = &policy->network[i];

		add_rule(out, &rule->rule);
		add_rights(out, rule->rights, rf_net_right_name);
		add_details(out, &rule->rule);
		add_patterns(out, "    unix ", rule->unix_names, rule->n_unix);
		if (!rule->is_unix)
			add_peers(out, rule);
	}
}

static void add_number(struct rf_str *out, int64_t number)
{
	if (number < 0)
		rf_str_add(out, "*");
	else
		rf_str_addf(out, "%lld", (long long)number);
}

static void add_node(struct rf_str *out, const struct rf_dev_node *node)
{
	rf_str_add(out, "    ");
	if (node->pattern) {
		rf_str_add_printable(out, node->pattern);
	} else {
		rf_str_add(out, node->type == 'c'   ? "char "
				: node->type == 'b' ? "block "
						    : "any ");
		add_number(out, node->major);
		rf_str_add(out, ":");
		add_number(out, node->minor);
	}
	rf_str_add(out, "\n");
}

static void add_devices(struct rf_str *out, const struct rf_policy *policy)
{
	if (!add_head(out, policy, RF_SECTION_DEVICES, &policy->devices_default))
		return;
	for (size_t i = 0; i < policy->n_devices; i++) {
		const struct rf_dev_rule *rule = &policy->devices[i];

		add_rule(out, &rule->rule);
		add_rights(out, rule->rights, rf_dev_right_name);
		add_details(out, &rule->rule);
		for (size_t j = 0; j < rule->n_nodes; j++)
			add_node(out, &rule->nodes[j]);
	}
}

static void add_capabilities(struct rf_str *out, const struct rf_policy *policy)
{
	if (!add_head(out, policy, RF_SECTION_CAPABILITIES, NULL))
		return;
	rf_str_add(out, "  keep");
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		char *name = policy->capabilities_keep >> cap & 1 ? cap_to_name(cap) : NULL;

		if (name)
			rf_str_addf(out, " %s", name + strlen("cap_"));
		cap_free(name);
	}
	rf_str_add(out, policy->capabilities_keep ? "\n" : " none\n");
}

static void add_test(struct rf_str *out, const struct rf_arg_test *test)
{
	static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">=", "==", "in"};

	rf_str_addf(out, "    argument %u", test->index);
	if (test->op == RF_ARG_MASKED_EQ)
		rf_str_addf(out, " & 0x%llx", (unsigned long long)test->mask);
	rf_str_addf(out, " %s", ops[test->op]);
	if (test->op != RF_ARG_IN)
		rf_str_addf(out, " 0x%llx", (unsigned long long)test->value);
	for (size_t i = 0; i < test->n_values; i++)
		rf_str_addf(out, " 0x%llx", (unsigned long long)test->values[i]);
	rf_str_add(out, "\n");
}

static void add_filter(struct rf_str *out, const struct rf_filter *filter)
{
	if (filter->kind == RF_FILTER_BASE)
		rf_str_addf(out, "  filter from @%s", filter->base);
	else if (filter->kind == RF_FILTER_OCI)
		rf_str_add(out, "  filter from an OCI profile");
	else
		rf_str_addf(out, "  filter that would %s", default_names[filter->fallback]);
	if (filter->errno_value)
		rf_str_addf(out, ", %s", strerrorname_np(filter->errno_value));
	add_place(out, &filter->place);
	rf_str_add(out, "\n");
	for (size_t i = 0; i < filter->n_rules; i++) {
		const struct rf_sys_rule *rule = &filter->rules[i];

		add_rule(out, &rule->rule);
		for (size_t j = 0; j < rule->n_calls; j++)
			rf_str_addf(out, " %s", rule->calls[j].name);
		add_details(out, &rule->rule);
		for (size_t j = 0; j < rule->n_args; j++)
			add_test(out, &rule->args[j]);
	}
}

static void add_kernel(struct rf_str *out, const struct rf_policy *policy)
{
	rf_str_add(out, "\nkernel:\n");
	for (int key = 0; key < RF_KERNEL_COUNT; key++) {
		const struct rf_kernel_setting *setting = &policy->kernel[key];

		rf_str_addf(out, "  %s %s, need %s", rf_kernel_key_name((enum rf_kernel_key)key),
			    rf_kernel_value_name(setting->value), need_names[setting->need]);
		if (setting->given)
			add_place(out, &setting->place);
		else
			rf_str_add(out, "  (default)");
		rf_str_add(out, "\n");
	}
}

static void add_limit(struct rf_str *out, uint64_t value)
{
	if (value == RLIM_INFINITY)
		rf_str_add(out, " unlimited");
	else
		rf_str_addf(out, " %llu", (unsigned long long)value);
}

static void add_process(struct rf_str *out, const struct rf_policy *policy)
{
	rf_str_addf(out, "\nprocess:\n  no_new_privileges %s\n  new_session %s\n",
		    policy->no_new_privileges ? "true" : "false",
		    policy->new_session ? "true" : "false");
	for (size_t i = 0; i < policy->n_rlimits; i++) {
		rf_str_addf(out, "  rlimit %s", policy->rlimits[i].name);
		add_limit(out, policy->rlimits[i].soft);
		add_limit(out, policy->rlimits[i].hard);
		rf_str_add(out, "\n");
	}
	if (policy->env_keep_given) {
		rf_str_add(out, "  environment keeps");
		for (size_t i = 0; i < policy->n_env_keep; i++) {
			rf_str_add(out, " ");
			rf_str_add_printable(out, policy->env_keep[i]);
		}
		rf_str_add(out, policy->n_env_keep ? "\n" : " nothing\n");
	}
	for (size_t i = 0; i < policy->n_env_set; i++) {
		rf_str_add(out, "  environment sets ");
		rf_str_add_printable(out, policy->env_set[i].name);
		rf_str_add(out, "=");
		rf_str_add_printable(out, policy->env_set[i].value);
		rf_str_add(out, "\n");
	}
}

static void add_resources(struct rf_str *out, const struct rf_policy *policy)
{
	if (!add_head(out, policy, RF_SECTION_RESOURCES, NULL))
		return;
	if (policy->memory_max)
		rf_str_addf(out, "  memory_max %llu\n", (unsigned long long)policy->memory_max);
	if (policy->pids_max)
		rf_str_addf(out, "  pids_max %llu\n", (unsigned long long)policy->pids_max);
	if (policy->cpu_max_permille)
		rf_str_addf(out, "  cpu_max %g\n", (double)policy->cpu_max_permille / 1000);
}

static void add_audit(struct rf_str *out, const struct rf_policy *policy)
{
	rf_str_add(out, "\naudit:\n  allowed");
	add_rights(out, policy->audit_file_rights, rf_file_right_name);
	rf_str_addf(out, "%s%s", policy->audit_exec_allowed ? " exec" : "",
		    policy->audit_connect_allowed ? " connect" : "");
	if (!policy->audit_file_rights && !policy->audit_exec_allowed &&
	    !policy->audit_connect_allowed)
		rf_str_add(out, " nothing");
	rf_str_addf(out, "\n  dedupe %gs\n", (double)policy->dedupe_ns / RF_NS_PER_SEC);
}

int rf_policy_print(const struct rf_policy *policy, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(TEXT_MAX);

	rf_str_addf(&out, "policy %s\nsha256 %s\nmode %s, need %s\nfiles read:", policy->name,
		    policy->sha256, mode_names[policy->mode], need_names[policy->need]);
	for (size_t i = 0; i < policy->n_sources; i++) {
		rf_str_add(&out, " ");
		rf_str_add_printable(&out, policy->sources[i]);
	}
	rf_str_add(&out, "\n");
	add_files(&out, policy);
	add_network(&out, policy);
	add_devices(&out, policy);
	add_capabilities(&out, policy);
	if (add_head(&out, policy, RF_SECTION_SECCOMP, NULL))
		for (size_t i = 0; i < policy->n_filters; i++)
			add_filter(&out, &policy->filters[i]);
	add_kernel(&out, policy);
	add_process(&out, policy);
	add_resources(&out, policy);
	add_audit(&out, policy);
	if (rf_str_error(&out))
		return rf_err_sys(err, rf_str_error(&out), "print the policy");
	fputs(rf_str_text(&out), stdout);
	return 0;
}
