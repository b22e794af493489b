/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The composed policy as JSON. See canonical.h.
 *
 * Everything that a verdict, an event or a launch depends on is in it, and nothing of where it was
 * written: the same policy in another place keeps its version.
 */
#include "sandbox/policy/canonical.h"

#include <string.h>
#include <sys/resource.h>

#include "sandbox/base/hash.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/addr.h"
#include "sandbox/policy/names.h"

#define TEXT_MAX (1u << 20) /* of one text, escaped */

static const char *const mode_names[] = {"enforce", "audit"};
static const char *const need_names[] = {"must", "should"};
static const char *const default_names[] = {"deny", "allow"};
static const char *const session_names[] = {"any", "init", "exec"};
static const char *const op_names[] = {"eq", "ne", "lt", "le", "gt", "ge", "masked_eq", "in"};

static void set(json_t *object, const char *key, json_t *value)
{
	/* A failure shows as a tree without this member; the dump then differs, never the memory.
	 */
	(void)json_object_set_new(object, key, value);
}

/*
 * Names may hold bytes that are no UTF-8, which JSON cannot: {"bytes": "…"} then, with each such
 * byte, and each backslash, as \xHH.
 */
static json_t *text_json(const char *text)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(TEXT_MAX);
	json_t *json = json_string(text);
	size_t left = strlen(text);

	if (json)
		return json;
	while (left > 0) {
		size_t n = *text == '\\' ? 0 : rf_utf8_len(text, left);

		if (n > 0)
			rf_str_add_n(&out, text, n);
		else
			rf_str_addf(&out, "\\x%02x", (unsigned char)*text);
		n += n == 0;
		text += n;
		left -= n;
	}
	return rf_str_error(&out) ? NULL : json_pack("{s:s}", "bytes", rf_str_text(&out));
}

static void set_string(json_t *object, const char *key, const char *text)
{
	if (text)
		set(object, key, text_json(text));
}

static json_t *rights_json(const char *const *names, size_t n, uint32_t bits)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (bits & 1u << i)
			json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *hex_json(uint64_t value)
{
	return json_sprintf("0x%llx", (unsigned long long)value);
}

static json_t *rule_json(const struct rf_rule *rule, json_t *list, bool places)
{
	json_t *object = json_object();

	set_string(object, "id", rule->id);
	set(object, rule->deny ? "deny" : "allow", list);
	set_string(object, "reason", rule->reason);
	set_string(object, "hint", rule->hint);
	set_string(object, "need", need_names[rule->need]);
	if (rule->mode == RF_MODE_AUDIT)
		set_string(object, "mode", "audit");
	if (rule->audit)
		set(object, "audit", json_true());
	if (rule->kill)
		set_string(object, "action", "kill");
	if (rule->errno_value)
		set_string(object, "errno", strerrorname_np(rule->errno_value));
	if (rule->session != RF_SESSION_ANY)
		set_string(object, "session", session_names[rule->session]);
	if (places && rule->place.line)
		set(object, "source", json_sprintf("%s:%u", rule->place.file, rule->place.line));
	else if (places)
		set_string(object, "source", rule->place.file);
	return object;
}

static json_t *patterns_json(const struct rf_pattern *patterns, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct rf_pattern *pattern = &patterns[i];
		json_t *item;

		if (pattern->resolved)
			item = json_pack("{s:o}", "resolved", text_json(pattern->text));
		else if (pattern->literal)
			item = json_pack("{s:o}", "literal", text_json(pattern->text));
		else
			item = text_json(pattern->text);
		json_array_append_new(list, item);
	}
	return list;
}

static json_t *file_json(const struct rf_file_rule *rule, bool places)
{
	json_t *object =
		rule_json(&rule->rule,
			  rights_json(rf_file_right_names, RF_FILE_RIGHTS, rule->rights), places);

	set(object, "paths", patterns_json(rule->paths, rule->n_paths));
	if (rule->n_except)
		set(object, "except", patterns_json(rule->except, rule->n_except));
	return object;
}

