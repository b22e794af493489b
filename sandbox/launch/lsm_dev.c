/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Section devices as a table of numbers. Patterns are looked up in /dev once, now.
 */
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sandbox/launch/pack.h"

/* More nodes than this under /dev is somebody's trap. */
#define MAX_NODES 100000

/* A device there is. */
struct node {
	char *path;
	uint32_t major, minor;
	uint8_t type;
};

RF_VEC_DEFINE(nodes, struct node);

struct dev {
	const struct rf_policy *policy;
	struct rf_dev_entries entries;
	struct nodes nodes; /* below /dev, once some rule has a pattern */
	bool has_nodes;
	struct rf_err *err;
};

static void done(struct dev *d)
{
	rf_dev_entries_done(&d->entries);
	for (size_t i = 0; i < d->nodes.len; i++)
		free(d->nodes.data[i].path);
	nodes_done(&d->nodes);
}

static int add_entry(struct dev *d, const struct rf_dev_rule *rule, struct rf_dev_entry entry)
{
	entry.rule = (uint16_t)rule->rule.index;
	entry.rights = (uint8_t)rule->rights;
	entry.flags = rf_pack_flags(d->policy, &rule->rule);
	for (size_t i = 0; i < d->entries.len; i++)
		if (memcmp(&d->entries.data[i], &entry, sizeof(entry)) == 0)
			return 0;
	if (d->entries.len == RF_DEV_MAX)
		return rf_err_set(d->err, -E2BIG,
				  "the device rules name more than %d devices, which is the limit; "
				  "the rule %s (%s:%u) reaches it",
				  RF_DEV_MAX, rule->rule.id,
				  rule->rule.place.file ? rule->rule.place.file : "?",
				  rule->rule.place.line);
	if (rf_dev_entries_push(&d->entries, entry) < 0)
		return rf_err_set(d->err, -ENOMEM, "no memory to pack the device rules");
	return 0;
}

static int add_number(struct dev *d, const struct rf_dev_rule *rule, const struct rf_dev_node *node)
{
	struct rf_dev_entry entry = {.type = 3};

	if (node->type != 'a')
		entry.type = node->type == 'b' ? 1 : 2;
	if (node->major >= 0) {
		entry.major = (uint32_t)node->major;
		entry.major_mask = UINT32_MAX;
	}
	if (node->minor >= 0) {
		entry.minor = (uint32_t)node->minor;
		entry.minor_mask = UINT32_MAX;
	}
	return add_entry(d, rule, entry);
}

/* One automaton for all patterns; a rule's number is its right bit's place among those below. */
static int compile_patterns(const struct rf_dev_rule *rule, struct rf_dfa **ret, struct rf_err *err)
{
	RF_AUTOFREE struct rf_pattern *patterns = calloc(rule->n_nodes, sizeof(*patterns));
	struct rf_dfa_rule one = {.rights = 1, .patterns = patterns};
	const struct rf_dfa_input input = {.rules = &one, .n_rules = 1};

	if (!patterns)
		return rf_err_set(err, -ENOMEM, "no memory to pack the device rules");
	for (size_t i = 0; i < rule->n_nodes; i++)
		if (rule->nodes[i].pattern)
			patterns[one.n_patterns++].text = rule->nodes[i].pattern;
	return one.n_patterns ? rf_dfa_compile(ret, &input, err) : 0;
}

static void close_fts(FTS **fts)
{
	if (*fts)
		(void)fts_close(*fts);
}

static int add_node(struct dev *d, const char *path, const struct stat *st)
{
	struct node node = {.path = strdup(path),
			    .major = major(st->st_rdev),
			    .minor = minor(st->st_rdev),
			    .type = S_ISBLK(st->st_mode) ? 1 : 2};

	if (node.path && nodes_push(&d->nodes, node) == 0)
		return 0;
	free(node.path);
	return rf_err_set(d->err, -ENOMEM, "no memory to pack the device rules");
}

/* Looks at every name below /dev, once. A name that vanishes meanwhile is no device. */
static int find_nodes(struct dev *d)
{
	char dev[] = "/dev";
	char *const roots[] = {dev, NULL};
	RF_CLEANUP(close_fts) FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	size_t seen = 0;
	FTSENT *entry;

	if (!fts)
		return rf_err_sys(d->err, -errno, "cannot read /dev");
	while ((entry = fts_read(fts)) && seen++ < MAX_NODES) {
		struct stat st;
		int r;

		if (stat(entry->fts_path, &st) < 0 ||
		    (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode)))
			continue;
		r = add_node(d, entry->fts_path, &st);
		if (r < 0)
			return r;
	}
	d->has_nodes = true;
	return 0;
}

static int add_matching(struct dev *d, const struct rf_dev_rule *rule, const struct rf_dfa *dfa)
{
	int r = d->has_nodes ? 0 : find_nodes(d);

	for (size_t i = 0; i < d->nodes.len && r == 0; i++) {
		const struct node *node = &d->nodes.data[i];
		uint32_t q = rf_dfa_run(dfa, node->path, strlen(node->path));
		struct rf_dev_entry entry = {.major = node->major,
					     .minor = node->minor,
					     .major_mask = UINT32_MAX,
					     .minor_mask = UINT32_MAX,
					     .type = node->type};

		if (dfa->verdicts.data[dfa->states.data[q].verdict].allowed[0])
			r = add_entry(d, rule, entry);
	}
	return r;
}

static int add_rule(struct dev *d, const struct rf_dev_rule *rule)
{
	RF_CLEANUP(rf_dfa_freep) struct rf_dfa *dfa = NULL;
	int r = compile_patterns(rule, &dfa, d->err);

	for (size_t i = 0; i < rule->n_nodes && r == 0; i++)
		if (!rule->nodes[i].pattern)
			r = add_number(d, rule, &rule->nodes[i]);
	if (r == 0 && dfa)
		r = add_matching(d, rule, dfa);
	return r;
}

void rf_dev_table_done(struct rf_dev_table *table)
{
	rf_dev_entries_done(&table->entries);
}

int rf_dev_table_make(struct rf_dev_table *ret, const struct rf_policy *policy, struct rf_err *err)
{
	RF_CLEANUP(done) struct dev d = {.policy = policy, .err = err};
	bool present = policy->sections[RF_SECTION_DEVICES].present;
	int r = 0;

	for (size_t i = 0; i < policy->n_devices && r == 0; i++)
		r = add_rule(&d, &policy->devices[i]);
	if (r < 0)
		return r;
	ret->otherwise = !present || policy->devices_default == RF_DEFAULT_ALLOW ? RF_DEV_ALL : 0;
	ret->entries = d.entries;
	d.entries = (struct rf_dev_entries){0};
	return 0;
}

int rf_pack_dev(struct rf_pack *pack, const struct rf_policy *policy, struct rf_err *err)
{
	RF_CLEANUP(rf_dev_table_done) struct rf_dev_table table = {0};
	struct rf_image_head *head;
	uint32_t at = 0;
	int r = rf_dev_table_make(&table, policy, err);

	if (r < 0)
		return r;
	/* The largest table is half a page; aligned so, none straddles one. */
	if (table.entries.len)
		r = rf_pack_room(pack, table.entries.len * 8, RF_PAGE_CELLS / 2, &at, err);
	if (r < 0)
		return r;
	if (table.entries.len)
		rf_pack_write(pack, at, table.entries.data,
			      table.entries.len * sizeof(*table.entries.data));
	head = rf_pack_head(pack);
	head->dev_default = table.otherwise;
	head->dev_off = at;
	head->n_dev = (uint32_t)table.entries.len;
	return 0;
}
