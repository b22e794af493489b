/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and removing what engines read. See oci_files.h. */
#include "cli/oci_files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/oci_places.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

#define TIMEOUT_S 30
#define SPEC_MAX  ((size_t)4 << 20)

static const char *const hook_action[] = {"hook", NULL};
static const char *const precreate_action[] = {"apply", "--precreate", NULL};
static const char *const spec_stages[] = {"createRuntime", "poststop"};

static void add_option(json_t *args, const char *option, const char *value)
{
	(void)json_array_append_new(args, json_string(option));
	(void)json_array_append_new(args, json_string(value));
}

/* The hook as OCI's config.json and hooks.d both write it. */
static json_t *make_hook(const struct rf_oci_files *f, const char *const *action)
{
	json_t *args =
		json_pack("[s,s,s,s,s]", "env", "-i",
			  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			  f->binary, "oci");
	bool is_hook = action == hook_action;

	for (; args && *action; action++)
		(void)json_array_append_new(args, json_string(*action));
	if (args && f->policy)
		add_option(args, "--policy", f->policy);
	for (size_t i = 0; args && is_hook && i < f->n_exempt; i++)
		add_option(args, "--exempt", f->exempt[i]);
	return json_pack("{s:s,s:o,s:i}", "path", "/usr/bin/env", "args", args, "timeout",
			 TIMEOUT_S);
}

/* Keys are patterns, unanchored: one that is misspelt shall reach the hook, which refuses it. */
static json_t *make_when(const char *policy)
{
	return policy ? json_pack("{s:b}", "always", 1)
		      : json_pack("{s:{s:s}}", "annotations", "^ringfence\\.", ".*");
}

static bool is_written(int dir, const char *name, const char *text)
{
	RF_AUTOCLOSE int fd = -1;
	RF_AUTOFREE char *old = NULL;

	return rf_fd_open_read_at(dir, name, &fd, NULL) == 0 &&
	       rf_fd_read_all(fd, SPEC_MAX, &old, NULL, NULL) == 0 && rf_str_eq(old, text);
}

/* What is there already stays untouched: CRI-O reads its folder again at every change. */
static int write_file(const char *root, const char *dir, const char *name, const char *text,
		      struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%s%s", root, dir) >= PATH_MAX)
		return rf_err_set(err, -ENAMETOOLONG, "%s is too long", root);
	r = rf_fd_mkdirs(path, 0755, err);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open %s", path);
	if (!is_written(fd, name, text))
		r = rf_fd_write_atomic(fd, name, 0644, text, strlen(text), err);
	if (r == 0)
		printf("%s/%s\n", path, name);
	return r;
}

static int write_json(const char *root, const char *dir, const char *name, const json_t *json,
		      struct rf_err *err)
{
	RF_AUTOFREE char *body = json ? json_dumps(json, JSON_INDENT(2)) : NULL, *text = NULL;

	if (!body || asprintf(&text, "%s\n", body) < 0) {
		text = NULL;
		return rf_err_sys(err, -ENOMEM, "write %s", name);
	}
	return write_file(root, dir, name, text, err);
}

/* ---- the base spec ---- */

bool rf_oci_hook_is_ours(const json_t *hook)
{
	const json_t *args = json_object_get(hook, "args"), *value;
	const char *before = "", *action = "";
	size_t at;

	json_array_foreach (args, at, value) {
		const char *text = json_is_string(value) ? json_string_value(value) : "";

		if (rf_str_eq(text, "hook") && rf_str_eq(action, "oci") &&
		    rf_str_has_suffix(before, "ringfence"))
			return true;
		before = action;
		action = text;
	}
	return false;
}

static void drop_ours(json_t *hooks)
{
	for (size_t i = 0; i < json_array_size(hooks);)
		if (rf_oci_hook_is_ours(json_array_get(hooks, i)))
			(void)json_array_remove(hooks, i);
		else
			i++;
}

static int read_spec(json_t **ret, const char *name, struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL;
	json_error_t why;
	size_t len = 0;
	int r = rf_str_eq(name, "-") ? rf_fd_read_all(STDIN_FILENO, SPEC_MAX, &text, &len, err)
				     : rf_fd_read_file(name, SPEC_MAX, &text, &len, err);

	if (r < 0)
		return r;
	*ret = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (json_is_object(*ret) && json_object_get(*ret, "ociVersion"))
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return rf_err_set(err, -EINVAL, "%s is no output of `ctr oci spec`", name);
}

