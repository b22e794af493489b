/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins the layers of a policy into one list of clauses per call.
 *
 * Joining two lists that must both allow: a clause that refuses stays; a clause that allows is
 * replaced by all of the other list under its own conditions. Since every list ends in a clause
 * without conditions, the result does too, and the first that holds is the verdict of both.
 */
#include "sandbox/policy/sysmodel.h"

#include <string.h>

#include "sandbox/policy/syslayer.h"

#define ARENA_MAX  (256u * 1024 * 1024)
#define LAYERS_OWN 5 /* beside the filters */
#define LAYERS_MAX (RF_SYS_FILTERS_MAX + LAYERS_OWN)

struct rf_sys_model {
	const struct rf_policy *policy;
	struct rf_arena *arena;
	struct rf_sys_list *lists[RF_ABIS_MAX]; /* RF_CALLS_MAX each */
	struct rf_sys_list unknown[RF_ABIS_MAX];
	struct rf_sys_program *programs;
	size_t n_programs;
};

struct rf_sys_model *rf_sys_model_free(struct rf_sys_model *model)
{
	if (model)
		rf_arena_free(model->arena);
	free(model);
	return NULL;
}

/* ---- one layer's list for one call ---- */

static int compare_entries(const void *a, const void *b)
{
	const struct rf_sys_entry *left = a, *right = b;

	if (left->nr != right->nr)
		return left->nr < right->nr ? -1 : 1;
	if (left->phase != right->phase)
		return left->phase < right->phase ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

static size_t first_entry(const struct rf_sys_entries *entries, uint32_t nr)
{
	size_t low = 0, high = entries->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (entries->data[middle].nr < nr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int layer_list(struct rf_sys_list *ret, const struct rf_sys_layer *layer, size_t abi,
		      uint32_t nr, struct rf_arena *arena)
{
	const struct rf_sys_entries *entries = &layer->entries[abi];
	bool known = rf_call_name(rf_abi_at(abi), nr) != NULL;
	size_t first = first_entry(entries, nr), end = first;
	struct rf_sys_clause *clauses;
	size_t n = 0;

	while (end < entries->len && entries->data[end].nr == nr)
		end++;
	clauses = rf_arena_array(arena, end - first + 1, sizeof(*clauses));
	if (!clauses)
		return -ENOMEM;
	if (!(layer->abis & 1u << abi)) {
		clauses[0] = layer->foreign;
		*ret = (struct rf_sys_list){clauses, 1};
		return 0;
	}
	for (size_t i = first; i < end; i++) {
		clauses[n++] = entries->data[i].clause;
		if (clauses[n - 1].n_conds == 0)
			break;
	}
	if (n == 0 || clauses[n - 1].n_conds > 0)
		clauses[n++] = known ? layer->known : layer->unknown;
	*ret = (struct rf_sys_list){clauses, n};
	return 0;
}

/* ---- joining ---- */

static const struct rf_sys_cond *join_conds(const struct rf_sys_clause *a,
					    const struct rf_sys_clause *b, struct rf_arena *arena)
{
	struct rf_sys_cond *conds;

	if (a->n_conds == 0)
		return b->conds;
	if (b->n_conds == 0)
		return a->conds;
	conds = rf_arena_array(arena, a->n_conds + b->n_conds, sizeof(*conds));
	if (!conds)
		return NULL;
	memcpy(conds, a->conds, a->n_conds * sizeof(*conds));
	memcpy(conds + a->n_conds, b->conds, b->n_conds * sizeof(*conds));
	return conds;
}

/* Both allow: the one with more to tell stays responsible. */
static bool left_tells_more(const struct rf_sys_clause *left, const struct rf_sys_clause *right)
{
	if (left->action != right->action)
		return left->action == SECCOMP_RET_LOG;
	if ((left->origin == RF_SYS_RULE) != (right->origin == RF_SYS_RULE))
		return left->origin == RF_SYS_RULE;
	return left->filter && !right->filter;
}

static int join(struct rf_sys_list *ret, const struct rf_sys_list *a, const struct rf_sys_list *b,
		struct rf_arena *arena)
{
	struct rf_sys_clause *clauses;
	size_t max, n = 0;

	if (__builtin_mul_overflow(a->n, b->n, &max) || max > RF_SYS_CLAUSES_MAX)
		max = RF_SYS_CLAUSES_MAX;
	clauses = rf_arena_array(arena, max, sizeof(*clauses));
	if (!clauses)
		return -ENOMEM;
	for (size_t i = 0; i < a->n; i++) {
		const struct rf_sys_clause *left = &a->clauses[i];
		bool stays = rf_sys_refuses(left->action);

		for (size_t k = 0; k < (stays ? 1 : b->n); k++) {
			const struct rf_sys_clause *right = &b->clauses[k];
			struct rf_sys_clause *clause = &clauses[n++];

			if (n > max)
				return -E2BIG;
			*clause = *left;
			if (stays)
				continue;
			if (rf_sys_refuses(right->action) || !left_tells_more(left, right))
				*clause = *right;
			clause->n_conds = left->n_conds + right->n_conds;
			clause->conds = join_conds(left, right, arena);
			if (clause->n_conds > 0 && !clause->conds)
				return -ENOMEM;
		}
	}
	*ret = (struct rf_sys_list){clauses, n};
	return 0;
}

/* It allows whatever the arguments, and no part of the policy is responsible for that. */
static bool adds_nothing(const struct rf_sys_list *list)
{
	const struct rf_sys_clause *clause = &list->clauses[0];

	return list->n == 1 && clause->action == SECCOMP_RET_ALLOW &&
	       clause->origin != RF_SYS_RULE && !clause->filter;
}

static int joined_list(struct rf_sys_list *ret, const struct rf_sys_layer *layers, size_t n,
		       size_t abi, uint32_t nr, struct rf_arena *arena)
{
	struct rf_sys_list list, next;
	int r = layer_list(&list, &layers[0], abi, nr, arena);

	for (size_t i = 1; i < n && r == 0; i++) {
		if (list.n == 1 && rf_sys_refuses(list.clauses[0].action))
			break;
		r = layer_list(&next, &layers[i], abi, nr, arena);
		if (r < 0)
			break;
		if (adds_nothing(&list))
			list = next;
		else if (!adds_nothing(&next))
			r = join(&list, &list, &next, arena);
	}
	if (r == 0 && list.n > RF_SYS_CLAUSES_MAX)
		return -E2BIG;
	if (r == 0)
		*ret = list;
	return r;
}

/* ---- layers of a policy ---- */

struct layers {
	struct rf_sys_layer data[LAYERS_MAX];
	size_t n;
};

static void free_layers(struct layers **layers)
{
	for (size_t i = 0; *layers && i < (*layers)->n; i++)
		rf_sys_layer_done(&(*layers)->data[i]);
	free(*layers);
}

static struct rf_sys_layer *new_layer(struct layers *layers)
{
	struct rf_sys_layer *layer = &layers->data[layers->n++];

	rf_sys_layer_init(layer);
	return layer;
}

static int make_program(struct rf_sys_model *model, struct rf_sys_maker *maker,
			const struct rf_filter *filter)
{
	const struct rf_policy *policy = maker->policy;
	struct rf_oci_host host = {
		.capabilities = policy->sections[RF_SECTION_CAPABILITIES].present
					? policy->capabilities_keep
					: rf_oci_default_capabilities,
		.kernel = maker->context->kernel ? maker->context->kernel : rf_oci_running_kernel(),
	};
	struct rf_sys_program *program = &model->programs[model->n_programs];
	struct rf_oci_profile profile;
	int r;

	if (policy->mode == RF_MODE_AUDIT)
		return rf_err_set(maker->err, -EOPNOTSUPP,
				  "audit mode cannot be had with an OCI seccomp profile, which "
				  "decides every call by itself");
	r = rf_oci_seccomp_parse(&profile, filter->oci_json, &host, maker->arena, maker->err);
	if (r == 0)
		r = rf_oci_seccomp_compile(program, &profile, maker->arena, maker->err);
	if (r < 0)
		return rf_err_wrap(maker->err, r, "%s", filter->place.file ?: "seccomp.oci");
	program->filter = filter;
	model->n_programs++;
	return 0;
}

static int make_layers(struct layers *layers, struct rf_sys_model *model,
		       struct rf_sys_maker *maker)
{
	const struct rf_policy *policy = maker->policy;
	bool present = policy->sections[RF_SECTION_SECCOMP].present;
	int r;

	if (policy->n_filters > RF_SYS_FILTERS_MAX)
		return rf_err_set(maker->err, -E2BIG, "more than %d seccomp filters to unite",
				  RF_SYS_FILTERS_MAX);
	model->programs =
		rf_arena_array(model->arena, policy->n_filters + 1, sizeof(*model->programs));
	if (!model->programs)
		return rf_err_set(maker->err, -ENOMEM, "system calls: no memory");
	maker->kills = new_layer(layers);
	maker->audit = new_layer(layers);
	r = rf_sys_layer_self(new_layer(layers), maker);
	for (size_t i = 0; present && i < policy->n_filters && r == 0; i++) {
		r = rf_sys_layer_filter(new_layer(layers), maker, &policy->filters[i]);
		if (r == 0 && policy->filters[i].kind == RF_FILTER_OCI)
			r = make_program(model, maker, &policy->filters[i]);
	}
	if (r == 0)
		r = rf_sys_layer_kernel(new_layer(layers), maker);
	if (r == 0)
		r = rf_sys_layer_families(new_layer(layers), maker);
	for (size_t i = 0; i < layers->n; i++)
		for (size_t a = 0; a < RF_ABIS_MAX; a++)
			if (layers->data[i].entries[a].len > 0)
				qsort(layers->data[i].entries[a].data,
				      layers->data[i].entries[a].len, sizeof(struct rf_sys_entry),
				      compare_entries);
	return r;
}

static int fill_lists(struct rf_sys_model *model, const struct layers *layers, struct rf_err *err)
{
	const struct rf_abi *abi;

	for (size_t a = 0; (abi = rf_abi_at(a)); a++) {
		int r;

		model->lists[a] =
			rf_arena_array(model->arena, RF_CALLS_MAX, sizeof(*model->lists[a]));
		if (!model->lists[a])
			return rf_err_set(err, -ENOMEM, "system calls: no memory");
		for (uint32_t i = 0; i <= RF_CALLS_MAX; i++) {
			uint32_t nr = abi->first + i; /* one past the table: unknown */
			struct rf_sys_list *list =
				i < RF_CALLS_MAX ? &model->lists[a][i] : &model->unknown[a];

			r = joined_list(list, layers->data, layers->n, a, nr, model->arena);
			if (r == -E2BIG)
				return rf_err_set(err, r,
						  "seccomp: the rules about %s, united, need more "
						  "than %d cases",
						  rf_call_name(abi, nr) ?: "one call",
						  RF_SYS_CLAUSES_MAX);
			if (r < 0)
				return rf_err_sys(err, r, "system calls");
		}
	}
	return 0;
}

int rf_sys_model_new(struct rf_sys_model **ret, const struct rf_policy *policy,
		     const struct rf_sys_context *context, struct rf_err *err)
{
	RF_CLEANUP(rf_sys_model_freep) struct rf_sys_model *model = calloc(1, sizeof(*model));
	RF_CLEANUP(free_layers) struct layers *layers = calloc(1, sizeof(*layers));
	struct rf_sys_maker maker = {.policy = policy, .context = context, .err = err};
	int r;

	if (!model || !layers)
		return rf_err_set(err, -ENOMEM, "system calls: no memory");
	model->policy = policy;
	model->arena = maker.arena = rf_arena_new(ARENA_MAX);
	if (!model->arena)
		return rf_err_set(err, -ENOMEM, "system calls: no memory");
	r = make_layers(layers, model, &maker);
	if (r == 0)
		r = fill_lists(model, layers, err);
	if (r < 0)
		return r;
	*ret = RF_TAKE_PTR(model);
	return 0;
}

const struct rf_policy *rf_sys_model_policy(const struct rf_sys_model *model)
{
	return model->policy;
}

size_t rf_sys_model_programs(const struct rf_sys_model *model, const struct rf_sys_program **ret)
{
	*ret = model->programs;
	return model->n_programs;
}

const struct rf_sys_list *rf_sys_model_find(const struct rf_sys_model *model, uint32_t audit_arch,
					    uint32_t nr)
{
	const struct rf_abi *abi = rf_abi_of(audit_arch, nr);

	if (!abi)
		return NULL;
	if (nr - abi->first < RF_CALLS_MAX)
		return &model->lists[abi - rf_abi_at(0)][nr - abi->first];
	return &model->unknown[abi - rf_abi_at(0)];
}
