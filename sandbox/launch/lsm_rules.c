/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only translator from policies to the kernel side's terms: head, rules, automata.
 *
 * Names and numbers of both sides are the same on purpose and asserted here, since neither layer
 * may include the other.
 */
#include <string.h>

#include "lsm/rules.h"
#include "sandbox/base/hash.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/pack.h"
#include "sandbox/policy/fixed.h"

_Static_assert(RF_A_READ == (int)RF_FILE_READ && RF_A_WRITE == (int)RF_FILE_WRITE &&
		       RF_A_APPEND == (int)RF_FILE_APPEND && RF_A_CREATE == (int)RF_FILE_CREATE &&
		       RF_A_REMOVE == (int)RF_FILE_REMOVE &&
		       RF_A_METADATA == (int)RF_FILE_METADATA && RF_A_EXEC == (int)RF_FILE_EXEC &&
		       RF_A_FILE_RIGHTS == (int)RF_FILE_RIGHTS,
	       "file rights");
_Static_assert(RF_A_CONNECT == (int)RF_NET_CONNECT && RF_A_SEND == (int)RF_NET_SEND &&
		       RF_A_BIND == (int)RF_NET_BIND && RF_A_LISTEN == (int)RF_NET_LISTEN,
	       "network rights");
_Static_assert(RF_A_DEV_READ == (int)RF_DEV_READ && RF_A_DEV_WRITE == (int)RF_DEV_WRITE &&
		       RF_A_DEV_MKNOD == (int)RF_DEV_MKNOD,
	       "device rights");
_Static_assert(RF_SEC_FILES == (int)RF_SECTION_FILES && RF_SEC_NETWORK == (int)RF_SECTION_NETWORK &&
		       RF_SEC_DEVICES == (int)RF_SECTION_DEVICES &&
		       RF_SEC_CAPABILITIES == (int)RF_SECTION_CAPABILITIES &&
		       RF_SEC_SECCOMP == (int)RF_SECTION_SECCOMP &&
		       RF_SEC_KERNEL == (int)RF_SECTION_KERNEL &&
		       RF_SEC_PROCESS == (int)RF_SECTION_PROCESS,
	       "sections");
_Static_assert(RF_K_COUNT == (int)RF_KERNEL_COUNT && RF_K_ALLOW == (int)RF_KERNEL_ALLOW &&
		       RF_K_INSIDE == (int)RF_KERNEL_INSIDE && RF_K_DENY == (int)RF_KERNEL_DENY &&
		       RF_K_FILELESS == (int)RF_KERNEL_FILELESS_EXEC &&
		       RF_K_IO_URING == (int)RF_KERNEL_IO_URING,
	       "kernel keys");
_Static_assert(RF_RULE_NONE == RF_DFA_RULE_NONE && RF_RULE_SELF == RF_DFA_RULE_SELF, "rules");

RF_VEC_DEFINE(dfa_rules, struct rf_dfa_rule);

/*
 * Deny rules in audit mode take no part in the verdict. Where the whole policy is in audit mode
 * they do, and the head says that denials pass: so a record names the rule that would have decided.
 */
static bool only_records(const struct rf_policy *policy, const struct rf_rule *rule)
{
	return rule->deny && rule->mode == RF_MODE_AUDIT && policy->mode != RF_MODE_AUDIT;
}

uint8_t rf_pack_flags(const struct rf_policy *policy, const struct rf_rule *rule)
{
	uint8_t flags = 0;

	if (only_records(policy, rule))
		flags |= RF_NE_AUDIT_MODE;
	else if (rule->deny)
		flags |= RF_NE_DENY;
	if (!rule->deny && rule->audit)
		flags |= RF_NE_AUDIT;
	if (rule->session == RF_SESSION_INIT)
		flags |= RF_NE_INIT;
	if (rule->session == RF_SESSION_EXEC)
		flags |= RF_NE_EXEC;
	return flags;
}

static struct rf_dfa_rule dfa_rule(const struct rf_policy *policy, const struct rf_rule *rule,
				   uint32_t rights)
{
	return (struct rf_dfa_rule){.index = rule->index,
				    .rights = rights,
				    .deny = rule->deny,
				    .would = only_records(policy, rule),
				    .kill = rule->kill,
				    .audit = rule->audit,
				    .session = rule->session};
}

