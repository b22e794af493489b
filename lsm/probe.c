/* SPDX-License-Identifier: Apache-2.0 */
/* One item after the other, each with its reason and its remedy. See lsm/probe.h. */
#include "lsm/probe.h"

#include <limits.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lsm/probe_parts.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/base/vec.h"

#define FILE_MAX ((size_t)1 << 20)

static const char *const states[] = {"yes", "no", "limited", "unknown"};
_Static_assert(RF_ARRAY_LEN(states) == RF_PROBE_STATES, "a word for each state");

const char *rf_probe_state_name(enum rf_probe_state state)
{
	return (unsigned int)state < RF_PROBE_STATES ? states[state] : "?";
}

/* Never NULL: what finds no room goes to a spare item, and the probe fails in the end. */
struct rf_probe_item *rf_prober_add(struct rf_prober *p, const char *group, const char *id,
				    enum rf_probe_state state, const char *fmt, ...)
{
	static struct rf_probe_item spare;
	struct rf_probe_item *item = &spare;
	void *items = p->out->items;
	size_t cap = p->out->cap;
	va_list args;

	if (p->out->n == cap)
		cap = rf_vec_grow(&items, cap, cap + 1, sizeof(*item));
	if (cap) {
		p->out->items = items;
		p->out->cap = cap;
		item = &p->out->items[p->out->n++];
	} else {
		p->failed = true;
	}
	memset(item, 0, sizeof(*item));
	item->group = group;
	item->state = state;
	(void)snprintf(item->id, sizeof(item->id), "%s", id);
	va_start(args, fmt);
	(void)vsnprintf(item->detail, sizeof(item->detail), fmt, args);
	va_end(args);
	return item;
}

void rf_prober_remedy(struct rf_probe_item *item, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(item->remedy, sizeof(item->remedy), fmt, args);
	va_end(args);
}

/* The text of a file below the root without its last newline; NULL if it cannot be read. */
char *rf_prober_read(const struct rf_prober *p, const char *path)
{
	char full[PATH_MAX];
	char *text = NULL;
	size_t len = 0;

	(void)snprintf(full, sizeof(full), "%s%s", p->env->root, path);
	if (rf_fd_read_file(full, FILE_MAX, &text, &len, NULL) < 0)
		return NULL;
	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		text[--len] = '\0';
	return text;
}

static bool exists(const struct rf_prober *p, const char *path, int mode)
{
	char full[PATH_MAX];

	(void)snprintf(full, sizeof(full), "%s%s", p->env->root, path);
	return access(full, mode) == 0;
}

bool rf_prober_has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		size_t n = strcspn(list, ", \n");

		if (n == len && memcmp(list, word, n) == 0)
			return true;
		list += n + (list[n] != '\0');
	}
	return false;
}

/* The first mount of this type, optionally at this place. */
static bool find_mount(const struct rf_prober *p, const char *type, const char *at, char *ret,
		       size_t size)
{
	char full[PATH_MAX];
	const struct mntent *entry;
	bool found = false;
	FILE *table;

	(void)snprintf(full, sizeof(full), "%s/proc/self/mounts", p->env->root);
	table = setmntent(full, "re");
	while (table && !found && (entry = getmntent(table))) {
		found = strcmp(entry->mnt_type, type) == 0 &&
			(!at || strcmp(entry->mnt_dir, at) == 0);
		if (found)
			(void)snprintf(ret, size, "%s", entry->mnt_dir);
	}
	if (table)
		(void)endmntent(table);
	return found;
}

/* ---- bpf ---- */

static void probe_lsm_list(struct rf_prober *p)
{
	RF_AUTOFREE char *list = rf_prober_read(p, "/sys/kernel/security/lsm");
	struct rf_probe_item *item;

	if (!list) {
		item = rf_prober_add(
			p, "bpf", "lsm.active", RF_PROBE_UNKNOWN,
			"the list of active security modules cannot be read: securityfs is not "
			"mounted");
		rf_prober_remedy(item, "mount -t securityfs securityfs /sys/kernel/security");
		return;
	}
	if (rf_prober_has_word(list, "bpf")) {
		(void)rf_prober_add(p, "bpf", "lsm.active", RF_PROBE_YES, "active: %s", list);
		return;
	}
	item = rf_prober_add(p, "bpf", "lsm.active", RF_PROBE_NO,
			     "bpf is missing from the active security modules: %s", list);
	rf_prober_remedy(item, "boot with lsm=%s,bpf", list);
}

