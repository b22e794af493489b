/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the state that a runtime gives to its hooks. See oci_state.h. */
#include "sandbox/launch/oci_state.h"

#include <stdio.h>
#include <string.h>

#include "sandbox/base/str.h"

#define PREFIX	   "ringfence."
#define POLICY	   "ringfence.policy"
#define POLICY_FOR "ringfence.policy."

#define PID_LIMIT (1 << 22)

/* crun takes the container's filter from these instead of from its config.json. */
static const char *const replaces_seccomp[] = {
	"run.oci.seccomp_bpf_data",
	"run.oci.seccomp.receiver",
	"run.oci.seccomp.plugins",
};

/* By these crun runs the payload by itself (wasm, a virtual machine): the fence takes in who execs.
 */
static const char *const runs_without_exec[] = {
	"run.oci.handler",
	"module.wasm.image/variant",
};

/* How engines tell the name of a container in its pod. */
static const char *const name_keys[] = {
	"io.kubernetes.cri.container-name", /* containerd */
	"io.kubernetes.container.name",	    /* CRI-O */
};

static const char *const type_keys[] = {
	"io.kubernetes.cri.container-type",
	"io.kubernetes.cri-o.ContainerType",
};

static const char *const pod_keys[][2] = {
	{"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.cri.sandbox-name"},
	{"io.kubernetes.pod.namespace", "io.kubernetes.pod.name"},
};

static int take_text(const char **ret, const struct rf_oci_state *state, const char *key,
		     struct rf_err *err)
{
	const json_t *value = json_object_get(state->root, key);

	if (!json_is_string(value) || !json_string_length(value))
		return rf_err_set(err, -EINVAL, "the state's member %s is not a text", key);
	if (strlen(json_string_value(value)) != json_string_length(value))
		return rf_err_set(err, -EINVAL, "the state's member %s holds a NUL", key);
	*ret = json_string_value(value);
	return 0;
}

/* The id becomes part of names and of what people read. */
static int check_id(const char *id, struct rf_err *err)
{
	if (strlen(id) > RF_OCI_ID_MAX)
		return rf_err_set(err, -ENAMETOOLONG,
				  "the container's id has %zu characters, the limit is %d",
				  strlen(id), RF_OCI_ID_MAX);
	if (id[0] == '.' || strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789_+-.:") != strlen(id))
		return rf_err_set(err, -EINVAL, "the container's id is not one");
	return 0;
}

static int take_pid(struct rf_oci_state *state, struct rf_err *err)
{
	const json_t *value = json_object_get(state->root, "pid");

	if (!value)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > PID_LIMIT)
		return rf_err_set(err, -EINVAL, "the state's member pid is no process number");
	state->pid = (pid_t)json_integer_value(value);
	return 0;
}

static int check_annotations(const struct rf_oci_state *state, struct rf_err *err)
{
	json_t *annotations = json_object_get(state->root, "annotations"), *value;
	const char *key;

	if (!annotations || json_is_null(annotations))
		return 0;
	if (!json_is_object(annotations))
		return rf_err_set(err, -EINVAL, "the state's annotations are not an object");
	json_object_foreach (annotations, key, value) {
		if (!json_is_string(value))
			return rf_err_set(err, -EINVAL, "annotation %.64s is not a text", key);
	}
	return 0;
}

int rf_oci_state_parse(struct rf_oci_state *ret, const char *text, size_t len, struct rf_err *err)
{
	json_error_t why;
	const char *version = NULL;
	int r;

	*ret = (struct rf_oci_state){.pid = 0};
	if (len > RF_OCI_STATE_MAX)
		return rf_err_set(err, -EFBIG, "the state has more than %u bytes",
				  RF_OCI_STATE_MAX);
	ret->root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!ret->root)
		return rf_err_set(err, -EINVAL, "the state is not valid JSON: %.160s", why.text);
	if (!json_is_object(ret->root))
		return rf_err_set(err, -EINVAL, "the state is not an object");
	if ((r = take_text(&version, ret, "ociVersion", err)) < 0 ||
	    (r = take_text(&ret->id, ret, "id", err)) < 0 ||
	    (r = take_text(&ret->bundle, ret, "bundle", err)) < 0 ||
	    (r = take_text(&ret->status, ret, "status", err)) < 0 ||
	    (r = check_id(ret->id, err)) < 0 || (r = take_pid(ret, err)) < 0 ||
	    (r = check_annotations(ret, err)) < 0)
		return r;
	if (!rf_str_has_prefix(version, "1."))
		return rf_err_set(err, -EINVAL, "ociVersion %.32s is not known", version);
	if (ret->bundle[0] != '/')
		return rf_err_set(err, -EINVAL, "the bundle %.160s is not absolute", ret->bundle);
	return 0;
}

void rf_oci_state_done(struct rf_oci_state *state)
{
	json_decref(state->root);
	*state = (struct rf_oci_state){.pid = 0};
}

