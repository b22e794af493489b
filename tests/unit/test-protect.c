/* SPDX-License-Identifier: Apache-2.0 */
/* The user's own folders are protected wherever they really are, however their names are spelled.
 */
#include "tests/unit/unit.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/base/cleanup.h"
#include "sandbox/launch/pack.h"

static char top[PATH_MAX];

/* Root has no folders of its own below a home, so this is done as somebody else. */
static int set_up(void **state)
{
	(void)state;
	strcpy(top, "/tmp/rf-test-protect-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	if (geteuid() == 0 && (chown(top, 65534, 65534) < 0 || seteuid(65534) < 0))
		return -1;
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_CACHE_HOME");
	unsetenv("XDG_RUNTIME_DIR");
	return chdir(top);
}

static int tear_down(void **state)
{
	RF_AUTOFREE char *command = NULL;

	(void)state;
	if (chdir("/") < 0 || (getuid() == 0 && seteuid(0) < 0))
		return -1;
	return asprintf(&command, "rm -rf %s", top) > 0 && system(command) == 0 ? 0 : -1;
}

/* `%` stands for the test's own folder. */
static char *below(const char *text)
{
	const char *percent = strchr(text, '%');
	char *ret = NULL;

	if (!percent)
		return strdup(text);
	assert_true(asprintf(&ret, "%.*s%s%s", (int)(percent - text), text, top, percent + 1) > 0);
	return ret;
}

static bool holds(const struct rf_pattern *list, size_t n, const char *name)
{
	RF_AUTOFREE char *want = below(name);

	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].text, want) == 0)
			return true;
	return false;
}

static void make(const char *commands)
{
	assert_int_equal(system("rm -rf ./* ./.[a-z]*"), 0);
	assert_int_equal(system(commands), 0);
}

static void expect(const char *variable, const char *value, const char *const *names, bool hidden)
{
	RF_CLEANUP(rf_protect_done) struct rf_protect protect = {0};
	RF_AUTOFREE char *text = below(value);
	struct rf_err err = RF_ERR_INIT;

	setenv(variable, text, 1);
	if (rf_protect_collect(&protect, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	for (; *names; names++)
		if (!holds(hidden ? protect.all : protect.write,
			   hidden ? protect.n_all : protect.n_write, *names))
			fail_msg("%s=%s: %s is not protected", variable, value, *names);
	if (strcmp(variable, "HOME") != 0)
		unsetenv(variable);
}

#define WRITE(variable, value, ...)                                                                \
	expect(variable, value, (const char *const[]){__VA_ARGS__, NULL}, false)
#define HIDDEN(variable, value, ...)                                                               \
	expect(variable, value, (const char *const[]){__VA_ARGS__, NULL}, true)

static void spelling_does_not_matter(void **state)
{
	(void)state;
	make("mkdir -p home/.config/ringfence home/.cache");
	WRITE("HOME", "%/home", "%/home/.config/ringfence/**");
	WRITE("HOME", "%/home/", "%/home/.config/ringfence/**");
	WRITE("HOME", "/%//./home/../home", "%/home/.config/ringfence/**");
	HIDDEN("HOME", "%/home//", "%/home/.cache/ringfence/**");
	WRITE("XDG_CONFIG_HOME", "%/home/.config/", "%/home/.config/ringfence/**");
	HIDDEN("XDG_RUNTIME_DIR", "%/home//run/", "%/home/run/ringfence/**");
}

/* The link's own name is protected as well: who can change it moves the folder. */
static void links_are_followed(void **state)
{
	(void)state;
	make("mkdir -p real/dot/ringfence; ln -s real home; ln -s dot real/.config");
	WRITE("HOME", "%/home", "%/home/.config/ringfence/**", "%/real/dot/ringfence/**", "%/home",
	      "%/real/.config");
	make("mkdir -p home/.config else; ln -s ../../else home/.config/ringfence");
	WRITE("HOME", "%/home", "%/else/**", "%/home/.config/ringfence");
	make("mkdir home; ln -s missing/dir home/.config");
	WRITE("HOME", "%/home", "%/home/missing/dir/ringfence/**", "%/home/.config",
	      "%/home/missing");
	make("mkdir -p home big; ln -s ../big home/.cache");
	HIDDEN("HOME", "%/home", "%/big/ringfence/**");
}

/* Where the folder is not there yet, no link may be made on its way. */
static void missing_names_are_kept(void **state)
{
	(void)state;
	make("mkdir -p home");
	WRITE("HOME", "%/home", "%/home/.config", "%/home");
	make("mkdir -p home/.config");
	WRITE("HOME", "%/home", "%/home/.config");
}

static void odd_variables_count_as_unset(void **state)
{
	(void)state;
	make("mkdir -p home/.config");
	setenv("HOME", top, 1);
	WRITE("XDG_CONFIG_HOME", "relative", "%/.config/ringfence/**");
	WRITE("XDG_CONFIG_HOME", "", "%/.config/ringfence/**");
	WRITE("HOME", ".", "/etc/ringfence/**");
}

/* Nothing is there, and a command that made it must not keep its user from launching more. */
static void a_link_without_end_leads_nowhere(void **state)
{
	(void)state;
	make("mkdir home; ln -s .config home/.config; ln -s .cache home/.cache");
	WRITE("HOME", "%/home", "%/home/.config/ringfence/**", "%/home/.config");
	HIDDEN("HOME", "%/home", "%/home/.cache/ringfence/**");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spelling_does_not_matter),
		cmocka_unit_test(links_are_followed),
		cmocka_unit_test(missing_names_are_kept),
		cmocka_unit_test(odd_variables_count_as_unset),
		cmocka_unit_test(a_link_without_end_leads_nowhere),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down) ? 1 : 0;
}
