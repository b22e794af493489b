/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds what: forgetting is refusing, second layers only add, reasons are told. */
#include "tests/unit/unit.h"

#include "tests/unit/launch-fixture.h"

FAKE_BACKEND(good, "good", .prepare = NULL);
FAKE_BACKEND(fallback, "fallback", .prepare = NULL);
FAKE_BACKEND(helper, "helper", .prepare = NULL);
FAKE_BACKEND(caps, "caps", .prepare = NULL);
FAKE_BACKEND(needy, "needy", .needs_cgroup = true);
FAKE_BACKEND(grand, "grand", .needs_privilege = true);

static const struct rf_candidate usual[] = {
	{RF_SECTION_FILES, {&good, &helper}}, {RF_SECTION_FILES, {&fallback}},
	{RF_SECTION_CAPABILITIES, {&caps}},   {RF_SECTION_KERNEL, {&good}},
	{RF_SECTION_COUNT, {NULL}},
};

static void reset(struct fixture *f)
{
	fixture_init(f);
	good_is = fallback_is = helper_is = caps_is = needy_is = grand_is =
		(struct fake){.hold = RF_HOLD_EXACT};
}

static void select_with(struct fixture *f, const struct rf_candidate *candidates,
			const struct rf_facts *facts)
{
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_select(&f->selection, &f->policy, candidates, facts, &err), 0);
}

static const struct rf_coverage *item(const struct fixture *f, const char *id)
{
	for (size_t i = 0; i < f->selection.report.n; i++)
		if (strcmp(f->selection.report.items[i].id, id) == 0)
			return &f->selection.report.items[i];
	fail_msg("no item %s", id);
	return NULL;
}

static void the_best_one_that_is_there(void **state RF_UNUSED)
{
	const struct rf_facts facts = {.has_cgroup = true};
	struct fixture f;

	reset(&f);
	select_with(&f, usual, &facts);
	assert_string_equal(item(&f, "files.default")->by, "good");
	assert_string_equal(item(&f, "second")->by, "good");
	assert_int_equal(item(&f, "second")->place.line, 4);
	assert_int_equal(rf_selection_refused(&f.selection), 0);
	assert_ptr_equal(rf_selection_first(&f.selection, RF_SECTION_FILES), &good);
	rf_selection_done(&f.selection);

	reset(&f);
	good_is.absent = true;
	select_with(&f, usual, &facts);
	assert_string_equal(item(&f, "second")->by, "fallback");
	assert_int_equal(f.selection.n_absent, 1);
	assert_string_equal(rf_err_text(&f.selection.absent[0].why), "it is not here");
	assert_string_equal(item(&f, "kernel.mount")->why, "good: it is not here");
	rf_selection_done(&f.selection);
}

/* Whatever holds a key that is allowed, the fence does not hold itself. */
static void voided_self_protection_is_told(void **state RF_UNUSED)
{
	const struct rf_facts facts = {.has_cgroup = true};
	struct fixture f;

	reset(&f);
	f.policy.kernel[RF_KERNEL_BPF] = (struct rf_kernel_setting){
		.value = RF_KERNEL_ALLOW, .given = true, .place = {"b.json", 7, 1}};
	f.policy.kernel[RF_KERNEL_MODULES] =
		(struct rf_kernel_setting){.value = RF_KERNEL_DENY, .given = true};
	select_with(&f, usual, &facts);
	assert_int_equal(item(&f, "ringfence.self")->hold, RF_HOLD_NONE);
	assert_int_equal(item(&f, "ringfence.self")->place.line, 7);
	assert_string_equal(item(&f, "ringfence.self")->why,
			    "\"bpf\": \"allow\" voids self-protection: the command can remove the "
			    "fence");
	assert_int_equal(rf_selection_refused(&f.selection), 0);
	rf_selection_done(&f.selection);

	f.policy.kernel[RF_KERNEL_MODULES].value = RF_KERNEL_ALLOW;
	select_with(&f, usual, &facts);
	assert_string_equal(item(&f, "ringfence.self")->why,
			    "\"bpf\": \"allow\" and \"modules\": \"allow\" void self-protection: "
			    "the command can remove the fence");
	rf_selection_done(&f.selection);

	f.policy.kernel[RF_KERNEL_BPF].value = f.policy.kernel[RF_KERNEL_MODULES].value =
		RF_KERNEL_DENY;
	select_with(&f, usual, &facts);
	for (size_t i = 0; i < f.selection.report.n; i++) /* the other one is about files */
		assert_false(f.selection.report.items[i].section == RF_SECTION_KERNEL &&
			     !strcmp(f.selection.report.items[i].id, "ringfence.self"));
	rf_selection_done(&f.selection);
}

