/* SPDX-License-Identifier: Apache-2.0 */
/* What of a new policy a running process cannot be given. */
#include "sandbox/launch/fixed_part.h"

#include <string.h>

#include "sandbox/base/str.h"
#include "sandbox/policy/load.h"
#include "sandbox/policy/problem.h"
#include "tests/unit/unit.h"

static struct rf_policy *load(const char *members)
{
	const struct rf_load_options options = {.root = "/"};
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	RF_AUTOFREE char *text = NULL;
	struct rf_policy *policy = NULL;
	struct rf_err err = RF_ERR_INIT;

	assert_true(asprintf(&text, "{\"ringfence\":1,\"name\":\"p\",%s}", members) > 0);
	if (rf_policy_load_text(&policy, "p.json", text, strlen(text), &options, &problems, &err))
		fail_msg("%s: %s", text, rf_err_text(&err));
	return policy;
}

#define FILES_LOG                                                                                  \
	"\"files\":{\"default\":\"deny\",\"rules\":[{\"id\":\"log\",\"allow\":[\"append\"],"       \
	"\"paths\":[\"/log\"]}]}"
#define FILES_BOTH                                                                                 \
	"\"files\":{\"default\":\"deny\",\"rules\":[{\"id\":\"log\",\"allow\":[\"write\"],"        \
	"\"paths\":[\"/log\"]}]}"
#define FILES "\"files\":{\"default\":\"allow\"}"

/* refused: ids of what cannot be had though it must; kept: of what is told to stay. */
static const struct {
	const char *began, *wanted, *refused, *kept;
} rows[] = {
	{FILES, "\"files\":{\"default\":\"deny\"}", "", ""},
	{FILES, FILES ",\"network\":{\"default\":\"deny\"},\"devices\":{\"default\":\"deny\"}", "",
	 ""},
	/* The filter is what it was. */
	{FILES
	 ",\"seccomp\":{\"default\":\"allow\",\"rules\":[{\"id\":\"a\",\"deny\":[\"chroot\"]}]}",
	 FILES ",\"seccomp\":{\"default\":\"allow\",\"rules\":[{\"id\":\"a\",\"deny\":[\"chroot\"],"
	       "\"reason\":\"another\",\"need\":\"should\"}]}",
	 "", ""},
	{FILES,
	 FILES
	 ",\"seccomp\":{\"default\":\"allow\",\"rules\":[{\"id\":\"a\",\"deny\":[\"chroot\"]}]}",
	 "seccomp.default a", ""},
	{FILES
	 ",\"seccomp\":{\"default\":\"allow\",\"rules\":[{\"id\":\"a\",\"deny\":[\"chroot\"]}]}",
	 FILES
	 ",\"seccomp\":{\"default\":\"allow\",\"rules\":[{\"id\":\"a\",\"deny\":[\"chroot\"]},"
	 "{\"id\":\"b\",\"deny\":[\"acct\"],\"need\":\"should\"}]}",
	 "seccomp.default", "b"},
	{FILES
	 ",\"seccomp\":{\"default\":\"allow\",\"rules\":[{\"id\":\"a\",\"deny\":[\"chroot\"]}]}",
	 FILES, "", "seccomp"},
	/* Capabilities go, and do not come back. */
	{FILES, FILES ",\"capabilities\":{\"keep\":[\"chown\"]}", "", ""},
	{FILES ",\"capabilities\":{\"keep\":[\"chown\"]}",
	 FILES ",\"capabilities\":{\"keep\":[\"chown\",\"kill\"]}", "capabilities", ""},
	{FILES ",\"capabilities\":{\"keep\":[\"chown\",\"kill\"]}",
	 FILES ",\"capabilities\":{\"keep\":[\"kill\"]}", "", ""},
	/* Keys: what the filter refuses as well stays refused. */
	{FILES, FILES ",\"kernel\":{\"mount\":\"allow\"}", "kernel.mount", ""},
	{FILES, FILES ",\"kernel\":{\"fileless_exec\":\"allow\",\"signals\":\"allow\"}", "", ""},
	{FILES ",\"kernel\":{\"mount\":\"allow\"}", FILES ",\"kernel\":{\"mount\":\"deny\"}", "",
	 ""},
	{FILES ",\"kernel\":{\"signals\":\"deny\"}", FILES ",\"kernel\":{\"signals\":\"allow\"}",
	 "", ""},
	/* Limits and environment. */
	{FILES, FILES ",\"process\":{\"rlimits\":{\"nofile\":64}}", "process", ""},
	{FILES ",\"process\":{\"rlimits\":{\"nofile\":64}}",
	 FILES ",\"process\":{\"rlimits\":{\"nofile\":64}}", "", ""},
	{FILES, FILES ",\"resources\":{\"pids_max\":5}", "resources.pids_max", ""},
	{FILES ",\"resources\":{\"pids_max\":5}", FILES ",\"resources\":{\"pids_max\":5}", "", ""},
	{FILES ",\"resources\":{\"pids_max\":5}", FILES, "", "resources"},
	/* The filter has a part in append-only files. */
	{FILES, FILES_LOG, "log", ""},
	{FILES_LOG, FILES_LOG, "", ""},
	{FILES_LOG, FILES, "", ""},
	{FILES, "\"mode\":\"audit\"," FILES_LOG, "", ""},
	{"\"mode\":\"audit\"," FILES_LOG, FILES_LOG, "log", ""},
	{FILES, FILES_BOTH, "", ""},
	/* A filter that only recorded does not begin to refuse. */
	{"\"mode\":\"audit\"," FILES ",\"seccomp\":{\"default\":\"allow\",\"rules\":["
	 "{\"id\":\"a\",\"deny\":[\"chroot\"]}]}",
	 FILES
	 ",\"seccomp\":{\"default\":\"allow\",\"rules\":[{\"id\":\"a\",\"deny\":[\"chroot\"]}]}",
	 "seccomp.default a", ""},
};

