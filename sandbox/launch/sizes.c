/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes of a compiled policy; see sizes.h.
 */
#include "sandbox/launch/sizes.h"

#include <linux/filter.h>

#include "lsm/rules.h"
#include "sandbox/launch/filter.h"
#include "sandbox/launch/image.h"
#include "sandbox/policy/dfa.h"
#include "sandbox/policy/fixed.h"
#include "sandbox/policy/limits.h"
#include "sandbox/policy/syscalls.h"

static const struct {
	const char *name;
	uint64_t limit;
} table[] = {
	[RF_SIZE_RULES] = {"rules", RF_LIMIT_RULES},
	[RF_SIZE_PATTERNS] = {"patterns", RF_LIMIT_PATTERNS},
	[RF_SIZE_ADDRESS_RANGES] = {"address_ranges", RF_LIMIT_ADDRESSES},
	[RF_SIZE_CALLS] = {"system_calls", RF_LIMIT_CALLS},
	[RF_SIZE_FILTERS] = {"filters", RF_SYS_FILTERS_MAX},
	[RF_SIZE_PATH_STATES_BEFORE] = {"path_states_before_minimising", RF_DFA_MAX_STATES},
	[RF_SIZE_PATH_STATES] = {"path_states", 0},
	[RF_SIZE_NAME_STATES_BEFORE] = {"unix_states_before_minimising", RF_DFA_MAX_STATES},
	[RF_SIZE_NAME_STATES] = {"unix_states", 0},
	[RF_SIZE_TRANSITIONS_BEFORE] = {"transitions_before_minimising", RF_DFA_MAX_EDGES},
	[RF_SIZE_PIECES] = {"pieces_in_states", RF_DFA_MAX_WORK},
	[RF_SIZE_STEPS] = {"steps_to_compile", RF_DFA_MAX_STEPS},
	[RF_SIZE_VERDICTS] = {"verdicts", 0},
	[RF_SIZE_RELATED_STATES] = {"related_states", RF_DFA_RELATION_STATES},
	[RF_SIZE_ADDRESS_INTERVALS] = {"address_intervals", RF_NET_ADDR_MAX},
	[RF_SIZE_ADDRESS_LIST] = {"rules_about_one_address", RF_NET_LIST_MAX},
	[RF_SIZE_DEVICES] = {"devices", RF_DEV_MAX},
	[RF_SIZE_FIXED_NAMES] = {"names_denied_without_wildcard", RF_FIXED_NAMES_MAX},
	[RF_SIZE_RULE_BYTES] = {"rule_table_bytes", 0},
	[RF_SIZE_DEVICE_BYTES] = {"device_table_bytes", 0},
	[RF_SIZE_ADDRESS_BYTES] = {"address_table_bytes", 0},
	[RF_SIZE_STATE_BYTES] = {"state_table_bytes", 0},
	[RF_SIZE_IMAGE_BYTES] = {"image_bytes", RF_IMAGE_MAX_PAGES * sizeof(struct rf_page)},
	[RF_SIZE_POLICY_MAP_BYTES] = {"policy_map_bytes",
				      RF_IMAGE_MAX_PAGES * sizeof(struct rf_page)},
	[RF_SIZE_FIXED_NAME_SLOTS] = {"denied_object_map_entries", 2 * RF_FIXED_NAMES_MAX},
	[RF_SIZE_RING_BYTES] = {"event_ring_bytes", 0},
	[RF_SIZE_REPEAT_BYTES] = {"repeat_table_bytes", 0},
	[RF_SIZE_CASES] = {"cases_about_one_call", RF_SYS_CLAUSES_MAX},
	[RF_SIZE_PROGRAMS] = {"filter_programs", RF_FILTER_PROGRAMS_MAX},
	[RF_SIZE_INSTRUCTIONS] = {"filter_instructions", 0},
	[RF_SIZE_PROGRAM_INSTRUCTIONS] = {"instructions_of_one_program", BPF_MAXINSNS},
	[RF_SIZE_FILTER_BYTES] = {"filter_bytes", RF_FILTER_BLOB_MAX},
};

_Static_assert(RF_ARRAY_LEN(table) == RF_SIZE_COUNT, "every size has a name");

const char *rf_size_name(enum rf_size size)
{
	return table[size].name;
}

uint64_t rf_size_limit(enum rf_size size)
{
	return table[size].limit;
}

