/* SPDX-License-Identifier: Apache-2.0 */
/* Symbolic constants are found, joined and refused as promised. */
#include "tests/unit/unit.h"

#include <string.h>

#include "sandbox/policy/symbols.h"

static void names_are_sorted(void **state)
{
	const char *name, *before = NULL;
	uint64_t value, found;

	(void)state;
	for (size_t i = 0; (name = rf_symbol_at(i, &value)); i++, before = name) {
		if (before && strcmp(before, name) >= 0)
			fail_msg("%s is out of order", name);
		assert_true(strlen(name) <= RF_SYMBOL_MAX);
		assert_int_equal(rf_symbol_find(name, &found), 0);
		assert_true(found == value);
	}
	assert_non_null(before);
}

/* Numbers of the kernel's interface, written down here independently of the headers. */
static void values_are_the_kernels(void **state)
{
	static const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{"TIOCSTI", 0x5412},	  {"TIOCLINUX", 0x541c},   {"CLONE_NEWUSER", 0x10000000},
		{"CLONE_NEWNS", 0x20000}, {"CLONE_NEWTIME", 0x80}, {"AF_UNIX", 1},
		{"AF_NETLINK", 16},	  {"AF_VSOCK", 40},	   {"SOCK_RAW", 3},
		{"PR_SET_SECCOMP", 22},	  {"O_CREAT", 0100},	   {"PROT_EXEC", 4},
		{"PTRACE_ATTACH", 16},	  {"PER_LINUX32", 8},	   {"ADDR_NO_RANDOMIZE", 0x40000},
		{"NETLINK_AUDIT", 9},	  {"MNT_DETACH", 2},	   {"AT_FDCWD", (uint64_t)-100},
		{"IPPROTO_RAW", 255},	  {"RLIMIT_NOFILE", 7},
	};
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		if (rf_symbol_find(rows[i].name, &value) < 0)
			fail_msg("%s is not there", rows[i].name);
		if (value != rows[i].value)
			fail_msg("%s is %#llx", rows[i].name, (unsigned long long)value);
	}
}

static void joined_names_are_united(void **state)
{
	uint64_t value = 77;

	(void)state;
	assert_int_equal(rf_symbol_find("CLONE_NEWUSER|CLONE_NEWNS", &value), 0);
	assert_true(value == 0x10020000);
	assert_int_equal(rf_symbol_find("O_CREAT|0x1|O_EXCL", &value), 0);
	assert_true(value == 0301);
}

static void nonsense_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"TIOCST",
		"tiocsti",
		"|TIOCSTI",
		"TIOCSTI|",
		"TIOCSTI||TIOCLINUX",
		" O_CREAT",
		"O_CREAT | O_EXCL",
		"O_CREAT|-1",
		"A23456789B23456789C23456789D23456789E23456789F23456789G23456789H23456789",
	};
	uint64_t value = 77;

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++)
		assert_int_equal(rf_symbol_find(rows[i], &value), -ENOENT);
	assert_true(value == 77);
}

UNIT_MAIN(cmocka_unit_test(names_are_sorted), cmocka_unit_test(values_are_the_kernels),
	  cmocka_unit_test(joined_names_are_united), cmocka_unit_test(nonsense_is_refused));
