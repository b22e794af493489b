/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and reading recipes. See run_recipe.h. */
#include "cli/run_recipe.h"

#include <jansson.h>
#include <limits.h>
#include <string.h>

#include "cli/cmd.h"
#include "sandbox/base/str.h"

/* A command line may be two megabytes long. */
#define RECIPE_MAX (8u << 20)

/* Variables of the environment that policies know by themselves. */
static const char *const variables[] = {"HOME", "USER", "TMPDIR"};

struct rf_recipe {
	json_t *root;
	struct rf_run_options options; /* what its lists hold belongs to root */
	char *env[RF_ARRAY_LEN(variables) + 1];
};

static bool is_utf8(const char *text)
{
	size_t step, len = strlen(text);

	for (; len; text += step, len -= step) {
		step = rf_utf8_len(text, len);
		if (!step)
			return false;
	}
	return true;
}

/* What is not UTF-8 is missing in the recipe; then `exec` finds another policy and refuses. */
static void add_text(struct rf_str *out, const char **comma, const char *key, const char *value)
{
	if (!value || !is_utf8(value))
		return;
	rf_str_addf(out, "%s", *comma);
	if (key)
		rf_str_addf(out, "\"%s\":", key);
	rf_str_add_json(out, value);
	*comma = ",";
}

static void add_list(struct rf_str *out, const char *key, const char *const *items, size_t n)
{
	const char *comma = "";

	rf_str_addf(out, "\"%s\":[", key);
	for (size_t i = 0; i < n; i++)
		add_text(out, &comma, NULL, items[i]);
	rf_str_add(out, "],");
}

static void add_extra(struct rf_str *out, const struct rf_run_options *o)
{
	const char *comma = "";

	rf_str_add(out, "\"extra\":[");
	for (size_t i = 0; i < o->n_extra; i++) {
		const struct rf_extra_rule *rule = &o->extra[i];

		if (!is_utf8(rule->text))
			continue;
		rf_str_addf(out, "%s{\"deny\":%s,\"index\":%u,\"text\":", comma,
			    rule->deny ? "true" : "false", rule->argv_index);
		rf_str_add_json(out, rule->text);
		rf_str_add_char(out, '}');
		comma = ",";
	}
	rf_str_add(out, "]");
}

char *rf_recipe_make(const struct rf_run_options *o, const struct rf_run_subject *subject,
		     bool service)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(RECIPE_MAX);
	const char *comma = ",";
	char from[PATH_MAX], *text;

	rf_str_add_char(&out, '{');
	add_list(&out, "policies", o->policies, o->n_policies);
	add_list(&out, "sets", o->sets, o->n_sets);
	add_extra(&out, o);
	add_text(&out, &comma, "mode", o->mode);
	add_text(&out, &comma, "need", o->need);
	add_text(&out, &comma, "user", o->user);
	add_text(&out, &comma, "from", getcwd(from, sizeof(from)));
	add_text(&out, &comma, "cwd", subject->cwd);
	if (service)
		rf_str_addf(&out, "%s\"service\":true", comma);
	for (size_t i = 0; i < RF_ARRAY_LEN(variables); i++)
		add_text(&out, &comma, variables[i], rf_env_get(&subject->env, variables[i]));
	rf_str_add_char(&out, '}');
	return rf_str_take(&out, &text) < 0 ? NULL : text;
}

static const char *get_text(const struct rf_recipe *recipe, const char *key)
{
	return json_string_value(json_object_get(recipe->root, key));
}

static int read_list(const json_t *root, const char *key, const char ***ret, size_t *ret_n)
{
	const json_t *list = json_object_get(root, key);
	size_t n = json_array_size(list);

	*ret = calloc(n + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		(*ret)[i] = json_string_value(json_array_get(list, i));
		if (!(*ret)[i])
			return -EINVAL;
	}
	*ret_n = n;
	return 0;
}

static int read_extra(struct rf_recipe *recipe)
{
	const json_t *list = json_object_get(recipe->root, "extra");
	size_t n = json_array_size(list);
	struct rf_extra_rule *extra = calloc(n + 1, sizeof(*extra));

	recipe->options.extra = extra;
	for (size_t i = 0; extra && i < n; i++) {
		const json_t *rule = json_array_get(list, i);

		extra[i].deny = json_is_true(json_object_get(rule, "deny"));
		extra[i].text = json_string_value(json_object_get(rule, "text"));
		extra[i].argv_index = (uint32_t)json_integer_value(json_object_get(rule, "index"));
		if (!extra[i].text)
			return -EINVAL;
	}
	recipe->options.n_extra = n;
	return extra ? 0 : -ENOMEM;
}

