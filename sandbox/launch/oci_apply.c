/* SPDX-License-Identifier: Apache-2.0 */
/* Tightening a config.json; its system call filter is in oci_apply_calls.c. See oci_apply.h. */
#include "sandbox/launch/oci_apply.h"

#include <ctype.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>

static int no_memory(struct rf_err *err)
{
	return rf_err_sys(err, -ENOMEM, "write config.json");
}

/* The member's object, made if it is not there; NULL: it is something else, or no memory. */
static json_t *object_in(json_t *parent, const char *key)
{
	json_t *value = json_object_get(parent, key);

	if (!value || json_is_null(value)) {
		if (json_object_set_new(parent, key, json_object()) < 0)
			return NULL;
		value = json_object_get(parent, key);
	}
	return json_is_object(value) ? value : NULL;
}

/* ---- process ---- */

static bool is_kept(const char *name, uint64_t keep)
{
	char lower[64];
	cap_value_t value;
	size_t i;

	for (i = 0; name[i] && i + 1 < sizeof(lower); i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	lower[i] = '\0';
	return cap_from_name(lower, &value) == 0 && value < 64 && (keep >> value & 1);
}

/* A set that is not there is written empty: what a runtime makes of its absence is its own. */
static int apply_capabilities(json_t *process, uint64_t keep, struct rf_err *err)
{
	static const char *const sets[] = {"bounding", "effective", "permitted", "inheritable",
					   "ambient"};
	json_t *capabilities = object_in(process, "capabilities");

	if (!capabilities)
		return rf_err_set(err, -EINVAL, "process.capabilities is not an object");
	for (size_t i = 0; i < RF_ARRAY_LEN(sets); i++) {
		json_t *old = json_object_get(capabilities, sets[i]), *value;
		json_t *kept = json_array();
		size_t at;

		json_array_foreach (old, at, value) {
			const char *name = json_string_value(value);

			if (name && is_kept(name, keep))
				(void)json_array_append(kept, value);
		}
		if (json_object_set_new(capabilities, sets[i], kept) < 0)
			return no_memory(err);
	}
	return 0;
}

static json_t *find_limit(json_t *limits, const char *type)
{
	json_t *value;
	size_t at;

	json_array_foreach (limits, at, value) {
		const char *name = json_string_value(json_object_get(value, "type"));

		if (name && strcmp(name, type) == 0)
			return value;
	}
	return NULL;
}

/* OCI has no word for "unlimited": it is the largest number, which JSON's signed ones cannot hold.
 */
static void lower(json_t *limit, const char *key, uint64_t value)
{
	json_t *old = json_object_get(limit, key);

	if (json_is_integer(old) && (uint64_t)json_integer_value(old) <= value)
		return;
	(void)json_object_set_new(
		limit, key, json_integer((json_int_t)(value > INT64_MAX ? INT64_MAX : value)));
}

static int apply_limits(json_t *process, const struct rf_policy *policy, struct rf_err *err)
{
	json_t *limits = json_object_get(process, "rlimits");

	if (!json_is_array(limits)) {
		limits = json_array();
		if (json_object_set_new(process, "rlimits", limits) < 0)
			return no_memory(err);
	}
	for (size_t i = 0; i < policy->n_rlimits; i++) {
		const struct rf_rlimit *want = &policy->rlimits[i];
		char type[32] = "RLIMIT_";
		json_t *limit;

		for (size_t k = 0; want->name[k] && k + 8 < sizeof(type); k++)
			type[7 + k] = (char)toupper((unsigned char)want->name[k]);
		limit = find_limit(limits, type);
		if (!limit) {
			limit = json_pack("{s:s}", "type", type);
			if (json_array_append_new(limits, limit) < 0)
				return no_memory(err);
		}
		lower(limit, "soft", want->soft);
		lower(limit, "hard", want->hard);
	}
	return 0;
}

static int apply_process(json_t *config, const struct rf_policy *policy, struct rf_err *err)
{
	json_t *process = object_in(config, "process");
	int r = 0;

	if (!process)
		return rf_err_set(err, -EINVAL, "process is not an object");
	if (policy->no_new_privileges &&
	    json_object_set_new(process, "noNewPrivileges", json_true()) < 0)
		return no_memory(err);
	if (policy->sections[RF_SECTION_CAPABILITIES].present)
		r = apply_capabilities(process, policy->capabilities_keep, err);
	if (r == 0 && policy->n_rlimits)
		r = apply_limits(process, policy, err);
	return r;
}

/* ---- devices ---- */

/* An entry of linux.resources.devices; -1 is any. */
struct entry {
	bool allow;
	char type; /* 'a', 'b', 'c' */
	json_int_t major, minor;
	uint32_t rights;
};

static struct entry read_entry(const json_t *json)
{
	const char *type = json_string_value(json_object_get(json, "type"));
	const char *access = json_string_value(json_object_get(json, "access"));
	const json_t *major = json_object_get(json, "major"),
		     *minor = json_object_get(json, "minor");
	struct entry e = {.allow = json_is_true(json_object_get(json, "allow")),
			  .type = type ? type[0] : 'a',
			  .major = json_is_integer(major) ? json_integer_value(major) : -1,
			  .minor = json_is_integer(minor) ? json_integer_value(minor) : -1};

	for (access = access ? access : "rwm"; *access; access++)
		e.rights |= *access == 'r'   ? RF_DEV_READ
			    : *access == 'w' ? RF_DEV_WRITE
					     : RF_DEV_MKNOD;
	return e;
}

static int add_entry(json_t *list, const struct entry *e)
{
	char type[2] = {e->type, '\0'}, access[4], *at = access;
	json_t *json;

	if (e->rights & RF_DEV_READ)
		*at++ = 'r';
	if (e->rights & RF_DEV_WRITE)
		*at++ = 'w';
	if (e->rights & RF_DEV_MKNOD)
		*at++ = 'm';
	*at = '\0';
	json = json_pack("{s:b,s:s}", "allow", e->allow, "type", type);
	if (json && e->major >= 0)
		(void)json_object_set_new(json, "major", json_integer(e->major));
	if (json && e->minor >= 0)
		(void)json_object_set_new(json, "minor", json_integer(e->minor));
	if (json)
		(void)json_object_set_new(json, "access", json_string(access));
	return json_array_append_new(list, json);
}

static bool meet(json_int_t a, json_int_t b, json_int_t *ret)
{
	*ret = a < 0 ? b : a;
	return a < 0 || b < 0 || a == b;
}

/* What both allow; false: nothing. */
static bool intersect(const struct entry *a, const struct entry *b, struct entry *ret)
{
	*ret = *a;
	ret->rights &= b->rights;
	if (a->type == 'a')
		ret->type = b->type;
	else if (b->type != 'a' && a->type != b->type)
		return false;
	return ret->rights && meet(a->major, b->major, &ret->major) &&
	       meet(a->minor, b->minor, &ret->minor);
}

static bool node_entry(const struct rf_dev_rule *rule, const struct rf_dev_node *node,
		       struct entry *ret)
{
	if (node->pattern)
		return false;
	*ret = (struct entry){.allow = !rule->rule.deny,
			      .type = node->type,
			      .major = node->major,
			      .minor = node->minor,
			      .rights = rule->rights};
	return true;
}

/* Each old entry, met with each of the policy's of the same kind; or kept where it forbids. */
static int merge_entry(json_t *list, const struct entry *old, const struct rf_policy *policy)
{
	int r = 0;

	if (!old->allow || policy->devices_default == RF_DEFAULT_ALLOW)
		return add_entry(list, old);
	for (size_t i = 0; i < policy->n_devices && r == 0; i++) {
		const struct rf_dev_rule *rule = &policy->devices[i];

		for (size_t k = 0; k < rule->n_nodes && r == 0; k++) {
			struct entry mine, both;

			if (!rule->rule.deny && rule->rule.mode != RF_MODE_AUDIT &&
			    node_entry(rule, &rule->nodes[k], &mine) &&
			    intersect(old, &mine, &both))
				r = add_entry(list, &both);
		}
	}
	return r;
}

static int add_denials(json_t *list, const struct rf_policy *policy, struct rf_str *notes)
{
	int r = 0;

	for (size_t i = 0; i < policy->n_devices && r == 0; i++) {
		const struct rf_dev_rule *rule = &policy->devices[i];

		for (size_t k = 0; k < rule->n_nodes && r == 0; k++) {
			struct entry mine;

			if (!node_entry(rule, &rule->nodes[k], &mine))
				(void)rf_str_addf(notes, "%s: node patterns are left to the hook\n",
						  rule->rule.id);
			else if (rule->rule.deny && rule->rule.mode != RF_MODE_AUDIT)
				r = add_entry(list, &mine);
		}
	}
	return r;
}

static int apply_devices(json_t *linux_part, const struct rf_policy *policy, struct rf_str *notes,
			 struct rf_err *err)
{
	json_t *resources = object_in(linux_part, "resources"), *value;
	json_t *old, *list = json_array();
	size_t at;
	int r = list ? 0 : -1;

	if (!resources) {
		json_decref(list);
		return rf_err_set(err, -EINVAL, "linux.resources is not an object");
	}
	old = json_object_get(resources, "devices");
	if (r == 0 && policy->devices_default == RF_DEFAULT_DENY)
		r = add_entry(list,
			      &(struct entry){.type = 'a',
					      .major = -1,
					      .minor = -1,
					      .rights = RF_DEV_READ | RF_DEV_WRITE | RF_DEV_MKNOD});
	json_array_foreach (old, at, value) {
		const struct entry e = read_entry(value);

		/* The first says "nothing but", which is said already. */
		if (at == 0 && policy->devices_default == RF_DEFAULT_DENY && !e.allow &&
		    e.type == 'a' && e.major < 0 && e.minor < 0)
			continue;
		if (r == 0)
			r = merge_entry(list, &e, policy);
	}
	if (r == 0)
		r = add_denials(list, policy, notes);
	if (r < 0) {
		json_decref(list);
		return no_memory(err);
	}
	return json_object_set_new(resources, "devices", list) < 0 ? no_memory(err) : 0;
}

int rf_oci_apply(json_t *config, const struct rf_policy *policy, struct rf_str *notes,
		 struct rf_err *err)
{
	json_t *linux_part = object_in(config, "linux"), *filter = NULL;
	int r = apply_process(config, policy, err);

	if (r == 0 && !linux_part)
		r = rf_err_set(err, -EINVAL, "linux is not an object");
	if (r == 0 && policy->sections[RF_SECTION_DEVICES].present)
		r = apply_devices(linux_part, policy, notes, err);
	if (r < 0 || !policy->sections[RF_SECTION_SECCOMP].present)
		return r;
	r = rf_oci_apply_seccomp(&filter, json_object_get(linux_part, "seccomp"), policy, notes,
				 err);
	if (r == 0 && json_object_set_new(linux_part, "seccomp", filter) < 0)
		r = no_memory(err);
	return r;
}
