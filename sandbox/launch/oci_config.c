/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a bundle's config.json. See oci_config.h. */
#include "sandbox/launch/oci_config.h"

#include <stdio.h>
#include <string.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/oci_apply.h"
#include "sandbox/policy/wide.h"

#define ENV_MAX 65536

static const json_t *process_of(const struct rf_oci_config *config)
{
	return json_object_get(config->json, "process");
}

/* A path of the configuration, which counts from `base` where it is not absolute. */
static int join(char **ret, const char *base, const char *path)
{
	if (asprintf(ret, "%s%s%s", path[0] == '/' ? "" : base, path[0] == '/' ? "" : "/", path) <
	    0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int take_rootfs(struct rf_oci_config *config, const char *bundle, struct rf_err *err)
{
	const json_t *root = json_object_get(config->json, "root");
	const char *path = json_string_value(json_object_get(root, "path"));
	int r;

	if (config->json && (!path || !*path))
		return rf_err_set(err, -EINVAL, "root.path is not a text");
	r = join(&config->rootfs, bundle, config->json ? path : "/");
	return r < 0 ? rf_err_sys(err, r, "read the bundle") : 0;
}

/* Of mount(8)'s words; the type says nothing where these do. */
static bool is_bind(const json_t *mount)
{
	const char *type = json_string_value(json_object_get(mount, "type"));
	const json_t *options = json_object_get(mount, "options"), *value;
	size_t at;

	json_array_foreach (options, at, value)
		if (json_is_string(value) && (strcmp(json_string_value(value), "bind") == 0 ||
					      strcmp(json_string_value(value), "rbind") == 0))
			return true;
	return type && strcmp(type, "bind") == 0;
}

static int take_volume(struct rf_volume *ret, const json_t *mount, const char *bundle)
{
	const char *at = json_string_value(json_object_get(mount, "destination"));
	const char *source = json_string_value(json_object_get(mount, "source"));
	int r;

	if (!at || !*at)
		return -EINVAL;
	r = join(&ret->at, "", at);
	return r == 0 && is_bind(mount) && source && *source ? join(&ret->source, bundle, source)
							     : r;
}

static int take_volumes(struct rf_oci_config *config, const char *bundle, struct rf_err *err)
{
	const json_t *mounts = json_object_get(config->json, "mounts"), *mount;
	size_t n = json_array_size(mounts), at;
	int r;

	if (n > RF_VOLUMES_MAX)
		return rf_err_set(err, -E2BIG, "mounts has more than %d entries", RF_VOLUMES_MAX);
	config->volumes = calloc(n + 1, sizeof(*config->volumes));
	if (!config->volumes)
		return rf_err_sys(err, -ENOMEM, "read the mounts");
	json_array_foreach (mounts, at, mount) {
		config->n_volumes = at + 1;
		r = take_volume(&config->volumes[at], mount, bundle);
		if (r == -EINVAL)
			return rf_err_set(err, r, "mounts[%zu].destination is not a text", at);
		if (r < 0)
			return rf_err_sys(err, r, "read the mounts");
	}
	return 0;
}

struct rf_world rf_oci_config_world(const struct rf_oci_config *config)
{
	return (struct rf_world){
		.root = config->rootfs, .volumes = config->volumes, .n_volumes = config->n_volumes};
}

static bool has_variable(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=' && (*env)[len + 1])
			return true;
	return false;
}

/* As runtimes do it for who has no HOME; the user database would be the container's own. */
static int add_defaults(struct rf_oci_config *config, size_t n, struct rf_err *err)
{
	if (!has_variable(config->env, "HOME")) {
		config->env[n] = strdup(config->uid == 0 ? "HOME=/root" : "HOME=/");
		if (!config->env[n++])
			return rf_err_sys(err, -ENOMEM, "read the environment");
	}
	if (has_variable(config->env, "USER"))
		return 0;
	if (config->uid == 0)
		config->env[n] = strdup("USER=root");
	else if (asprintf(&config->env[n], "USER=%u", config->uid) < 0)
		config->env[n] = NULL;
	return config->env[n] ? 0 : rf_err_sys(err, -ENOMEM, "read the environment");
}

static int take_env(struct rf_oci_config *config, struct rf_err *err)
{
	const json_t *env = json_object_get(process_of(config), "env"), *value;
	size_t n = json_array_size(env), at;

	if (n > ENV_MAX)
		return rf_err_set(err, -E2BIG, "process.env has more than %d entries", ENV_MAX);
	config->env = calloc(n + 3, sizeof(*config->env));
	if (!config->env)
		return rf_err_sys(err, -ENOMEM, "read the environment");
	json_array_foreach (env, at, value) {
		if (!json_is_string(value))
			return rf_err_set(err, -EINVAL, "process.env[%zu] is not a text", at);
		config->env[at] = strdup(json_string_value(value));
		if (!config->env[at])
			return rf_err_sys(err, -ENOMEM, "read the environment");
	}
	return add_defaults(config, n, err);
}

static int take_process(struct rf_oci_config *config, struct rf_err *err)
{
	const json_t *process = process_of(config);
	const json_t *uid = json_object_get(json_object_get(process, "user"), "uid");
	const char *cwd = json_string_value(json_object_get(process, "cwd"));

	if (uid && (!json_is_integer(uid) || json_integer_value(uid) < 0 ||
		    json_integer_value(uid) > UINT32_MAX))
		return rf_err_set(err, -EINVAL, "process.user.uid is no user number");
	config->uid = uid ? (uid_t)json_integer_value(uid) : 0;
	config->cwd = cwd && cwd[0] == '/' ? cwd : "/";
	return take_env(config, err);
}

int rf_oci_config_parse(struct rf_oci_config *ret, const char *bundle, const char *text, size_t len,
			struct rf_err *err)
{
	json_error_t why;
	int r;

	*ret = (struct rf_oci_config){.uid = 0};
	if (text) {
		ret->json = rf_json_load_kept(text, len, &why);
		if (!ret->json)
			return rf_err_set(err, -EINVAL, "config.json:%d: %.160s", why.line,
					  why.text);
		if (!json_is_object(ret->json))
			return rf_err_set(err, -EINVAL, "config.json is not an object");
	}
	r = take_rootfs(ret, bundle, err);
	if (r == 0)
		r = take_volumes(ret, bundle, err);
	if (r == 0)
		r = take_process(ret, err);
	return r < 0 ? rf_err_wrap(err, r, "config.json") : 0;
}

int rf_oci_config_read(struct rf_oci_config *ret, const char *bundle, struct rf_err *err)
{
	RF_AUTOFREE char *path = NULL, *text = NULL;
	struct rf_err why = RF_ERR_INIT;
	size_t len = 0;
	int r;

	*ret = (struct rf_oci_config){.uid = 0};
	if (asprintf(&path, "%s/config.json", bundle) < 0) {
		path = NULL;
		return rf_err_sys(err, -ENOMEM, "read the bundle");
	}
	r = rf_fd_read_file(path, RF_OCI_CONFIG_MAX, &text, &len, &why);
	if (r < 0 && r != -ENOENT)
		return rf_err_set(err, r, "%s", rf_err_text(&why));
	return rf_oci_config_parse(ret, bundle, text, len, err);
}

void rf_oci_config_done(struct rf_oci_config *config)
{
	for (char **at = config->env; at && *at; at++)
		free(*at);
	free(config->env);
	for (size_t i = 0; i < config->n_volumes; i++) {
		free(config->volumes[i].at);
		free(config->volumes[i].source);
	}
	free(config->volumes);
	free(config->rootfs);
	json_decref(config->json);
	*config = (struct rf_oci_config){.uid = 0};
}

static int refuse(const char *section, const struct rf_place *place, const char *what,
		  struct rf_err *err)
{
	return rf_err_set(err, -EOPNOTSUPP,
			  "%s:%u: %s needs what only the container's config.json can do (%s); "
			  "`ringfence oci apply` writes it, or give it `need: should`",
			  place->file ? place->file : "the policy", place->line, section, what);
}

static bool is_must(const struct rf_policy *policy, enum rf_section section)
{
	return policy->sections[section].present && policy->sections[section].need == RF_NEED_MUST;
}

static bool has_no_new_privileges(const struct rf_oci_config *config)
{
	return json_is_true(json_object_get(process_of(config), "noNewPrivileges"));
}

/* Applying the policy's system calls again would change nothing: it was applied. */
static bool has_filter(const json_t *old, const struct rf_policy *policy)
{
	RF_AUTOSTR struct rf_str notes = RF_STR_INIT(65536);
	json_t *again = NULL;
	bool same;

	if (!json_is_object(old) || rf_oci_apply_seccomp(&again, old, policy, &notes, NULL) < 0)
		return false;
	same = json_equal(old, again);
	json_decref(again);
	return same;
}

int rf_oci_config_check(const struct rf_oci_config *config, const struct rf_policy *policy,
			struct rf_err *err)
{
	const struct rf_section_info *s = policy->sections;
	const json_t *seccomp = json_object_get(json_object_get(config->json, "linux"), "seccomp");

	if (is_must(policy, RF_SECTION_SECCOMP) && !has_filter(seccomp, policy))
		return refuse("seccomp", &s[RF_SECTION_SECCOMP].place, "linux.seccomp", err);
	if (is_must(policy, RF_SECTION_PROCESS) && policy->no_new_privileges &&
	    !has_no_new_privileges(config))
		return refuse("process", &s[RF_SECTION_PROCESS].place, "process.noNewPrivileges",
			      err);
	if (is_must(policy, RF_SECTION_PROCESS) &&
	    (policy->n_rlimits || policy->n_env_set || policy->env_keep_given))
		return refuse("process", &s[RF_SECTION_PROCESS].place, "rlimits and environment",
			      err);
	if (is_must(policy, RF_SECTION_RESOURCES))
		return refuse("resources", &s[RF_SECTION_RESOURCES].place, "linux.resources", err);
	return 0;
}
