/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a launch: everything is confined before exec, and the filter is last. */
#include "tests/unit/unit.h"

#include "sandbox/launch/plan.h"
#include "tests/unit/launch-fixture.h"

FAKE_BACKEND(lsm, "lsm", .prepare = fake_prepare, .attach = fake_step);
FAKE_BACKEND(ruleset, "ruleset", .prepare = fake_prepare, .child = fake_step);
FAKE_BACKEND(dev, "dev", .prepare = fake_prepare);
FAKE_BACKEND(caps, "caps", .child = fake_step, .stage = RF_STAGE_CAPABILITIES);
FAKE_BACKEND(filter, "filter", .prepare = fake_prepare, .child = fake_step, .stage = RF_STAGE_LAST);

static const struct rf_candidate all[] = {
	{RF_SECTION_FILES, {&lsm, &ruleset}}, {RF_SECTION_DEVICES, {&dev}},
	{RF_SECTION_CAPABILITIES, {&caps}},   {RF_SECTION_SECCOMP, {&filter}},
	{RF_SECTION_KERNEL, {&lsm, &filter}}, {RF_SECTION_COUNT, {NULL}},
};

/* "clone3 attach:lsm …" */
static void describe(struct fixture *f, char *ret, size_t size)
{
	struct rf_err err = RF_ERR_INIT;
	struct rf_plan plan;
	size_t len = 0;

	assert_int_equal(rf_plan_make(&plan, &f->request, &err), 0);
	ret[0] = '\0';
	for (size_t i = 0; i < plan.n; i++) {
		const struct rf_step *step = &plan.steps[i];

		len += (size_t)snprintf(ret + len, size - len, "%s%s%s%s", i ? " " : "",
					rf_step_name(step), step->backend ? ":" : "",
					step->backend ? step->backend->name : "");
	}
}

static void select_all(struct fixture *f, const struct rf_candidate *candidates)
{
	const struct rf_facts facts = {.has_cgroup = true, .controllers = RF_CONTROLLER_PIDS};
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_select(&f->selection, &f->policy, candidates, &facts, &err), 0);
}

static void everything_in_order(void **state RF_UNUSED)
{
	struct rf_cgroup_site site = {.parent_fd = -1, .parent = "/cg", .controllers = 2};
	struct rf_user user = {.uid = 5, .gid = 6};
	struct fixture f;
	char text[1024];

	fixture_init(&f);
	f.policy.sections[RF_SECTION_DEVICES].present = true;
	f.policy.sections[RF_SECTION_SECCOMP].present = true;
	f.policy.sections[RF_SECTION_RESOURCES].present = true;
	f.policy.pids_max = 10;
	f.request.site = &site;
	f.request.user = &user;
	f.request.change_dir = true;
	select_all(&f, all);
	describe(&f, text, sizeof(text));
	assert_string_equal(text,
			    "state cgroup resources prepare:lsm prepare:ruleset prepare:dev "
			    "prepare:filter clone3 attach:lsm signals session rlimits environment "
			    "workdir user descriptors capabilities:caps no_new_privs fence:ruleset "
			    "seccomp:filter exec");
	rf_selection_done(&f.selection);
}

static void nothing_that_was_not_asked_for(void **state RF_UNUSED)
{
	static const struct rf_candidate none[] = {{RF_SECTION_COUNT, {NULL}}};
	struct fixture f;
	char text[1024];

	fixture_init(&f);
	f.policy.no_new_privileges = false;
	select_all(&f, none);
	describe(&f, text, sizeof(text));
	assert_string_equal(text, "state clone3 signals session rlimits environment descriptors "
				  "exec");
	rf_selection_done(&f.selection);
}

static void printed_with_side_and_words(void **state RF_UNUSED)
{
	RF_AUTOSTR struct rf_str out = RF_STR_INIT(65536);
	struct rf_err err = RF_ERR_INIT;
	struct rf_plan plan;
	struct fixture f;

	fixture_init(&f);
	f.policy.name = "p\x1b[2J";
	select_all(&f, all);
	assert_int_equal(rf_plan_make(&plan, &f.request, &err), 0);
	assert_int_equal(rf_plan_format(&plan, &out), 0);
	assert_non_null(strstr(rf_str_text(&out),
			       " 1 parent state        note the sandbox, policy p\\x1b[2J"));
	assert_non_null(strstr(rf_str_text(&out), "child  exec         true\n"));
	rf_selection_done(&f.selection);
}

static int idle(void *data RF_UNUSED)
{
	return 0;
}

/* A command or a payload, never both, never none: `run` cannot be given the wrong one. */
static void a_payload_stands_where_exec_does(void **state RF_UNUSED)
{
	static const struct rf_payload payload = {.run = idle};
	struct rf_err err = RF_ERR_INIT;
	struct rf_plan plan;
	struct fixture f;
	char text[1024];

	fixture_init(&f);
	select_all(&f, all);
	f.request.payload = &payload;
	assert_int_equal(rf_plan_make(&plan, &f.request, &err), -EINVAL);
	f.request.argv = NULL;
	describe(&f, text, sizeof(text));
	assert_non_null(strstr(text, "seccomp:filter payload"));
	assert_null(strstr(text, "exec"));
	f.request.payload = NULL;
	assert_int_equal(rf_plan_make(&plan, &f.request, &err), -EINVAL);
	rf_selection_done(&f.selection);
}

UNIT_MAIN(cmocka_unit_test(a_payload_stands_where_exec_does), cmocka_unit_test(everything_in_order),
	  cmocka_unit_test(nothing_that_was_not_asked_for),
	  cmocka_unit_test(printed_with_side_and_words));
