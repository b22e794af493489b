/* SPDX-License-Identifier: Apache-2.0 */
/* Each thing that a kernel may lack is taken away once: the probe names it, and what to change. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lsm/probe.h"

static char root[64];
static int lsm_answer, fentry_answer, cgroup_answer, landlock_answer, audit_answer, on_answer;
static uint32_t lacking_action, uid_answer;
static uint64_t caps_answer;

static int load_lsm(void)
{
	return lsm_answer;
}

static int load_fentry(void)
{
	return fentry_answer;
}

static int load_cgroup(struct rf_err *err)
{
	return cgroup_answer ? rf_err_set(err, cgroup_answer, "no cgroup programs here") : 0;
}

static int landlock_abi(void)
{
	return landlock_answer;
}

static int seccomp_action(uint32_t action)
{
	return lacking_action && action == lacking_action ? -EOPNOTSUPP : 0;
}

static int audit_group(void)
{
	return audit_answer;
}

static int audit_is_on(void)
{
	return on_answer;
}

static uint64_t capabilities(void)
{
	return caps_answer;
}

static uint64_t memlock(void)
{
	return UINT64_MAX;
}

static uint32_t uid(void)
{
	return uid_answer;
}

static const char *missing_hook;
static bool missing_optional;

static int hooks(void (*fn)(void *data, const char *section, bool present, bool optional),
		 void *data, struct rf_err *err RF_UNUSED)
{
	fn(data, "lsm/file_open", true, false);
	fn(data, "lsm/file_open", true, false);
	if (missing_hook)
		fn(data, missing_hook, false, missing_optional);
	return 0;
}

static const struct rf_probe_env env = {
	.root = root,
	.load_lsm = load_lsm,
	.load_fentry = load_fentry,
	.load_cgroup = load_cgroup,
	.landlock_abi = landlock_abi,
	.seccomp_action = seccomp_action,
	.audit_group = audit_group,
	.audit_is_on = audit_is_on,
	.capabilities = capabilities,
	.memlock = memlock,
	.uid = uid,
	.hooks = hooks,
};

static void put(const char *path, const char *text)
{
	char full[256], command[300];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	snprintf(command, sizeof(command), "mkdir -p \"$(dirname %s)\"", full);
	assert_int_equal(system(command), 0);
	file = fopen(full, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void take_away(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	assert_int_equal(unlink(full), 0);
}

/* A machine that has everything. */
static int make_machine(void **state RF_UNUSED)
{
	strcpy(root, "/tmp/rf-probe-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	put("/sys/kernel/security/lsm", "lockdown,capability,landlock,yama,bpf\n");
	put("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	put("/sys/kernel/btf/vmlinux", "x");
	put("/proc/self/mounts", "proc /proc proc rw 0 0\nbpf /sys/fs/bpf bpf rw 0 0\n"
				 "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
	put("/proc/self/cgroup", "0::/user\n");
	put("/sys/fs/cgroup/user/cgroup.procs", "");
	put("/proc/sys/kernel/seccomp/actions_logged",
	    "kill_process kill_thread trap errno user_notif trace log\n");
	put("/proc/sys/kernel/io_uring_disabled", "0\n");
	put("/proc/sys/kernel/yama/ptrace_scope", "1\n");
	put("/proc/sys/user/max_user_namespaces", "1000\n");
	lsm_answer = fentry_answer = cgroup_answer = audit_answer = 0;
	landlock_answer = 7;
	on_answer = 1;
	lacking_action = uid_answer = 0;
	caps_answer = UINT64_MAX;
	missing_hook = NULL;
	missing_optional = false;
	return 0;
}

static int remove_machine(void **state RF_UNUSED)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

static void expect(const char *id, enum rf_probe_state state, const char *detail,
		   const char *remedy)
{
	const struct rf_probe_item *item;
	struct rf_probe probe;

	assert_int_equal(rf_probe_run(&probe, &env, NULL), 0);
	item = rf_probe_find(&probe, id);
	if (!item)
		fail_msg("no item %s", id);
	if (item->state != state || !strstr(item->detail, detail) ||
	    !strstr(item->remedy, remedy) || (!*remedy && *item->remedy))
		fail_msg("%s: %s, %s; %s", id, rf_probe_state_name(item->state), item->detail,
			 item->remedy);
	rf_probe_done(&probe);
}

static void a_whole_machine_lacks_nothing(void **state RF_UNUSED)
{
	struct rf_probe probe;
	size_t n_open = 0;

	assert_int_equal(rf_probe_run(&probe, &env, NULL), 0);
	assert_true(probe.n > 20);
	for (size_t i = 0; i < probe.n; i++) {
		if (probe.items[i].state != RF_PROBE_YES || *probe.items[i].remedy)
			fail_msg("%s: %s", probe.items[i].id, probe.items[i].detail);
		n_open += strcmp(probe.items[i].id, "hook.lsm/file_open") == 0;
	}
	assert_int_equal(n_open, 1);
	rf_probe_done(&probe);
}

static void security_modules(void **state RF_UNUSED)
{
	put("/sys/kernel/security/lsm", "capability,landlock\n");
	expect("lsm.active", RF_PROBE_NO, "bpf is missing", "lsm=capability,landlock,bpf");
	put("/sys/kernel/security/lsm", "capability,bpfx\n");
	expect("lsm.active", RF_PROBE_NO, "bpf is missing", "lsm=");
	take_away("/sys/kernel/security/lsm");
	expect("lsm.active", RF_PROBE_UNKNOWN, "securityfs", "mount -t securityfs");
	put("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
	expect("lockdown", RF_PROBE_LIMITED, "kernel memory", "lockdown=integrity");
}

static void what_bpf_needs(void **state RF_UNUSED)
{
	take_away("/sys/kernel/btf/vmlinux");
	expect("btf", RF_PROBE_NO, "btf/vmlinux", "CONFIG_DEBUG_INFO_BTF");
	put("/proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
	expect("bpffs", RF_PROBE_NO, "no bpffs", "mount -t bpf");
	lsm_answer = -EPERM;
	expect("lsm.programs", RF_PROBE_NO, "refuses BPF LSM programs", "forbids");
	lsm_answer = -ESRCH;
	expect("lsm.programs", RF_PROBE_NO, "refuses BPF LSM programs", "CONFIG_BPF_LSM");
	fentry_answer = -EOPNOTSUPP;
	expect("fentry.programs", RF_PROBE_NO, "trampoline", "ftrace");
	uid_answer = 1000;
	expect("lsm.programs", RF_PROBE_UNKNOWN, "needs root", "ask root");
}

static void hooks_that_are_not_there(void **state RF_UNUSED)
{
	missing_hook = "lsm/uring_allowed";
	missing_optional = true;
	expect("hook.lsm/uring_allowed", RF_PROBE_LIMITED, "does without", "");
	missing_hook = "lsm/path_rename";
	missing_optional = false;
	expect("hook.lsm/path_rename", RF_PROBE_NO, "no such hook", "6.1");
}

static void landlock(void **state RF_UNUSED)
{
	landlock_answer = 2;
	expect("landlock", RF_PROBE_LIMITED, "ABI 2; it lacks truncation (Linux 6.2), ports",
	       "newer kernel");
	landlock_answer = -EOPNOTSUPP;
	expect("landlock", RF_PROBE_NO, "not active", "lsm=");
	landlock_answer = -ENOSYS;
	expect("landlock", RF_PROBE_NO, "not in this kernel", "CONFIG_SECURITY_LANDLOCK");
}

static void cgroups(void **state RF_UNUSED)
{
	take_away("/sys/fs/cgroup/user/cgroup.procs");
	put("/proc/self/cgroup", "0::/other\n");
	expect("cgroup.delegated", RF_PROBE_NO, "/sys/fs/cgroup/other", "Delegate=yes");
	put("/proc/self/mounts", "bpf /sys/fs/bpf bpf rw 0 0\n");
	expect("cgroup.v2", RF_PROBE_NO, "not mounted", "mount -t cgroup2");
	cgroup_answer = -EOPNOTSUPP;
	expect("cgroup.programs", RF_PROBE_NO, "no cgroup programs here", "");
}

static void filters_and_their_records(void **state RF_UNUSED)
{
	lacking_action = SECCOMP_RET_USER_NOTIF;
	expect("seccomp.actions", RF_PROBE_NO, "lacks the actions user_notif", "CONFIG_SECCOMP");
	put("/proc/sys/kernel/seccomp/actions_logged", "kill_process kill_thread trap log\n");
	expect("seccomp.logged", RF_PROBE_LIMITED, "lacks: errno user_notif trace",
	       "sysctl -w kernel.seccomp.actions_logged=\"kill_process kill_thread trap log errno");
	take_away("/proc/sys/kernel/seccomp/actions_logged");
	expect("seccomp.logged", RF_PROBE_UNKNOWN, "cannot be read", "");
	audit_answer = -EPERM;
	expect("audit.netlink", RF_PROBE_NO, "may not read", "CAP_AUDIT_READ");
	audit_answer = -EPROTONOSUPPORT;
	expect("audit.netlink", RF_PROBE_NO, "no audit netlink group", "CONFIG_AUDIT");
	expect("audit.enabled", RF_PROBE_YES, "is on", "");
	on_answer = 0;
	expect("audit.enabled", RF_PROBE_NO, "by Landlock are not told", "auditctl -e 1");
	on_answer = -EPERM;
	expect("audit.enabled", RF_PROBE_UNKNOWN, "cannot be asked", "CAP_AUDIT_CONTROL");
}

static void settings_and_the_caller(void **state RF_UNUSED)
{
	put("/proc/sys/kernel/io_uring_disabled", "2\n");
	expect("io_uring", RF_PROBE_NO, "switched off", "");
	put("/proc/sys/user/max_user_namespaces", "0\n");
	expect("userns.unprivileged", RF_PROBE_NO, "may not make", "");
	take_away("/proc/sys/kernel/yama/ptrace_scope");
	expect("yama", RF_PROBE_NO, "not active", "");
	caps_answer = 0;
	expect("capability.bpf", RF_PROBE_NO, "may not load programs", "CAP_BPF");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_machine, remove_machine)

UNIT_MAIN(TEST(a_whole_machine_lacks_nothing), TEST(security_modules), TEST(what_bpf_needs),
	  TEST(hooks_that_are_not_there), TEST(landlock), TEST(cgroups),
	  TEST(filters_and_their_records), TEST(settings_and_the_caller));
