/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the shipped policies decide about files: a table of names, rights and deciding rules, asked
 * of the compiled automaton, as if nothing but these files existed on the machine.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/policy/dfa.h"
#include "sandbox/policy/policy.h"

struct row {
	const char *path;
	const char *rights;    /* of "rwx": read, write, exec; "" none */
	const char *denied_by; /* rule that denies reading; NULL: not asked */
};

struct shipped {
	struct rf_policy *policy;
	struct rf_dfa *dfa;
};

/* The policies of the source tree, found as a user's own: nothing needs to be installed. */
static char library[] = "/tmp/rf-shipped-XXXXXX";

static int make_library(void **state)
{
	RF_AUTOFREE char *link = NULL, *target = NULL;

	(void)state;
	if (!mkdtemp(library) || asprintf(&link, "%s/ringfence", library) < 0 ||
	    asprintf(&target, "%s/policies", getenv("RF_SOURCE_ROOT")) < 0)
		return -1;
	return symlink(target, link);
}

static int remove_library(void **state)
{
	RF_AUTOFREE char *link = NULL;

	(void)state;
	if (asprintf(&link, "%s/ringfence", library) < 0 || unlink(link) < 0)
		return -1;
	return rmdir(library);
}

static void load(struct shipped *ret, const char *name, const char *cwd)
{
	const struct rf_variable variables[] = {
		{"HOME", "/home/user"}, {"CWD", cwd},	    {"USER", "user"},
		{"UID", "1000"},	{"TMPDIR", "/tmp"},
	};
	const struct rf_load_options options = {.variables = variables,
						.n_variables = RF_ARRAY_LEN(variables),
						.search_user = true,
						.user_config_dir = library};
	RF_AUTOFREE struct rf_dfa_rule *rules = NULL;
	struct rf_dfa_input input = {0};
	RF_AUTOFREE char *path = NULL;
	struct rf_err err = RF_ERR_INIT;

	assert_true(asprintf(&path, "%s/policies/%s.json", getenv("RF_SOURCE_ROOT"), name) > 0);
	if (rf_policy_load(&ret->policy, (const char *const *)&path, 1, &options, NULL, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
	rules = calloc(ret->policy->n_files, sizeof(*rules));
	for (size_t i = 0; i < ret->policy->n_files; i++) {
		const struct rf_file_rule *rule = &ret->policy->files[i];

		rules[i] = (struct rf_dfa_rule){.index = rule->rule.index,
						.rights = rule->rights,
						.deny = rule->rule.deny,
						.patterns = rule->paths,
						.n_patterns = rule->n_paths,
						.except = rule->except,
						.n_except = rule->n_except};
	}
	input.rules = rules;
	input.n_rules = ret->policy->n_files;
	input.policy = ret->policy;
	if (rf_dfa_compile(&ret->dfa, &input, &err) < 0)
		fail_msg("%s", rf_err_text(&err));
}

static void done(struct shipped *shipped)
{
	rf_dfa_free(shipped->dfa);
	rf_policy_free(shipped->policy);
}

static void check_rows(const char *name, const char *cwd, const struct row *rows, size_t n)
{
	RF_CLEANUP(done) struct shipped shipped = {0};

	load(&shipped, name, cwd);
	for (size_t i = 0; i < n; i++) {
		const char *path = strcmp(rows[i].path, "/") == 0 ? "" : rows[i].path;
		uint32_t q = rf_dfa_run(shipped.dfa, path, strlen(path));
		const struct rf_dfa_verdict *v =
			&shipped.dfa->verdicts.data[shipped.dfa->states.data[q].verdict];
		char rights[8] = "";

		if (v->allowed[0] & RF_FILE_READ)
			strcat(rights, "r");
		if (v->allowed[0] & RF_FILE_WRITE)
			strcat(rights, "w");
		if (v->allowed[0] & RF_FILE_EXEC)
			strcat(rights, "x");
		if (strcmp(rights, rows[i].rights) != 0)
			print_message("%s in %s: %s\n", name, cwd, rows[i].path);
		assert_string_equal(rights, rows[i].rights);
		if (!rows[i].denied_by)
			continue;
		assert_int_not_equal(v->rule[0][0], RF_DFA_RULE_NONE);
		assert_string_equal(shipped.policy->rules[v->rule[0][0]]->id, rows[i].denied_by);
	}
}

/* What every policy that extends @base shares. */
static const struct row base_rows[] = {
	{"/usr/bin/ls", "rx", NULL},
	{"/usr/lib/x86_64-linux-gnu/libc.so.6", "rx", NULL},
	{"/etc/passwd", "r", NULL},
	{"/etc/anything/at/all", "r", NULL},
	{"/etc/shadow", "", "secrets.passwords"},
	{"/etc/gshadow-", "", "secrets.passwords"},
	{"/etc/sudoers.d/x", "", "secrets.passwords"},
	{"/etc/ssh/ssh_host_ed25519_key", "", "secrets.passwords"},
	{"/etc/ssh/ssh_host_ed25519_key.pub", "r", NULL},
	{"/home/user/.ssh/id_ed25519", "", "secrets.ssh"},
	{"/home/user/.ssh/sub/key", "", "secrets.ssh"},
	{"/home/other/.ssh/id_rsa", "", "secrets.ssh"},
	{"/home/user/.gnupg/private-keys-v1.d/k", "", "secrets.keys"},
	{"/home/user/.aws/credentials", "", "secrets.clouds"},
	{"/home/user/.kube/config", "", "secrets.clouds"},
	{"/srv/x/.docker/config.json", "", "secrets.clouds"},
	{"/home/user/.netrc", "", "secrets.tokens"},
	{"/home/user/.mozilla/firefox/p/logins.json", "", "secrets.browsers"},
	{"/home/user/.config/google-chrome-beta/Default/Cookies", "", "secrets.browsers"},
	{"/home/user/.bash_history", "", "secrets.history"},
	{"/home/user/Documents/letter", "", NULL},
	{"/home/other/file", "", NULL},
	{"/proc/kcore", "", "memory"},
	{"/dev/mem", "", "memory"},
	{"/proc/meminfo", "r", NULL},
	{"/proc/1/mem", "r", NULL},
	{"/dev/null", "rw", NULL},
	{"/dev/pts/3", "rw", NULL},
	{"/dev/shm/x", "rw", NULL},
	{"/dev/sda", "", NULL},
	{"/boot/vmlinuz", "", NULL},
	{"/var/lib/docker/x", "", NULL},
	{"/", "r", NULL},
};

static void secrets_stay_out_of_every_policy(void **state)
{
	static const char *const names[] = {"base",  "default", "strict", "batch",
					    "build", "agent",	"web"};

	(void)state;
	for (size_t i = 0; i < RF_ARRAY_LEN(names); i++)
		check_rows(names[i], "/data/project", base_rows, RF_ARRAY_LEN(base_rows));
}

static void default_works_where_it_stands(void **state)
{
	static const struct row rows[] = {
		{"/data/project", "rwx", NULL},
		{"/data/project/src/main.c", "rwx", NULL},
		{"/data/project/.env", "x", "secrets.env-files"},
		{"/data/project/sub/.env", "x", "secrets.env-files"},
		{"/data/project/.ssh/id_rsa", "x", "secrets.ssh"},
		{"/data/other", "", NULL},
		{"/tmp/cc123.s", "rwx", NULL},
		{"/home/user/.gitconfig", "r", NULL},
		{"/home/user/.bashrc", "r", NULL},
		{"/home/user/.ssh/known_hosts", "r", NULL},
		{"/home/user/.ssh/config", "r", NULL},
		{"/home/user/.ssh/id_rsa.pub", "", NULL},
		{"/home/user/.cache/pip/x", "rwx", NULL},
		{"/home/user/.cache/p10k-instant-prompt-user.zsh", "rx", NULL},
		{"/home/user/.cache/gitstatus/gitstatusd", "rx", NULL},
		{"/home/user/.cache/pre-commit/db.db", "rx", NULL},
		{"/home/user/.cache/nvim", "rx", NULL},
		{"/home/user/.cache/nvim/luac/x", "rx", NULL},
		{"/home/user/.cache/nvim/x", "rwx", NULL},
		{"/home/user/.cargo/bin/cargo", "rx", NULL},
		{"/home/user/.cargo/credentials.toml", "", "secrets.tokens"},
		{"/var/www/html/index.html", "r", NULL},
		{"/var/log/nginx/error.log", "rw", NULL},
		{"/run/nginx.pid", "rw", NULL},
		{"/run/credentials/x/y", "", "secrets.passwords"},
	};

	(void)state;
	check_rows("default", "/data/project", rows, RF_ARRAY_LEN(rows));
}

static void default_in_the_home_keeps_its_secrets(void **state)
{
	static const struct row rows[] = {
		{"/home/user", "rwx", NULL},
		{"/home/user/new.txt", "rwx", NULL},
		{"/home/user/a/b", "rwx", NULL},
		{"/home/user/.bashrc", "rx", NULL},
		{"/home/user/.config/autostart/x", "rx", NULL},
		{"/home/user/.ssh/id_rsa", "x", "secrets.ssh"},
		{"/home/user/.ssh/known_hosts", "rx", NULL},
		{"/home/user/.aws/config", "x", "secrets.clouds"},
		{"/home/user/.netrc", "x", "secrets.tokens"},
		{"/home/other/x", "", NULL},
	};

	(void)state;
	check_rows("default", "/home/user", rows, RF_ARRAY_LEN(rows));
}

static void default_in_the_root_opens_nothing(void **state)
{
	static const struct row rows[] = {
		{"/etc/passwd", "r", NULL}, {"/usr/bin/ls", "rx", NULL}, {"/data/x", "", NULL},
		{"/home/user/x", "", NULL}, {"/var/lib/x", "", NULL},	 {"/tmp/x", "rwx", NULL},
	};

	(void)state;
	check_rows("default", "/", rows, RF_ARRAY_LEN(rows));
}

static void agent_cannot_leave_traps(void **state)
{
	static const struct row rows[] = {
		{"/data/project/main.c", "rwx", NULL},
		{"/data/project/.git/HEAD", "rwx", NULL},
		{"/data/project/.git/hooks/pre-commit", "rx", NULL},
		{"/data/project/.git/config", "rx", NULL},
		{"/data/project/.git", "rx", NULL},
		{"/data/project/.git/commondir", "rx", NULL},
		{"/data/project/HEAD", "rx", NULL},
		{"/data/project/sub/HEAD", "rwx", NULL},
		{"/data/project/.git/worktrees", "rx", NULL},
		{"/data/project/.git/worktrees/a", "rx", NULL},
		{"/data/project/.git/worktrees/a/config", "rx", NULL},
		{"/data/project/.git/worktrees/a/config.worktree", "rx", NULL},
		{"/data/project/.git/worktrees/a/commondir", "rx", NULL},
		{"/data/project/.git/worktrees/a/gitdir", "rx", NULL},
		{"/data/project/.git/worktrees/a/hooks/x", "rx", NULL},
		{"/data/project/.git/worktrees/a/modules/s/config", "rx", NULL},
		{"/data/project/.git/worktrees/a/index", "rwx", NULL},
		{"/data/project/.vscode", "rx", NULL},
		{"/data/project/.vscode/tasks.json", "rx", NULL},
		{"/data/project/.vscode/settings.json", "rwx", NULL},
		{"/data/project/deep/sub/.git/config", "rwx", NULL},
		{"/data/project/.git/index.lock", "rwx", NULL},
		{"/home/user/.bashrc", "r", NULL},
		{"/home/user/.local/bin/x", "rx", NULL},
		{"/home/user/.cache/pip/x", "rwx", NULL},
		{"/home/user/.cache/p10k-instant-prompt-user.zsh", "rx", NULL},
		{"/home/user/.cache/zsh/zcompdump-5.9", "rx", NULL},
		{"/home/user/.yarn/bin/ls", "rx", NULL},
	};

	(void)state;
	check_rows("agent", "/data/project", rows, RF_ARRAY_LEN(rows));
}

static void strict_writes_nowhere(void **state)
{
	static const struct row rows[] = {
		{"/data/project/x", "rx", NULL},
		{"/tmp/x", "", NULL},
		{"/dev/null", "rw", NULL},
		{"/var/tmp/x", "", NULL},
	};

	(void)state;
	check_rows("strict", "/data/project", rows, RF_ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_stay_out_of_every_policy),
		cmocka_unit_test(default_works_where_it_stands),
		cmocka_unit_test(default_in_the_home_keeps_its_secrets),
		cmocka_unit_test(default_in_the_root_opens_nothing),
		cmocka_unit_test(agent_cannot_leave_traps),
		cmocka_unit_test(strict_writes_nowhere),
	};

	return cmocka_run_group_tests(tests, make_library, remove_library) ? 1 : 0;
}
