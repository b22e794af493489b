/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of a compiled policy: the hash of everything it is compiled from.
 *
 * Whatever lsm_rules.c and what it calls read of a policy is hashed here, with this build and what
 * it protects. A member that is forgotten here would bring back a stale image; so a test changes
 * each and looks for another key.
 *
 * What the policy alone decides is a hash of its own, which a launch keeps with the policy; where
 * ringfence is and which devices there are is looked at each time.
 */
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "sandbox/base/hash.h"
#include "sandbox/launch/image.h"
#include "sandbox/launch/pack.h"

static void add_number(struct rf_hash *hash, uint64_t value)
{
	rf_hash_add(hash, &value, sizeof(value));
}

static void add_text(struct rf_hash *hash, const char *text)
{
	add_number(hash, strlen(text));
	rf_hash_add(hash, text, strlen(text));
}

static void add_patterns(struct rf_hash *hash, const struct rf_pattern *patterns, size_t n)
{
	add_number(hash, n);
	for (size_t i = 0; i < n; i++) {
		add_text(hash, patterns[i].text);
		add_number(hash, patterns[i].literal);
	}
}

static void add_rule(struct rf_hash *hash, const struct rf_rule *rule)
{
	const uint64_t members[] = {rule->section, rule->index,	 rule->deny,
				    rule->audit,   rule->kill,	 (uint64_t)rule->errno_value,
				    rule->mode,	   rule->session};

	rf_hash_add(hash, members, sizeof(members));
}

static void add_files(struct rf_hash *hash, const struct rf_policy *policy)
{
	add_number(hash, policy->files_default);
	add_number(hash, policy->links_deny);
	add_number(hash, policy->n_files);
	for (size_t i = 0; i < policy->n_files; i++) {
		const struct rf_file_rule *rule = &policy->files[i];

		add_rule(hash, &rule->rule);
		add_number(hash, rule->rights);
		add_patterns(hash, rule->paths, rule->n_paths);
		add_patterns(hash, rule->except, rule->n_except);
	}
}

static void add_network(struct rf_hash *hash, const struct rf_policy *policy)
{
	add_number(hash, policy->network_default);
	add_number(hash, policy->n_network);
	for (size_t i = 0; i < policy->n_network; i++) {
		const struct rf_net_rule *rule = &policy->network[i];

		add_rule(hash, &rule->rule);
		add_number(hash, rule->rights);
		add_number(hash, rule->is_unix);
		add_number(hash, rule->protocols);
		add_patterns(hash, rule->unix_names, rule->n_unix);
		add_number(hash, rule->n_to);
		rf_hash_add(hash, rule->to, rule->n_to * sizeof(*rule->to));
		add_number(hash, rule->n_ports);
		rf_hash_add(hash, rule->ports, rule->n_ports * sizeof(*rule->ports));
	}
}

/* Devices as numbers: patterns are looked up in /dev, so the table that came out is hashed. */
static int add_devices(struct rf_hash *hash, const struct rf_policy *policy, struct rf_err *err)
{
	RF_CLEANUP(rf_dev_table_done) struct rf_dev_table table = {0};
	int r = rf_dev_table_make(&table, policy, err);

	if (r < 0)
		return r;
	add_number(hash, table.otherwise);
	add_number(hash, table.entries.len);
	if (table.entries.len)
		rf_hash_add(hash, table.entries.data,
			    table.entries.len * sizeof(*table.entries.data));
	return 0;
}

static void add_rest(struct rf_hash *hash, const struct rf_policy *policy)
{
	for (unsigned int i = 0; i < RF_SECTION_COUNT; i++)
		add_number(hash, policy->sections[i].present);
	add_number(hash, policy->mode);
	add_number(hash, policy->capabilities_keep);
	for (unsigned int i = 0; i < RF_KERNEL_COUNT; i++)
		add_number(hash, policy->kernel[i].value);
	add_number(hash, policy->audit_exec_allowed);
	add_number(hash, policy->audit_connect_allowed);
	add_number(hash, policy->audit_file_rights);
	add_number(hash, policy->dedupe_ns);
	add_number(hash, policy->n_rules);
	for (size_t i = 0; i < policy->n_rules; i++)
		add_rule(hash, policy->rules[i]);
}

/* Another build may compile otherwise. */
static void add_build(struct rf_hash *hash)
{
	struct stat st = {.st_size = 0};

	add_text(hash, "image 1 of ringfence " RF_VERSION);
	add_number(hash, RF_ABI_VERSION);
	if (stat("/proc/self/exe", &st) == 0) {
		add_number(hash, st.st_dev);
		add_number(hash, st.st_ino);
		add_number(hash, (uint64_t)st.st_ctim.tv_sec);
		add_number(hash, (uint64_t)st.st_ctim.tv_nsec);
		add_number(hash, (uint64_t)st.st_size);
		add_number(hash, (uint64_t)st.st_mtim.tv_sec);
		add_number(hash, (uint64_t)st.st_mtim.tv_nsec);
	}
}

void rf_image_part_make(struct rf_image_part *ret, const struct rf_policy *policy)
{
	struct rf_hash hash;

	rf_hash_init(&hash);
	add_build(&hash);
	add_files(&hash, policy);
	add_network(&hash, policy);
	add_rest(&hash, policy);
	rf_hash_end(&hash, ret->hash);
}

int rf_image_name_with(const struct rf_image_part *part, const struct rf_policy *policy,
		       char ret[RF_HASH_HEX_LEN + 1], struct rf_err *err)
{
	RF_CLEANUP(rf_protect_done) struct rf_protect protect = {0};
	struct rf_hash hash;
	int r = rf_protect_collect(&protect, err);

	if (r < 0)
		return r;
	rf_hash_init(&hash);
	rf_hash_add(&hash, part->hash, sizeof(part->hash));
	add_patterns(&hash, protect.all, protect.n_all);
	add_patterns(&hash, protect.write, protect.n_write);
	r = add_devices(&hash, policy, err);
	rf_hash_end_hex(&hash, ret);
	return r;
}

int rf_image_name(const struct rf_policy *policy, char ret[RF_HASH_HEX_LEN + 1], struct rf_err *err)
{
	struct rf_image_part part;

	rf_image_part_make(&part, policy);
	return rf_image_name_with(&part, policy, ret, err);
}
