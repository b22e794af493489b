/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying a policy's structures one behind the other, and making their pointers good again.
 *
 * Each structure is first copied as it is; then each of its pointers is replaced by the offset of
 * what it leads to, and the place of the pointer is noted. A pointer that were forgotten here would
 * lead into the memory of a process that is gone: a test thaws in another process and compares all.
 */
#include "sandbox/policy/frozen.h"

#include <string.h>

#include "sandbox/base/vec.h"
#include "sandbox/policy/load.h"

#define ALIGNMENT 8u

struct head {
	uint32_t size;	   /* of this and all that follows */
	uint32_t n_places; /* pointers to be made good */
	uint32_t places;   /* where their list is */
	uint32_t policy;   /* where the policy is */
};

RF_VEC_DEFINE(bytes, char);
RF_VEC_DEFINE(places, uint32_t);
RF_VEC_DEFINE(offsets, uint32_t);

struct text {
	const char *from;
	uint32_t at;
};

RF_VEC_DEFINE(texts, struct text);

struct freezer {
	struct bytes bytes;
	struct places places;
	struct offsets rules; /* of each rule by its index */
	struct texts texts;   /* those that many members share: names of files */
	int error;
};

/* Copies size bytes to the end; answers their offset. */
static uint32_t put(struct freezer *f, const void *data, size_t size)
{
	size_t at = (f->bytes.len + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

	if (f->error || size > UINT32_MAX - at || at > UINT32_MAX) {
		f->error = f->error ? f->error : -EFBIG;
		return 0;
	}
	if (bytes_reserve(&f->bytes, at + size) < 0) {
		f->error = -ENOMEM;
		return 0;
	}
	memset(f->bytes.data + f->bytes.len, 0, at - f->bytes.len);
	if (size)
		memcpy(f->bytes.data + at, data, size);
	f->bytes.len = at + size;
	return (uint32_t)at;
}

/* The pointer at `place` leads to what is at `target`; 0: nowhere. */
static void point(struct freezer *f, size_t place, uint32_t target)
{
	uint64_t value = target;

	if (f->error)
		return;
	_Static_assert(sizeof(value) == sizeof(void *), "pointers are as long as their offsets");
	memcpy(f->bytes.data + place, &value, sizeof(value));
	if (target && places_push(&f->places, (uint32_t)place) < 0)
		f->error = -ENOMEM;
}

static void text(struct freezer *f, size_t place, const char *from)
{
	point(f, place, from ? put(f, from, strlen(from) + 1) : 0);
}

/* Names of files: few, and each rule has one. */
static void shared_text(struct freezer *f, size_t place, const char *from)
{
	struct text *found = NULL;

	for (size_t i = 0; from && i < f->texts.len && !found; i++)
		if (strcmp(f->texts.data[i].from, from) == 0)
			found = &f->texts.data[i];
	if (from && !found) {
		const struct text entry = {.from = from, .at = put(f, from, strlen(from) + 1)};

		if (texts_push(&f->texts, entry) < 0) {
			f->error = -ENOMEM;
			return;
		}
		found = &f->texts.data[f->texts.len - 1];
	}
	point(f, place, found ? found->at : 0);
}

/* The array behind the pointer at `place`; answers where its copy is. */
static uint32_t array(struct freezer *f, size_t place, const void *data, size_t n, size_t size)
{
	uint32_t at = n ? put(f, data, n * size) : 0;

	point(f, place, at);
	return at;
}

#define AT(base, i, type, member) ((base) + (i) * sizeof(type) + offsetof(type, member))

static void texts_of(struct freezer *f, size_t place, const char *const *list, size_t n)
{
	uint32_t at = array(f, place, list, n, sizeof(*list));

	for (size_t i = 0; i < n; i++)
		text(f, at + i * sizeof(*list), list[i]);
}

static void patterns(struct freezer *f, size_t place, const struct rf_pattern *list, size_t n)
{
	uint32_t at = array(f, place, list, n, sizeof(*list));

	for (size_t i = 0; i < n; i++)
		text(f, AT(at, i, struct rf_pattern, text), list[i].text);
}

static void rule(struct freezer *f, size_t at, const struct rf_rule *from)
{
	shared_text(f, AT(at, 0, struct rf_rule, place.file), from->place.file);
	text(f, AT(at, 0, struct rf_rule, id), from->id);
	text(f, AT(at, 0, struct rf_rule, reason), from->reason);
	text(f, AT(at, 0, struct rf_rule, hint), from->hint);
	if (from->index < f->rules.len)
		f->rules.data[from->index] = (uint32_t)at;
}

static void files(struct freezer *f, size_t policy_at, const struct rf_policy *p)
{
	uint32_t at = array(f, AT(policy_at, 0, struct rf_policy, files), p->files, p->n_files,
			    sizeof(*p->files));

	for (size_t i = 0; i < p->n_files; i++) {
		const struct rf_file_rule *from = &p->files[i];

		rule(f, AT(at, i, struct rf_file_rule, rule), &from->rule);
		patterns(f, AT(at, i, struct rf_file_rule, paths), from->paths, from->n_paths);
		patterns(f, AT(at, i, struct rf_file_rule, except), from->except, from->n_except);
	}
}

static void network(struct freezer *f, size_t policy_at, const struct rf_policy *p)
{
	uint32_t at = array(f, AT(policy_at, 0, struct rf_policy, network), p->network,
			    p->n_network, sizeof(*p->network));

	for (size_t i = 0; i < p->n_network; i++) {
		const struct rf_net_rule *from = &p->network[i];

		rule(f, AT(at, i, struct rf_net_rule, rule), &from->rule);
		patterns(f, AT(at, i, struct rf_net_rule, unix_names), from->unix_names,
			 from->n_unix);
		array(f, AT(at, i, struct rf_net_rule, to), from->to, from->n_to,
		      sizeof(*from->to));
		array(f, AT(at, i, struct rf_net_rule, ports), from->ports, from->n_ports,
		      sizeof(*from->ports));
	}
}

static void devices(struct freezer *f, size_t policy_at, const struct rf_policy *p)
{
	uint32_t at = array(f, AT(policy_at, 0, struct rf_policy, devices), p->devices,
			    p->n_devices, sizeof(*p->devices));

	for (size_t i = 0; i < p->n_devices; i++) {
		const struct rf_dev_rule *from = &p->devices[i];
		uint32_t nodes;

		rule(f, AT(at, i, struct rf_dev_rule, rule), &from->rule);
		nodes = array(f, AT(at, i, struct rf_dev_rule, nodes), from->nodes, from->n_nodes,
			      sizeof(*from->nodes));
		for (size_t k = 0; k < from->n_nodes; k++)
			text(f, AT(nodes, k, struct rf_dev_node, pattern), from->nodes[k].pattern);
	}
}

static void sys_rule(struct freezer *f, size_t at, const struct rf_sys_rule *from)
{
	uint32_t calls, args;

	rule(f, AT(at, 0, struct rf_sys_rule, rule), &from->rule);
	calls = array(f, AT(at, 0, struct rf_sys_rule, calls), from->calls, from->n_calls,
		      sizeof(*from->calls));
	for (size_t i = 0; i < from->n_calls; i++)
		text(f, AT(calls, i, struct rf_call, name), from->calls[i].name);
	args = array(f, AT(at, 0, struct rf_sys_rule, args), from->args, from->n_args,
		     sizeof(*from->args));
	for (size_t i = 0; i < from->n_args; i++)
		array(f, AT(args, i, struct rf_arg_test, values), from->args[i].values,
		      from->args[i].n_values, sizeof(*from->args[i].values));
}

static void filters(struct freezer *f, size_t policy_at, const struct rf_policy *p)
{
	uint32_t at = array(f, AT(policy_at, 0, struct rf_policy, filters), p->filters,
			    p->n_filters, sizeof(*p->filters));

	for (size_t i = 0; i < p->n_filters; i++) {
		const struct rf_filter *from = &p->filters[i];
		uint32_t rules;

		text(f, AT(at, i, struct rf_filter, base), from->base);
		text(f, AT(at, i, struct rf_filter, oci_json), from->oci_json);
		shared_text(f, AT(at, i, struct rf_filter, place.file), from->place.file);
		rules = array(f, AT(at, i, struct rf_filter, rules), from->rules, from->n_rules,
			      sizeof(*from->rules));
		for (size_t k = 0; k < from->n_rules; k++)
			sys_rule(f, AT(rules, k, struct rf_sys_rule, rule), &from->rules[k]);
	}
}

static void process(struct freezer *f, size_t at, const struct rf_policy *p)
{
	uint32_t list = array(f, AT(at, 0, struct rf_policy, rlimits), p->rlimits, p->n_rlimits,
			      sizeof(*p->rlimits));

	for (size_t i = 0; i < p->n_rlimits; i++)
		text(f, AT(list, i, struct rf_rlimit, name), p->rlimits[i].name);
	texts_of(f, AT(at, 0, struct rf_policy, env_keep), p->env_keep, p->n_env_keep);
	list = array(f, AT(at, 0, struct rf_policy, env_set), p->env_set, p->n_env_set,
		     sizeof(*p->env_set));
	for (size_t i = 0; i < p->n_env_set; i++) {
		text(f, AT(list, i, struct rf_env_set, name), p->env_set[i].name);
		text(f, AT(list, i, struct rf_env_set, value), p->env_set[i].value);
	}
}

/* After all rules have their places: the list of them by index leads into those. */
static void rules(struct freezer *f, size_t policy_at, const struct rf_policy *p)
{
	uint32_t at = array(f, AT(policy_at, 0, struct rf_policy, rules), p->rules, p->n_rules,
			    sizeof(*p->rules));

	for (size_t i = 0; i < p->n_rules; i++) {
		if (!f->rules.data[i])
			f->error = f->error ? f->error : -EINVAL; /* one that no section has */
		point(f, at + i * sizeof(*p->rules), f->rules.data[i]);
	}
}

/* Who decides what the strictest file decides. */
static void deciders(struct freezer *f, size_t at, const struct rf_policy *p)
{
	uint32_t list = array(f, AT(at, 0, struct rf_policy, keeps), p->keeps, p->n_keeps,
			      sizeof(*p->keeps));

	for (size_t i = 0; i < p->n_keeps; i++)
		shared_text(f, AT(list, i, struct rf_keep, place.file), p->keeps[i].place.file);
	list = array(f, AT(at, 0, struct rf_policy, key_limits), p->key_limits, p->n_key_limits,
		     sizeof(*p->key_limits));
	for (size_t i = 0; i < p->n_key_limits; i++)
		shared_text(f, AT(list, i, struct rf_key_limit, place.file),
			    p->key_limits[i].place.file);
	for (size_t i = 0; i < RF_RESOURCE_COUNT; i++)
		shared_text(f, AT(at, 0, struct rf_policy, resource_places[i].file),
			    p->resource_places[i].file);
}

static void whole(struct freezer *f, size_t at, const struct rf_policy *p)
{
	text(f, AT(at, 0, struct rf_policy, name), p->name);
	texts_of(f, AT(at, 0, struct rf_policy, sources), p->sources, p->n_sources);
	for (size_t i = 0; i < RF_SECTION_COUNT; i++)
		shared_text(f, AT(at, 0, struct rf_policy, sections[i].place.file),
			    p->sections[i].place.file);
	for (size_t i = 0; i < RF_KERNEL_COUNT; i++)
		shared_text(f, AT(at, 0, struct rf_policy, kernel[i].place.file),
			    p->kernel[i].place.file);
	files(f, at, p);
	network(f, at, p);
	devices(f, at, p);
	filters(f, at, p);
	process(f, at, p);
	deciders(f, at, p);
	rules(f, at, p);
}

static void freeze(struct freezer *f, const struct rf_policy *policy)
{
	struct head head = {.size = 0};

	for (size_t i = 0; i < policy->n_rules && !f->error; i++)
		if (offsets_push(&f->rules, 0) < 0)
			f->error = -ENOMEM;
	(void)put(f, &head, sizeof(head));
	head.policy = put(f, policy, sizeof(*policy));
	if (!f->error)
		whole(f, head.policy, policy);
	head.n_places = (uint32_t)f->places.len;
	head.places = put(f, f->places.data, f->places.len * sizeof(*f->places.data));
	head.size = (uint32_t)f->bytes.len;
	if (!f->error)
		memcpy(f->bytes.data, &head, sizeof(head));
}

int rf_policy_freeze(const struct rf_policy *policy, void **ret, size_t *ret_len)
{
	struct freezer f = {.error = 0};

	freeze(&f, policy);
	places_done(&f.places);
	offsets_done(&f.rules);
	texts_done(&f.texts);
	if (f.error) {
		bytes_done(&f.bytes);
		return f.error;
	}
	*ret = f.bytes.data;
	*ret_len = f.bytes.len;
	return 0;
}

/* ---- back to life ---- */

static bool is_within(uint64_t at, uint64_t size, uint64_t len)
{
	return at <= len && size <= len - at;
}

int rf_policy_thaw(struct rf_policy **ret, void *at, size_t len, void *owner)
{
	char *base = at;
	struct head head;

	if (len < sizeof(head) || (uintptr_t)at % ALIGNMENT)
		return -EBADMSG;
	memcpy(&head, base, sizeof(head));
	if (head.size != len || head.policy % ALIGNMENT || head.places % sizeof(uint32_t) ||
	    !is_within(head.policy, sizeof(struct rf_policy), len) ||
	    !is_within(head.places, (uint64_t)head.n_places * sizeof(uint32_t), len))
		return -EBADMSG;
	for (uint32_t i = 0; i < head.n_places; i++) {
		uint32_t place;
		uint64_t value;

		memcpy(&place, base + head.places + i * sizeof(place), sizeof(place));
		if (!is_within(place, sizeof(value), head.places))
			return -EBADMSG;
		memcpy(&value, base + place, sizeof(value));
		if (value >= len)
			return -EBADMSG;
		value += (uintptr_t)base;
		memcpy(base + place, &value, sizeof(value));
	}
	return rf_policy_adopt(ret, (const struct rf_policy *)(const void *)(base + head.policy),
			       owner);
}
