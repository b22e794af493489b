/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the parts of a config.json that a policy decides. What a runtime has no words for is told,
 * rule by rule, never dropped in silence.
 */
#include <linux/capability.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "sandbox/policy/oci_export.h"
#include "sandbox/policy/problem.h"
#include "sandbox/policy/wide.h"

struct config {
	const struct rf_policy *policy;
	struct rf_problems *problems;
	json_t *root, *process, *linux_part, *resources;
	int error;
};

static void done(struct config *c)
{
	json_decref(c->root);
}

static void leave_out(struct config *c, const struct rf_rule *rule, const char *why)
{
	struct rf_place place = rule->place;
	char text[512];

	if (!place.file)
		place.file = c->policy->name ? c->policy->name : "the policy";
	(void)snprintf(text, sizeof(text), "the rule \"%s\" has no place in a config.json: %s",
		       rule->id, why);
	if (rf_problems_add(c->problems, true, &place, "", text) < 0)
		c->error = -ENOMEM;
}

static void write_process(struct config *c)
{
	json_t *limits = json_array();
	char name[64];

	json_object_set_new(c->process, "noNewPrivileges",
			    json_boolean(c->policy->no_new_privileges));
	for (size_t i = 0; i < c->policy->n_rlimits; i++) {
		const struct rf_rlimit *limit = &c->policy->rlimits[i];
		size_t at = strlen("RLIMIT_");

		(void)snprintf(name, sizeof(name), "RLIMIT_%s", limit->name);
		for (; name[at]; at++)
			if (name[at] >= 'a' && name[at] <= 'z')
				name[at] = (char)(name[at] - 'a' + 'A');
		json_array_append_new(limits, json_pack("{s:s, s:o, s:o}", "type", name, "soft",
							rf_json_u64(limit->soft), "hard",
							rf_json_u64(limit->hard)));
	}
	if (json_array_size(limits))
		json_object_set(c->process, "rlimits", limits);
	json_decref(limits);
}

static void write_capabilities(struct config *c)
{
	static const char *const sets[] = {"bounding", "effective", "permitted"};
	json_t *list = json_array(), *object = json_object();

	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		char *name = c->policy->capabilities_keep >> cap & 1 ? cap_to_name(cap) : NULL;

		for (char *at = name; at && *at; at++)
			if (*at >= 'a' && *at <= 'z')
				*at = (char)(*at - 'a' + 'A');
		if (name)
			json_array_append_new(list, json_string(name));
		(void)cap_free(name);
	}
	for (size_t i = 0; i < RF_ARRAY_LEN(sets); i++)
		json_object_set(object, sets[i], list);
	if (c->policy->sections[RF_SECTION_CAPABILITIES].present)
		json_object_set(c->process, "capabilities", object);
	json_decref(list);
	json_decref(object);
}

static json_t *device_json(const struct rf_dev_node *node, bool allow, const char *access)
{
	char type[2] = {node->type, 0};
	json_t *object = json_pack("{s:b, s:s}", "allow", allow, "access", access);

	if (node->type != 'a' || node->major >= 0 || node->minor >= 0)
		json_object_set_new(object, "type", json_string(type));
	if (node->major >= 0)
		json_object_set_new(object, "major", json_integer(node->major));
	if (node->minor >= 0)
		json_object_set_new(object, "minor", json_integer(node->minor));
	return object;
}

/* Lists of runtimes are read in order and the last word counts, so denials come last. */
static void write_devices(struct config *c)
{
	const struct rf_dev_node all = {.type = 'a', .major = -1, .minor = -1};
	json_t *list = json_array();

	json_array_append_new(
		list, device_json(&all, c->policy->devices_default == RF_DEFAULT_ALLOW, "rwm"));
	for (int deny = 0; deny < 2; deny++) {
		for (size_t i = 0; i < c->policy->n_devices; i++) {
			const struct rf_dev_rule *rule = &c->policy->devices[i];
			char access[4] = "";

			if (rule->rule.deny != deny)
				continue;
			(void)snprintf(access, sizeof(access), "%s%s%s",
				       rule->rights & RF_DEV_READ ? "r" : "",
				       rule->rights & RF_DEV_WRITE ? "w" : "",
				       rule->rights & RF_DEV_MKNOD ? "m" : "");
			for (size_t k = 0; k < rule->n_nodes; k++)
				if (rule->nodes[k].pattern)
					leave_out(c, &rule->rule,
						  "its devices have no numbers yet");
				else
					json_array_append_new(
						list, device_json(&rule->nodes[k], !deny, access));
		}
	}
	if (c->policy->sections[RF_SECTION_DEVICES].present)
		json_object_set(c->resources, "devices", list);
	json_decref(list);
}

