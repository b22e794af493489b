/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building and telling the list of findings that rf_policy_load() returns. A zeroed struct
 * rf_problems is an empty list.
 */
#ifndef RF_POLICY_PROBLEM_H
#define RF_POLICY_PROBLEM_H

#include "sandbox/base/str.h"
#include "sandbox/policy/policy.h"

/*
 * Adds one finding; everything is copied. Beyond RF_LIMIT_PROBLEMS findings one last says that
 * more follow. Returns 0 or -ENOMEM.
 */
int rf_problems_add(struct rf_problems *problems, bool warning, const struct rf_place *place,
		    const char *pointer, const char *text);

/* Adds a warning that is no more than a hint. */
int rf_problems_hint(struct rf_problems *problems, const struct rf_place *place, const char *text);

/* Warnings that are more than hints. */
size_t rf_problems_warnings(const struct rf_problems *problems);

size_t rf_problems_errors(const struct rf_problems *problems);

/* Orders by file (in the order of their first finding), line, column. Returns 0 or -ENOMEM. */
int rf_problems_sort(struct rf_problems *problems);

/* "FILE:LINE:COLUMN: POINTER: sentence"; a warning's sentence begins with "warning: " or "hint: ".
 */
void rf_problem_format(const struct rf_problem *problem, struct rf_str *ret);

#endif
