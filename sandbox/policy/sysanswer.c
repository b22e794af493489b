/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Explains verdicts on system calls by asking the model that the installed filter is made of.
 */
#include "sandbox/policy/sysanswer.h"

#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/policy/bpfsim.h"
#include "sandbox/policy/syscalls.h"

static const char *const kernel_ids[RF_KERNEL_COUNT] = {
	[RF_KERNEL_MOUNT] = "kernel.mount",
	[RF_KERNEL_USER_NAMESPACES] = "kernel.user_namespaces",
	[RF_KERNEL_NAMESPACES] = "kernel.namespaces",
	[RF_KERNEL_PTRACE] = "kernel.ptrace",
	[RF_KERNEL_SIGNALS] = "kernel.signals",
	[RF_KERNEL_IPC] = "kernel.ipc",
	[RF_KERNEL_IO_URING] = "kernel.io_uring",
	[RF_KERNEL_BPF] = "kernel.bpf",
	[RF_KERNEL_PERF_EVENTS] = "kernel.perf_events",
	[RF_KERNEL_KEYRINGS] = "kernel.keyrings",
	[RF_KERNEL_MODULES] = "kernel.modules",
	[RF_KERNEL_FILELESS_EXEC] = "kernel.fileless_exec",
};

static enum rf_sys_verdict verdict_of(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return RF_SYS_ALLOWED;
	case SECCOMP_RET_LOG:
		return RF_SYS_LOGGED;
	case SECCOMP_RET_ERRNO:
		return RF_SYS_DENIED;
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_USER_NOTIF:
		return RF_SYS_TRAPPED;
	default:
		return RF_SYS_KILLED;
	}
}

static void set_action(struct rf_sys_answer *ret, uint32_t action)
{
	ret->action = action;
	ret->verdict = verdict_of(action);
	ret->errno_value = ret->verdict == RF_SYS_DENIED ? (int)(action & SECCOMP_RET_DATA) : 0;
}

static void name_origin(struct rf_sys_answer *ret, const struct rf_policy *policy)
{
	switch (ret->origin) {
	case RF_SYS_RULE:
		ret->rule_id = ret->rule->id;
		ret->place = ret->rule->place;
		break;
	case RF_SYS_KERNEL:
		ret->rule_id = kernel_ids[ret->key];
		if (policy)
			ret->place = policy->kernel[ret->key].place;
		break;
	case RF_SYS_NETWORK:
		ret->rule_id = "network.default";
		if (policy)
			ret->place = policy->sections[RF_SECTION_NETWORK].place;
		break;
	case RF_SYS_SELF:
		ret->rule_id = "ringfence.self";
		break;
	case RF_SYS_DEFAULT:
	case RF_SYS_UNKNOWN:
	default:
		ret->rule_id = "seccomp.default";
		if (ret->filter)
			ret->place = ret->filter->place;
		break;
	}
}

/* OCI programs run before the list, and the first that refuses decides. */
static void ask_programs(const struct rf_sys_model *model, const struct seccomp_data *data,
			 struct rf_sys_answer *ret)
{
	const struct rf_sys_program *programs;
	size_t n = rf_sys_model_programs(model, &programs);

	for (size_t i = 0; i < n; i++) {
		uint32_t action = SECCOMP_RET_KILL_PROCESS;

		if (rf_bpf_run(&action, programs[i].code, programs[i].n, data) < 0)
			action = SECCOMP_RET_KILL_PROCESS;
		ret->depends_on_args = true; /* only running it can tell */
		if (action == SECCOMP_RET_ALLOW ||
		    (action == SECCOMP_RET_LOG && ret->verdict != RF_SYS_ALLOWED))
			continue;
		set_action(ret, action);
		ret->origin = RF_SYS_DEFAULT;
		ret->rule = NULL;
		ret->filter = programs[i].filter;
		if (action != SECCOMP_RET_LOG)
			return;
	}
}

void rf_sys_model_explain(const struct rf_sys_model *model, uint32_t audit_arch, uint32_t nr,
			  const uint64_t args[6], struct rf_sys_answer *ret)
{
	const struct rf_sys_list *list = rf_sys_model_find(model, audit_arch, nr);
	struct seccomp_data data = {.nr = (int)nr, .arch = audit_arch};

	memset(ret, 0, sizeof(*ret));
	ret->abi = rf_abi_of(audit_arch, nr);
	ret->name = ret->abi ? rf_call_name(ret->abi, nr) : NULL;
	memcpy(data.args, args, sizeof(data.args));
	if (list) {
		const struct rf_sys_clause *clause = rf_sys_list_decide(list, args);

		set_action(ret, clause->action);
		ret->origin = clause->origin;
		ret->rule = clause->rule;
		ret->filter = clause->filter;
		ret->key = clause->key;
		ret->depends_on_args = list->n > 1;
	} else {
		set_action(ret, SECCOMP_RET_KILL_PROCESS);
		ret->origin = RF_SYS_UNKNOWN;
	}
	ask_programs(model, &data, ret);
	ret->would_deny =
		ret->verdict == RF_SYS_LOGGED && !(ret->origin == RF_SYS_RULE && !ret->rule->deny);
	name_origin(ret, rf_sys_model_policy(model));
}

int rf_filter_explain(const struct rf_policy *policy, const struct rf_sys_context *context,
		      uint32_t audit_arch, uint32_t nr, const uint64_t args[6],
		      struct rf_sys_answer *ret, struct rf_err *err)
{
	RF_CLEANUP(rf_sys_model_freep) struct rf_sys_model *model = NULL;
	int r = rf_sys_model_new(&model, policy, context, err);

	if (r == 0)
		rf_sys_model_explain(model, audit_arch, nr, args, ret);
	return r;
}
