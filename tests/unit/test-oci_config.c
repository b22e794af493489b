/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy needs of config.json, before and after `oci apply` wrote it there. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/launch/oci_apply.h"
#include "sandbox/launch/oci_config.h"
#include "sandbox/policy/load.h"

RF_DEFINE_CLEANUP(struct rf_policy, free_policy, rf_policy_free)

static void load(struct rf_policy **ret, const char *members)
{
	const struct rf_load_options options = {.root = NULL};
	struct rf_problems problems = {0};
	struct rf_err err = RF_ERR_INIT;
	char text[1024];

	(void)snprintf(text, sizeof(text), "{\"ringfence\":1,\"name\":\"p\",%s}", members);
	if (rf_policy_load_text(ret, "p.json", text, strlen(text), &options, &problems, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	rf_problems_done(&problems);
}

#define CONFIG "{\"root\":{\"path\":\"r\"},\"process\":{\"env\":[\"A=b\"]},\"linux\":{}}"

/* A config with a filter that is not the policy's is as good as one without. */
static void filters_that_must_be_held_are_the_policys(void **data RF_UNUSED)
{
	RF_CLEANUP(rf_oci_config_done) struct rf_oci_config config = {.uid = 0};
	RF_CLEANUP(free_policy) struct rf_policy *policy = NULL;
	RF_AUTOSTR struct rf_str notes = RF_STR_INIT(65536);
	struct rf_err err = RF_ERR_INIT;
	json_t *linux_part, *filter;

	load(&policy, "\"process\":{\"no_new_privileges\":false},"
		      "\"seccomp\":{\"base\":\"@container-default\",\"deny\":[\"sethostname\"]}");
	assert_int_equal(rf_oci_config_parse(&config, "/b", CONFIG, strlen(CONFIG), &err), 0);
	assert_string_equal(config.rootfs, "/b/r");
	assert_int_equal(rf_oci_config_check(&config, policy, &err), -EOPNOTSUPP);
	assert_non_null(strstr(rf_err_text(&err), "oci apply"));
	rf_err_clear(&err);
	linux_part = json_object_get(config.json, "linux");
	(void)json_object_set_new(linux_part, "seccomp",
				  json_pack("{s:s}", "defaultAction", "SCMP_ACT_ALLOW"));
	assert_int_equal(rf_oci_config_check(&config, policy, &err), -EOPNOTSUPP);
	rf_err_clear(&err);
	assert_int_equal(rf_oci_apply(config.json, policy, &notes, &err), 0);
	assert_int_equal(rf_oci_config_check(&config, policy, &err), 0);
	filter = json_object_get(linux_part, "seccomp");
	(void)json_array_append_new(
		json_object_get(filter, "syscalls"),
		json_pack("{s:[s],s:s}", "names", "sethostname", "action", "SCMP_ACT_ALLOW"));
	assert_int_equal(rf_oci_config_check(&config, policy, &err), -EOPNOTSUPP);
}

static void what_runtimes_do_is_asked_of_them(void **data RF_UNUSED)
{
	RF_CLEANUP(rf_oci_config_done) struct rf_oci_config config = {.uid = 0};
	RF_CLEANUP(free_policy) struct rf_policy *privileges = NULL;
	RF_CLEANUP(free_policy) struct rf_policy *memory = NULL;
	RF_CLEANUP(free_policy) struct rf_policy *files = NULL;
	struct rf_err err = RF_ERR_INIT;

	load(&privileges, "\"process\":{\"no_new_privileges\":true}");
	load(&memory, "\"resources\":{\"memory_max\":\"1G\"}");
	load(&files, "\"files\":{\"default\":\"deny\"}");
	assert_int_equal(rf_oci_config_parse(&config, "/b", CONFIG, strlen(CONFIG), &err), 0);
	assert_int_equal(rf_oci_config_check(&config, files, &err), 0);
	assert_int_equal(rf_oci_config_check(&config, privileges, &err), -EOPNOTSUPP);
	rf_err_clear(&err);
	assert_int_equal(rf_oci_config_check(&config, memory, &err), -EOPNOTSUPP);
	rf_err_clear(&err);
	(void)json_object_set_new(json_object_get(config.json, "process"), "noNewPrivileges",
				  json_true());
	assert_int_equal(rf_oci_config_check(&config, privileges, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_that_must_be_held_are_the_policys),
		cmocka_unit_test(what_runtimes_do_is_asked_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