static int add_protection(struct dfa_rules *rules, const struct rf_pattern *patterns, size_t n,
			  uint32_t rights)
{
	struct rf_dfa_rule rule = {.index = UINT32_MAX,
				   .rights = rights,
				   .deny = true,
				   .self = true,
				   .patterns = patterns,
				   .n_patterns = n};

	return n ? dfa_rules_push(rules, rule) : 0;
}

static int no_memory(struct rf_err *err)
{
	return rf_err_set(err, -ENOMEM, "no memory to pack the policy");
}

/* The deny rules' patterns without wildcards, of all rules; NULL: none, or no memory (then
 * -ENOMEM). */
static int collect_fixed(const struct rf_policy *policy, struct rf_pattern **ret)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i < policy->n_files; i++)
		n += policy->files[i].rule.deny ? policy->files[i].n_paths : 0;
	*ret = NULL;
	if (!n)
		return 0;
	*ret = calloc(n, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_files; i++)
		for (size_t k = 0; policy->files[i].rule.deny && k < policy->files[i].n_paths; k++)
			if (rf_pattern_is_fixed(&policy->files[i].paths[k]))
				(*ret)[at++] = policy->files[i].paths[k];
	return 0;
}

/* Marks what a deny rule names without a wildcard: a rule that decides nothing. *fixed moves on. */
static int add_nail(struct dfa_rules *rules, const struct rf_file_rule *from,
		    const struct rf_dfa_rule *deny, const struct rf_pattern **fixed)
{
	struct rf_dfa_rule nail = *deny;

	nail.rights = 0;
	nail.nail = true;
	nail.patterns = *fixed;
	nail.n_patterns = 0;
	for (size_t i = 0; i < from->n_paths; i++)
		nail.n_patterns += rf_pattern_is_fixed(&from->paths[i]);
	*fixed += nail.n_patterns;
	return nail.n_patterns ? dfa_rules_push(rules, nail) : 0;
}

/* What the automaton of paths is made from; input borrows rules. fixed may be NULL: no nails. */
static int files_input(const struct rf_policy *policy, const struct rf_protect *protect,
		       const struct rf_pattern *fixed, struct dfa_rules *rules,
		       struct rf_dfa_input *input)
{
	bool present = policy->sections[RF_SECTION_FILES].present;

	*input = (struct rf_dfa_input){.policy = policy, .audit_rights = policy->audit_file_rights};
	if (!present || policy->files_default == RF_DEFAULT_ALLOW)
		input->default_rights = RF_FILE_ALL;
	if (add_protection(rules, protect->all, protect->n_all, RF_FILE_ALL) < 0 ||
	    add_protection(rules, protect->write, protect->n_write, RF_FILE_WRITE_ALL) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_files; i++) {
		const struct rf_file_rule *from = &policy->files[i];
		struct rf_dfa_rule rule = dfa_rule(policy, &from->rule, from->rights);

		rule.patterns = from->paths;
		rule.n_patterns = from->n_paths;
		rule.except = from->except;
		rule.n_except = from->n_except;
		if (dfa_rules_push(rules, rule) < 0 ||
		    (rule.deny && fixed && add_nail(rules, from, &rule, &fixed) < 0))
			return -ENOMEM;
	}
	input->rules = rules->data;
	input->n_rules = rules->len;
	return 0;
}

/* The same for names of unix sockets. */
static int unix_input(const struct rf_policy *policy, struct dfa_rules *rules,
		      struct rf_dfa_input *input)
{
	static const struct rf_pattern own[] = {{.text = "/run/ringfence/**"}};
	bool present = policy->sections[RF_SECTION_NETWORK].present;

	*input = (struct rf_dfa_input){.policy = policy};
	if (!present || policy->network_default == RF_DEFAULT_ALLOW)
		input->default_rights = RF_NET_ALL;
	if (add_protection(rules, own, RF_ARRAY_LEN(own), RF_NET_ALL) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_network; i++) {
		const struct rf_net_rule *from = &policy->network[i];
		struct rf_dfa_rule rule = dfa_rule(policy, &from->rule, from->rights);

		rule.patterns = from->unix_names;
		rule.n_patterns = from->n_unix;
		if (from->is_unix && dfa_rules_push(rules, rule) < 0)
			return -ENOMEM;
	}
	input->rules = rules->data;
	input->n_rules = rules->len;
	return 0;
}