static void list(struct rf_str *out, const struct rf_selection *selection, bool refused)
{
	for (size_t i = 0; i < selection->report.n; i++) {
		const struct rf_coverage *item = &selection->report.items[i];

		/* Keys that nobody gave have their defaults, which are no part of the rows. */
		if (item->hold == RF_HOLD_EXACT || rf_coverage_refuses(item) != refused ||
		    (item->kind == RF_ITEM_KERNEL && !item->place.line))
			continue;
		assert_true(item->why[0]);
		(void)rf_str_addf(out, "%s%s", out->len ? " " : "", item->id);
	}
}

static void what_is_given_for_life_is_compared(void **state RF_UNUSED)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		RF_AUTOSTR struct rf_str refused = RF_STR_INIT(4096), kept = RF_STR_INIT(4096);
		struct rf_policy *began = load(rows[i].began), *wanted = load(rows[i].wanted);
		struct rf_selection selection = {0};
		json_t *part = rf_fixed_part(began);
		struct rf_err err = RF_ERR_INIT;

		assert_int_equal(rf_fixed_judge(&selection, wanted, part, &err), 0);
		list(&refused, &selection, true);
		list(&kept, &selection, false);
		if (!rf_str_eq(rf_str_text(&refused), rows[i].refused) ||
		    !rf_str_eq(rf_str_text(&kept), rows[i].kept))
			fail_msg("row %zu: refused \"%s\", kept \"%s\"", i, rf_str_text(&refused),
				 rf_str_text(&kept));
		rf_selection_done(&selection);
		json_decref(part);
		(void)rf_policy_free(began);
		(void)rf_policy_free(wanted);
	}
}

/* A record from elsewhere, damaged or old, makes nothing look held. */
static void nothing_is_held_by_what_is_not_written_down(void **state RF_UNUSED)
{
	struct rf_policy *wanted = load(
		FILES ",\"capabilities\":{\"keep\":[\"chown\"]},\"seccomp\":{\"default\":\"deny\","
		      "\"allow\":[\"read\"]}");
	json_t *part =
		json_pack("{s:s,s:{s:s}}", "mode", "enforce", "capabilities", "keep", "junk");
	struct rf_selection selection = {0};
	struct rf_err err = RF_ERR_INIT;

	assert_int_equal(rf_fixed_judge(&selection, wanted, part, &err), 0);
	assert_true(rf_selection_refused(&selection) >= 2);
	rf_selection_done(&selection);
	json_decref(part);
	(void)rf_policy_free(wanted);
}

UNIT_MAIN(cmocka_unit_test(what_is_given_for_life_is_compared),
	  cmocka_unit_test(nothing_is_held_by_what_is_not_written_down));
