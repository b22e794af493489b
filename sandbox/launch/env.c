/* SPDX-License-Identifier: Apache-2.0 */
/* Building the command's environment. See env.h. */
#include "sandbox/launch/env.h"

#include <string.h>

#include "sandbox/base/str.h"

void rf_env_done(struct rf_env *env)
{
	for (size_t i = 0; i < env->n; i++)
		free(env->list[i]);
	free(env->list);
	memset(env, 0, sizeof(*env));
}

static size_t name_len(const char *entry)
{
	return strcspn(entry, "=");
}

static bool is_named(const char *entry, const char *name, size_t len)
{
	return name_len(entry) == len && strncmp(entry, name, len) == 0;
}

/* Takes entry over. */
static int append(struct rf_env *env, char *entry, struct rf_err *err)
{
	char **list = entry ? reallocarray(env->list, env->n + 2, sizeof(*list)) : NULL;

	if (!list) {
		free(entry);
		return rf_err_sys(err, -ENOMEM, "cannot build the environment");
	}
	env->list = list;
	list[env->n++] = entry;
	list[env->n] = NULL;
	return 0;
}

/* Takes entry over; removes all others of its name, so that no program can see another value. */
static int put(struct rf_env *env, char *entry, struct rf_err *err)
{
	size_t kept = 0;

	for (size_t i = 0; entry && i < env->n; i++) {
		if (is_named(env->list[i], entry, name_len(entry)))
			free(env->list[i]);
		else
			env->list[kept++] = env->list[i];
	}
	if (entry) {
		env->n = kept;
		env->list[kept] = NULL;
	}
	return append(env, entry, err);
}

static int put_pair(struct rf_env *env, const char *name, const char *value, struct rf_err *err)
{
	char *entry = NULL;

	if (asprintf(&entry, "%s=%s", name, value) < 0)
		entry = NULL;
	return put(env, entry, err);
}

static bool is_kept(const struct rf_policy *policy, const char *entry)
{
	if (!policy || !policy->env_keep_given)
		return true;
	for (size_t i = 0; i < policy->n_env_keep; i++)
		if (is_named(entry, policy->env_keep[i], strlen(policy->env_keep[i])))
			return true;
	return false;
}

/* Entries without a name or without "=" are dropped: no program can mean them. */
static int inherit(struct rf_env *env, char *const *inherited, const struct rf_policy *policy,
		   struct rf_err *err)
{
	int r = 0;

	for (char *const *entry = inherited; r == 0 && entry && *entry; entry++)
		if (name_len(*entry) && strchr(*entry, '=') && is_kept(policy, *entry))
			r = append(env, strdup(*entry), err);
	return r;
}

static int put_user(struct rf_env *env, const struct rf_user *user, struct rf_err *err)
{
	int r = 0;

	if (user && user->home)
		r = put_pair(env, "HOME", user->home, err);
	if (r == 0 && user && user->name)
		r = put_pair(env, "USER", user->name, err);
	if (r == 0 && user && user->name)
		r = put_pair(env, "LOGNAME", user->name, err);
	return r;
}

static int put_extra(struct rf_env *env, const char *extra, char *const *inherited,
		     struct rf_err *err)
{
	if (!name_len(extra))
		return rf_err_set(err, -EINVAL, "--env %s has no name", extra);
	if (strchr(extra, '='))
		return put(env, strdup(extra), err);
	for (char *const *entry = inherited; entry && *entry; entry++)
		if (is_named(*entry, extra, strlen(extra)))
			return put(env, strdup(*entry), err);
	return 0;
}

int rf_env_build(struct rf_env *ret, const struct rf_env_options *options,
		 const struct rf_policy *policy, struct rf_err *err)
{
	RF_CLEANUP(rf_env_done) struct rf_env env = {.list = calloc(1, sizeof(*env.list))};
	int r = env.list ? 0 : rf_err_sys(err, -ENOMEM, "cannot build the environment");

	if (r == 0 && !options->clear)
		r = inherit(&env, options->inherited, policy, err);
	for (size_t i = 0; r == 0 && policy && i < policy->n_env_set; i++)
		r = put_pair(&env, policy->env_set[i].name, policy->env_set[i].value, err);
	if (r == 0)
		r = put_user(&env, options->user, err);
	for (size_t i = 0; r == 0 && i < options->n_extra; i++)
		r = put_extra(&env, options->extra[i], options->inherited, err);
	if (r < 0)
		return r;
	*ret = env;
	memset(&env, 0, sizeof(env));
	return 0;
}

const char *rf_env_get(const struct rf_env *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (is_named(env->list[i], name, len) && env->list[i][len] == '=')
			return env->list[i] + len + 1;
	return NULL;
}

bool rf_env_is_same_for_policies(const struct rf_env *a, const struct rf_env *b)
{
	static const char *const names[] = {"HOME", "USER", "TMPDIR"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!rf_str_eq(rf_env_get(a, names[i]), rf_env_get(b, names[i])))
			return false;
	return true;
}