int rf_pack_compile_names(const struct rf_policy *policy, struct rf_dfa **ret_files,
			  struct rf_dfa **ret_unix, struct rf_err *err)
{
	RF_CLEANUP(rf_protect_done) struct rf_protect protect = {0};
	RF_CLEANUP(dfa_rules_done) struct dfa_rules files = {0};
	RF_CLEANUP(dfa_rules_done) struct dfa_rules names = {0};
	RF_AUTOFREE struct rf_pattern *fixed = NULL;
	struct rf_dfa_input input;
	int r = rf_protect_collect(&protect, err);

	if (r < 0)
		return r;
	if (collect_fixed(policy, &fixed) < 0 ||
	    files_input(policy, &protect, fixed, &files, &input) < 0)
		return no_memory(err);
	r = rf_dfa_compile(ret_files, &input, err);
	if (r < 0)
		return r;
	if (unix_input(policy, &names, &input) < 0)
		return no_memory(err);
	return rf_dfa_compile(ret_unix, &input, err);
}

struct rf_allowers {
	struct dfa_rules rules;
	struct rf_dfa_input input;
	struct rf_dfa_explainer *explainer;
	bool is_unix;
};

struct rf_allowers *rf_allowers_free(struct rf_allowers *allowers)
{
	if (allowers) {
		(void)rf_dfa_explainer_free(allowers->explainer);
		dfa_rules_done(&allowers->rules);
	}
	free(allowers);
	return NULL;
}

int rf_allowers_new(struct rf_allowers **ret, const struct rf_policy *policy, bool is_unix,
		    struct rf_err *err)
{
	RF_CLEANUP(rf_allowers_freep) struct rf_allowers *made = calloc(1, sizeof(*made));
	const struct rf_protect none = {0};
	int r;

	if (!made)
		return no_memory(err);
	made->is_unix = is_unix;
	if ((is_unix ? unix_input(policy, &made->rules, &made->input)
		     : files_input(policy, &none, NULL, &made->rules, &made->input)) < 0)
		return no_memory(err);
	r = rf_dfa_explainer_new(&made->explainer, &made->input, err);
	if (r == 0)
		*ret = RF_TAKE_PTR(made);
	return r;
}

int rf_allowers_find(const struct rf_allowers *allowers, const char *name, uint32_t session,
		     uint32_t right, uint16_t *ret, struct rf_err *err)
{
	bool root = !allowers->is_unix && strcmp(name, "/") == 0;
	struct rf_dfa_verdict verdict;
	int r = rf_dfa_explain(&verdict, allowers->explainer, name, root ? 0 : strlen(name), err);

	if (r == 0)
		*ret = verdict.rule[session & 1]
				   [right ? (unsigned int)__builtin_ctz(right) % 7 : 0];
	return r;
}

static void fill_head(struct rf_image_head *head, const struct rf_policy *policy)
{
	head->magic = RF_IMAGE_MAGIC;
	head->version = RF_ABI_VERSION;
	head->n_rules = (uint32_t)policy->n_rules;
	for (unsigned int i = 0; i <= RF_SEC_PROCESS; i++)
		if (policy->sections[i].present)
			head->sections |= 1u << i;
	/* Its keys have defaults, so it is always there (POLICY.md 4). */
	head->sections |= 1u << RF_SEC_KERNEL;
	head->audit_mode = policy->mode == RF_MODE_AUDIT;
	head->links_deny = policy->links_deny;
	head->caps_keep = policy->sections[RF_SECTION_CAPABILITIES].present
				  ? policy->capabilities_keep
				  : UINT64_MAX;
	head->dedupe_ns = policy->dedupe_ns;
	head->audit_exec = policy->audit_exec_allowed;
	head->audit_connect = policy->audit_connect_allowed;
	head->audit_file = policy->audit_file_rights;
	for (unsigned int i = 0; i < RF_K_COUNT; i++)
		head->kernel[i] = (uint8_t)policy->kernel[i].value;
}

