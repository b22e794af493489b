/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the sandbox and loading its new policy. See replace_subject.h. */
#include "cli/replace_subject.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/oci_policy.h"
#include "sandbox/audit/history.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"

#define STARTS_TRIES 500 /* looks at one that starts; ten seconds */

RF_DEFINE_CLEANUP(json_t, json_freep, json_decref)

/* The part that the words of the first policy were published with. */
static int read_began(struct rf_replace_subject *s, struct rf_err *err)
{
	RF_CLEANUP(json_freep) json_t *book = NULL;
	RF_AUTOFREE char *text = NULL;
	char path[160];
	size_t len;

	(void)snprintf(path, sizeof(path), RF_WORDS_DIR "/%.64s.json", s->found.sha256);
	if (rf_fd_read_file(path, RF_WORDBOOK_MAX, &text, &len, NULL) == 0)
		book = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	s->began = json_incref(json_object_get(book, "fixed"));
	if (!s->began)
		return rf_err_set(
			err, -ENODATA,
			"it is not written down what sandbox %s began with, so what holds "
			"for life cannot be compared",
			s->found.name);
	return 0;
}

static int read_container(struct rf_replace_subject *s, const char *text, struct rf_err *err)
{
	RF_CLEANUP(json_freep) json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const json_t *container = json_object_get(root, "container");
	const char *bundle = json_string_value(json_object_get(container, "bundle"));
	int r;

	if (!bundle)
		return rf_err_set(err, -ENODATA, "it is not written down where container %s is",
				  s->found.name);
	r = rf_oci_config_read(&s->config, bundle, err);
	s->world = rf_oci_config_world(&s->config);
	return r;
}

/*
 * A command's number is written down last of all, after the words of its policy: until then its
 * sandbox is one that just starts.
 */
static int find_started(struct rf_replace_subject *s, const char *name, struct rf_err *err)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	int r = rf_record_find(&s->found, name, err);

	for (int i = 0; r == 0 && s->found.supervised && !s->found.command && i < STARTS_TRIES;
	     i++) {
		(void)nanosleep(&pause, NULL);
		r = rf_record_find(&s->found, name, err);
	}
	return r;
}

static int find(struct rf_replace_subject *s, struct rf_lsm *lsm, const char *name,
		struct rf_err *err)
{
	RF_AUTOFREE char *text = NULL;
	int r = find_started(s, name, err);
	uint32_t slot = 0;

	if (r == 0 && (!lsm || rf_fence_find(lsm, s->found.id, &slot) < 0))
		r = rf_err_set(err, -EOPNOTSUPP,
			       "sandbox %s is not held by BPF LSM, and what else holds it cannot "
			       "be changed while it runs",
			       s->found.name);
	if (r == 0 && rf_fence_at(lsm, slot)->owner)
		r = rf_err_set(
			err, -EOPNOTSUPP,
			"sandbox %s was made by the service for a user, and its policy cannot "
			"be replaced",
			s->found.name);
	if (r == 0)
		r = read_began(s, err);
	if (r == 0)
		r = rf_record_recipe(&s->found, &text, err);
	if (r < 0)
		return r;
	s->is_container = rf_str_has_prefix(text, "{\"container\":");
	s->world.root = "/";
	return s->is_container ? read_container(s, text, err)
			       : rf_recipe_parse(&s->recipe, text, err);
}

/* A container's policy has one name, as in its annotation. */
static int load_container(struct rf_replace_subject *s, const char *const *policies,
			  size_t n_policies, size_t n_sets, struct rf_err *err)
{
	int r;

	if (n_policies != 1 || n_sets)
		return rf_err_set(err, -EINVAL,
				  "sandbox %s is a container: it takes one policy, and variables "
				  "from its configuration alone",
				  s->found.name);
	r = rf_oci_policy_load(&s->policy, policies[0], &s->config, err);
	return r < 0 ? r : 0;
}

static int load_command(struct rf_replace_subject *s)
{
	const char *name = rf_recipe_user(s->recipe);
	struct rf_err err = RF_ERR_INIT;
	struct rf_user user = {0};
	int status;

	if (name && rf_user_parse(&user, name, &err) < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	status = rf_recipe_load(s->recipe, name ? user.uid : getuid(), &s->policy);
	rf_user_done(&user);
	return status;
}

int rf_replace_subject_load(struct rf_replace_subject *s, struct rf_lsm *lsm, const char *sandbox,
			    const char *const *policies, size_t n_policies, const char *const *sets,
			    size_t n_sets)
{
	struct rf_err err = RF_ERR_INIT;
	int r = find(s, lsm, sandbox, &err);

	if (r == 0 && s->is_container)
		r = load_container(s, policies, n_policies, n_sets, &err);
	else if (r == 0)
		r = rf_recipe_change(s->recipe, policies, n_policies, sets, n_sets, &s->recipe_text,
				     &err);
	if (r < 0)
		return rf_cmd_fail(RF_EXIT_FAILED, &err);
	return s->is_container ? RF_EXIT_OK : load_command(s);
}

void rf_replace_subject_done(struct rf_replace_subject *s)
{
	(void)rf_recipe_free(s->recipe);
	rf_oci_config_done(&s->config);
	json_decref(s->began);
	free(s->recipe_text);
	(void)rf_policy_free(s->policy);
	memset(s, 0, sizeof(*s));
}
