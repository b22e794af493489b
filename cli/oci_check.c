/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `ringfence oci install --check`: is what makes engines call the hook there, does it say what it
 * is meant to, and is every running container fenced that asks for it? Engines keep silent about
 * all of this and start the container.
 */
#include <dirent.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/oci_files.h"
#include "cli/oci_places.h"
#include "cli/oci_running.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

#define JSON_MAX ((size_t)16 << 20)

struct check {
	const char *root;
	size_t findings;
	bool warned; /* of what may come right by itself */
	bool has_hook;
	bool has_spec; /* a base spec that calls it: then nothing else has to */
};

static void say(const char *head, const char *line)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(8192);

	(void)rf_str_add_printable(&text, line);
	printf("%s%s\n", head, rf_str_text(&text));
}

static void find(struct check *c, const char *fmt, ...) RF_PRINTF(2, 3);

static void find(struct check *c, const char *fmt, ...)
{
	char line[4096];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	say("", line);
	c->findings++;
}

static json_t *load(struct check *c, const char *path)
{
	RF_AUTOFREE char *text = NULL;
	struct rf_err err = RF_ERR_INIT;
	json_error_t why;
	size_t len;
	json_t *json;

	if (rf_fd_read_file(path, JSON_MAX, &text, &len, &err) < 0) {
		find(c, "%s", rf_err_text(&err));
		return NULL;
	}
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!json)
		find(c, "%s:%d: %s; podman refuses every container", path, why.line, why.text);
	return json;
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

static void check_keys(struct check *c, const char *path, json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach (object, key, value)
		if (!is_one_of(key, known))
			find(c, "%s: %s is no key; engines pass over it in silence", path, key);
}

/* The arguments that ours has: env -i PATH=... RINGFENCE oci hook. */
static const char *binary_of(const json_t *hook)
{
	const json_t *args = json_object_get(hook, "args"), *value;
	size_t at;

	json_array_foreach (args, at, value) {
		const char *text = json_string_value(value);

		if (text && text[0] == '/' && rf_str_has_suffix(text, "/ringfence"))
			return text;
	}
	return NULL;
}

static bool is_missing(const struct check *c, const char *path)
{
	char below[PATH_MAX];

	return snprintf(below, sizeof(below), "%s%s", c->root, path) >= PATH_MAX ||
	       access(below, X_OK) < 0;
}

static void check_hook(struct check *c, const char *path, const json_t *hook)
{
	const char *program = json_string_value(json_object_get(hook, "path"));
	const char *binary = binary_of(hook);

	if (!program || program[0] != '/')
		find(c, "%s: hook.path is no absolute path", path);
	else if (is_missing(c, program))
		find(c, "%s: %s is missing, so engines start containers without the hook", path,
		     program);
	else if (rf_str_has_suffix(program, "/ringfence"))
		find(c,
		     "%s: hook.path is ringfence itself: once it is missing, containers start "
		     "without it; use /usr/bin/env",
		     path);
	if (!rf_oci_hook_is_ours(hook) || !binary)
		find(c, "%s: hook.args do not call `ringfence oci hook`", path);
	else if (is_missing(c, binary))
		find(c, "%s: %s is missing, so containers are refused", path, binary);
	if (!json_is_integer(json_object_get(hook, "timeout")))
		find(c, "%s: without hook.timeout an engine waits for ever", path);
}

static void check_when(struct check *c, const char *path, json_t *when)
{
	static const char *const known[] = {"always", "annotations", "commands", "hasBindMounts",
					    NULL};
	json_t *annotations = json_object_get(when, "annotations"), *value;
	const char *key;

	check_keys(c, path, when, known);
	if (!json_object_size(when))
		find(c, "%s: an empty when matches nothing", path);
	json_object_foreach (annotations, key, value)
		if (key[0] != '^' || !strstr(key, "\\."))
			find(c,
			     "%s: the pattern %s matches other annotations too; anchor it and "
			     "escape its dots",
			     path, key);
}

static void check_stages(struct check *c, const char *path, const json_t *stages)
{
	static const char *const known[] = {"createRuntime", "poststop", NULL};
	bool creates = false;
	json_t *value;
	size_t at;

	json_array_foreach (stages, at, value) {
		const char *stage = json_is_string(value) ? json_string_value(value) : "";

		creates |= strcmp(stage, "createRuntime") == 0;
		if (!is_one_of(stage, known))
			find(c,
			     "%s: stage %s is not one of the hook's; there are createRuntime and "
			     "poststop",
			     path, stage);
	}
	if (!creates)
		find(c, "%s: no stage createRuntime", path);
	c->has_hook |= creates;
}

/* By what it calls, or by its name: one whose arguments are broken is to be found, too. */
static bool is_ours(const json_t *json, const char *path)
{
	return rf_oci_hook_is_ours(json_object_get(json, "hook")) ||
	       rf_str_has_suffix(path, "/" RF_OCI_HOOK_FILE);
}

