/* SPDX-License-Identifier: Apache-2.0 */
/* Container states: what real runtimes gave, and what must be refused. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/oci_state.h"

static int parse(struct rf_oci_state *ret, const char *text, struct rf_err *err)
{
	rf_err_clear(err);
	return rf_oci_state_parse(ret, text, strlen(text), err);
}

static void check_file(const char *name, const char *id, pid_t pid, const char *status,
		       const char *policy)
{
	RF_CLEANUP(rf_oci_state_done) struct rf_oci_state state = {.pid = 0};
	struct rf_err err = RF_ERR_INIT;
	RF_AUTOFREE char *text = NULL;
	const char *chosen = NULL;
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/tests/unit/oci-state/%s", getenv("RF_SOURCE_ROOT"),
		       name);
	assert_int_equal(rf_fd_read_file(path, RF_OCI_STATE_MAX, &text, NULL, &err), 0);
	assert_int_equal(parse(&state, text, &err), 0);
	assert_string_equal(state.id, id);
	assert_int_equal(state.pid, pid);
	assert_string_equal(state.status, status);
	assert_int_equal(rf_oci_state_policy(&state, NULL, &chosen, &err), 0);
	if (policy)
		assert_string_equal(chosen, policy);
	else
		assert_null(chosen);
}

static void what_runtimes_give_is_read(void **data RF_UNUSED)
{
	check_file("crun-createRuntime.json", "c-crun", 1043, "created", "demo");
	check_file("crun-poststop.json", "c-crun", 0, "stopped", "demo");
	check_file("runc-poststop.json", "c-runc", 0, "stopped", "demo");
	check_file("runc-restore.json", "r1", 504, "stopped", "box");
	check_file("podman-runc-createRuntime.json",
		   "79077f7d545e4f79836c3d0baa217e5afdd741ddabb499cf4a8eb67600b729b1", 288,
		   "creating", "demo");
	check_file("cri-crun-createRuntime.json",
		   "10f469cea0e977ffbb46a451d71aa6d9cf032d6838bddc123302eca8ff333ea7", 291,
		   "created", NULL);
}

#define HEAD "{\"ociVersion\":\"1.0\",\"id\":\"c\",\"bundle\":\"/b\",\"status\":\"created\""

static void what_is_not_understood_is_refused(void **data RF_UNUSED)
{
	static const struct {
		const char *text, *piece;
	} rows[] = {
		{"", "not valid JSON"},
		{"{}", "ociVersion"},
		{"[]", "not an object"},
		{HEAD, "not valid JSON"},
		{HEAD "} x", "not valid JSON"},
		{HEAD ",\"id\":\"d\"}", "not valid JSON"},
		{HEAD ",\"pid\":-1}", "pid"},
		{HEAD ",\"pid\":\"1\"}", "pid"},
		{HEAD ",\"pid\":1.5}", "pid"},
		{HEAD ",\"pid\":4194305}", "pid"},
		{HEAD ",\"annotations\":[]}", "annotations"},
		{HEAD ",\"annotations\":{\"a\":1}}", "annotation a"},
		{"{\"ociVersion\":\"2.0\",\"id\":\"c\",\"bundle\":\"/b\",\"status\":\"x\"}", "2.0"},
		{"{\"ociVersion\":\"1.0\",\"id\":\"../c\",\"bundle\":\"/b\",\"status\":\"x\"}",
		 "id"},
		{"{\"ociVersion\":\"1.0\",\"id\":\"a/c\",\"bundle\":\"/b\",\"status\":\"x\"}",
		 "id"},
		{"{\"ociVersion\":\"1.0\",\"id\":\"c\",\"bundle\":\"b\",\"status\":\"x\"}",
		 "absolute"},
		{"{\"ociVersion\":\"1.0\",\"id\":\"c\\u0000\",\"bundle\":\"/b\",\"status\":\"x\"}",
		 "JSON"},
	};
	struct rf_err err = RF_ERR_INIT;

	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		RF_CLEANUP(rf_oci_state_done) struct rf_oci_state state = {.pid = 0};

		assert_true(parse(&state, rows[i].text, &err) < 0);
		if (!strstr(rf_err_text(&err), rows[i].piece))
			fail_msg("%s: %s", rows[i].text, rf_err_text(&err));
	}
}

static void more_than_the_limit_is_refused(void **data RF_UNUSED)
{
	RF_CLEANUP(rf_oci_state_done) struct rf_oci_state state = {.pid = 0};
	struct rf_err err = RF_ERR_INIT;
	RF_AUTOFREE char *text = malloc(RF_OCI_STATE_MAX + 2);

	assert_non_null(text);
	memset(text, ' ', RF_OCI_STATE_MAX + 1);
	memcpy(text, HEAD "}", sizeof(HEAD "}") - 1);
	assert_int_equal(rf_oci_state_parse(&state, text, RF_OCI_STATE_MAX + 1, &err), -EFBIG);
	assert_int_equal(rf_oci_state_parse(&state, text, RF_OCI_STATE_MAX, &err), 0);
}

/* A long id would be cut in the kernel side's words, and two containers be one. */
static void ids_have_a_limit(void **data RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;

	for (int len = RF_OCI_ID_MAX; len <= RF_OCI_ID_MAX + 1; len++) {
		RF_CLEANUP(rf_oci_state_done) struct rf_oci_state state = {.pid = 0};
		char text[512];

		(void)snprintf(text, sizeof(text),
			       "{\"ociVersion\":\"1.0\",\"id\":\"%0*d\",\"bundle\":\"/b\","
			       "\"status\":\"created\"}",
			       len, 7);
		assert_int_equal(parse(&state, text, &err),
				 len == RF_OCI_ID_MAX ? 0 : -ENAMETOOLONG);
	}
}