static int pack_rules(struct rf_pack *pack, const struct rf_policy *policy, struct rf_err *err)
{
	uint32_t at;
	int r = rf_pack_room(pack, policy->n_rules * 2, 2, &at, err);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < policy->n_rules; i++) {
		const struct rf_rule *rule = policy->rules[i];
		struct rf_rule_info info = {.errno_value = (uint16_t)rule->errno_value,
					    .kill = rule->kill,
					    .section = (uint8_t)rule->section};

		rf_pack_write(pack, at + 2 * i, &info, sizeof(info));
	}
	rf_pack_head(pack)->rules_off = at;
	return 0;
}

/* Bytes that were laid into the pages since; *since becomes now. */
static size_t bytes_since(const struct rf_pack *pack, size_t *since)
{
	size_t bytes = (pack->next - *since) * sizeof(uint32_t);

	*since = pack->next;
	return bytes;
}

/* Every table but the automata. */
static int pack_sections(struct rf_pack *pack, const struct rf_policy *policy,
			 struct rf_image *image, struct rf_err *err)
{
	size_t since = 0;
	uint32_t head;
	int r;

	if (policy->n_rules > RF_MAX_RULES)
		return rf_err_set(err, -E2BIG, "the policy has %zu rules, the limit is %d",
				  policy->n_rules, RF_MAX_RULES);
	r = rf_pack_room(pack, sizeof(struct rf_image_head) / sizeof(uint32_t), RF_PAGE_CELLS,
			 &head, err);
	if (r < 0)
		return r;
	fill_head(rf_pack_head(pack), policy);
	since = pack->next;
	r = pack_rules(pack, policy, err);
	image->sizes.rule_bytes = bytes_since(pack, &since);
	if (r == 0)
		r = rf_pack_dev(pack, policy, err);
	image->sizes.device_bytes = bytes_since(pack, &since);
	if (r == 0)
		r = rf_pack_net(pack, policy, err);
	image->sizes.address_bytes = bytes_since(pack, &since);
	return r;
}

static struct rf_automaton_sizes sizes_of(const struct rf_dfa *dfa)
{
	return (struct rf_automaton_sizes){.raw_states = dfa->n_raw_states,
					   .raw_edges = dfa->n_raw_edges,
					   .pieces = dfa->n_nodes,
					   .steps = dfa->n_steps,
					   .states = dfa->states.len,
					   .verdicts = dfa->verdicts.len,
					   .related = dfa->n_related};
}

/* What the kernel side would have to hold under every name that it has. */
static int check_fixed_names(const struct rf_policy *policy, struct rf_err *err)
{
	size_t n;
	int r = rf_fixed_count(policy, RF_FIXED_NAMES_MAX, &n);

	if (r == -E2BIG)
		return rf_err_set(err, r, "deny rules name more than %u objects without a wildcard",
				  RF_FIXED_NAMES_MAX);
	return r < 0 ? no_memory(err) : 0;
}

int rf_image_compile(struct rf_image **ret, const struct rf_policy *policy, struct rf_err *err)
{
	RF_CLEANUP(rf_image_freep) struct rf_image *image = calloc(1, sizeof(*image));
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *files = NULL;
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *names = NULL;
	RF_CLEANUP(rf_pack_done) struct rf_pack pack = {0};
	size_t since = 0;
	int r;

	if (!image)
		return no_memory(err);
	r = check_fixed_names(policy, err);
	if (r == 0)
		r = rf_pack_compile_names(policy, &files, &names, err);
	if (r == 0)
		r = pack_sections(&pack, policy, image, err);
	since = pack.next;
	if (r == 0)
		r = rf_pack_dfas(&pack, files, names, err);
	if (r < 0)
		return r;
	rf_pack_head(&pack)->n_cells = (uint32_t)pack.pages.len * RF_PAGE_CELLS;
	rf_pack_head(&pack)->id = rf_image_id(pack.pages.data, pack.pages.len);
	image->sizes.files = sizes_of(files);
	image->sizes.names = sizes_of(names);
	image->sizes.state_bytes = bytes_since(&pack, &since);
	image->sizes.addresses = rf_pack_head(&pack)->n_addr;
	image->pages = RF_TAKE_PTR(pack.pages.data);
	image->n_pages = pack.pages.len;
	pack.pages = (struct rf_pages){0};
	rf_image_seal(image);
	r = rf_image_check(image->pages, image->n_pages, err);
	if (r < 0)
		return rf_err_wrap(err, r, "packing the policy");
	*ret = RF_TAKE_PTR(image);
	return 0;
}