static json_t *ranges_json(const struct rf_net_rule *rule)
{
	json_t *list = json_array();
	char text[RF_ADDR_TEXT_MAX];

	for (size_t i = 0; i < rule->n_to; i++) {
		rf_addr_format(&rule->to[i], text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *ports_json(const struct rf_net_rule *rule)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rule->n_ports; i++) {
		const struct rf_port_range *range = &rule->ports[i];

		json_array_append_new(list,
				      range->first == range->last
					      ? json_integer(range->first)
					      : json_sprintf("%u-%u", range->first, range->last));
	}
	return list;
}

static json_t *net_json(const struct rf_net_rule *rule, bool places)
{
	static const char *const protocols[] = {"tcp", "udp", "sctp", "icmp"};
	json_t *object = rule_json(
		&rule->rule, rights_json(rf_net_right_names, RF_NET_RIGHTS, rule->rights), places);

	if (rule->is_unix) {
		set(object, "unix", patterns_json(rule->unix_names, rule->n_unix));
		return object;
	}
	for (size_t i = 0; i < RF_ARRAY_LEN(protocols); i++)
		if (rule->protocols == 1u << i)
			set_string(object, "protocol", protocols[i]);
	if (rule->n_to)
		set(object, "to", ranges_json(rule));
	if (rule->n_ports)
		set(object, "ports", ports_json(rule));
	return object;
}

static json_t *number_json(int64_t number)
{
	return number < 0 ? json_string("*") : json_sprintf("%lld", (long long)number);
}

static json_t *node_json(const struct rf_dev_node *node)
{
	json_t *major, *minor, *json;

	if (node->pattern)
		return text_json(node->pattern);
	major = number_json(node->major);
	minor = number_json(node->minor);
	json = json_sprintf("%s %s:%s",
			    node->type == 'c'	? "char"
			    : node->type == 'b' ? "block"
						: "any",
			    json_string_value(major), json_string_value(minor));
	json_decref(major);
	json_decref(minor);
	return json;
}

static json_t *dev_json(const struct rf_dev_rule *rule, bool places)
{
	json_t *object = rule_json(
		&rule->rule, rights_json(rf_dev_right_names, RF_DEV_RIGHTS, rule->rights), places);
	json_t *nodes = json_array();

	for (size_t i = 0; i < rule->n_nodes; i++)
		json_array_append_new(nodes, node_json(&rule->nodes[i]));
	set(object, "nodes", nodes);
	return object;
}

static json_t *test_json(const struct rf_arg_test *test)
{
	json_t *object =
		json_pack("{s:i, s:s}", "index", (int)test->index, "op", op_names[test->op]);
	json_t *values;

	if (test->op != RF_ARG_IN) {
		set(object, "value", hex_json(test->value));
		if (test->op == RF_ARG_MASKED_EQ)
			set(object, "mask", hex_json(test->mask));
		return object;
	}
	values = json_array();
	for (size_t i = 0; i < test->n_values; i++)
		json_array_append_new(values, hex_json(test->values[i]));
	set(object, "values", values);
	return object;
}

static json_t *sys_json(const struct rf_sys_rule *rule, bool places)
{
	json_t *calls = json_array(), *args, *object;

	for (size_t i = 0; i < rule->n_calls; i++)
		json_array_append_new(calls, json_string(rule->calls[i].name));
	object = rule_json(&rule->rule, calls, places);
	if (!rule->n_args)
		return object;
	args = json_array();
	for (size_t i = 0; i < rule->n_args; i++)
		json_array_append_new(args, test_json(&rule->args[i]));
	set(object, "args", args);
	return object;
}

static json_t *filter_json(const struct rf_filter *filter, bool places)
{
	json_t *object = json_object(), *rules = json_array();

	if (filter->kind == RF_FILTER_BASE)
		set(object, "base", json_sprintf("@%s", filter->base));
	else if (filter->kind == RF_FILTER_OCI)
		set(object, "oci", json_loads(filter->oci_json, 0, NULL));
	else
		set_string(object, "default", default_names[filter->fallback]);
	if (filter->errno_value)
		set_string(object, "errno", strerrorname_np(filter->errno_value));
	set_string(object, "need", need_names[filter->need]);
	for (size_t i = 0; i < filter->n_rules; i++)
		json_array_append_new(rules, sys_json(&filter->rules[i], places));
	if (json_array_size(rules))
		set(object, "rules", rules);
	else
		json_decref(rules);
	return object;
}

/* { default, need, rules } of a section with rules. */
static json_t *section_json(const struct rf_policy *policy, enum rf_section section,
			    enum rf_default fallback, json_t *rules)
{
	json_t *object = json_object();

	set_string(object, "default", default_names[fallback]);
	set_string(object, "need", need_names[policy->sections[section].need]);
	if (json_array_size(rules))
		set(object, "rules", rules);
	else
		json_decref(rules);
	return object;
}

static void set_rule_sections(json_t *root, const struct rf_policy *policy, bool places)
{
	json_t *files = json_array(), *network = json_array(), *devices = json_array(), *object;

	for (size_t i = 0; i < policy->n_files; i++)
		json_array_append_new(files, file_json(&policy->files[i], places));
	for (size_t i = 0; i < policy->n_network; i++)
		json_array_append_new(network, net_json(&policy->network[i], places));
	for (size_t i = 0; i < policy->n_devices; i++)
		json_array_append_new(devices, dev_json(&policy->devices[i], places));
	object = section_json(policy, RF_SECTION_FILES, policy->files_default, files);
	set_string(object, "links", policy->links_deny ? "deny" : "allow");
	if (policy->sections[RF_SECTION_FILES].present)
		set(root, "files", json_incref(object));
	json_decref(object);
	object = section_json(policy, RF_SECTION_NETWORK, policy->network_default, network);
	if (policy->sections[RF_SECTION_NETWORK].present)
		set(root, "network", json_incref(object));
	json_decref(object);
	object = section_json(policy, RF_SECTION_DEVICES, policy->devices_default, devices);
	if (policy->sections[RF_SECTION_DEVICES].present)
		set(root, "devices", json_incref(object));
	json_decref(object);
}

static json_t *kernel_json(const struct rf_policy *policy)
{
	json_t *object = json_object();

	for (size_t i = 0; i < RF_KERNEL_COUNT; i++) {
		const struct rf_kernel_setting *setting = &policy->kernel[i];

		set(object, rf_kernel_key_names[i],
		    json_pack("{s:s, s:s, s:b}", "value", rf_kernel_value_names[setting->value],
			      "need", need_names[setting->need], "given", setting->given));
	}
	return object;
}

static json_t *limit_json(uint64_t value)
{
	return value == RLIM_INFINITY ? json_string("unlimited") : json_integer((json_int_t)value);
}

static json_t *process_json(const struct rf_policy *policy)
{
	json_t *object = json_object(), *limits = json_object(), *env = json_object();
	json_t *keep = json_array(), *values = json_object();

	set(object, "no_new_privileges", json_boolean(policy->no_new_privileges));
	set(object, "new_session", json_boolean(policy->new_session));
	for (size_t i = 0; i < policy->n_rlimits; i++)
		set(limits, policy->rlimits[i].name,
		    json_pack("{s:o, s:o}", "soft", limit_json(policy->rlimits[i].soft), "hard",
			      limit_json(policy->rlimits[i].hard)));
	for (size_t i = 0; i < policy->n_env_keep; i++)
		json_array_append_new(keep, text_json(policy->env_keep[i]));
	for (size_t i = 0; i < policy->n_env_set; i++)
		set_string(values, policy->env_set[i].name, policy->env_set[i].value);
	if (policy->env_keep_given)
		set(env, "keep", json_incref(keep));
	if (policy->n_env_set)
		set(env, "set", json_incref(values));
	if (policy->n_rlimits)
		set(object, "rlimits", json_incref(limits));
	if (json_object_size(env))
		set(object, "env", json_incref(env));
	json_decref(limits);
	json_decref(env);
	json_decref(keep);
	json_decref(values);
	return object;
}

static json_t *resources_json(const struct rf_policy *policy)
{
	json_t *object = json_object();

	if (policy->memory_max)
		set(object, "memory_max", json_integer((json_int_t)policy->memory_max));
	if (policy->pids_max)
		set(object, "pids_max", json_integer((json_int_t)policy->pids_max));
	if (policy->cpu_max_permille)
		set(object, "cpu_max", json_real((double)policy->cpu_max_permille / 1000));
	return object;
}

static json_t *audit_json(const struct rf_policy *policy)
{
	json_t *object = json_object();
	json_t *allowed =
		rights_json(rf_file_right_names, RF_FILE_RIGHTS, policy->audit_file_rights);

	if (policy->audit_exec_allowed)
		json_array_append_new(allowed, json_string("exec"));
	if (policy->audit_connect_allowed)
		json_array_append_new(allowed, json_string("connect"));
	set(object, "allowed", allowed);
	set(object, "dedupe", json_sprintf("%lluns", (unsigned long long)policy->dedupe_ns));
	return object;
}

static json_t *capabilities_json(const struct rf_policy *policy)
{
	return json_pack("{s:o, s:s}", "keep", hex_json(policy->capabilities_keep), "need",
			 need_names[policy->sections[RF_SECTION_CAPABILITIES].need]);
}

json_t *rf_policy_to_json(const struct rf_policy *policy, bool places)
{
	json_t *root = json_object(), *list;

	set(root, "ringfence", json_integer(1));
	set_string(root, "name", policy->name);
	set_string(root, "mode", mode_names[policy->mode]);
	set_string(root, "need", need_names[policy->need]);
	set_rule_sections(root, policy, places);
	if (policy->sections[RF_SECTION_CAPABILITIES].present)
		set(root, "capabilities", capabilities_json(policy));
	if (policy->sections[RF_SECTION_SECCOMP].present) {
		list = json_array();
		for (size_t i = 0; i < policy->n_filters; i++)
			json_array_append_new(list, filter_json(&policy->filters[i], places));
		set(root, "seccomp", json_pack("{s:o}", "filters", list));
	}
	set(root, "kernel", kernel_json(policy));
	set(root, "process", process_json(policy));
	set(root, "resources", resources_json(policy));
	set(root, "audit", audit_json(policy));
	if (!places)
		return root;
	list = json_array();
	for (size_t i = 0; i < policy->n_sources; i++)
		json_array_append_new(list, text_json(policy->sources[i]));
	set(root, "sources", list);
	set_string(root, "sha256", policy->sha256);
	return root;
}

int rf_policy_hash(struct rf_policy *policy, struct rf_err *err)
{
	json_t *json = rf_policy_to_json(policy, false);
	RF_AUTOFREE char *text = NULL;

	text = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	json_decref(json);
	if (!text)
		return rf_err_sys(err, -ENOMEM, "write the canonical form of the policy");
	rf_hash_hex(text, strlen(text), policy->sha256);
	return 0;
}