/* What is written down, sets and links resolved. */
static int measure_rules(uint64_t *v, const struct rf_policy *policy)
{
	size_t names = 0;
	int r = rf_fixed_count(policy, RF_FIXED_NAMES_MAX, &names);

	v[RF_SIZE_FIXED_NAMES] = names;
	v[RF_SIZE_RULES] = policy->n_rules;
	v[RF_SIZE_FILTERS] = policy->n_filters;
	for (size_t i = 0; i < policy->n_files; i++) {
		const struct rf_file_rule *rule = &policy->files[i];

		v[RF_SIZE_PATTERNS] += rule->n_paths + rule->n_except;
	}
	for (size_t i = 0; i < policy->n_network; i++) {
		v[RF_SIZE_PATTERNS] += policy->network[i].n_unix;
		v[RF_SIZE_ADDRESS_RANGES] += policy->network[i].n_to;
	}
	for (size_t i = 0; i < policy->n_filters; i++)
		for (size_t k = 0; k < policy->filters[i].n_rules; k++)
			v[RF_SIZE_CALLS] += policy->filters[i].rules[k].n_calls;
	return r == -E2BIG ? 0 : r; /* compiling it says so, in better words */
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void measure_lists(uint64_t *v, const struct rf_image *image)
{
	const uint32_t *cells = image->pages[0].cell; /* pages are one array */
	const struct rf_image_head *head = (const struct rf_image_head *)(const void *)cells;

	v[RF_SIZE_ADDRESS_LIST] = head->n_net_any;
	for (uint32_t i = 0; i < head->n_addr; i++)
		v[RF_SIZE_ADDRESS_LIST] =
			max(v[RF_SIZE_ADDRESS_LIST], cells[head->addr_lists_off + 2 * i + 1]);
	v[RF_SIZE_ADDRESS_INTERVALS] = head->n_addr;
	v[RF_SIZE_DEVICES] = head->n_dev;
}

static int measure_image(uint64_t *v, const struct rf_policy *policy, struct rf_err *err)
{
	RF_CLEANUP(rf_image_freep) struct rf_image *image = NULL;
	int r = rf_image_compile(&image, policy, err);

	if (r < 0)
		return r;
	measure_lists(v, image);
	v[RF_SIZE_PATH_STATES_BEFORE] = image->sizes.files.raw_states;
	v[RF_SIZE_PATH_STATES] = image->sizes.files.states;
	v[RF_SIZE_NAME_STATES_BEFORE] = image->sizes.names.raw_states;
	v[RF_SIZE_NAME_STATES] = image->sizes.names.states;
	v[RF_SIZE_TRANSITIONS_BEFORE] =
		max(image->sizes.files.raw_edges, image->sizes.names.raw_edges);
	v[RF_SIZE_PIECES] = max(image->sizes.files.pieces, image->sizes.names.pieces);
	v[RF_SIZE_STEPS] = max(image->sizes.files.steps, image->sizes.names.steps);
	v[RF_SIZE_VERDICTS] = image->sizes.files.verdicts + image->sizes.names.verdicts;
	v[RF_SIZE_RELATED_STATES] = image->sizes.files.related;
	v[RF_SIZE_RULE_BYTES] = image->sizes.rule_bytes;
	v[RF_SIZE_DEVICE_BYTES] = image->sizes.device_bytes;
	v[RF_SIZE_ADDRESS_BYTES] = image->sizes.address_bytes;
	v[RF_SIZE_STATE_BYTES] = image->sizes.state_bytes;
	v[RF_SIZE_IMAGE_BYTES] = image->n_pages * sizeof(struct rf_page);
	v[RF_SIZE_POLICY_MAP_BYTES] = rf_image_room(image->n_pages) * sizeof(struct rf_page);
	if (v[RF_SIZE_FIXED_NAMES])
		v[RF_SIZE_FIXED_NAME_SLOTS] = rf_nail_room(v[RF_SIZE_FIXED_NAMES]);
	v[RF_SIZE_RING_BYTES] = RF_RING_BYTES;
	v[RF_SIZE_REPEAT_BYTES] = sizeof(struct rf_folds);
	return 0;
}

static int measure_cases(uint64_t *v, const struct rf_policy *policy,
			 const struct rf_sys_context *context, struct rf_err *err)
{
	RF_CLEANUP(rf_sys_model_freep) struct rf_sys_model *model = NULL;
	const struct rf_abi *abi;
	int r = rf_sys_model_new(&model, policy, context, err);

	for (size_t i = 0; r == 0 && (abi = rf_abi_at(i)); i++)
		for (uint32_t nr = abi->first; nr < abi->first + RF_CALLS_MAX; nr++)
			v[RF_SIZE_CASES] = max(v[RF_SIZE_CASES],
					       rf_sys_model_find(model, abi->audit_arch, nr)->n);
	return r;
}

/* Of the session whose filter is larger. */
static int measure_filter(uint64_t *v, const struct rf_policy *policy, enum rf_session session,
			  struct rf_err *err)
{
	RF_CLEANUP(rf_blob_done) struct rf_blob blob = {0};
	const struct rf_sys_context context = {.session = session};
	struct rf_filter_size size;
	int r = measure_cases(v, policy, &context, err);

	if (r == 0)
		r = rf_filter_build(policy, &context, &blob, err);
	if (r == 0)
		r = rf_filter_measure(&size, blob.data, blob.len);
	if (r < 0 || blob.len <= v[RF_SIZE_FILTER_BYTES])
		return r;
	v[RF_SIZE_FILTER_BYTES] = blob.len;
	v[RF_SIZE_PROGRAMS] = size.programs;
	v[RF_SIZE_INSTRUCTIONS] = size.instructions;
	v[RF_SIZE_PROGRAM_INSTRUCTIONS] = size.longest;
	return 0;
}

int rf_sizes_measure(struct rf_sizes *ret, const struct rf_policy *policy, struct rf_err *err)
{
	struct rf_sizes sizes = {.value = {0}};
	int r = measure_rules(sizes.value, policy);

	if (r < 0)
		return rf_err_set(err, r, "no memory to measure the policy");
	r = measure_image(sizes.value, policy, err);
	if (r == 0)
		r = measure_filter(sizes.value, policy, RF_SESSION_INIT, err);
	if (r == 0)
		r = measure_filter(sizes.value, policy, RF_SESSION_EXEC, err);
	if (r == 0)
		*ret = sizes;
	return r;
}
