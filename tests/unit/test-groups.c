/* SPDX-License-Identifier: Apache-2.0 */
/* The @sets are sorted, hold real calls, and together hold every call the library knows. */
#include "tests/unit/unit.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/base/fd.h"
#include "sandbox/policy/groups.h"

static bool group_has(const struct rf_group *group, const char *call)
{
	for (size_t i = 0; i < group->n_calls; i++)
		if (strcmp(group->calls[i], call) == 0)
			return true;
	return false;
}

static bool any_group_has(const char *call)
{
	const struct rf_group *group;

	for (size_t i = 0; (group = rf_group_at(i)); i++)
		if (group_has(group, call))
			return true;
	return false;
}

static void sets_and_names_are_sorted(void **state)
{
	const struct rf_group *group, *before = NULL;

	(void)state;
	for (size_t i = 0; (group = rf_group_at(i)); i++, before = group) {
		assert_true(!before || strcmp(before->name, group->name) < 0);
		assert_ptr_equal(rf_group_find(group->name), group);
		assert_true(group->n_calls > 0);
		assert_true(group->purpose[0] != '\0');
		for (size_t k = 1; k < group->n_calls; k++)
			if (strcmp(group->calls[k - 1], group->calls[k]) >= 0)
				fail_msg("@%s: %s is out of order", group->name, group->calls[k]);
	}
	assert_true(before != NULL);
	assert_null(rf_group_find("nothing"));
	assert_null(rf_group_find("@keyring"));
}

/* Where the numbers of an architecture begin. */
static const struct {
	uint32_t arch, base;
} tables[] = {
	{SCMP_ARCH_X86_64, 0},	     {SCMP_ARCH_X86, 0},
	{SCMP_ARCH_X32, 0x40000000}, {SCMP_ARCH_AARCH64, 0},
	{SCMP_ARCH_ARM, 0},	     {SCMP_ARCH_ARM, 0x0f0000}, /* its private calls */
	{SCMP_ARCH_MIPS, 4000},	     {SCMP_ARCH_MIPS64, 5000},
	{SCMP_ARCH_MIPS64N32, 6000}, {SCMP_ARCH_PPC, 0},
	{SCMP_ARCH_PPC64, 0},	     {SCMP_ARCH_S390, 0},
	{SCMP_ARCH_S390X, 0},	     {SCMP_ARCH_PARISC, 0},
	{SCMP_ARCH_PARISC64, 0},     {SCMP_ARCH_RISCV64, 0},
};

static void every_known_call_is_in_a_set(void **state)
{
	size_t calls = 0;

	(void)state;
	for (size_t a = 0; a < RF_ARRAY_LEN(tables); a++) {
		size_t before = calls;

		for (uint32_t nr = tables[a].base; nr < tables[a].base + 1024; nr++) {
			RF_AUTOFREE char *name =
				seccomp_syscall_resolve_num_arch(tables[a].arch, (int)nr);

			if (!name)
				continue;
			calls++;
			if (!any_group_has(name))
				fail_msg("%s is in no set", name);
		}
		if (calls == before)
			fail_msg("no call from %u on of %#x", tables[a].base, tables[a].arch);
	}
	assert_true(calls > 4000);
}

/* Names that libseccomp may not know yet; anything else in a set must be known. */
static const char *const newer[] = {
	"file_getattr",	     "file_setattr",	 "getxattrat",	      "listmount", "listxattrat",
	"lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr", "mseal",	   "open_tree_attr",
	"removexattrat",     "setxattrat",	 "statmount",
};

static void sets_hold_known_calls(void **state)
{
	const struct rf_group *group;

	(void)state;
	for (size_t i = 0; (group = rf_group_at(i)); i++) {
		for (size_t k = 0; k < group->n_calls; k++) {
			bool listed = rf_call_known(group->calls[k]);

			for (size_t n = 0; n < RF_ARRAY_LEN(newer); n++)
				listed = listed || strcmp(newer[n], group->calls[k]) == 0;
			if (!listed)
				fail_msg("@%s: %s is no call", group->name, group->calls[k]);
		}
	}
	assert_true(rf_call_known("openat2"));
	assert_true(rf_call_known("socketcall"));
	assert_false(rf_call_known("opennat"));
	assert_false(rf_call_known(""));
}

/* One door closed, all closed: siblings stand in the set of the call they replace. */
static void siblings_are_together(void **state)
{
	static const char *const rows[][3] = {
		{"file-system", "open", "openat2"},
		{"file-system", "access", "faccessat2"},
		{"file-system", "rename", "renameat2"},
		{"file-system", "chmod", "fchmodat2"},
		{"process", "clone", "clone3"},
		{"process", "execve", "execveat"},
		{"keyring", "add_key", "keyctl"},
		{"mount", "mount", "mount_setattr"},
		{"mount", "open_tree", "open_tree_attr"},
		{"module", "init_module", "finit_module"},
		{"reboot", "kexec_load", "kexec_file_load"},
		{"io-uring", "io_uring_setup", "io_uring_enter"},
		{"network-io", "socket", "socketcall"},
		{"clock", "clock_settime", "clock_settime64"},
	};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(rows); i++) {
		const struct rf_group *group = rf_group_find(rows[i][0]);

		assert_non_null(group);
		assert_true(group_has(group, rows[i][1]));
		assert_true(group_has(group, rows[i][2]));
	}
}

static void has_line(const char *file, const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("%s lacks: %s", file, line);
}

/* Nobody can use what nobody can look up. */
static void sets_are_in_the_reference_and_the_manual(void **state)
{
	static const char *const files[] = {"docs/policy.md", "docs/man/ringfence-policy.5.scd"};
	const struct rf_group *group;

	(void)state;
	for (size_t f = 0; f < RF_ARRAY_LEN(files); f++) {
		RF_AUTOFREE char *path = NULL, *text = NULL;
		struct rf_err err = RF_ERR_INIT;

		assert_true(asprintf(&path, "%s/%s", getenv("RF_SOURCE_ROOT"), files[f]) > 0);
		if (rf_fd_read_file(path, 1 << 20, &text, NULL, &err) < 0)
			fail_msg("%s", rf_err_text(&err));
		for (size_t i = 0; (group = rf_group_at(i)); i++) {
			char line[256];

			(void)snprintf(line, sizeof(line), f == 0 ? "\n| `@%s` | %s |\n" : "*@%s*",
				       group->name, group->purpose);
			has_line(files[f], text, line);
		}
	}
}

UNIT_MAIN(cmocka_unit_test(sets_and_names_are_sorted),
	  cmocka_unit_test(every_known_call_is_in_a_set), cmocka_unit_test(sets_hold_known_calls),
	  cmocka_unit_test(siblings_are_together),
	  cmocka_unit_test(sets_are_in_the_reference_and_the_manual));
