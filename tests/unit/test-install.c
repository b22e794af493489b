/* SPDX-License-Identifier: Apache-2.0 */
/* Where ringfence's own files are: beside the executable, else at the prefix of the build. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/install.h"
#include "sandbox/base/str.h"

/* This program runs in BUILD/tests/unit, and a build tree has BUILD/share/ringfence. */
static void found_beside_the_executable(void **state RF_UNUSED)
{
	RF_AUTOFREE char *dir = NULL, *policies = NULL;

	assert_int_equal(rf_install_datadir(&dir, NULL), 0);
	assert_int_equal(dir[0], '/');
	assert_true(rf_str_has_suffix(dir, "/share/ringfence"));
	assert_int_not_equal(asprintf(&policies, "%s/policies", dir), -1);
	assert_int_equal(access(policies, R_OK), 0);
}

static void helpers_of_a_build_tree(void **state RF_UNUSED)
{
	RF_AUTOFREE char *dir = NULL;

	assert_int_equal(rf_install_libexecdir(&dir, NULL), 0);
	assert_true(rf_str_has_suffix(dir, "/libexec/ringfence"));
	assert_int_equal(access(dir, X_OK), 0);
}

static void prefix_is_what_stands_before_the_folder(void **state RF_UNUSED)
{
	assert_int_equal(rf_install_prefix_len("/usr/bin/ringfence"), strlen("/usr"));
	assert_int_equal(rf_install_prefix_len("/opt/x/libexec/ringfence/ringfence-probe"),
			 strlen("/opt/x"));
	assert_int_equal(rf_install_prefix_len("/src/build/cli/ringfence"), strlen("/src/build"));
	assert_int_equal(rf_install_prefix_len("/usr/sbin/ringfence"), 0);
	assert_int_equal(rf_install_prefix_len("/bin/ringfence"), 0);
	assert_int_equal(rf_install_prefix_len("/opt/cabin/ringfence"), 0);
	assert_int_equal(rf_install_prefix_len("/ringfence"), 0);
	assert_int_equal(rf_install_prefix_len("ringfence"), 0);
	assert_int_equal(rf_install_prefix_len(""), 0);
}

UNIT_MAIN(cmocka_unit_test(found_beside_the_executable), cmocka_unit_test(helpers_of_a_build_tree),
	  cmocka_unit_test(prefix_is_what_stands_before_the_folder));
