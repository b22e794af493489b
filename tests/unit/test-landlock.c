/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock for real, in forked children of root and of an ordinary user: what the judge calls held
 * is refused, what is allowed works, and real programs start.
 */
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>

#include "sandbox/launch/landlock_abi.h"
#include "tests/unit/fence.h"

static const struct rf_backend *const landlock[] = {&rf_backend_landlock, NULL};

#define FILES  (1U << RF_SECTION_FILES)
#define KERNEL (1U << RF_SECTION_KERNEL)

struct files {
	struct fence fence;
	struct rf_file_rule rules[4];
	struct rf_pattern patterns[16];
	size_t n_patterns;
};

static void add_rule(struct files *files, const char *id, uint32_t rights, const char *const *paths)
{
	struct rf_file_rule *rule = &files->rules[files->fence.policy.n_files++];

	rule->rights = rights;
	rule->paths = &files->patterns[files->n_patterns];
	for (; *paths; paths++, rule->n_paths++)
		files->patterns[files->n_patterns++].text = *paths;
	fence_rule(&files->fence, &rule->rule, RF_SECTION_FILES, id, false);
}

static char secret[128], inside[128], outside[128], moved[128];

static void files_init(struct files *files, const char *work)
{
	static const char *const system_paths[] = {"/usr/**", "/lib/**",	  "/lib64/**",
						   "/bin/**", "/etc/ld.so.cache", NULL};
	static const char *const nodes[] = {"/dev/null", "/dev/tty", "/proc/self/**", NULL};
	const char *const work_paths[] = {work, NULL};

	memset(files, 0, sizeof(*files));
	fence_init(&files->fence);
	files->fence.policy.files = files->rules;
	add_rule(files, "system", RF_FILE_READ | RF_FILE_EXEC, system_paths);
	add_rule(files, "nodes", RF_FILE_READ | RF_FILE_WRITE_ALL, nodes);
	if (work)
		add_rule(files, "work", RF_FILE_READ | RF_FILE_WRITE_ALL, work_paths);
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int look_at_files(void *data RF_UNUSED)
{
	if (try_open(inside, O_RDWR | O_CREAT) != 0)
		return 1;
	if (try_open(secret, O_RDONLY) != -EACCES)
		return 2;
	if (try_open(outside, O_WRONLY | O_CREAT) != -EACCES)
		return 3;
	if (try_open("/dev/null", O_RDWR) != 0)
		return 4;
	if (try_open("/proc/self/status", O_RDONLY) != 0)
		return 5;
	if (try_open("/etc/passwd", O_RDONLY) != -EACCES)
		return 6;
	if (rename(inside, moved) != 0) /* both below the work folder: REFER is granted */
		return 7;
	if (rename(moved, outside) == 0)
		return 8;
	if (link("/usr/bin/env", inside) == 0) /* would add write */
		return 9;
	if (rf_landlock_abi() >= RF_LL_ABI_TRUNCATE && truncate(secret, 0) == 0)
		return 10;
	return 0;
}

static int run_programs(void *data RF_UNUSED)
{
	int r = system("/bin/sh -c 'echo hello >/dev/null && ls /usr >/dev/null && cat "
		       "/proc/self/status >/dev/null 2>&1 || test $? = 1'");

	return WIFEXITED(r) ? WEXITSTATUS(r) : 99;
}

static int run_denied_program(void *data RF_UNUSED)
{
	char *const argv[] = {moved, NULL};

	execv(moved, argv);
	return errno == EACCES ? 0 : 1;
}

static void with_work(int (*body)(void *data))
{
	struct files files;
	char work[128] = "", path[160];

	files_init(&files, work);
	snprintf(work, sizeof(work), "%s/work/**", fence_dir(&files.fence));
	snprintf(path, sizeof(path), "%s/work", files.fence.dir);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(chmod(path, 0777), 0);
	snprintf(path, sizeof(path), "%s/work/sub", files.fence.dir);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(chmod(path, 0777), 0);
	snprintf(secret, sizeof(secret), "%s/secret", files.fence.dir);
	snprintf(outside, sizeof(outside), "%s/outside", files.fence.dir);
	snprintf(inside, sizeof(inside), "%s/work/a", files.fence.dir);
	snprintf(moved, sizeof(moved), "%s/work/sub/b", files.fence.dir);
	close(creat(secret, 0666));
	assert_int_equal(chmod(secret, 0666), 0);
	for (int user = 0; user < 2; user++) {
		int r = fence_run(&files.fence, landlock, FILES,
				  user && geteuid() == 0 ? FENCE_NOBODY : 0, body, NULL);

		if (r)
			fail_msg("step %d as %s", r, user ? "user" : "root");
		(void)unlink(moved);
	}
	fence_remove_dir(&files.fence);
}

static void only_what_is_granted_opens(void **state RF_UNUSED)
{
	with_work(look_at_files);
}

static void ordinary_programs_run(void **state RF_UNUSED)
{
	with_work(run_programs);
}

static int copy_then_run(void *data)
{
	int from = open("/usr/bin/true", O_RDONLY), to = open(moved, O_WRONLY | O_CREAT, 0755);
	char buffer[65536];
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, (size_t)n) != n)
			return 2;
	close(to);
	return run_denied_program(data);
}

