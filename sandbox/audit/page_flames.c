/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flames of the page: which code asked for what was denied. A drawing as SVG, where every frame
 * is as wide as its denials are many and stands below its caller, and the same as nested lists.
 *
 * Without a script it can be looked at; the script lets frames be walked with the keyboard and made
 * as wide as the page.
 */
#include <inttypes.h>
#include <string.h>

#include "sandbox/audit/page_parts.h"

#define FLAME_WIDTH 1200.0
#define FLAME_ROW   18
#define FLAME_DEPTH 64
#define FLAME_CHAR  6.8 /* width of a character of the font; page.js has it too */
#define FLAME_LEAST 0.7 /* narrower is not drawn */
#define FLAMES_MAX  4000

struct flames {
	struct rf_str *out;
	const struct rf_grove *grove;
	unsigned int left, deepest;
	uint64_t total, hidden;
};

static void add_label(struct flames *flames, const struct rf_grove_node *node, double x, int y,
		      size_t room)
{
	if (room <= 3)
		return;
	(void)rf_str_addf(flames->out, "<text x=\"%.2f\" y=\"%d\">", x + 3, y + 13);
	while (room < node->len && room > 0 && ((unsigned char)node->name[room] & 0xc0) == 0x80)
		room--;
	rf_page_raw(flames->out, node->name, node->len < room ? node->len : room);
	(void)rf_str_add(flames->out, "</text>");
}

static void add_flame(struct flames *flames, uint32_t number, double x)
{
	const struct rf_grove_node *node = &flames->grove->nodes.data[number];
	double width = FLAME_WIDTH * (double)node->denied / (double)flames->total;
	int y = (int)(node->depth - 1) * FLAME_ROW;

	if (width < FLAME_LEAST || flames->left == 0 || node->depth > FLAME_DEPTH) {
		flames->hidden += node->denied;
		return;
	}
	flames->left--;
	flames->deepest = node->depth > flames->deepest ? node->depth : flames->deepest;
	(void)rf_str_addf(flames->out,
			  "<g class=\"frame\" id=\"frame-%" PRIu32 "\" data-up=\"frame-%" PRIu32
			  "\" data-x=\"%.2f\" data-w=\"%.2f\" role=\"treeitem\" "
			  "aria-level=\"%" PRIu32 "\" tabindex=\"%d\"><title>",
			  number, node->parent, x, width, node->depth,
			  flames->left == FLAMES_MAX - 1 ? 0 : -1);
	rf_page_raw(flames->out, node->name, node->len);
	(void)rf_str_addf(flames->out,
			  ": %" PRIu64 " denials, %.1f %%</title><rect class=\"f%" PRIu32
			  "\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\"/>",
			  node->denied, 100.0 * (double)node->denied / (double)flames->total,
			  number % 3, x, y, width, FLAME_ROW - 1);
	add_label(flames, node, x, y, (size_t)(width / FLAME_CHAR));
	(void)rf_str_add(flames->out, "</g>\n");
	for (uint32_t i = 0; i < node->n_children; i++) {
		uint32_t child = flames->grove->order[node->first + i];

		add_flame(flames, child, x);
		x += FLAME_WIDTH * (double)flames->grove->nodes.data[child].denied /
		     (double)flames->total;
	}
}

static void draw(struct flames *flames)
{
	const struct rf_grove_node *root = &flames->grove->nodes.data[RF_GROVE_ROOT];
	double x = 0;

	for (uint32_t i = 0; i < root->n_children; i++) {
		uint32_t child = flames->grove->order[root->first + i];

		add_flame(flames, child, x);
		x += FLAME_WIDTH * (double)flames->grove->nodes.data[child].denied /
		     (double)root->denied;
	}
}

void rf_page_stacks(struct rf_str *out, const struct rf_digest *digest)
{
	RF_AUTOSTR struct rf_str drawn = RF_STR_INIT((size_t)16 << 20);
	const struct rf_grove_node *root = &digest->stacks.nodes.data[RF_GROVE_ROOT];
	struct flames flames = {&drawn, &digest->stacks, FLAMES_MAX, 1, root->denied, 0};

	if (root->denied == 0) {
		(void)rf_str_add(out,
				 "<p class=\"soft\">No denial carries a stack; <code>ringfence "
				 "run --stacks</code> records them.</p>\n");
		return;
	}
	draw(&flames);
	(void)rf_str_addf(out,
			  "<p>%" PRIu64 " denials by who called whom; the callers are above.<span "
			  "class=\"live\" hidden=\"hidden\"> Arrow keys walk, Enter or a click "
			  "widens a frame, Escape shows all.</span></p>\n"
			  "<p id=\"flame-status\" class=\"live\" hidden=\"hidden\" role=\"status\" "
			  "aria-live=\"polite\"></p>\n"
			  "<svg class=\"flame\" id=\"flame\" viewBox=\"0 0 %.0f %u\" role=\"tree\" "
			  "aria-label=\"Flame graph of denials\">\n",
			  root->denied, FLAME_WIDTH, flames.deepest * FLAME_ROW);
	(void)rf_str_add_n(out, rf_str_text(&drawn), drawn.len);
	(void)rf_str_add(out, "</svg>\n");
	if (flames.hidden > 0)
		(void)rf_str_addf(out,
				  "<p class=\"soft\">Frames of %" PRIu64
				  " denials are too narrow to be drawn.</p>\n",
				  flames.hidden);
	(void)rf_str_add(out, "<details><summary>As a list</summary>\n");
	rf_page_stack_list(out, digest);
	(void)rf_str_add(out, "</details>\n");
}