static void probe_load(struct rf_prober *p, const char *id, int (*load)(void), const char *what)
{
	int r = load();
	struct rf_probe_item *item;

	if (r == 0) {
		(void)rf_prober_add(p, "bpf", id, RF_PROBE_YES, "the kernel loads %s", what);
		return;
	}
	if (p->env->uid() != 0) {
		item = rf_prober_add(p, "bpf", id, RF_PROBE_UNKNOWN,
				     "%s cannot be tried: it needs root", what);
		rf_prober_remedy(item, "ask root to run ringfence probe");
		return;
	}
	item = rf_prober_add(p, "bpf", id, RF_PROBE_NO, "the kernel refuses %s: %s", what,
			     strerror(-r));
	if (r == -EPERM)
		rf_prober_remedy(
			item, "the kernel, its lockdown or the host that runs it forbids them: use "
			      "one that does not");
	else if (r == -ESRCH || r == -ENOENT)
		rf_prober_remedy(item,
				 "use a kernel with CONFIG_BPF_LSM and CONFIG_DEBUG_INFO_BTF");
	else
		rf_prober_remedy(
			item,
			"use a kernel with CONFIG_BPF_LSM, CONFIG_BPF_JIT and dynamic ftrace");
}

struct hooks {
	struct rf_prober *p;
};

static void take_hook(void *data, const char *section, bool present, bool optional)
{
	struct hooks *hooks = data;
	struct rf_probe_item *item;
	char id[64];

	(void)snprintf(id, sizeof(id), "hook.%.50s", section);
	if (rf_probe_find(hooks->p->out, id))
		return; /* another program of ours at the same hook */
	if (present) {
		(void)rf_prober_add(hooks->p, "hooks", id, RF_PROBE_YES, "the kernel has it");
		return;
	}
	item = rf_prober_add(hooks->p, "hooks", id, optional ? RF_PROBE_LIMITED : RF_PROBE_NO,
			     optional ? "this kernel has no such hook, and does without"
				      : "this kernel has no such hook");
	if (!optional)
		rf_prober_remedy(item, "use a kernel of 6.1 or later");
}

static void probe_hooks(struct rf_prober *p)
{
	struct hooks hooks = {.p = p};
	struct rf_err why = RF_ERR_INIT;

	if (p->env->hooks(take_hook, &hooks, &why) < 0)
		(void)rf_prober_add(p, "hooks", "hooks", RF_PROBE_UNKNOWN, "%s", rf_err_text(&why));
}

static void probe_bpf(struct rf_prober *p)
{
	struct rf_probe_item *item;
	char place[PATH_MAX];

	probe_lsm_list(p);
	if (exists(p, "/sys/kernel/btf/vmlinux", R_OK)) {
		(void)rf_prober_add(p, "bpf", "btf", RF_PROBE_YES,
				    "the kernel describes its types");
	} else {
		item = rf_prober_add(p, "bpf", "btf", RF_PROBE_NO,
				     "/sys/kernel/btf/vmlinux is not there");
		rf_prober_remedy(item, "use a kernel with CONFIG_DEBUG_INFO_BTF");
	}
	if (find_mount(p, "bpf", "/sys/fs/bpf", place, sizeof(place))) {
		(void)rf_prober_add(p, "bpf", "bpffs", RF_PROBE_YES, "mounted on %s", place);
	} else {
		item = rf_prober_add(p, "bpf", "bpffs", RF_PROBE_NO,
				     "no bpffs is mounted on /sys/fs/bpf");
		rf_prober_remedy(item, "mount -t bpf bpf /sys/fs/bpf");
	}
	probe_load(p, "lsm.programs", p->env->load_lsm, "BPF LSM programs");
	probe_load(p, "fentry.programs", p->env->load_fentry, "trampoline programs (fentry)");
	probe_hooks(p);
}

/* ---- landlock ---- */