const char *rf_oci_annotation(const struct rf_oci_state *state, const char *key)
{
	return json_string_value(json_object_get(json_object_get(state->root, "annotations"), key));
}

static int check_keys(const struct rf_oci_state *state, struct rf_err *err)
{
	json_t *annotations = json_object_get(state->root, "annotations"), *value;
	const char *key;

	json_object_foreach (annotations, key, value) {
		if (!rf_str_has_prefix(key, PREFIX))
			continue;
		if (!rf_str_eq(key, POLICY) &&
		    (!rf_str_has_prefix(key, POLICY_FOR) || !key[strlen(POLICY_FOR)]))
			return rf_err_set(err, -EINVAL,
					  "annotation %.64s is not known; there are " POLICY
					  " and " POLICY_FOR "CONTAINER",
					  key);
		if (!json_string_length(value) ||
		    strlen(json_string_value(value)) != json_string_length(value))
			return rf_err_set(err, -EINVAL, "annotation %.64s names no policy", key);
	}
	return 0;
}

static const char *find_first(const struct rf_oci_state *state, const char *const *keys, size_t n)
{
	const char *found = NULL;

	for (size_t i = 0; i < n && !found; i++)
		found = rf_oci_annotation(state, keys[i]);
	return found;
}

const char *rf_oci_state_container(const struct rf_oci_state *state)
{
	return find_first(state, name_keys, RF_ARRAY_LEN(name_keys));
}

const char *rf_oci_state_type(const struct rf_oci_state *state)
{
	return find_first(state, type_keys, RF_ARRAY_LEN(type_keys));
}

const char *rf_oci_policy_for(const char *key)
{
	return rf_str_has_prefix(key, POLICY_FOR) ? key + strlen(POLICY_FOR) : NULL;
}

/* Which one is meant cannot be known, and to guess would be to leave one unfenced. */
static int check_nameless(const struct rf_oci_state *state, struct rf_err *err)
{
	json_t *annotations = json_object_get(state->root, "annotations"), *value;
	const char *key;

	if (rf_oci_state_container(state) || rf_str_eq(rf_oci_state_type(state), "sandbox"))
		return 0;
	json_object_foreach (annotations, key, value)
		if (rf_oci_policy_for(key))
			return rf_err_set(err, -EINVAL,
					  "annotation %.64s is for one container of a pod, and the "
					  "engine does not say which one this is; use " POLICY,
					  key);
	return 0;
}

static const char *find_own(const struct rf_oci_state *state)
{
	const char *name = rf_oci_state_container(state);
	char key[256];
	int n;

	if (!name)
		return NULL;
	n = snprintf(key, sizeof(key), POLICY_FOR "%s", name);
	return n > 0 && (size_t)n < sizeof(key) ? rf_oci_annotation(state, key) : NULL;
}

static const char *find_first_key(const struct rf_oci_state *state, const char *const *keys,
				  size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rf_oci_annotation(state, keys[i]))
			return keys[i];
	return NULL;
}

/* What crun would do instead of what the policy is for. */
static int check_crun(const struct rf_oci_state *state, struct rf_err *err)
{
	const char *key = find_first_key(state, replaces_seccomp, RF_ARRAY_LEN(replaces_seccomp));

	if (key)
		return rf_err_set(err, -EPERM,
				  "annotation %s would replace the container's system call "
				  "filter; remove it",
				  key);
	key = find_first_key(state, runs_without_exec, RF_ARRAY_LEN(runs_without_exec));
	if (key)
		return rf_err_set(err, -EPERM,
				  "annotation %s would have the runtime run the payload without "
				  "an exec, which the fence waits for; remove it",
				  key);
	return 0;
}

int rf_oci_state_policy(const struct rf_oci_state *state, const char *fallback, const char **ret,
			struct rf_err *err)
{
	const char *name = find_own(state);
	int r = check_keys(state, err);

	if (r == 0)
		r = check_nameless(state, err);
	if (r < 0)
		return r;
	if (!name)
		name = rf_oci_annotation(state, POLICY);
	if (!name)
		name = fallback;
	*ret = name;
	return name ? check_crun(state, err) : 0;
}

void rf_oci_state_pod(const struct rf_oci_state *state, char *ret, size_t size)
{
	*ret = '\0';
	for (size_t i = 0; i < RF_ARRAY_LEN(pod_keys); i++) {
		const char *space = rf_oci_annotation(state, pod_keys[i][0]);
		const char *name = rf_oci_annotation(state, pod_keys[i][1]);

		if (space && name)
			(void)snprintf(ret, size, "%s/%s", space, name);
	}
}

bool rf_oci_state_in_namespace(const struct rf_oci_state *state, const char *space)
{
	bool found = false;

	for (size_t i = 0; i < RF_ARRAY_LEN(pod_keys); i++) {
		const char *told = rf_oci_annotation(state, pod_keys[i][0]);

		if (told && !rf_str_eq(told, space))
			return false;
		found |= told != NULL;
	}
	return found;
}