static int read_env(struct rf_recipe *recipe)
{
	size_t n = 0;

	for (size_t i = 0; i < RF_ARRAY_LEN(variables); i++) {
		const char *value = get_text(recipe, variables[i]);

		if (value && asprintf(&recipe->env[n], "%s=%s", variables[i], value) < 0) {
			recipe->env[n] = NULL;
			return -ENOMEM;
		}
		n += value != NULL;
	}
	return 0;
}

static int read_options(struct rf_recipe *recipe)
{
	struct rf_run_options *o = &recipe->options;
	int r = read_list(recipe->root, "policies", &o->policies, &o->n_policies);

	if (r == 0)
		r = read_list(recipe->root, "sets", &o->sets, &o->n_sets);
	if (r == 0)
		r = read_extra(recipe);
	o->mode = get_text(recipe, "mode");
	o->need = get_text(recipe, "need");
	return r;
}

int rf_recipe_parse(struct rf_recipe **ret, const char *text, struct rf_err *err)
{
	RF_CLEANUP(rf_recipe_freep) struct rf_recipe *recipe = calloc(1, sizeof(*recipe));
	int r = recipe ? 0 : -ENOMEM;

	if (r == 0) {
		recipe->root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		r = recipe->root ? read_options(recipe) : -EINVAL;
	}
	if (r == 0)
		r = read_env(recipe);
	if (r < 0)
		return rf_err_sys(err, r, "cannot read how the sandbox was started");
	*ret = RF_TAKE_PTR(recipe);
	return 0;
}

static json_t *pack_list(const char *const *items, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_string(items[i]));
	return list;
}

static void set_text(json_t *root, const char *key, const char *value)
{
	if (value)
		(void)json_object_set_new(root, key, json_string(value));
}

/* What the old command line added to its policies was about those. */
int rf_recipe_change(struct rf_recipe *recipe, const char *const *policies, size_t n_policies,
		     const char *const *sets, size_t n_sets, char **ret_text, struct rf_err *err)
{
	static const char *const gone[] = {"mode", "need"};
	char from[PATH_MAX];
	int r;

	rf_run_options_done(&recipe->options);
	memset(&recipe->options, 0, sizeof(recipe->options));
	(void)json_object_set_new(recipe->root, "policies", pack_list(policies, n_policies));
	(void)json_object_set_new(recipe->root, "sets", pack_list(sets, n_sets));
	(void)json_object_set_new(recipe->root, "extra", json_array());
	for (size_t i = 0; i < RF_ARRAY_LEN(gone); i++)
		(void)json_object_del(recipe->root, gone[i]);
	/* The command's own folder stays what it was. */
	if (!get_text(recipe, "cwd"))
		set_text(recipe->root, "cwd", get_text(recipe, "from"));
	set_text(recipe->root, "from", getcwd(from, sizeof(from)));
	r = read_options(recipe);
	*ret_text = json_dumps(recipe->root, JSON_COMPACT);
	if (r < 0 || !*ret_text)
		return rf_err_sys(err, r < 0 ? r : -ENOMEM, "describe the command");
	return 0;
}

struct rf_recipe *rf_recipe_free(struct rf_recipe *recipe)
{
	if (!recipe)
		return NULL;
	rf_run_options_done(&recipe->options);
	for (size_t i = 0; i < RF_ARRAY_LEN(recipe->env); i++)
		free(recipe->env[i]);
	json_decref(recipe->root);
	free(recipe);
	return NULL;
}

const char *rf_recipe_from(const struct rf_recipe *recipe)
{
	return get_text(recipe, "from");
}

const char *rf_recipe_cwd(const struct rf_recipe *recipe)
{
	const char *cwd = get_text(recipe, "cwd");

	return cwd ? cwd : rf_recipe_from(recipe);
}

bool rf_recipe_service(const struct rf_recipe *recipe)
{
	return json_is_true(json_object_get(recipe->root, "service"));
}

const char *rf_recipe_user(const struct rf_recipe *recipe)
{
	return get_text(recipe, "user");
}

int rf_recipe_load(const struct rf_recipe *recipe, uid_t uid, struct rf_policy **ret)
{
	const struct rf_run_place place = {
		.uid = uid, .env = recipe->env, .cwd = get_text(recipe, "cwd")};

	return rf_run_policy_load(ret, &recipe->options, &place, NULL);
}