static void probe_landlock(struct rf_prober *p)
{
	static const struct {
		int abi;
		const char *since, *lacks;
	} steps[] = {
		{2, "5.19", "renaming between directories"},
		{3, "6.2", "truncation"},
		{4, "6.7", "ports of TCP"},
		{5, "6.10", "device ioctls"},
		{6, "6.12", "signals and abstract sockets"},
		{7, "6.15", "records of denials"},
	};
	int abi = p->env->landlock_abi();
	char lacks[200] = "";
	struct rf_probe_item *item;

	if (abi <= 0) {
		item = rf_prober_add(p, "landlock", "landlock", RF_PROBE_NO,
				     abi == -EOPNOTSUPP ? "built in, but not active"
							: "not in this kernel");
		rf_prober_remedy(
			item,
			abi == -EOPNOTSUPP
				? "boot with \"landlock\" added to lsm="
				: "use a kernel of 5.13 or later with CONFIG_SECURITY_LANDLOCK");
		return;
	}
	for (size_t i = 0; i < RF_ARRAY_LEN(steps); i++) {
		size_t len = strlen(lacks);

		if (abi < steps[i].abi)
			(void)snprintf(lacks + len, sizeof(lacks) - len, "%s%s (Linux %s)",
				       len ? ", " : "", steps[i].lacks, steps[i].since);
	}
	item = rf_prober_add(p, "landlock", "landlock", *lacks ? RF_PROBE_LIMITED : RF_PROBE_YES,
			     *lacks ? "ABI %d; it lacks %s" : "ABI %d", abi, lacks);
	if (*lacks)
		rf_prober_remedy(item, "use a newer kernel");
}

/* ---- cgroup ---- */

static void probe_delegation(struct rf_prober *p, const char *mount)
{
	RF_AUTOFREE char *own = rf_prober_read(p, "/proc/self/cgroup");
	const char *at = own ? strstr(own, "0::") : NULL;
	char path[PATH_MAX];
	struct rf_probe_item *item;

	if (!at) {
		(void)rf_prober_add(p, "cgroup", "cgroup.delegated", RF_PROBE_UNKNOWN,
				    "/proc/self/cgroup names no cgroup v2");
		return;
	}
	(void)snprintf(path, sizeof(path), "%.2000s%.*s", mount, (int)strcspn(at + 3, "\n"),
		       at + 3);
	if (exists(p, path, W_OK)) {
		(void)rf_prober_add(p, "cgroup", "cgroup.delegated", RF_PROBE_YES,
				    "sandboxes can have cgroups below %.200s", path);
		return;
	}
	item = rf_prober_add(p, "cgroup", "cgroup.delegated", RF_PROBE_NO,
			     "the caller may not make cgroups below its own, %.200s", path);
	rf_prober_remedy(
		item, "run as root, or in a scope with Delegate=yes (systemd-run --user --scope -p "
		      "Delegate=yes)");
}

static void probe_cgroup(struct rf_prober *p)
{
	struct rf_err why = RF_ERR_INIT;
	struct rf_probe_item *item;
	char mount[PATH_MAX];

	if (find_mount(p, "cgroup2", NULL, mount, sizeof(mount))) {
		(void)rf_prober_add(p, "cgroup", "cgroup.v2", RF_PROBE_YES, "mounted on %.200s",
				    mount);
		probe_delegation(p, mount);
	} else {
		item = rf_prober_add(p, "cgroup", "cgroup.v2", RF_PROBE_NO,
				     "cgroup v2 is not mounted");
		rf_prober_remedy(item, "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
	}
	if (p->env->load_cgroup(&why) == 0)
		(void)rf_prober_add(p, "cgroup", "cgroup.programs", RF_PROBE_YES,
				    "device and socket-address programs load");
	else
		(void)rf_prober_add(p, "cgroup", "cgroup.programs", RF_PROBE_NO, "%s",
				    rf_err_text(&why));
}

int rf_probe_run(struct rf_probe *ret, const struct rf_probe_env *env, struct rf_err *err)
{
	struct rf_prober p = {.out = ret, .env = env};

	memset(ret, 0, sizeof(*ret));
	probe_bpf(&p);
	probe_landlock(&p);
	probe_cgroup(&p);
	rf_prober_seccomp(&p);
	rf_prober_audit(&p);
	rf_prober_system(&p);
	rf_prober_caller(&p);
	if (!p.failed)
		return 0;
	rf_probe_done(ret);
	return rf_err_sys(err, -ENOMEM, "cannot probe");
}

void rf_probe_done(struct rf_probe *probe)
{
	free(probe->items);
	memset(probe, 0, sizeof(*probe));
}

const struct rf_probe_item *rf_probe_find(const struct rf_probe *probe, const char *id)
{
	for (size_t i = 0; i < probe->n; i++)
		if (rf_str_eq(probe->items[i].id, id))
			return &probe->items[i];
	return NULL;
}
