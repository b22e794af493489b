/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Families of calls, and the warning about rules that forget a member.
 *
 * A family holds what gives the same effect with other parameters; calls that only overlap (read
 * and preadv) are not one, or every rule would be warned of.
 */
#include "sandbox/policy/siblings.h"

#include <string.h>

#include "sandbox/policy/syslayer.h"

#define FAMILY_MAX 8

static const char *const families[][FAMILY_MAX] = {
	{"open", "openat", "openat2", "creat"},
	{"access", "faccessat", "faccessat2"},
	{"chmod", "fchmodat", "fchmodat2"},
	{"chown", "lchown", "fchownat"},
	{"mkdir", "mkdirat"},
	{"mknod", "mknodat"},
	{"rmdir", "unlink", "unlinkat"},
	{"rename", "renameat", "renameat2"},
	{"link", "linkat"},
	{"symlink", "symlinkat"},
	{"readlink", "readlinkat"},
	{"setxattr", "lsetxattr", "fsetxattr", "setxattrat"},
	{"removexattr", "lremovexattr", "fremovexattr", "removexattrat"},
	{"utime", "utimes", "futimesat", "utimensat"},
	{"execve", "execveat"},
	{"clone", "clone3"},
	{"fork", "vfork"},
	{"kill", "tgkill", "tkill", "rt_sigqueueinfo", "pidfd_send_signal"},
	{"process_vm_readv", "process_vm_writev"},
	{"mount", "fsopen", "move_mount", "open_tree", "mount_setattr"},
	{"init_module", "finit_module"},
	{"kexec_load", "kexec_file_load"},
	{"add_key", "request_key", "keyctl"},
	{"settimeofday", "clock_settime", "adjtimex", "clock_adjtime"},
	{"setrlimit", "prlimit64"},
	{"sched_setscheduler", "sched_setparam", "sched_setattr"},
	{"setpriority", "sched_setattr"},
	{"io_uring_setup", "io_uring_enter", "io_uring_register"},
	{"sendto", "sendmsg", "sendmmsg"},
	{"accept", "accept4"},
	{"quotactl", "quotactl_fd"},
	{"setuid", "setreuid", "setresuid", "setfsuid"},
	{"setgid", "setregid", "setresgid", "setfsgid"},
};

const char *const *rf_call_siblings(const char *name)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(families); i++)
		for (size_t k = 0; k < FAMILY_MAX && families[i][k]; k++)
			if (strcmp(families[i][k], name) == 0)
				return families[i];
	return NULL;
}

static bool rule_names(const struct rf_sys_rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->n_calls; i++)
		if (strcmp(rule->calls[i].name, name) == 0)
			return true;
	return false;
}

/* Whether the native call is let through with any arguments at all. */
static bool is_open(const struct rf_sys_model *model, const char *name)
{
	const struct rf_abi *abi = rf_abi_at(0);
	int nr = rf_call_number(abi, name);
	const struct rf_sys_list *list;

	if (nr < 0)
		return false;
	list = rf_sys_model_find(model, abi->audit_arch, (uint32_t)nr);
	return list && list->n == 1 && list->clauses[0].action == SECCOMP_RET_ALLOW;
}

static int warn_about(const struct rf_sys_rule *rule, const char *call, const char *sibling,
		      struct rf_problems *problems)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "the deny rule \"%s\" names %s but not %s, which does the same and is "
		       "allowed",
		       rule->rule.id, call, sibling);
	return rf_problems_add(problems, true, &rule->rule.place, "", text);
}

/* Once per rule and family: the first member forgotten. */
static int check_rule(const struct rf_sys_model *model, const struct rf_sys_rule *rule,
		      struct rf_problems *problems)
{
	const char *const *told = NULL;
	int r = 0;

	for (size_t i = 0; i < rule->n_calls && r == 0; i++) {
		const char *const *family = rf_call_siblings(rule->calls[i].name);

		for (size_t k = 0; family && family != told && k < FAMILY_MAX && family[k]; k++) {
			if (rule_names(rule, family[k]) || !is_open(model, family[k]))
				continue;
			told = family;
			r = warn_about(rule, rule->calls[i].name, family[k], problems);
			break;
		}
	}
	return r;
}

int rf_siblings_check(const struct rf_policy *policy, struct rf_problems *problems)
{
	RF_CLEANUP(rf_sys_model_freep) struct rf_sys_model *model = NULL;
	const struct rf_sys_context context = {0};
	int r = 0;

	if (!policy->sections[RF_SECTION_SECCOMP].present)
		return 0;
	/* A policy whose filter cannot be made is told of where it is made. */
	if (rf_sys_model_new(&model, policy, &context, NULL) < 0)
		return 0;
	for (size_t i = 0; i < policy->n_filters && r == 0; i++)
		for (size_t k = 0; k < policy->filters[i].n_rules && r == 0; k++)
			if (policy->filters[i].rules[k].rule.deny &&
			    policy->filters[i].rules[k].rule.mode == RF_MODE_ENFORCE)
				r = check_rule(model, &policy->filters[i].rules[k], problems);
	return r;
}
