/* SPDX-License-Identifier: Apache-2.0 */
/* See run_advice.h. */
#include "cli/run_advice.h"

#include <stdio.h>
#include <string.h>

#include "sandbox/base/parse.h"
#include "sandbox/launch/sysrecord.h"
#include "sandbox/launch/why.h"
#include "sandbox/policy/syscalls.h"

static bool is_ours(const struct rf_node *event)
{
	const struct rf_node *rule = rf_node_get(event, "rule");

	return rf_str_eq(rf_node_get_text(event, "layer"), "seccomp") &&
	       rf_str_eq(rf_node_get_text(rule, "id"), "seccomp.default") &&
	       !rf_node_get_text(rule, "hint");
}

static uint8_t verdict_of(const struct rf_node *event)
{
	const char *verdict = rf_node_get_text(event, "verdict");

	if (rf_str_eq(verdict, "would_deny"))
		return RF_V_WOULD_DENY;
	return rf_str_eq(verdict, "killed") ? RF_V_KILLED : RF_V_DENIED;
}

static bool read_call(const struct rf_node *object, struct rf_question *ret)
{
	const char *abi_name = rf_node_get_text(object, "abi"),
		   *name = rf_node_get_text(object, "name");
	const struct rf_abi *abi = abi_name ? rf_abi_find(abi_name) : NULL;
	const struct rf_node *args = rf_node_get(object, "args"), *arg;

	if (!abi || !name || !rf_node_get(object, "nr"))
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->kind = RF_WHY_SYSCALL;
	ret->audit_arch = abi->audit_arch;
	ret->nr = (uint32_t)rf_node_integer(rf_node_get(object, "nr"));
	(void)snprintf(ret->text, sizeof(ret->text), "%s", name);
	for (arg = args ? rf_node_first(args) : NULL; arg && ret->n_args < 6;
	     arg = rf_node_next(args, arg))
		if (rf_node_text(arg) &&
		    rf_parse_u64_any(rf_node_text(arg), UINT64_MAX, &ret->args[ret->n_args++]) < 0)
			return false;
	return true;
}

/* Arguments that would have been refused so; false: it may have been for several reasons. */
static bool guess_args(const struct rf_calls *calls, uint8_t verdict, struct rf_question *q)
{
	struct rf_record record = {.obj = RF_OBJ_SYSCALL, .verdict = verdict};
	struct rf_sys_guess guess;

	record.o.syscall.abi = q->audit_arch;
	record.o.syscall.nr = q->nr;
	if (!calls->model || !rf_sysrecord_guess(calls->model, &record, &guess))
		return true;
	memcpy(q->args, guess.args, sizeof(q->args));
	return !guess.answer.one_of_several;
}

int rf_run_advise(void *data, struct rf_str *out, const struct rf_node *event)
{
	const struct rf_calls *calls = data;
	struct rf_finding refused = {.verdict = RF_V_DENIED, .rule = "seccomp.default"};
	char change[RF_WHY_TEXT_MAX];
	struct rf_question q;
	int r;

	if (!is_ours(event) || !read_call(rf_node_get(event, "object"), &q))
		return 0;
	if (q.n_args == 0 && !guess_args(calls, verdict_of(event), &q)) {
		(void)rf_str_addf(out,
				  "its arguments decide, and they are not recorded here: "
				  "`ringfence why POLICY syscall %s ARGUMENT...` tells what would "
				  "allow it",
				  q.text);
		return 1;
	}
	r = rf_why_change(calls->policy, &q, &refused, NULL, change, sizeof(change), NULL);
	if (r < 0 || !change[0])
		return r;
	(void)rf_str_add(out, "to allow it: ");
	(void)rf_str_add_printable(out, change);
	return 1;
}
