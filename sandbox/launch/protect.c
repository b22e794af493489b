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
#include "sandbox/launch/protect_dirs.h"

/* Whether a directory may be looked at. */
enum level {
	UNCHANGED,
	HIDDEN
};

/* Which of the names that decide where a directory is (protect_dirs.h) are protected, too. */
enum deciders {
	NONE,
	LINKS,
	ALL
};

/* Pins, as run-time state and compiled policies below: not even to be read. */
static const char *const hidden[] = {
	"/sys/fs/bpf/**",
};

static const char *const unchanged[] = {
	/* Leaving the sandbox's cgroup, or stopping its members from outside of the fence's ways.
	 */
	"/sys/fs/cgroup/**/cgroup.{procs,threads,kill,freeze,subtree_control,type}",
	"/sys/fs/cgroup/**/tasks",
	"/proc/sys/kernel/seccomp/actions_logged",
	/* Our hooks hang on ftrace's call sites: without it none of them is called. */
	"/proc/sys/kernel/ftrace_enabled",
	"/sys/kernel/{debug,tracing,livepatch,security}/**",
	/* Memory as an image on a disk; block devices made of others (nvmet, target). */
	"/sys/power/**",
	"/sys/kernel/config/**",
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

	for (const char *c = dir; *c; c++)
		if (strchr("*?[{}\\", *c))
			rf_str_addf(&text, "[%c]", *c);
		else
			rf_str_add_char(&text, *c);
	rf_str_add(&text, "/**");
	r = rf_str_take(&text, &taken);
	if (r < 0)
		return r;
	if (*n == RF_PROTECT_MAX) {
		free(taken);
		return -E2BIG;
	}
	p->owned[p->n_owned++] = taken;
	return add(to, n, taken, false);
}

static int add_file(struct rf_protect *p, const char *path)
{
	char *copy;

	for (size_t i = 0; i < p->n_write; i++)
		if (p->write[i].literal && strcmp(p->write[i].text, path) == 0)
			return 0;
	if (p->n_write == RF_PROTECT_MAX)
		return -E2BIG;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	p->owned[p->n_owned++] = copy;
	return add(p->write, &p->n_write, copy, true);
}

static int add_both(struct rf_protect *p, enum level level, const struct rf_real_dir *place)
{
	struct rf_pattern *to = level == HIDDEN ? p->all : p->write;
	size_t *n = level == HIDDEN ? &p->n_all : &p->n_write;
	int r = add_tree(p, to, n, place->named);

	if (r < 0 || strcmp(place->named, place->resolved) == 0)
		return r;
	return add_tree(p, to, n, place->resolved);
}

/* A directory as it is written and where it is, with that much of what decides about that. */
static int add_dir(struct rf_protect *p, enum level level, enum deciders deciders, const char *dir)
{
	RF_CLEANUP(rf_real_dir_done) struct rf_real_dir place = {0};
	int r = rf_real_dir_find(&place, dir);
	size_t n;

	if (r == 0)
		r = add_both(p, level, &place);
	n = deciders == ALL ? place.n_deciders : deciders == LINKS ? place.n_links : 0;
	for (size_t i = 0; i < n && r == 0; i++)
		r = add_file(p, place.deciders[i]);
	return r;
}

/* Where this user's own policies, cache and run-time state are. */
static int add_user(struct rf_protect *p, struct rf_err *err)
{
	static const struct {
		enum level level;
		enum deciders deciders;
	} how[] = {
		[RF_USER_CONFIG] = {UNCHANGED, ALL},
		/* Commands make ~/.cache themselves, and what is there is not believed. */
		[RF_USER_CACHE] = {HIDDEN, NONE},
		[RF_USER_RUN] = {HIDDEN, LINKS},
	};
	int r = 0;

	if (geteuid() == 0)
		return 0;
	for (size_t i = 0; i < RF_ARRAY_LEN(how) && r == 0; i++) {
		RF_AUTOFREE char *dir = NULL;

		r = rf_user_dir_find((enum rf_user_dir)i, &dir, err);
		if (r == 0 && dir)
			r = add_dir(p, how[i].level, how[i].deciders, dir);
	}
	return r;
}

/* Root's, where they may be links. */
static int add_system(struct rf_protect *p)
{
	int r = add_dir(p, UNCHANGED, LINKS, "/etc/ringfence");

	if (r == 0)
		r = add_dir(p, HIDDEN, LINKS, "/var/cache/ringfence");
	return r < 0 ? r : add_dir(p, HIDDEN, LINKS, "/run/ringfence");
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
		r = add_dir(p, UNCHANGED, LINKS, data);
	if (r == 0)
		r = add_dir(p, UNCHANGED, LINKS, libexec);
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
		r = add_system(ret);
	if (r == 0)
		r = add_user(ret, err);
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