static void what_nobody_spoke_of_is_refused(void **state RF_UNUSED)
{
	const struct rf_facts facts = {.has_cgroup = true};
	struct fixture f;

	reset(&f);
	good_is.forgets = true;
	helper_is.forgets = true;
	select_with(&f, usual, &facts);
	assert_int_equal(item(&f, "first")->hold, RF_HOLD_NONE);
	assert_null(item(&f, "first")->by);
	/* files.default, first, second; the kernel keys are `should`. */
	assert_int_equal(rf_selection_refused(&f.selection), 3);
	rf_selection_done(&f.selection);
}

static void stricter_satisfies_should_only(void **state RF_UNUSED)
{
	const struct rf_facts facts = {.has_cgroup = true};
	struct fixture f;

	reset(&f);
	good_is.hold = helper_is.hold = RF_HOLD_STRICTER;
	f.rule[1].need = RF_NEED_SHOULD;
	select_with(&f, usual, &facts);
	assert_true(rf_coverage_refuses(item(&f, "first")));
	assert_false(rf_coverage_refuses(item(&f, "second")));
	assert_string_equal(item(&f, "second")->why, "good says so");
	rf_selection_done(&f.selection);
}

static void a_second_layer_only_adds(void **state RF_UNUSED)
{
	static const struct {
		enum rf_hold first, second, both;
		const char *by;
	} table[] = {
		{RF_HOLD_EXACT, RF_HOLD_EXACT, RF_HOLD_EXACT, "good"},
		{RF_HOLD_EXACT, RF_HOLD_STRICTER, RF_HOLD_EXACT, "good"},
		{RF_HOLD_EXACT, RF_HOLD_NONE, RF_HOLD_EXACT, "good"},
		{RF_HOLD_NONE, RF_HOLD_EXACT, RF_HOLD_EXACT, "helper"},
		{RF_HOLD_NONE, RF_HOLD_STRICTER, RF_HOLD_STRICTER, "helper"},
		{RF_HOLD_STRICTER, RF_HOLD_EXACT, RF_HOLD_STRICTER, "good"},
	};
	const struct rf_facts facts = {.has_cgroup = true};

	for (size_t i = 0; i < RF_ARRAY_LEN(table); i++) {
		struct fixture f;

		reset(&f);
		good_is.hold = table[i].first;
		helper_is.hold = table[i].second;
		select_with(&f, usual, &facts);
		assert_int_equal(item(&f, "first")->hold, table[i].both);
		assert_string_equal(item(&f, "first")->by, table[i].by);
		assert_int_equal(f.selection.chosen[1].second, 1u << RF_SECTION_FILES);
		rf_selection_done(&f.selection);
	}
}

