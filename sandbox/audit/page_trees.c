/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trees of the page: nested lists whose branches open and close without a script.
 */
#include <inttypes.h>
#include <string.h>

#include "sandbox/audit/page_parts.h"

/* A deeper node stands beside its parent: browsers nest lists only so far. */
#define DEPTH_MAX    48
#define CHILDREN_MAX 200

struct walk {
	struct rf_str *out;
	const struct rf_digest *digest;
	const struct rf_grove *grove;
	unsigned int left; /* nodes that may still be shown */
	void (*label)(struct walk *walk, uint32_t node);
};

static void add_counts(struct walk *walk, const struct rf_grove_node *node)
{
	if (node->denied > 0)
		(void)rf_str_addf(walk->out, " <span class=\"denied\">%" PRIu64 " denied</span>",
				  node->denied);
	if (node->allowed > 0)
		(void)rf_str_addf(walk->out, " <span class=\"allowed\">%" PRIu64 " allowed</span>",
				  node->allowed);
}

static void add_rest(struct walk *walk, const struct rf_grove_node *node, uint32_t from)
{
	uint64_t denied = 0, allowed = 0;

	for (uint32_t i = from; i < node->n_children; i++) {
		const struct rf_grove_node *child =
			&walk->grove->nodes.data[walk->grove->order[node->first + i]];

		denied += child->denied;
		allowed += child->allowed;
	}
	(void)rf_str_addf(walk->out,
			  "<li><span class=\"name soft\">%" PRIu32
			  " more are not shown here: %" PRIu64 " denied, %" PRIu64
			  " allowed</span></li>\n",
			  node->n_children - from, denied, allowed);
}

static void add_children(struct walk *walk, uint32_t number, unsigned int depth);

static void add_node(struct walk *walk, uint32_t number, unsigned int depth)
{
	const struct rf_grove_node *node = &walk->grove->nodes.data[number];
	bool branch = node->n_children > 0 && depth < DEPTH_MAX;

	(void)rf_str_add(walk->out, "<li");
	if (walk->label == NULL && depth == 1)
		(void)rf_str_addf(walk->out, " data-l=\"%.*s\"", (int)node->len, node->name);
	(void)rf_str_add(walk->out, branch ? "><details" : ">");
	if (branch)
		(void)rf_str_add(walk->out, depth <= 2 ? " open=\"open\"><summary>" : "><summary>");
	(void)rf_str_add(walk->out, "<span class=\"name\">");
	if (walk->label)
		walk->label(walk, number);
	else
		rf_page_ready(walk->out, node->name, node->len);
	(void)rf_str_add(walk->out, "</span>");
	add_counts(walk, node);
	if (branch) {
		(void)rf_str_add(walk->out, "</summary><ul>\n");
		add_children(walk, number, depth + 1);
		(void)rf_str_add(walk->out, "</ul></details>");
	}
	(void)rf_str_add(walk->out, "</li>\n");
	if (!branch && node->n_children > 0)
		add_children(walk, number, depth);
}

static void add_children(struct walk *walk, uint32_t number, unsigned int depth)
{
	const struct rf_grove_node *node = &walk->grove->nodes.data[number];

	for (uint32_t i = 0; i < node->n_children; i++) {
		if (walk->left == 0 || i == CHILDREN_MAX) {
			add_rest(walk, node, i);
			return;
		}
		walk->left--;
		add_node(walk, walk->grove->order[node->first + i], depth);
	}
}

static void add_tree(struct walk *walk, const char *label, const char *none)
{
	if (walk->grove->nodes.data[RF_GROVE_ROOT].n_children == 0) {
		(void)rf_str_addf(walk->out, "<p class=\"soft\">%s</p>\n", none);
		return;
	}
	(void)rf_str_addf(walk->out, "<ul class=\"tree\" aria-label=\"%s\">\n", label);
	add_children(walk, RF_GROVE_ROOT, 1);
	(void)rf_str_add(walk->out, "</ul>\n");
	if (walk->grove->squeezed > 0)
		(void)rf_str_addf(walk->out,
				  "<p class=\"soft\">The tree was full %" PRIu64
				  " times; those counts stand at the nearest node above.</p>\n",
				  walk->grove->squeezed);
}

static void process_label(struct walk *walk, uint32_t node)
{
	const struct rf_digest_process *process;
	uint32_t index;

	memcpy(&index, walk->grove->nodes.data[node].name, sizeof(index));
	process = &walk->digest->processes.data[index];
	rf_page_word(walk->out, walk->digest, process->comm);
	(void)rf_str_addf(walk->out, "[%" PRId64 "]", process->pid);
	if (process->exe != RF_DIGEST_NONE) {
		(void)rf_str_add(walk->out, " ");
		rf_page_word(walk->out, walk->digest, process->exe);
	}
	if (walk->grove->nodes.data[node].depth == 1) {
		(void)rf_str_add(walk->out, " in ");
		rf_page_sandbox(walk->out, walk->digest, process->sandbox);
	}
}

void rf_page_processes(struct rf_str *out, const struct rf_digest *digest)
{
	struct walk walk = {out, digest, &digest->parents, RF_PAGE_NODES, process_label};

	add_tree(&walk, "Processes", "No process appears in the events.");
	if (digest->process_others > 0)
		(void)rf_str_addf(out,
				  "<p class=\"soft\">Processes that did not fit: %" PRIu64
				  " accesses.</p>\n",
				  digest->process_others);
}

static void frame_label(struct walk *walk, uint32_t node)
{
	const struct rf_grove_node *frame = &walk->grove->nodes.data[node];

	rf_page_raw(walk->out, frame->name, frame->len);
}

void rf_page_stack_list(struct rf_str *out, const struct rf_digest *digest)
{
	struct walk walk = {out, digest, &digest->stacks, RF_PAGE_NODES, frame_label};

	add_tree(&walk, "Stacks of denials", "No stack appears in the events.");
}

void rf_page_objects(struct rf_str *out, const struct rf_digest *digest)
{
	struct walk walk = {out, digest, &digest->objects, RF_PAGE_NODES, NULL};

	add_tree(&walk, "Objects", "No object appears in the events.");
}