/* The name of a pattern that means one name and what is below it; false: it means more or less. */
static bool plain_tree(const struct rf_pattern *pattern, char *ret, size_t size)
{
	size_t len = strlen(pattern->text), out = 0;
	const char *text = pattern->text;

	if (pattern->literal) {
		(void)snprintf(ret, size, "%s", text);
		return len < size;
	}
	if (len > 3 && strcmp(text + len - 3, "/**") == 0)
		len -= 3;
	for (size_t i = 0; i < len && out + 1 < size; i++) {
		if (text[i] == '[' && i + 2 < len && text[i + 2] == ']' && text[i + 1] != '!') {
			ret[out++] = text[i + 1];
			i += 2;
		} else if (strchr("*?[{", text[i])) {
			return false;
		} else {
			ret[out++] = text[i];
		}
	}
	ret[out] = 0;
	return out > 0 && out + 1 < size;
}

static void write_path_rule(struct config *c, const struct rf_file_rule *rule, json_t *masked,
			    json_t *readonly)
{
	json_t *to = NULL;
	char path[4096];

	if ((rule->rights & (RF_FILE_READ | RF_FILE_WRITE_ALL)) ==
	    (RF_FILE_READ | RF_FILE_WRITE_ALL))
		to = masked;
	else if (rule->rights == RF_FILE_WRITE_ALL)
		to = readonly;
	if (!rule->rule.deny || !to || rule->n_except || rule->rule.mode == RF_MODE_AUDIT) {
		leave_out(c, &rule->rule, "only masked and read-only paths are known there");
		return;
	}
	for (size_t i = 0; i < rule->n_paths; i++) {
		if (rule->paths[i].resolved)
			continue;
		if (plain_tree(&rule->paths[i], path, sizeof(path)))
			json_array_append_new(to, json_string(path));
		else
			leave_out(c, &rule->rule, "a wildcard is no path");
	}
}

static void write_files(struct config *c)
{
	json_t *masked = json_array(), *readonly = json_array();
	static const struct rf_rule fallback = {.id = "files.default"};

	for (size_t i = 0; i < c->policy->n_files; i++)
		write_path_rule(c, &c->policy->files[i], masked, readonly);
	if (c->policy->sections[RF_SECTION_FILES].present &&
	    c->policy->files_default == RF_DEFAULT_DENY)
		leave_out(c, &fallback, "what is not named is allowed there");
	if (json_array_size(masked))
		json_object_set(c->linux_part, "maskedPaths", masked);
	if (json_array_size(readonly))
		json_object_set(c->linux_part, "readonlyPaths", readonly);
	json_decref(masked);
	json_decref(readonly);
}

static void write_resources(struct config *c)
{
	const struct rf_policy *p = c->policy;

	if (p->memory_max)
		json_object_set_new(c->resources, "memory",
				    json_pack("{s:o}", "limit", rf_json_u64(p->memory_max)));
	if (p->pids_max)
		json_object_set_new(c->resources, "pids",
				    json_pack("{s:o}", "limit", rf_json_u64(p->pids_max)));
	if (p->cpu_max_permille)
		json_object_set_new(c->resources, "cpu",
				    json_pack("{s:o, s:i}", "quota",
					      rf_json_u64(p->cpu_max_permille * 100), "period",
					      100000));
}

static void write_rest(struct config *c)
{
	static const struct rf_rule network = {.id = "network.default"};

	for (size_t i = 0; i < c->policy->n_network; i++)
		leave_out(c, &c->policy->network[i].rule, "it knows no addresses");
	if (c->policy->sections[RF_SECTION_NETWORK].present &&
	    c->policy->network_default == RF_DEFAULT_DENY)
		leave_out(c, &network, "it knows no addresses");
	if (json_object_size(c->resources))
		json_object_set(c->linux_part, "resources", c->resources);
	json_object_set(c->root, "process", c->process);
	json_object_set(c->root, "linux", c->linux_part);
}

int rf_oci_export_config(json_t **ret, const struct rf_policy *policy, struct rf_problems *problems,
			 struct rf_err *err)
{
	RF_CLEANUP(done) struct config c = {.policy = policy, .problems = problems};
	json_t *seccomp = NULL;
	int r = 0;

	c.root = json_pack("{s:s}", "ociVersion", "1.0.2");
	c.process = json_object();
	c.linux_part = json_object();
	c.resources = json_object();
	if (policy->sections[RF_SECTION_SECCOMP].present)
		r = rf_oci_export_seccomp(&seccomp, policy, err);
	if (r == 0) {
		write_process(&c);
		write_capabilities(&c);
		write_devices(&c);
		write_files(&c);
		write_resources(&c);
		write_rest(&c);
		if (seccomp)
			json_object_set(c.linux_part, "seccomp", seccomp);
	}
	json_decref(seccomp);
	json_decref(c.process);
	json_decref(c.linux_part);
	json_decref(c.resources);
	if (r < 0 || c.error < 0)
		return r < 0 ? r : rf_err_sys(err, c.error, "write the config.json");
	*ret = json_incref(c.root);
	return 0;
}
