/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects the differences that the parts find, and asks both policies about each; see diff.h.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/diff_parts.h"
#include "sandbox/launch/pack.h"

#define ARENA_MAX (64u << 20)

int rf_differ_no_memory(struct rf_differ *differ)
{
	return rf_err_set(differ->err, -ENOMEM, "no memory to compare the policies");
}

int rf_differ_note(struct rf_differ *differ, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	char *kept;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	kept = rf_arena_strdup(differ->diff->arena, text);
	if (!kept || rf_diff_notes_push(&differ->diff->notes, kept) < 0)
		return rf_differ_no_memory(differ);
	return 0;
}

static bool is_same_rule(const struct rf_finding *a, const struct rf_finding *b)
{
	return a->verdict == b->verdict && a->decided == b->decided &&
	       strcmp(a->rule, b->rule) == 0;
}

/* What is refused is told apart by its errno as well: programs take other ways by it. */
static bool decide_alike(const struct rf_finding *side)
{
	if (side[0].verdict != side[1].verdict)
		return false;
	return side[0].verdict != RF_V_DENIED || side[0].errno_value == side[1].errno_value;
}

static struct rf_diff_item *find_item(struct rf_diff *diff, const struct rf_question *q,
				      const struct rf_finding *side)
{
	for (size_t i = 0; i < diff->items.len; i++) {
		struct rf_diff_item *item = &diff->items.data[i];

		if (item->kind == q->kind && item->rights == q->rights &&
		    item->sessions == 1u << q->session && is_same_rule(&item->side[0], &side[0]) &&
		    is_same_rule(&item->side[1], &side[1]))
			return item;
	}
	return NULL;
}

static struct rf_diff_item *new_item(struct rf_diff *diff, const struct rf_question *q,
				     const struct rf_finding *side)
{
	struct rf_diff_item *item = rf_diff_items_add(&diff->items);
	char access[128];

	if (!item)
		return NULL;
	rf_why_rights(q, access, sizeof(access));
	*item = (struct rf_diff_item){.kind = q->kind,
				      .rights = q->rights,
				      .sessions = 1u << q->session,
				      .side = {side[0], side[1]},
				      .access = rf_arena_strdup(diff->arena, access)};
	return item->access ? item : NULL;
}

static int add(struct rf_differ *differ, const struct rf_question *q, const struct rf_finding *side,
	       long *ret_item)
{
	struct rf_diff *diff = differ->diff;
	struct rf_diff_item *item = find_item(diff, q, side);

	if (!item && diff->items.len >= RF_DIFF_ITEMS_MAX) {
		diff->left_out++;
		return 0;
	}
	if (!item)
		item = new_item(diff, q, side);
	if (!item)
		return rf_differ_no_memory(differ);
	*ret_item = item - diff->items.data;
	item->count++;
	if (item->n_examples == RF_DIFF_EXAMPLES)
		return 0;
	item->examples[item->n_examples] = rf_arena_strdup(diff->arena, q->text);
	if (!item->examples[item->n_examples++])
		return rf_differ_no_memory(differ);
	return 0;
}

static int ask_both(struct rf_differ *differ, const struct rf_question *q, struct rf_finding *side)
{
	int r = rf_asker_ask(differ->side[0].asker, q, &side[0], differ->err);

	return r < 0 ? r : rf_asker_ask(differ->side[1].asker, q, &side[1], differ->err);
}

int rf_differ_ask(struct rf_differ *differ, struct rf_question *question, long *ret_item)
{
	uint32_t asked = question->rights, left = asked ? asked : 1;
	struct rf_finding found[RF_FILE_RIGHTS][2];
	int n = 0, r = 0;

	*ret_item = -1;
	for (unsigned int bit = 0; bit < RF_FILE_RIGHTS && r == 0; bit++) {
		if (!(left & 1u << bit))
			continue;
		question->rights = asked & 1u << bit;
		r = ask_both(differ, question, found[bit]);
		if (r == 0 && decide_alike(found[bit]))
			left &= ~(1u << bit);
	}
	/* Rights that the same rules decide the same way are one difference. */
	for (unsigned int bit = 0; bit < RF_FILE_RIGHTS && r == 0; bit++) {
		if (!(left & 1u << bit))
			continue;
		question->rights = 0;
		for (unsigned int k = bit; k < RF_FILE_RIGHTS; k++)
			if (left & 1u << k && is_same_rule(&found[k][0], &found[bit][0]) &&
			    is_same_rule(&found[k][1], &found[bit][1]))
				question->rights |= 1u << k;
		left &= ~question->rights;
		if (!asked)
			question->rights = 0;
		r = add(differ, question, found[bit], ret_item);
		n++;
	}
	question->rights = asked;
	return r < 0 ? r : n;
}

int rf_differ_confirm(struct rf_differ *differ, struct rf_question *question)
{
	long item;
	int r = rf_differ_ask(differ, question, &item);

	if (r == 0)
		return rf_err_set(differ->err, -EBADMSG,
				  "the compiled policies differ about %.200s, but answer alike",
				  question->text);
	return r < 0 ? r : 0;
}

