/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of what is wrong with a policy: every finding with its place, so that all are told in
 * one go. See problem.h.
 */
#include "sandbox/policy/problem.h"

#include <string.h>

#include "sandbox/base/arena.h"
#include "sandbox/base/str.h"
#include "sandbox/base/vec.h"
#include "sandbox/policy/limits.h"

#define ARENA_BYTES (4u << 20)

static struct rf_problem *new_problem(struct rf_problems *problems)
{
	if (!problems->arena)
		problems->arena = rf_arena_new(ARENA_BYTES);
	if (!problems->arena)
		return NULL;
	if (problems->n == problems->cap) {
		void *data = problems->items;
		size_t cap = rf_vec_grow(&data, problems->cap, problems->n + 1,
					 sizeof(*problems->items));

		if (!cap)
			return NULL;
		problems->items = data;
		problems->cap = cap;
	}
	return &problems->items[problems->n];
}

int rf_problems_add(struct rf_problems *problems, bool warning, const struct rf_place *place,
		    const char *pointer, const char *text)
{
	struct rf_problem *problem;

	if (problems->n >= RF_LIMIT_PROBLEMS)
		return 0;
	if (problems->n == RF_LIMIT_PROBLEMS - 1) {
		text = "more problems follow that are not listed";
		pointer = "";
	}
	problem = new_problem(problems);
	if (!problem)
		return -ENOMEM;
	problem->warning = warning;
	problem->hint = false;
	problem->place = *place;
	problem->place.file = rf_arena_strdup(problems->arena, place->file);
	problem->pointer = rf_arena_strdup(problems->arena, pointer);
	problem->text = rf_arena_strdup(problems->arena, text);
	if (!problem->place.file || !problem->pointer || !problem->text)
		return -ENOMEM;
	problems->n++;
	return 0;
}

int rf_problems_hint(struct rf_problems *problems, const struct rf_place *place, const char *text)
{
	size_t n = problems->n;
	int r = rf_problems_add(problems, true, place, "", text);

	if (r == 0 && problems->n > n)
		problems->items[n].hint = true;
	return r;
}

void rf_problems_done(struct rf_problems *problems)
{
	free(problems->items);
	rf_arena_free(problems->arena);
	memset(problems, 0, sizeof(*problems));
}

size_t rf_problems_errors(const struct rf_problems *problems)
{
	size_t n = 0;

	for (size_t i = 0; i < problems->n; i++)
		n += !problems->items[i].warning;
	return n;
}

size_t rf_problems_warnings(const struct rf_problems *problems)
{
	size_t n = 0;

	for (size_t i = 0; i < problems->n; i++)
		n += problems->items[i].warning && !problems->items[i].hint;
	return n;
}

/* Which of the files that have problems came first. */
static size_t file_rank(const struct rf_problems *problems, const char *file)
{
	size_t i = 0;

	while (strcmp(problems->items[i].place.file, file) != 0)
		i++;
	return i;
}

struct ranked {
	size_t rank, order;
	struct rf_problem problem;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;
	const struct rf_place *l = &left->problem.place, *r = &right->problem.place;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	if (l->line != r->line)
		return l->line < r->line ? -1 : 1;
	if (l->column != r->column)
		return l->column < r->column ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

int rf_problems_sort(struct rf_problems *problems)
{
	RF_AUTOFREE struct ranked *ranked = NULL;

	if (problems->n < 2)
		return 0;
	ranked = calloc(problems->n, sizeof(*ranked));
	if (!ranked)
		return -ENOMEM;
	for (size_t i = 0; i < problems->n; i++) {
		ranked[i].problem = problems->items[i];
		ranked[i].order = i;
		ranked[i].rank = file_rank(problems, problems->items[i].place.file);
	}
	qsort(ranked, problems->n, sizeof(*ranked), compare_ranked);
	for (size_t i = 0; i < problems->n; i++)
		problems->items[i] = ranked[i].problem;
	return 0;
}

void rf_problem_format(const struct rf_problem *problem, struct rf_str *ret)
{
	rf_str_add(ret, problem->place.file);
	if (problem->place.line)
		rf_str_addf(ret, ":%u:%u", problem->place.line, problem->place.column);
	rf_str_add(ret, ": ");
	if (problem->pointer[0])
		rf_str_addf(ret, "%s: ", problem->pointer);
	if (problem->warning)
		rf_str_add(ret, problem->hint ? "hint: " : "warning: ");
	rf_str_add(ret, problem->text);
}
