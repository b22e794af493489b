/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that protect ringfence itself, whatever a policy says and also in audit mode
 * (DESIGN.md 3, "The fence protects itself"), and those through which a fenced task could have the
 * kernel start a program outside of the fence.
 */
#include <string.h>
#include <unistd.h>

#include "sandbox/base/install.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/pack.h"

/* Pins, run-time state and compiled policies: not even to be read. */
static const char *const hidden[] = {
	"/sys/fs/bpf/**",
	"/run/ringfence/**",
	"/var/cache/ringfence/**",
};

static const char *const unchanged[] = {
	"/etc/ringfence/**",
	/* Leaving the sandbox's cgroup, or stopping its members from outside of the fence's ways.
	 */
	"/sys/fs/cgroup/**/cgroup.{procs,threads,kill,freeze,subtree_control,type}",
	"/sys/fs/cgroup/**/tasks",
	"/proc/sys/kernel/seccomp/actions_logged",
	/* Our hooks hang on ftrace's call sites: without it none of them is called. */
	"/proc/sys/kernel/ftrace_enabled",
	"/sys/kernel/{debug,tracing,livepatch,security}/**",
	/* What the kernel starts on somebody's behalf runs outside. */
	"/sys/fs/cgroup/**/{release_agent,notify_on_release}",
	"/proc/sys/kernel/{core_pattern,core_pipe_limit,modprobe,hotplug,poweroff_cmd}",
	"/proc/sys/kernel/usermodehelper/**",
	"/proc/sys/kernel/modules_disabled",
	"/proc/sys/fs/binfmt_misc/**",
	"/proc/sys/fs/ocfs2/**",
	"/sys/module/*/parameters/**",
	"/proc/sysrq-trigger",
	"/sys/kernel/uevent_helper",
	"/sys/**/uevent_helper",
};

static int add(struct rf_pattern *to, size_t *n, const char *text, bool literal)
{
	if (*n == RF_PROTECT_MAX)
		return -E2BIG;
	to[(*n)++] = (struct rf_pattern){.text = text, .literal = literal};
	return 0;
}

/* A directory and all below it, where its name may hold anything: literal and pattern. */
static int add_tree(struct rf_protect *p, struct rf_pattern *to, size_t *n, const char *dir)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(8192);
	char *taken;
	int r;

	if (!dir || dir[0] != '/' || !dir[1])
		return 0;
	for (const char *c = dir; *c; c++)
		if (strchr("*?[{}\\", *c))
			rf_str_addf(&text, "[%c]", *c);
		else
			rf_str_add_char(&text, *c);
	rf_str_add(&text, "/**");
	r = rf_str_take(&text, &taken);
	if (r < 0)
		return r;
	p->owned[p->n_owned++] = taken;
	return add(to, n, taken, false);
}

static int add_file(struct rf_protect *p, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	p->owned[p->n_owned++] = copy;
	return add(p->write, &p->n_write, copy, true);
}

/* Where this user's own policies, cache and run-time state are. */
static int add_user(struct rf_protect *p)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *cache = getenv("XDG_CACHE_HOME");
	const char *run = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
	char text[3][4096];
	int r;

	if (geteuid() == 0)
		return 0;
	(void)snprintf(text[0], sizeof(text[0]), "%s%s/ringfence",
		       config ? config
		       : home ? home
			      : "",
		       config ? "" : "/.config");
	(void)snprintf(text[1], sizeof(text[1]), "%s%s/ringfence",
		       cache  ? cache
		       : home ? home
			      : "",
		       cache ? "" : "/.cache");
	if (run)
		(void)snprintf(text[2], sizeof(text[2]), "%s/ringfence", run);
	else
		(void)snprintf(text[2], sizeof(text[2]), "/run/user/%u/ringfence", geteuid());
	r = add_tree(p, p->write, &p->n_write, text[0]);
	if (r == 0)
		r = add_tree(p, p->all, &p->n_all, text[1]);
	return r < 0 ? r : add_tree(p, p->all, &p->n_all, text[2]);
}

/* PREFIX/bin/ringfence for PREFIX/libexec/ringfence; every executable of ours must agree on it. */
static int add_command(struct rf_protect *p, const char *libexec)
{
	static const char tail[] = "/libexec/ringfence";
	size_t len = strlen(libexec), tail_len = sizeof(tail) - 1;
	char path[4096];

	if (len <= tail_len || strcmp(libexec + len - tail_len, tail) != 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%.*s/bin/ringfence", (int)(len - tail_len), libexec);
	return add_file(p, path);
}

static int add_installed(struct rf_protect *p, struct rf_err *err)
{
	RF_AUTOFREE char *data = NULL, *libexec = NULL;
	int r = rf_install_datadir(&data, err);

	if (r == 0)
		r = rf_install_libexecdir(&libexec, err);
	if (r == 0)
		r = add_tree(p, p->write, &p->n_write, data);
	if (r == 0)
		r = add_tree(p, p->write, &p->n_write, libexec);
	return r != 0 ? r : add_command(p, libexec);
}

int rf_protect_collect(struct rf_protect *ret, struct rf_err *err)
{
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < RF_ARRAY_LEN(hidden) && r == 0; i++)
		r = add(ret->all, &ret->n_all, hidden[i], false);
	for (size_t i = 0; i < RF_ARRAY_LEN(unchanged) && r == 0; i++)
		r = add(ret->write, &ret->n_write, unchanged[i], false);
	if (r == 0)
		r = add_installed(ret, err);
	if (r == 0)
		r = add_user(ret);
	if (r < 0) {
		rf_protect_done(ret);
		return rf_err_wrap(err, r, "the patterns that protect ringfence");
	}
	return 0;
}

void rf_protect_done(struct rf_protect *protect)
{
	for (size_t i = 0; i < protect->n_owned; i++)
		free(protect->owned[i]);
	protect->n_owned = 0;
}