static bool is_same_item(const struct rf_diff_item *a, const struct rf_diff_item *b)
{
	if (a->kind != b->kind || a->rights != b->rights || a->count != b->count ||
	    !is_same_rule(&a->side[0], &b->side[0]) || !is_same_rule(&a->side[1], &b->side[1]))
		return false;
	for (size_t i = 0; i < a->n_examples; i++)
		if (strcmp(a->examples[i], b->examples[i]) != 0)
			return false;
	return true;
}

/* What holds for both sessions is told once. */
static void unite_sessions(struct rf_differ *differ)
{
	struct rf_diff_items *items = &differ->diff->items;
	size_t kept = 0;

	for (size_t i = 0; i < items->len; i++) {
		bool told = false;

		if (differ->n_sessions == 1)
			items->data[i].sessions = 3;
		for (size_t k = 0; k < kept && !told && items->data[i].sessions == 2; k++) {
			told = items->data[k].sessions == 1 &&
			       is_same_item(&items->data[k], &items->data[i]);
			if (told)
				items->data[k].sessions = 3;
		}
		if (!told)
			items->data[kept++] = items->data[i];
	}
	items->len = kept;
}

static bool has_sessions(const struct rf_policy *policy)
{
	for (size_t i = 0; i < policy->n_rules; i++)
		if (policy->rules[i]->session != RF_SESSION_ANY)
			return true;
	return false;
}

static int open_side(struct rf_diff_side *side, struct rf_err *err)
{
	const struct rf_policy *policy = side->policy;
	int r;

	r = rf_image_make(&side->image, policy, err);
	if (r == 0)
		r = rf_pack_compile_names(policy, &side->files, &side->names, err);
	if (r == 0)
		r = rf_asker_new(&side->asker, policy, side->image, err);
	return r < 0 ? rf_err_wrap(err, r, "policy %s", policy->name ?: "?") : 0;
}

static void close_differ(struct rf_differ *differ)
{
	for (size_t i = 0; i < 2; i++) {
		(void)rf_asker_free(differ->side[i].asker);
		(void)rf_dfa_free(differ->side[i].files);
		(void)rf_dfa_free(differ->side[i].names);
		(void)rf_image_free(differ->side[i].image);
	}
	(void)rf_diff_free(differ->diff);
}

struct rf_diff *rf_diff_free(struct rf_diff *diff)
{
	if (diff) {
		rf_diff_items_done(&diff->items);
		rf_diff_settings_done(&diff->settings);
		rf_diff_notes_done(&diff->notes);
		(void)rf_arena_free(diff->arena);
	}
	free(diff);
	return NULL;
}

typedef int (*part)(struct rf_differ *);

static int make(struct rf_diff **ret, struct rf_differ *differ, const part *parts, size_t n)
{
	int r = 0;

	differ->diff = calloc(1, sizeof(*differ->diff));
	if (!differ->diff)
		return rf_differ_no_memory(differ);
	differ->diff->arena = rf_arena_new(ARENA_MAX);
	if (!differ->diff->arena)
		return rf_differ_no_memory(differ);
	differ->n_sessions =
		has_sessions(differ->side[0].policy) || has_sessions(differ->side[1].policy) ? 2
											     : 1;
	for (int i = 0; i < 2 && r == 0; i++)
		r = open_side(&differ->side[i], differ->err);
	for (size_t i = 0; i < n && r == 0; i++)
		r = parts[i](differ);
	if (r < 0)
		return r;
	unite_sessions(differ);
	if (differ->unfinished && rf_diff_is_same(differ->diff))
		return rf_err_set(differ->err, -E2BIG,
				  "the policies are too large to be compared to the end; no "
				  "difference was found so far");
	*ret = RF_TAKE_PTR(differ->diff);
	return 0;
}

int rf_diff_make(struct rf_diff **ret, const struct rf_policy *a, const struct rf_policy *b,
		 struct rf_err *err)
{
	static const part parts[] = {
		rf_diff_set,	 rf_diff_files,	       rf_diff_inet,  rf_diff_unix,
		rf_diff_devices, rf_diff_capabilities, rf_diff_calls,
	};
	RF_CLEANUP(close_differ)
	struct rf_differ differ = {.side = {{.policy = a}, {.policy = b}}, .err = err};

	return make(ret, &differ, parts, RF_ARRAY_LEN(parts));
}

int rf_diff_make_calls(struct rf_diff **ret, const struct rf_policy *a, const struct rf_policy *b,
		       const struct rf_diff_skip *skip, struct rf_err *err)
{
	static const part parts[] = {rf_diff_calls};
	RF_CLEANUP(close_differ)
	struct rf_differ differ = {
		.side = {{.policy = a}, {.policy = b}}, .err = err, .skip = skip};

	return make(ret, &differ, parts, RF_ARRAY_LEN(parts));
}
