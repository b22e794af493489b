/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shipped filters against tables: for every call by name and ABI, what the filter answers. A line
 * is "ABI CALL ANSWER", the answer allow, log, kill or an errno; "?" follows where other arguments
 * may get another one. Rows come in order of ABI and number. With RF_UPDATE=1 the table is written
 * anew.
 */
#include "tests/sim/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

static void add_answer(struct rf_str *out, uint32_t action)
{
	if (action == SIM_ALLOW)
		rf_str_add(out, "allow");
	else if (action == SIM_LOG)
		rf_str_add(out, "log");
	else if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		rf_str_add(out, strerrorname_np((int)(action & SECCOMP_RET_DATA)));
	else
		rf_str_add(out, "kill");
}

static void add_cond(struct rf_str *out, const struct rf_sys_cond *cond)
{
	static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">=", "&", "in"};

	rf_str_addf(out, "%sa%u%s %s ", cond->negate ? "not " : "", cond->index,
		    cond->narrow ? "" : ":64", ops[cond->op]);
	if (cond->op == RF_ARG_MASKED_EQ)
		rf_str_addf(out, "%#llx ", (unsigned long long)cond->mask);
	for (size_t i = 0; i < cond->n_values; i++)
		rf_str_addf(out, "%#llx,", (unsigned long long)cond->values[i]);
	if (cond->op != RF_ARG_IN)
		rf_str_addf(out, "%#llx", (unsigned long long)cond->value);
}

/* Every case of a call whose answer depends on its arguments. */
static void add_cases(struct rf_str *out, const struct rf_sys_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct rf_sys_clause *clause = &list->clauses[i];

		rf_str_add(out, i > 0 ? "; " : " ? ");
		for (size_t k = 0; k < clause->n_conds; k++) {
			rf_str_add(out, k > 0 ? " and " : "");
			add_cond(out, &clause->conds[k]);
		}
		rf_str_add(out, clause->n_conds > 0 ? ": " : "else ");
		add_answer(out, clause->action);
	}
}

static void add_table(struct rf_str *out, const struct sim *sim)
{
	const uint64_t args[6] = {0};
	const struct rf_abi *abi;

	for (size_t i = 0; (abi = rf_abi_at(i)); i++) {
		for (uint32_t nr = abi->first; nr < abi->first + RF_CALLS_MAX; nr++) {
			const char *name = rf_call_name(abi, nr);

			if (!name)
				continue;
			rf_str_addf(out, "%s %s ", abi->name, name);
			add_answer(out, sim_ask(sim, abi->audit_arch, nr, args));
			if (rf_sys_model_find(sim->model, abi->audit_arch, nr)->n > 1)
				add_cases(out, rf_sys_model_find(sim->model, abi->audit_arch, nr));
			rf_str_add_char(out, '\n');
		}
		rf_str_addf(out, "%s (unknown) ", abi->name);
		add_answer(out, sim_ask(sim, abi->audit_arch, abi->first + 1000, args));
		rf_str_add_char(out, '\n');
	}
}

/* The first line in which they differ; false if they do not. */
static bool first_difference(const char *got, const char *wanted, char *line, size_t size)
{
	while (*got && *got == *wanted) {
		got++;
		wanted++;
	}
	if (!*got && !*wanted)
		return false;
	(void)snprintf(line, size, "got \"%.60s\", wanted \"%.60s\"", got, wanted);
	return true;
}

static void compare_with_table(const struct rf_policy *policy, const char *table)
{
	const struct rf_sys_context context = {0};
	const char *root = getenv("RF_SOURCE_ROOT") ?: ".";
	RF_AUTOFREE char *wanted = NULL;
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(1024 * 1024);
	struct rf_err err = RF_ERR_INIT;
	char path[4096], line[256];
	struct sim sim;
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/tests/sim/tables/%s.txt", root, table);
	sim_open(&sim, policy, &context);
	add_table(&out, &sim);
	sim_close(&sim);
	if (getenv("RF_UPDATE")) {
		FILE *file = fopen(path, "we");

		assert_non_null(file);
		(void)fputs(rf_str_text(&out), file);
		(void)fclose(file);
	}
	if (rf_fd_read_file(path, 1024 * 1024, &wanted, &len, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	if (first_difference(rf_str_text(&out), wanted, line, sizeof(line)))
		fail_msg("%s: %s", table, line);
}

static void container_default_has_its_table(void **state)
{
	const struct rf_filter filter = {.kind = RF_FILTER_BASE, .base = "container-default"};
	struct rf_policy policy = sim_policy(&filter, 1);

	(void)state;
	compare_with_table(&policy, "container-default");
}

/* What every policy refuses by section kernel's defaults and by itself. */
static void a_policy_without_seccomp_has_its_table(void **state)
{
	struct rf_policy policy = sim_policy(NULL, 0);

	(void)state;
	for (int key = 0; key < RF_KERNEL_COUNT; key++)
		policy.kernel[key].value = RF_KERNEL_DENY;
	policy.kernel[RF_KERNEL_PTRACE].value = RF_KERNEL_INSIDE;
	policy.kernel[RF_KERNEL_SIGNALS].value = RF_KERNEL_INSIDE;
	policy.kernel[RF_KERNEL_IPC].value = RF_KERNEL_INSIDE;
	compare_with_table(&policy, "kernel-defaults");
}

UNIT_MAIN(cmocka_unit_test(container_default_has_its_table),
	  cmocka_unit_test(a_policy_without_seccomp_has_its_table));