/* The array of one stage, made where it is missing; NULL: it is something else. */
static json_t *stage_of(json_t *spec, const char *stage)
{
	json_t *hooks = json_object_get(spec, "hooks"), *array;

	if (!hooks && json_object_set_new(spec, "hooks", json_object()) == 0)
		hooks = json_object_get(spec, "hooks");
	array = json_object_get(hooks, stage);
	if (!array && json_object_set_new(hooks, stage, json_array()) == 0)
		array = json_object_get(hooks, stage);
	return json_is_array(array) ? array : NULL;
}

/* Hooks of others that the given spec has stay, before ours. */
static int write_spec(const struct rf_oci_files *f, struct rf_err *err)
{
	json_t *spec = NULL;
	int r = read_spec(&spec, f->spec, err);

	for (size_t i = 0; r == 0 && i < RF_ARRAY_LEN(spec_stages); i++) {
		json_t *stage = stage_of(spec, spec_stages[i]);

		drop_ours(stage);
		if (json_array_append_new(stage, make_hook(f, hook_action)) < 0)
			r = rf_err_set(err, -EINVAL, "%s: its hooks.%s are no list", f->spec,
				       spec_stages[i]);
	}
	if (r == 0)
		r = write_json(f->root, RF_OCI_SPEC_DIR, RF_OCI_SPEC_FILE, spec, err);
	json_decref(spec);
	return r;
}

static int clear_spec(const char *root, bool *ret, struct rf_err *err)
{
	char path[PATH_MAX];
	json_t *spec = NULL, *hooks;
	int r;

	*ret = false;
	if (snprintf(path, sizeof(path), "%s" RF_OCI_SPEC_DIR "/" RF_OCI_SPEC_FILE, root) >=
	    PATH_MAX)
		return rf_err_set(err, -ENAMETOOLONG, "%s is too long", root);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	*ret = true;
	r = read_spec(&spec, path, err);
	if (r < 0)
		return r;
	hooks = json_object_get(spec, "hooks");
	for (size_t i = 0; i < RF_ARRAY_LEN(spec_stages); i++) {
		json_t *stage = json_object_get(hooks, spec_stages[i]);

		drop_ours(stage);
		if (stage && !json_array_size(stage))
			(void)json_object_del(hooks, spec_stages[i]);
	}
	if (hooks && !json_object_size(hooks))
		(void)json_object_del(spec, "hooks");
	r = write_json(root, RF_OCI_SPEC_DIR, RF_OCI_SPEC_FILE, spec, err);
	json_decref(spec);
	return r;
}

/* ---- all of them ---- */

static int write_hooks_d(const struct rf_oci_files *f, const char *name, const char *const *action,
			 json_t *stages, struct rf_err *err)
{
	json_t *json =
		json_pack("{s:s,s:o,s:o,s:o}", "version", "1.0.0", "hook", make_hook(f, action),
			  "when", make_when(f->policy), "stages", stages);
	int r = write_json(f->root, RF_OCI_HOOKS_DIR, name, json, err);

	json_decref(json);
	return r;
}

int rf_oci_files_write(const struct rf_oci_files *f, struct rf_err *err)
{
	static const char conf[] = "# Written by `ringfence oci install`. The hook is in this "
				   "folder; podman without it\n# starts containers unfenced.\n"
				   "[engine]\nhooks_dir = [\"" RF_OCI_HOOKS_DIR "\"]\n";
	int r = f->spec ? write_spec(f, err) : 0;

	if (r < 0 || f->only_spec)
		return r;
	r = write_file(f->root, RF_OCI_CONF_DIR, RF_OCI_CONF_FILE, conf, err);
	if (r == 0 && f->precreate)
		r = write_hooks_d(f, RF_OCI_PRECREATE_FILE, precreate_action,
				  json_pack("[s]", "precreate"), err);
	if (r == 0)
		r = write_hooks_d(f, RF_OCI_HOOK_FILE, hook_action,
				  json_pack("[s,s]", spec_stages[0], spec_stages[1]), err);
	return r;
}

int rf_oci_files_remove(const char *root, bool *ret_spec, struct rf_err *err)
{
	/* hooks.d first: what it names may go only after it. */
	static const char *const files[] = {RF_OCI_HOOKS_DIR "/" RF_OCI_PRECREATE_FILE,
					    RF_OCI_HOOKS_DIR "/" RF_OCI_HOOK_FILE,
					    RF_OCI_CONF_DIR "/" RF_OCI_CONF_FILE};

	for (size_t i = 0; i < RF_ARRAY_LEN(files); i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s%s", root, files[i]) >= PATH_MAX)
			return rf_err_set(err, -ENAMETOOLONG, "%s is too long", root);
		if (unlink(path) == 0)
			printf("%s\n", path);
		else if (errno != ENOENT)
			return rf_err_sys(err, -errno, "cannot remove %s", path);
	}
	return clear_spec(root, ret_spec, err);
}
