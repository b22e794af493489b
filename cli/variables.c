/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables of policies. See variables.h.
 */
#include "cli/variables.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/user.h"

#define BUILT_IN 5 /* HOME CWD USER UID TMPDIR */

static const char *find_env(char *const *envp, const char *name)
{
	size_t len = strlen(name);

	for (; envp && *envp; envp++)
		if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=' && (*envp)[len + 1])
			return *envp + len + 1;
	return NULL;
}

static char *own(struct rf_variables *v, char *text)
{
	if (text)
		v->owned[v->n_owned++] = text;
	return text;
}

/* Adds or replaces; a variable without a value is not set. */
static void put(struct rf_variables *v, const char *name, const char *value)
{
	if (!value)
		return;
	for (size_t i = 0; i < v->n; i++) {
		if (rf_str_eq(v->items[i].name, name)) {
			v->items[i].value = value;
			return;
		}
	}
	v->items[v->n++] = (struct rf_variable){.name = name, .value = value};
}

static int put_set(struct rf_variables *v, const char *text, struct rf_err *err)
{
	const char *equals = strchr(text, '=');
	char *name;

	for (const char *c = text; c != equals; c++)
		if (!equals || !(isalnum((unsigned char)*c) || *c == '_') ||
		    isdigit((unsigned char)*text))
			return rf_err_set(err, -EINVAL, "--set %s is not NAME=VALUE", text);
	if (equals == text)
		return rf_err_set(err, -EINVAL, "--set %s is not NAME=VALUE", text);
	name = own(v, strndup(text, (size_t)(equals - text)));
	if (!name)
		return rf_err_sys(err, -ENOMEM, "--set %s", text);
	put(v, name, equals + 1);
	return 0;
}

static int make_config_dir(char **ret, uid_t uid, const char *config, const char *home,
			   struct rf_err *err)
{
	if (uid == 0 || geteuid() == 0 || (!config && !home))
		return 0;
	if (asprintf(ret, "%s%s", config ? config : home, config ? "" : "/.config") < 0) {
		*ret = NULL;
		return rf_err_sys(err, -ENOMEM, "collect the variables");
	}
	return 0;
}

int rf_variables_config_dir(char **ret, uid_t uid, char *const *envp, struct rf_err *err)
{
	RF_CLEANUP(rf_user_done) struct rf_user user = {0};
	const char *config = find_env(envp, "XDG_CONFIG_HOME"), *home = find_env(envp, "HOME");

	*ret = NULL;
	if (uid != 0 && !config && !home) {
		if (rf_user_from_uid(&user, uid, err) < 0)
			return err->code;
		home = user.home;
	}
	return make_config_dir(ret, uid, config, home, err);
}

static int put_built_in(struct rf_variables *v, uid_t uid, char *const *envp, const char *cwd,
			struct rf_err *err)
{
	RF_CLEANUP(rf_user_done) struct rf_user user = {0};
	const char *home = find_env(envp, "HOME"), *name = find_env(envp, "USER");
	const char *tmp = find_env(envp, "TMPDIR"), *config = find_env(envp, "XDG_CONFIG_HOME");
	char *number = NULL, *here = cwd ? NULL : getcwd(NULL, 0);

	v->cwd_error = cwd || own(v, here) ? 0 : errno;
	if ((!home || !name) && rf_user_from_uid(&user, uid, err) < 0)
		return err->code;
	if (asprintf(&number, "%u", uid) < 0 || !own(v, number))
		return rf_err_sys(err, -ENOMEM, "collect the variables");
	if (!home && user.home)
		home = own(v, RF_TAKE_PTR(user.home));
	if (!name && user.name)
		name = own(v, RF_TAKE_PTR(user.name));
	put(v, "HOME", home);
	put(v, "USER", name);
	put(v, "UID", number);
	put(v, "TMPDIR", tmp ? tmp : "/tmp");
	put(v, "CWD", cwd ? cwd : here);
	return make_config_dir(&v->user_config_dir, uid, config, home, err);
}

int rf_variables_collect(struct rf_variables *ret, uid_t uid, char *const *envp, const char *cwd,
			 const char *const *sets, size_t n_sets, struct rf_err *err)
{
	RF_CLEANUP(rf_variables_done) struct rf_variables v = {0};
	int r;

	v.items = calloc(n_sets + BUILT_IN, sizeof(*v.items));
	v.owned = calloc(n_sets + BUILT_IN, sizeof(*v.owned));
	if (!v.items || !v.owned)
		return rf_err_sys(err, -ENOMEM, "collect the variables");
	r = put_built_in(&v, uid, envp, cwd, err);
	for (size_t i = 0; i < n_sets && r == 0; i++)
		r = put_set(&v, sets[i], err);
	if (r < 0)
		return r;
	*ret = v;
	memset(&v, 0, sizeof(v));
	return 0;
}

bool rf_variables_lack_cwd(const struct rf_variables *v, struct rf_err *err)
{
	for (size_t i = 0; i < v->n; i++)
		if (rf_str_eq(v->items[i].name, "CWD"))
			return false;
	if (v->cwd_error)
		(void)rf_err_sys(err, -v->cwd_error,
				 "the working directory has no name, and variables that the "
				 "policy needs are made of it");
	return v->cwd_error != 0;
}

void rf_variables_done(struct rf_variables *v)
{
	for (size_t i = 0; i < v->n_owned; i++)
		free(v->owned[i]);
	free(v->owned);
	free(v->items);
	free(v->user_config_dir);
	memset(v, 0, sizeof(*v));
}

void rf_variables_apply(const struct rf_variables *variables, struct rf_load_options *options)
{
	options->variables = variables->items;
	options->n_variables = variables->n;
	options->user_config_dir = variables->user_config_dir;
	options->search_user = variables->user_config_dir;
}