static void check_choice(const char *annotations, const char *fallback, int want, const char *name)
{
	RF_CLEANUP(rf_oci_state_done) struct rf_oci_state state = {.pid = 0};
	struct rf_err err = RF_ERR_INIT;
	const char *chosen = NULL;
	char text[1024];
	int r;

	(void)snprintf(text, sizeof(text), HEAD ",\"annotations\":{%s}}", annotations);
	assert_int_equal(parse(&state, text, &err), 0);
	r = rf_oci_state_policy(&state, fallback, &chosen, &err);
	if (r != want)
		fail_msg("%s: %d, want %d: %s", annotations, r, want, rf_err_text(&err));
	if (r == 0 && !rf_str_eq(chosen, name))
		fail_msg("%s: %s, want %s", annotations, chosen ? chosen : "none", name);
}

#define IN_POD "\"io.kubernetes.cri.container-name\":\"db\","

static void the_nearest_annotation_names_the_policy(void **data RF_UNUSED)
{
	check_choice("", NULL, 0, NULL);
	check_choice("", "base", 0, "base");
	check_choice("\"ringfence.policy\":\"web\"", "base", 0, "web");
	check_choice(IN_POD "\"ringfence.policy.db\":\"sql\",\"ringfence.policy\":\"web\"", NULL, 0,
		     "sql");
	check_choice(IN_POD "\"ringfence.policy.app\":\"sql\",\"ringfence.policy\":\"web\"", NULL,
		     0, "web");
	check_choice(IN_POD "\"ringfence.policy.app\":\"sql\"", "base", 0, "base");
	check_choice("\"xringfence.policy\":\"web\"", NULL, 0, NULL);
}

static void annotations_that_mean_nothing_are_refused(void **data RF_UNUSED)
{
	check_choice("\"ringfence.policy\":\"\"", "base", -EINVAL, NULL);
	check_choice("\"ringfence.polcy\":\"web\"", "base", -EINVAL, NULL);
	check_choice("\"ringfence.policy.\":\"web\"", NULL, -EINVAL, NULL);
}

/* Outside of a pod, or from an engine that names no containers, it would be nobody's in silence. */
static void an_annotation_for_one_of_whom_nothing_tells_is_refused(void **data RF_UNUSED)
{
	check_choice("\"ringfence.policy.db\":\"sql\"", NULL, -EINVAL, NULL);
	check_choice("\"ringfence.policy.db\":\"sql\",\"ringfence.policy\":\"web\"", "base",
		     -EINVAL, NULL);
	check_choice("\"io.kubernetes.cri.container-type\":\"container\","
		     "\"ringfence.policy.db\":\"sql\"",
		     NULL, -EINVAL, NULL);
	check_choice("\"io.kubernetes.cri.container-type\":\"sandbox\","
		     "\"ringfence.policy.db\":\"sql\"",
		     NULL, 0, NULL);
	check_choice("\"io.kubernetes.container.name\":\"db\",\"ringfence.policy.db\":\"sql\"",
		     NULL, 0, "sql");
}

/* crun would take its filter from there. */
static void annotations_that_replace_the_filter_are_refused(void **data RF_UNUSED)
{
	check_choice("\"run.oci.seccomp_bpf_data\":\"AAAA\",\"ringfence.policy\":\"web\"", NULL,
		     -EPERM, NULL);
	check_choice("\"run.oci.seccomp.receiver\":\"/x\"", "web", -EPERM, NULL);
	check_choice("\"run.oci.seccomp.plugins\":\"x\"", "web", -EPERM, NULL);
	check_choice("\"run.oci.seccomp_bpf_data\":\"AAAA\"", NULL, 0, NULL);
}

/* Whoever never execs is never taken in. */
static void annotations_that_run_without_an_exec_are_refused(void **data RF_UNUSED)
{
	check_choice("\"run.oci.handler\":\"wasm\",\"ringfence.policy\":\"web\"", NULL, -EPERM,
		     NULL);
	check_choice("\"module.wasm.image/variant\":\"compat\"", "web", -EPERM, NULL);
	check_choice("\"run.oci.handler\":\"krun\"", NULL, 0, NULL);
}

static void the_pod_is_told(void **data RF_UNUSED)
{
	RF_CLEANUP(rf_oci_state_done) struct rf_oci_state state = {.pid = 0};
	struct rf_err err = RF_ERR_INIT;
	char pod[80];

	assert_int_equal(parse(&state,
			       HEAD ",\"annotations\":{"
				    "\"io.kubernetes.cri.sandbox-namespace\":\"shop\","
				    "\"io.kubernetes.cri.sandbox-name\":\"front\"}}",
			       &err),
			 0);
	rf_oci_state_pod(&state, pod, sizeof(pod));
	assert_string_equal(pod, "shop/front");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_runtimes_give_is_read),
		cmocka_unit_test(what_is_not_understood_is_refused),
		cmocka_unit_test(more_than_the_limit_is_refused),
		cmocka_unit_test(ids_have_a_limit),
		cmocka_unit_test(the_nearest_annotation_names_the_policy),
		cmocka_unit_test(annotations_that_mean_nothing_are_refused),
		cmocka_unit_test(an_annotation_for_one_of_whom_nothing_tells_is_refused),
		cmocka_unit_test(annotations_that_replace_the_filter_are_refused),
		cmocka_unit_test(annotations_that_run_without_an_exec_are_refused),
		cmocka_unit_test(the_pod_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