static void requirements_are_asked_first(void **state RF_UNUSED)
{
	static const struct rf_candidate two[] = {{RF_SECTION_FILES, {&needy}},
						  {RF_SECTION_CAPABILITIES, {&grand}},
						  {RF_SECTION_COUNT, {NULL}}};
	const struct rf_facts none = {.why_none = "nobody gave one"};
	const struct rf_facts root = {.has_cgroup = true, .sys_admin = true};
	struct fixture f;

	reset(&f);
	f.policy.no_new_privileges = false;
	select_with(&f, two, &none);
	assert_string_equal(item(&f, "first")->why,
			    "needy: no cgroup can be made: nobody gave one");
	assert_string_equal(item(&f, "capabilities")->why,
			    "grand: no_new_privileges is false and the caller lacks CAP_SYS_ADMIN");
	rf_selection_done(&f.selection);
	select_with(&f, two, &root);
	assert_string_equal(item(&f, "first")->by, "needy");
	assert_string_equal(item(&f, "capabilities")->by, "grand");
	rf_selection_done(&f.selection);
}

/* To ask opens all that is pinned, or tries what the kernel can. */
static void each_is_asked_once(void **state RF_UNUSED)
{
	const struct rf_facts facts = {.has_cgroup = true};
	struct fixture f;

	reset(&f);
	helper_is.absent = true;
	select_with(&f, usual, &facts);
	rf_selection_done(&f.selection);
	assert_int_equal(good_is.asked, 1);
	assert_int_equal(helper_is.asked, 1);
	assert_int_equal(fallback_is.asked, 0);
	assert_int_equal(rf_select_backends(&f.selection, &f.policy, usual, &facts, NULL), 0);
	rf_selection_done(&f.selection);
	assert_int_equal(good_is.asked, 2);
	assert_int_equal(helper_is.asked, 2);
}

static void resources_need_their_controller(void **state RF_UNUSED)
{
	const struct rf_facts facts = {.has_cgroup = true, .controllers = RF_CONTROLLER_PIDS};
	struct fixture f;

	reset(&f);
	f.policy.sections[RF_SECTION_RESOURCES].present = true;
	f.policy.pids_max = 5;
	f.policy.memory_max = 4096;
	select_with(&f, usual, &facts);
	assert_int_equal(item(&f, "resources.pids_max")->hold, RF_HOLD_EXACT);
	assert_int_equal(item(&f, "resources.memory_max")->hold, RF_HOLD_NONE);
	assert_int_equal(rf_selection_refused(&f.selection), 1);
	rf_selection_done(&f.selection);
}

static void limits_that_would_have_to_be_raised_are_told(void **state RF_UNUSED)
{
	const struct rf_rlimit limits[] = {
		{.resource = RLIMIT_CORE, .name = "core", .hard = RLIM_INFINITY},
		{.resource = RLIMIT_NOFILE, .name = "nofile", .soft = 10, .hard = 20}};
	uint64_t hard[RLIM_NLIMITS];
	const struct rf_facts facts = {.hard = hard};
	struct fixture f;

	for (size_t i = 0; i < RLIM_NLIMITS; i++)
		hard[i] = RLIM_INFINITY;
	for (uint64_t have = 19; have <= 20; have++) {
		reset(&f);
		f.policy.sections[RF_SECTION_PROCESS].present = true;
		f.policy.rlimits = limits;
		f.policy.n_rlimits = 2;
		hard[RLIMIT_NOFILE] = have;
		select_with(&f, usual, &facts);
		assert_int_equal(item(&f, "process")->hold,
				 have < 20 ? RF_HOLD_STRICTER : RF_HOLD_EXACT);
		assert_int_equal(!strstr(item(&f, "process")->why, "nofile is 19"), have == 20);
		rf_selection_done(&f.selection);
	}
}

UNIT_MAIN(cmocka_unit_test(the_best_one_that_is_there),
	  cmocka_unit_test(voided_self_protection_is_told),
	  cmocka_unit_test(what_nobody_spoke_of_is_refused),
	  cmocka_unit_test(stricter_satisfies_should_only),
	  cmocka_unit_test(a_second_layer_only_adds),
	  cmocka_unit_test(requirements_are_asked_first), cmocka_unit_test(each_is_asked_once),
	  cmocka_unit_test(resources_need_their_controller),
	  cmocka_unit_test(limits_that_would_have_to_be_raised_are_told));
