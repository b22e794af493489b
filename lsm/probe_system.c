/* SPDX-License-Identifier: Apache-2.0 */
/* What is probed beside BPF, Landlock and cgroups: filters, audit, settings, the caller. */
#include <limits.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>

#include "lsm/probe_parts.h"
#include "sandbox/base/parse.h"

/* ---- seccomp and audit ---- */

static const struct {
	const char *name;
	uint32_t action;
} actions[] = {
	{"kill_process", SECCOMP_RET_KILL_PROCESS},
	{"kill_thread", SECCOMP_RET_KILL_THREAD},
	{"trap", SECCOMP_RET_TRAP},
	{"errno", SECCOMP_RET_ERRNO},
	{"user_notif", SECCOMP_RET_USER_NOTIF},
	{"trace", SECCOMP_RET_TRACE},
	{"log", SECCOMP_RET_LOG},
};

static void probe_logged(struct rf_prober *p)
{
	RF_AUTOFREE char *logged = rf_prober_read(p, "/proc/sys/kernel/seccomp/actions_logged");
	struct rf_probe_item *item;
	char missing[100] = "";

	if (!logged) {
		(void)rf_prober_add(p, "seccomp", "seccomp.logged", RF_PROBE_UNKNOWN,
				    "kernel.seccomp.actions_logged cannot be read");
		return;
	}
	for (size_t i = 0; i < RF_ARRAY_LEN(actions); i++) {
		size_t len = strlen(missing);

		if (!rf_prober_has_word(logged, actions[i].name))
			(void)snprintf(missing + len, sizeof(missing) - len, " %s",
				       actions[i].name);
	}
	if (!*missing) {
		(void)rf_prober_add(p, "seccomp", "seccomp.logged", RF_PROBE_YES,
				    "every action is logged: %.200s", logged);
		return;
	}
	item = rf_prober_add(
		p, "seccomp", "seccomp.logged", RF_PROBE_LIMITED,
		"kernel.seccomp.actions_logged is trimmed, so refusals are not recorded; it "
		"lacks:%s",
		missing);
	rf_prober_remedy(item, "sysctl -w kernel.seccomp.actions_logged=\"%.80s%s\"", logged,
			 missing);
}

void rf_prober_seccomp(struct rf_prober *p)
{
	struct rf_probe_item *item;
	char missing[100] = "";

	for (size_t i = 0; i < RF_ARRAY_LEN(actions); i++) {
		size_t len = strlen(missing);

		if (p->env->seccomp_action(actions[i].action) < 0)
			(void)snprintf(missing + len, sizeof(missing) - len, " %s",
				       actions[i].name);
	}
	if (!*missing) {
		(void)rf_prober_add(p, "seccomp", "seccomp.actions", RF_PROBE_YES,
				    "every action is available");
	} else {
		item = rf_prober_add(p, "seccomp", "seccomp.actions", RF_PROBE_NO,
				     "the kernel lacks the actions%s", missing);
		rf_prober_remedy(item, "use a kernel of 5.0 or later with CONFIG_SECCOMP_FILTER");
	}
	probe_logged(p);
}

/* Landlock tells of what it refuses only while audit is on; seccomp tells always. */
static void probe_audit_on(struct rf_prober *p)
{
	int on = p->env->audit_is_on();
	struct rf_probe_item *item;

	if (on > 0) {
		(void)rf_prober_add(p, "audit", "audit.enabled", RF_PROBE_YES,
				    "the kernel's audit is on");
		return;
	}
	if (on == 0) {
		item = rf_prober_add(p, "audit", "audit.enabled", RF_PROBE_NO,
				     "the kernel's audit is off: denials by Landlock are not told");
		rf_prober_remedy(item, "auditctl -e 1");
		return;
	}
	item = rf_prober_add(p, "audit", "audit.enabled", RF_PROBE_UNKNOWN,
			     "whether the kernel's audit is on cannot be asked: %s", strerror(-on));
	if (on == -EPERM)
		rf_prober_remedy(item, "run with CAP_AUDIT_CONTROL");
}

void rf_prober_audit(struct rf_prober *p)
{
	int r = p->env->audit_group();
	struct rf_probe_item *item;

	probe_audit_on(p);
	if (r == 0) {
		(void)rf_prober_add(p, "audit", "audit.netlink", RF_PROBE_YES,
				    "the audit netlink group can be read");
		return;
	}
	item = rf_prober_add(p, "audit", "audit.netlink", RF_PROBE_NO,
			     r == -EPERM ? "the caller may not read the audit netlink group"
					 : "the kernel has no audit netlink group: %s",
			     strerror(-r));
	rf_prober_remedy(item, r == -EPERM ? "run with CAP_AUDIT_READ"
					   : "use a kernel with CONFIG_AUDIT");
}

