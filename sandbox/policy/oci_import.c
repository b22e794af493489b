/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads profiles and config.json files of containers into policies. A seccomp object is kept word
 * for word: section seccomp runs it as a runtime would.
 */
#include "sandbox/policy/oci_import.h"

#include <stdarg.h>
#include <string.h>
#include <sys/capability.h>

#include "sandbox/base/str.h"
#include "sandbox/policy/names.h"
#include "sandbox/policy/problem.h"
#include "sandbox/policy/wide.h"

struct import {
	const json_t *root, *process, *linux_part;
	json_t *policy;
	const char *name;
	struct rf_problems *problems;
	struct rf_err *err;
};

static void put(json_t **json)
{
	json_decref(*json);
}

static int warn(struct import *m, const char *fmt, ...) RF_PRINTF(2, 3);

static int warn(struct import *m, const char *fmt, ...)
{
	const struct rf_place nowhere = {.file = m->name};
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return rf_problems_add(m->problems, true, &nowhere, "", text);
}

static int bad(const struct import *m, const char *where, const char *what)
{
	return rf_err_set(m->err, -EINVAL, "%s: %s", where, what);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* ---- process ---- */

static json_t *limit_value(const json_t *number)
{
	json_int_t value = json_integer_value(number);

	/* All bits set, or what is left of them: no limit. */
	return value < 0 || value == INT64_MAX ? json_string("unlimited") : json_integer(value);
}

static int import_limits(struct import *m, json_t *process)
{
	const json_t *list = json_object_get(m->process, "rlimits"), *item;
	json_t *limits = json_object();
	size_t i;
	int r = 0;

	json_array_foreach (list, i, item) {
		const char *type = text_of(item, "type");
		const json_t *soft = json_object_get(item, "soft"),
			     *hard = json_object_get(item, "hard");
		char name[32] = "";

		if (!type || !rf_str_has_prefix(type, "RLIMIT_") || !json_is_integer(soft) ||
		    !json_is_integer(hard)) {
			r = bad(m, "process.rlimits", "a limit has no type, soft or hard");
			break;
		}
		(void)snprintf(name, sizeof(name), "%s", type + strlen("RLIMIT_"));
		for (char *c = name; *c; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c - 'A' + 'a');
		json_object_set_new(limits, name,
				    json_pack("{s:o, s:o}", "soft", limit_value(soft), "hard",
					      limit_value(hard)));
	}
	if (r == 0 && json_object_size(limits))
		json_object_set(process, "rlimits", limits);
	json_decref(limits);
	return r;
}

static int import_capabilities(struct import *m)
{
	const json_t *object = json_object_get(m->process, "capabilities"), *item;
	json_t *keep;
	size_t i;

	if (!object)
		return warn(m, "process.capabilities is missing: the policy says nothing of them");
	keep = json_array();
	json_array_foreach (json_object_get(object, "bounding"), i, item) {
		const char *given = json_string_value(item);
		char name[64] = "";
		cap_value_t cap;

		for (size_t k = 0; given && given[k] && k + 1 < sizeof(name); k++)
			name[k] = (char)(given[k] >= 'A' && given[k] <= 'Z' ? given[k] - 'A' + 'a'
									    : given[k]);
		if (!rf_str_has_prefix(name, "cap_") || cap_from_name(name, &cap) < 0) {
			if (warn(m, "capability %.60s is unknown and left out",
				 given ?: "(no text)") < 0)
				return -ENOMEM;
			continue;
		}
		json_array_append_new(keep, json_string(name + 4));
	}
	return json_object_set_new(m->policy, "capabilities", json_pack("{s:o}", "keep", keep));
}

static int import_process(struct import *m)
{
	json_t *process = json_object();
	int r;

	json_object_set_new(
		process, "no_new_privileges",
		json_boolean(json_is_true(json_object_get(m->process, "noNewPrivileges"))));
	r = import_limits(m, process);
	if (r == 0)
		json_object_set(m->policy, "process", process);
	json_decref(process);
	return r < 0 ? r : import_capabilities(m);
}

/* ---- devices ---- */

struct device {
	char type;		 /* 'a', 'b', 'c' */
	json_int_t major, minor; /* -1: any */
	char rights;		 /* bit per enum rf_dev_right */
};

static bool overlap(const struct device *a, const struct device *b)
{
	return (a->type == 'a' || b->type == 'a' || a->type == b->type) &&
	       (a->major < 0 || b->major < 0 || a->major == b->major) &&
	       (a->minor < 0 || b->minor < 0 || a->minor == b->minor) && a->rights & b->rights;
}

static int read_device(struct import *m, const json_t *item, const char *access, struct device *ret)
{
	const json_t *major = json_object_get(item, "major"),
		     *minor = json_object_get(item, "minor");
	const char *type = text_of(item, "type") ?: "a";

	*ret = (struct device){.type = type[0] == 'u' ? 'c' : type[0], .major = -1, .minor = -1};
	if (!strchr("abc", ret->type) || !ret->type)
		return bad(m, "linux.resources.devices",
			   "the type of a device is not a, b, c or u");
	if (json_is_integer(major) && json_integer_value(major) >= 0)
		ret->major = json_integer_value(major);
	if (json_is_integer(minor) && json_integer_value(minor) >= 0)
		ret->minor = json_integer_value(minor);
	for (const char *c = access; *c; c++)
		ret->rights = (char)(ret->rights | (*c == 'r'	? RF_DEV_READ
						    : *c == 'w' ? RF_DEV_WRITE
						    : *c == 'm' ? RF_DEV_MKNOD
								: 0));
	return ret->rights ? 0 : bad(m, "linux.resources.devices", "a rule without access");
}

static json_t *rule_json(const struct device *d, bool allow)
{
	json_t *rights = json_array(), *nodes = json_array();
	char numbers[2][24] = {"*", "*"};

	for (uint32_t bit = 1; bit <= RF_DEV_MKNOD; bit <<= 1)
		if (d->rights & (char)bit)
			json_array_append_new(rights, json_string(rf_dev_right_name(bit)));
	if (d->major >= 0)
		(void)snprintf(numbers[0], sizeof(numbers[0]), "%lld", (long long)d->major);
	if (d->minor >= 0)
		(void)snprintf(numbers[1], sizeof(numbers[1]), "%lld", (long long)d->minor);
	if (d->type != 'b')
		json_array_append_new(nodes, json_sprintf("char %s:%s", numbers[0], numbers[1]));
	if (d->type != 'c')
		json_array_append_new(nodes, json_sprintf("block %s:%s", numbers[0], numbers[1]));
	return json_pack("{s:o, s:o}", allow ? "allow" : "deny", rights, "nodes", nodes);
}

#define DEVICES_MAX 1024

/* Rules are read in order and the last word counts; ours know no order, so a denial stays. */
struct device_list {
	json_t *rules;
	struct device denied[DEVICES_MAX];
	size_t n_denied;
	bool allow; /* what no rule speaks of */
};

static void devices_done(struct device_list **list)
{
	json_decref((*list)->rules);
	free(*list);
}

static int add_device(struct import *m, struct device_list *list, const struct device *d,
		      bool allow)
{
	bool everything =
		d->type == 'a' && d->major < 0 && d->minor < 0 && d->rights == (char)RF_DEV_ALL;

	if (everything) {
		json_array_clear(list->rules);
		list->n_denied = 0;
		list->allow = allow;
		return 0;
	}
	for (size_t i = 0; i < list->n_denied && allow; i++)
		if (overlap(&list->denied[i], d))
			return bad(m, "linux.resources.devices",
				   "what an earlier rule denies is allowed again, which a policy "
				   "cannot say: put the rules in another order");
	if (!allow) {
		if (list->n_denied == DEVICES_MAX)
			return bad(m, "linux.resources.devices", "too many rules");
		list->denied[list->n_denied++] = *d;
	}
	/* What the default says anyway is no rule. */
	if (allow == list->allow && allow)
		return 0;
	return json_array_append_new(list->rules, rule_json(d, allow)) < 0 ? -ENOMEM : 0;
}

static int add_listed(struct import *m, struct device_list *list)
{
	const json_t *item;
	struct device d;
	size_t i;
	int r = 0;

	json_array_foreach (json_object_get(json_object_get(m->linux_part, "resources"), "devices"),
			    i, item) {
		const char *access = text_of(item, "access");

		r = read_device(m, item, access && access[0] ? access : "rwm", &d);
		if (r == 0)
			r = add_device(m, list, &d, json_is_true(json_object_get(item, "allow")));
		if (r < 0)
			return r;
	}
	/* Nodes that the runtime makes for the container may be used by it. */
	json_array_foreach (json_object_get(m->linux_part, "devices"), i, item) {
		if (rf_str_eq(text_of(item, "type"), "p"))
			continue;
		r = read_device(m, item, "rwm", &d);
		if (r == 0)
			r = add_device(m, list, &d, true);
		if (r < 0)
			return r;
	}
	return r;
}

static int import_devices(struct import *m)
{
	RF_CLEANUP(devices_done) struct device_list *list = calloc(1, sizeof(*list));
	json_t *devices;
	int r;

	if (!list)
		return -ENOMEM;
	list->rules = json_array();
	r = add_listed(m, list);
	if (r < 0)
		return r;
	/* Every runtime adds these itself. */
	if (!list->allow) {
		json_array_append_new(list->rules, json_pack("{s:s, s:[s,s,s], s:[s]}", "id",
							     "standard", "allow", "read", "write",
							     "mknod", "nodes", "@std"));
		json_array_append_new(list->rules,
				      json_pack("{s:s, s:[s], s:[s,s]}", "id", "nodes", "allow",
						"mknod", "nodes", "char *:*", "block *:*"));
	}
	devices = json_pack("{s:s}", "default", list->allow ? "allow" : "deny");
	if (json_array_size(list->rules))
		json_object_set(devices, "rules", list->rules);
	return json_object_set_new(m->policy, "devices", devices);
}

/* ---- paths ---- */

/* A name and all below it as a pattern. */
static int add_path(struct import *m, json_t *to, const json_t *item)
{
	const char *path = json_string_value(item);
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(16384);
	size_t len = path ? strlen(path) : 0;

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (!path || path[0] != '/' || len < 2)
		return bad(m, "linux.maskedPaths and readonlyPaths", "a path is not absolute");
	for (size_t i = 0; i < len; i++)
		if (strchr("*?[{}", path[i]))
			rf_str_addf(&text, "[%c]", path[i]);
		else if (path[i] == '$')
			rf_str_add(&text, "[$]");
		else
			rf_str_add_char(&text, path[i]);
	rf_str_add(&text, "/**");
	if (rf_str_error(&text) || json_array_append_new(to, json_string(rf_str_text(&text))) < 0)
		return bad(m, path, "the path cannot be written as a pattern");
	return 0;
}

static int add_path_rule(struct import *m, json_t *rules, const char *key, const char *id,
			 const char *rights)
{
	const json_t *list = json_object_get(m->linux_part, key), *item;
	json_t *paths, *rule;
	size_t i;
	int r = 0;

	if (json_array_size(list) == 0)
		return 0;
	paths = json_array();
	json_array_foreach (list, i, item)
		r = r < 0 ? r : add_path(m, paths, item);
	rule = json_pack("{s:s, s:[s], s:o, s:s}", "id", id, "deny", rights, "paths", paths,
			 "reason", "the container's configuration says so");
	if (rf_str_eq(id, "masked")) {
		json_array_append_new(json_object_get(rule, "deny"), json_string("read"));
		json_array_append_new(json_object_get(rule, "deny"), json_string("exec"));
	}
	json_array_append_new(rules, rule);
	return r;
}

static int import_paths(struct import *m)
{
	RF_CLEANUP(put) json_t *rules = json_array();
	int r = add_path_rule(m, rules, "maskedPaths", "masked", "write");

	if (r == 0)
		r = add_path_rule(m, rules, "readonlyPaths", "read-only", "write");
	if (r < 0 || json_array_size(rules) == 0)
		return r;
	return json_object_set_new(m->policy, "files",
				   json_pack("{s:s, s:O}", "default", "allow", "rules", rules));
}

/* ---- resources ---- */

static int import_resources(struct import *m)
{
	const json_t *from = json_object_get(m->linux_part, "resources");
	const json_t *cpu = json_object_get(from, "cpu");
	json_int_t memory = json_integer_value(
			   json_object_get(json_object_get(from, "memory"), "limit")),
		   pids = json_integer_value(
			   json_object_get(json_object_get(from, "pids"), "limit")),
		   quota = json_integer_value(json_object_get(cpu, "quota")),
		   period = json_integer_value(json_object_get(cpu, "period"));
	json_t *to = json_object();

	if (memory > 0 && memory < INT64_MAX)
		json_object_set_new(to, "memory_max", json_integer(memory));
	if (pids > 0 && pids < INT64_MAX)
		json_object_set_new(to, "pids_max", json_integer(pids));
	if (quota > 0)
		json_object_set_new(
			to, "cpu_max",
			json_real((double)quota / (double)(period > 0 ? period : 100000)));
	if (json_object_size(to))
		json_object_set(m->policy, "resources", to);
	json_decref(to);
	return 0;
}

static int import_seccomp(struct import *m, const json_t *profile)
{
	if (!json_is_object(profile))
		return warn(m,
			    "the configuration has no seccomp profile: the policy says nothing of "
			    "system calls");
	return json_object_set_new(m->policy, "seccomp",
				   json_pack("{s:O}", "oci", (json_t *)(uintptr_t)profile));
}

static int import_config(struct import *m)
{
	int r;

	m->process = json_object_get(m->root, "process");
	m->linux_part = json_object_get(m->root, "linux");
	if (!json_is_object(m->process) || !json_is_object(m->linux_part))
		return bad(m, "config.json", "it has no object \"process\" or no object \"linux\"");
	r = import_process(m);
	if (r == 0)
		r = import_resources(m);
	if (r == 0)
		r = import_seccomp(m, json_object_get(m->linux_part, "seccomp"));
	if (r == 0)
		r = import_paths(m);
	return r < 0 ? r : import_devices(m);
}

int rf_oci_import(json_t **ret, const char *name, const char *text, size_t len,
		  struct rf_problems *problems, struct rf_err *err)
{
	RF_CLEANUP(put) json_t *root = NULL;
	RF_CLEANUP(put) json_t *policy = json_object();
	struct import m = {.policy = policy, .name = name, .problems = problems, .err = err};
	json_error_t wrong;
	int r;

	if (!policy)
		return rf_err_set(err, -ENOMEM, "no memory to import a configuration");
	root = rf_json_load_wide(text, len, JSON_REJECT_DUPLICATES, &wrong);
	if (!root)
		return rf_err_set(err, -EINVAL, "line %d: %s", wrong.line, wrong.text);
	m.root = root;
	json_object_set_new(policy, "ringfence", json_integer(1));
	json_object_set_new(policy, "name", json_string(name));
	if (json_object_get(root, "defaultAction"))
		r = import_seccomp(&m, root);
	else if (json_object_get(root, "ociVersion") || json_object_get(root, "linux"))
		r = import_config(&m);
	else
		r = bad(&m, "the file",
			"it is neither a seccomp profile (\"defaultAction\") nor a config.json "
			"(\"ociVersion\")");
	if (r < 0)
		return rf_err_set(err, r, "no memory to import a configuration");
	*ret = json_incref(policy);
	return 0;
}