static void check_file(struct check *c, const char *path)
{
	static const char *const top[] = {"version", "hook", "when", "stages", NULL};
	static const char *const hook[] = {"path", "args", "env", "timeout", NULL};
	json_t *json = load(c, path);

	if (json && !json_is_object(json))
		find(c, "%s: it is no object; podman refuses every container", path);
	if (json_is_object(json) && is_ours(json, path)) {
		check_keys(c, path, json, top);
		check_keys(c, path, json_object_get(json, "hook"), hook);
		check_hook(c, path, json_object_get(json, "hook"));
		check_when(c, path, json_object_get(json, "when"));
		check_stages(c, path, json_object_get(json, "stages"));
	}
	json_decref(json);
}

static void check_hooks_dir(struct check *c)
{
	RF_AUTOCLOSEDIR DIR *dir = NULL;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s" RF_OCI_HOOKS_DIR, c->root);
	dir = opendir(path);
	if (!dir && c->has_spec)
		return;
	if (!dir) {
		find(c, "%s is not there; engines pass over that in silence", path);
		return;
	}
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		char file[PATH_MAX + 256];

		if (!rf_str_has_suffix(entry->d_name, ".json"))
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		check_file(c, file);
	}
	if (!c->has_hook && !c->has_spec)
		find(c, "no hook of ringfence is in %s; `ringfence oci install` writes it", path);
}

/* ---- containers.conf ---- */

#define CONF_MAX ((size_t)1 << 20)

/* The value of hooks_dir, up to the bracket that ends it, in ret; false: it is not set here. */
static bool find_hooks_dir(char *text, const char **ret)
{
	static const char key[] = "hooks_dir";
	bool found = false;

	for (char *line = text; line; line = strchr(line, '\n')) {
		char *end;

		line += strspn(line, " \t\r\n");
		if (!rf_str_has_prefix(line, key))
			continue;
		line += sizeof(key) - 1;
		line += strspn(line, " \t");
		end = strchr(line, ']');
		if (*line != '=' || !end)
			continue;
		*end = '\0';
		*ret = line;
		found = true;
		line = end + 1;
	}
	return found;
}

/* Who says last which folders podman reads; files that are read later replace the list. */
static void check_conf(const char *root, const char *path, char ret_without[PATH_MAX])
{
	RF_AUTOFREE char *text = NULL;
	char file[PATH_MAX];
	const char *value;

	if (snprintf(file, sizeof(file), "%s%s", root, path) >= PATH_MAX ||
	    rf_fd_read_file(file, CONF_MAX, &text, NULL, NULL) < 0 || !find_hooks_dir(text, &value))
		return;
	if (strstr(value, "\"" RF_OCI_HOOKS_DIR "\"") || strstr(value, "'" RF_OCI_HOOKS_DIR "'"))
		*ret_without = '\0';
	else if (!strstr(value, "append")) /* newer ones add to the list with this word */
		(void)snprintf(ret_without, PATH_MAX, "%s", file);
}

static int is_conf(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && rf_str_has_suffix(entry->d_name, ".conf");
}

static void check_confs(struct check *c)
{
	struct dirent **entries = NULL;
	char without[PATH_MAX] = "", dir[PATH_MAX];
	int n;

	check_conf(c->root, "/usr/share/containers/containers.conf", without);
	check_conf(c->root, "/etc/containers/containers.conf", without);
	(void)snprintf(dir, sizeof(dir), "%s" RF_OCI_CONF_DIR, c->root);
	n = scandir(dir, &entries, is_conf, alphasort);
	for (int i = 0; i < n; i++) {
		char path[sizeof(RF_OCI_CONF_DIR) + 260];

		(void)snprintf(path, sizeof(path), RF_OCI_CONF_DIR "/%s", entries[i]->d_name);
		check_conf(c->root, path, without);
		free(entries[i]);
	}
	free(entries);
	if (*without)
		find(c,
		     "%s: hooks_dir leaves out " RF_OCI_HOOKS_DIR
		     ", so podman starts containers without the hook",
		     without);
}

/* Ours in a list of hooks; NULL: there is none. */
static const json_t *find_ours(const json_t *hooks)
{
	json_t *hook;
	size_t at;

	json_array_foreach (hooks, at, hook)
		if (rf_oci_hook_is_ours(hook))
			return hook;
	return NULL;
}

static void check_spec(struct check *c)
{
	char path[PATH_MAX];
	json_t *json;

	(void)snprintf(path, sizeof(path), "%s" RF_OCI_SPEC_DIR "/" RF_OCI_SPEC_FILE, c->root);
	if (access(path, F_OK) < 0)
		return;
	json = load(c, path);
	if (json) {
		const json_t *hooks = json_object_get(json, "hooks");
		const json_t *create = find_ours(json_object_get(hooks, "createRuntime"));

		c->has_spec = create != NULL;
		if (create)
			check_hook(c, path, create);
		else
			find(c, "%s: it has no hook at createRuntime", path);
	}
	json_decref(json);
}

static void take_finding(void *data, bool sure, const char *text)
{
	struct check *c = data;

	say(sure ? "" : "warning: ", text);
	c->findings += sure;
	c->warned |= !sure;
}

bool rf_oci_check(const char *root)
{
	struct check c = {.root = root};

	check_spec(&c);
	check_hooks_dir(&c);
	if (c.has_hook)
		check_confs(&c);
	if (!*root)
		rf_oci_running_check(take_finding, &c);
	if (c.findings == 0 && !c.warned)
		printf("everything is in place\n");
	(void)fflush(stdout);
	return c.findings == 0;
}
