/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences that are no accesses: mode, defaults, kernel keys, process, resources. Taken from the
 * canonical form, so that a value means the same whichever way it was written.
 */
#include <jansson.h>
#include <string.h>

#include "sandbox/launch/diff_parts.h"
#include "sandbox/policy/canonical.h"

static void put(json_t **json)
{
	json_decref(*json);
}

/* The value as JSON in the arena; NULL: there is none. */
static int keep_text(struct rf_differ *differ, const json_t *value, const char **ret)
{
	char *text;

	*ret = NULL;
	if (!value)
		return 0;
	text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	*ret = text ? rf_arena_strdup(differ->diff->arena, text) : NULL;
	free(text);
	return *ret ? 0 : rf_differ_no_memory(differ);
}

/* Lists are sets here: names of variables to keep. */
static bool holds_all(const json_t *list, const json_t *of)
{
	const json_t *wanted, *item;
	size_t i, k;

	json_array_foreach (of, i, wanted) {
		bool found = false;

		json_array_foreach (list, k, item)
			found |= json_equal(item, wanted);
		if (!found)
			return false;
	}
	return true;
}

static bool is_same_value(const json_t *a, const json_t *b)
{
	if (json_is_array(a) && json_is_array(b))
		return holds_all(a, b) && holds_all(b, a);
	return a == b || (a && b && json_equal(a, b));
}

static int compare(struct rf_differ *differ, const char *layer, const char *key,
		   const json_t *const value[2])
{
	struct rf_diff_setting setting = {.layer = layer};
	int r = 0;

	if (is_same_value(value[0], value[1]))
		return 0;
	setting.key = rf_arena_strdup(differ->diff->arena, key);
	for (int i = 0; i < 2 && r == 0; i++)
		r = keep_text(differ, value[i], &setting.side[i]);
	if (r == 0 && (!setting.key || rf_diff_settings_push(&differ->diff->settings, setting) < 0))
		r = rf_differ_no_memory(differ);
	return r;
}

/* Every member of two objects, those of the first in order and then what only the second has. */
static int compare_members(struct rf_differ *differ, const char *layer, const char *within,
			   json_t *const object[2])
{
	for (int i = 0; i < 2; i++) {
		const char *key;
		json_t *value;

		json_object_foreach (object[i], key, value) {
			const json_t *both[2] = {json_object_get(object[0], key),
						 json_object_get(object[1], key)};
			json_t *inner[2] = {json_object_get(object[0], key),
					    json_object_get(object[1], key)};
			char name[256];
			int r;

			(void)snprintf(name, sizeof(name), "%s%s%s", within, within[0] ? "." : "",
				       key);
			if ((i == 1 && both[0]) || strcmp(key, "need") == 0)
				continue;
			if (json_is_object(inner[0]) && json_is_object(inner[1]) && !within[0])
				r = compare_members(differ, layer, name, inner);
			else
				r = compare(differ, layer, name, both);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int compare_default(struct rf_differ *differ, enum rf_section section)
{
	static const char *const words[] = {"deny", "allow"};
	json_t *value[2] = {NULL, NULL};
	int r;

	for (int i = 0; i < 2; i++) {
		const struct rf_policy *policy = differ->side[i].policy;
		enum rf_default fallback = section == RF_SECTION_FILES ? policy->files_default
					   : section == RF_SECTION_NETWORK
						   ? policy->network_default
						   : policy->devices_default;

		if (!policy->sections[section].present)
			fallback = RF_DEFAULT_ALLOW;
		value[i] = json_string(words[fallback]);
	}
	r = compare(differ, rf_section_name(section), "default",
		    (const json_t *const[]){value[0], value[1]});
	json_decref(value[0]);
	json_decref(value[1]);
	return r;
}

static int compare_kernel(struct rf_differ *differ, unsigned int key)
{
	json_t *value[2];
	int r;

	for (int i = 0; i < 2; i++)
		value[i] = json_string(
			rf_kernel_value_name(differ->side[i].policy->kernel[key].value));
	r = compare(differ, "kernel", rf_kernel_key_name((enum rf_kernel_key)key),
		    (const json_t *const[]){value[0], value[1]});
	json_decref(value[0]);
	json_decref(value[1]);
	return r;
}

static int compare_links(struct rf_differ *differ)
{
	const json_t *value[2];

	for (int i = 0; i < 2; i++)
		value[i] = differ->side[i].policy->links_deny ? json_true() : json_false();
	return compare(differ, "files", "links.deny", value);
}

static int note_absent(struct rf_differ *differ)
{
	int r = 0;

	for (unsigned int s = 0; s <= RF_SECTION_SECCOMP && r == 0; s++) {
		bool has[2];

		for (int i = 0; i < 2; i++)
			has[i] = differ->side[i].policy->sections[s].present;
		if (has[0] != has[1])
			r = rf_differ_note(differ,
					   "%s has no section \"%s\", so it is not enforced there: "
					   "everything counts as allowed",
					   has[0] ? "B" : "A", rf_section_name((enum rf_section)s));
	}
	return r;
}

/* What changes no verdict, but what is recorded or whether a command starts at all. */
static int note_rest(struct rf_differ *differ, json_t *const form[2])
{
	static const char *const needs[] = {"must", "should"};
	int r = 0;

	if (!json_equal(json_object_get(form[0], "audit"), json_object_get(form[1], "audit")))
		r = rf_differ_note(differ, "they record different allowed uses (\"audit\")");
	for (unsigned int s = 0; s < RF_SECTION_COUNT && r == 0; s++) {
		const struct rf_section_info *info[2];

		for (int i = 0; i < 2; i++)
			info[i] = &differ->side[i].policy->sections[s];
		if (info[0]->present && info[1]->present && info[0]->need != info[1]->need)
			r = rf_differ_note(differ,
					   "section \"%s\": need is \"%s\" in A, \"%s\" in B",
					   rf_section_name((enum rf_section)s),
					   needs[info[0]->need], needs[info[1]->need]);
	}
	return r;
}

int rf_diff_set(struct rf_differ *differ)
{
	static const char *const parts[] = {"process", "resources"};
	RF_CLEANUP(put) json_t *a = rf_policy_to_json(differ->side[0].policy, false);
	RF_CLEANUP(put) json_t *b = rf_policy_to_json(differ->side[1].policy, false);
	json_t *const form[2] = {a, b};
	int r;

	if (!a || !b)
		return rf_differ_no_memory(differ);
	r = compare(
		differ, "policy", "mode",
		(const json_t *const[]){json_object_get(a, "mode"), json_object_get(b, "mode")});
	for (unsigned int s = RF_SECTION_FILES; s <= RF_SECTION_DEVICES && r == 0; s++)
		r = compare_default(differ, (enum rf_section)s);
	if (r == 0)
		r = compare_links(differ);
	for (unsigned int key = 0; key < RF_KERNEL_COUNT && r == 0; key++)
		r = compare_kernel(differ, key);
	for (size_t i = 0; i < RF_ARRAY_LEN(parts) && r == 0; i++)
		r = compare_members(differ, parts[i], "",
				    (json_t *const[]){json_object_get(a, parts[i]),
						      json_object_get(b, parts[i])});
	if (r == 0)
		r = note_absent(differ);
	return r < 0 ? r : note_rest(differ, form);
}