/* ---- settings of the system ---- */

/* A number in a file under /proc/sys; -1: not there. */
static long number(const struct rf_prober *p, const char *path)
{
	RF_AUTOFREE char *text = rf_prober_read(p, path);
	uint64_t value;

	return text && rf_parse_u64(text, INT_MAX, &value) == 0 ? (long)value : -1;
}

static void probe_namespaces(struct rf_prober *p)
{
	bool clone = number(p, "/proc/sys/kernel/unprivileged_userns_clone") != 0;
	bool some = number(p, "/proc/sys/user/max_user_namespaces") != 0;

	if (clone && some)
		(void)rf_prober_add(
			p, "system", "userns.unprivileged", RF_PROBE_YES,
			"ordinary users may make user namespaces; fences refuse that by default");
	else
		(void)rf_prober_add(
			p, "system", "userns.unprivileged", RF_PROBE_NO,
			"ordinary users may not make user namespaces; ringfence needs none");
}

static void probe_lockdown(struct rf_prober *p)
{
	RF_AUTOFREE char *mode = rf_prober_read(p, "/sys/kernel/security/lockdown");
	struct rf_probe_item *item;

	if (!mode)
		(void)rf_prober_add(p, "system", "lockdown", RF_PROBE_UNKNOWN,
				    "the lockdown state cannot be read");
	else if (strstr(mode, "[confidentiality]")) {
		item = rf_prober_add(
			p, "system", "lockdown", RF_PROBE_LIMITED,
			"confidentiality: BPF programs may not read kernel memory, so paths "
			"cannot be judged");
		rf_prober_remedy(item, "boot with lockdown=integrity or without lockdown");
	} else {
		(void)rf_prober_add(p, "system", "lockdown", RF_PROBE_YES, "%.100s", mode);
	}
}

void rf_prober_system(struct rf_prober *p)
{
	long uring = number(p, "/proc/sys/kernel/io_uring_disabled");
	long yama = number(p, "/proc/sys/kernel/yama/ptrace_scope");

	probe_namespaces(p);
	(void)rf_prober_add(p, "system", "io_uring", uring == 2 ? RF_PROBE_NO : RF_PROBE_YES,
			    uring == 2	 ? "switched off for everybody"
			    : uring == 1 ? "for privileged processes only"
					 : "available; fences refuse it by default");
	(void)rf_prober_add(p, "system", "yama", yama < 0 ? RF_PROBE_NO : RF_PROBE_YES,
			    yama < 0 ? "not active; fences judge ptrace themselves"
				     : "ptrace_scope is %ld",
			    yama);
	probe_lockdown(p);
}

/* ---- the caller ---- */

void rf_prober_caller(struct rf_prober *p)
{
	static const struct {
		const char *name, *symbol, *what;
		int number;
	} wanted[] = {
		{"bpf", "CAP_BPF", "load programs", CAP_BPF},
		{"perfmon", "CAP_PERFMON", "let programs read kernel memory", CAP_PERFMON},
		{"net_admin", "CAP_NET_ADMIN", "attach programs to cgroups", CAP_NET_ADMIN},
		{"sys_admin", "CAP_SYS_ADMIN", "load BPF LSM programs", CAP_SYS_ADMIN},
		{"audit_read", "CAP_AUDIT_READ", "read the audit netlink group", CAP_AUDIT_READ},
	};
	uint64_t caps = p->env->capabilities(), limit = p->env->memlock();
	struct rf_probe_item *item;
	char id[64];

	for (size_t i = 0; i < RF_ARRAY_LEN(wanted); i++) {
		bool has = caps >> wanted[i].number & 1;

		(void)snprintf(id, sizeof(id), "capability.%s", wanted[i].name);
		item = rf_prober_add(p, "caller", id, has ? RF_PROBE_YES : RF_PROBE_NO,
				     "the caller %s %s", has ? "may" : "may not", wanted[i].what);
		if (!has)
			rf_prober_remedy(item, "run as root, or with %s", wanted[i].symbol);
	}
	if (limit == UINT64_MAX)
		(void)rf_prober_add(p, "caller", "memlock", RF_PROBE_YES,
				    "RLIMIT_MEMLOCK is unlimited");
	else
		(void)rf_prober_add(
			p, "caller", "memlock", RF_PROBE_YES,
			"RLIMIT_MEMLOCK is %llu KiB, which maps do not count against since "
			"Linux 5.11",
			(unsigned long long)limit / 1024);
}