static void a_copy_does_not_execute(void **state RF_UNUSED)
{
	with_work(copy_then_run);
}

static int change_mounts(void *data RF_UNUSED)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL) < 0 && errno == EPERM ? 0 : 1;
}

static void mounts_stay_as_they_are(void **state RF_UNUSED)
{
	with_work(change_mounts);
}

static int touch_parent(void *data RF_UNUSED)
{
	if (ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0)
		return 1;
	if (try_open(secret, O_RDONLY) != 0) /* files are not fenced here */
		return 2;
	if (rf_landlock_abi() >= RF_LL_ABI_SCOPE && (kill(getppid(), 0) == 0 || errno != EPERM))
		return 3;
	return kill(getpid(), 0) == 0 ? 0 : 4;
}

static void processes_outside_are_out_of_reach(void **state RF_UNUSED)
{
	struct fence fence;

	fence_init(&fence);
	fence.policy.kernel[RF_KERNEL_PTRACE].value = RF_KERNEL_INSIDE;
	strcpy(secret, "/etc/passwd");
	if (rf_landlock_abi() < RF_LL_ABI_SCOPE)
		assert_int_equal(fence_run(&fence, landlock, KERNEL, 0, touch_parent, NULL), 0);
	fence.policy.kernel[RF_KERNEL_SIGNALS].value = RF_KERNEL_INSIDE;
	assert_int_equal(fence_run(&fence, landlock, KERNEL, 0, touch_parent, NULL), 0);
}

static int ptrace_only(void *data RF_UNUSED)
{
	if (ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0 || errno != EPERM)
		return 1;
	return kill(getppid(), 0) == 0 && try_open(secret, O_RDONLY) == 0 ? 0 : 2;
}

static void a_domain_for_ptrace_alone_denies_nothing_else(void **state RF_UNUSED)
{
	struct fence fence;

	fence_init(&fence);
	fence.policy.kernel[RF_KERNEL_PTRACE].value = RF_KERNEL_INSIDE;
	strcpy(secret, "/etc/passwd");
	assert_int_equal(fence_run(&fence, landlock, KERNEL, 0, ptrace_only, NULL), 0);
}

static int read_secret(void *data RF_UNUSED)
{
	return try_open(secret, O_RDONLY) == 0 ? 0 : 1;
}

static void audit_mode_denies_nothing(void **state RF_UNUSED)
{
	struct files files;

	files_init(&files, NULL);
	strcpy(secret, "/etc/passwd");
	assert_int_equal(fence_run(&files.fence, landlock, FILES, 0, read_secret, NULL), 1);
	files.fence.policy.mode = RF_MODE_AUDIT;
	assert_int_equal(fence_run(&files.fence, landlock, FILES, 0, read_secret, NULL), 0);
	files.fence.policy.mode = RF_MODE_ENFORCE;
	files.fence.policy.files_default = RF_DEFAULT_ALLOW;
	assert_int_equal(fence_run(&files.fence, landlock, FILES, 0, read_secret, NULL), 0);
}

static void magic_links_below_proc_self_grant_nothing(void **state RF_UNUSED)
{
	static const char *const roots[] = {"/proc/self/root/**", "/proc/self/cwd/**", NULL};
	struct files files;

	files_init(&files, NULL);
	add_rule(&files, "root", RF_FILE_READ, roots);
	strcpy(secret, "/etc/passwd");
	assert_int_equal(fence_run(&files.fence, landlock, FILES, 0, read_secret, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_granted_opens),
		cmocka_unit_test(ordinary_programs_run),
		cmocka_unit_test(a_copy_does_not_execute),
		cmocka_unit_test(mounts_stay_as_they_are),
		cmocka_unit_test(processes_outside_are_out_of_reach),
		cmocka_unit_test(a_domain_for_ptrace_alone_denies_nothing_else),
		cmocka_unit_test(audit_mode_denies_nothing),
		cmocka_unit_test(magic_links_below_proc_self_grant_nothing),
	};

	if (rf_landlock_abi() == 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
