/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: limits, odd files, whole writes, and who may change a file. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sandbox/base/fd.h"

static char dir[] = "/tmp/rf-test-fd-XXXXXX";
static int dirfd_ = -1;

static int make_dir(void **state RF_UNUSED)
{
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return -1;
	dirfd_ = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd_ < 0 ? -1 : 0;
}

static int remove_dir(void **state RF_UNUSED)
{
	RF_AUTOFREE char *command = NULL;

	close(dirfd_);
	if (chdir("/") < 0 || asprintf(&command, "rm -rf '%s'", dir) < 0)
		return -1;
	return system(command);
}

static void write_file(const char *name, const char *text)
{
	RF_AUTOCLOSE int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(rf_fd_write_all(fd, text, strlen(text), NULL), 0);
}

static void reads_up_to_the_limit_and_not_beyond(void **state RF_UNUSED)
{
	RF_AUTOFREE char *text = NULL, *more = NULL;
	struct rf_err err = RF_ERR_INIT;
	size_t len = 0;

	write_file("five", "12345");
	assert_int_equal(rf_fd_read_file("five", 5, &text, &len, &err), 0);
	assert_int_equal(len, 5);
	assert_string_equal(text, "12345");
	assert_int_equal(rf_fd_read_file("five", 4, &more, &len, &err), -EFBIG);
	assert_null(more);
	assert_string_equal(err.msg, "five: longer than the limit of 4 bytes");
}

static void reads_an_empty_file_and_a_long_pipe(void **state RF_UNUSED)
{
	RF_AUTOFREE char *text = NULL, *piped = NULL;
	char data[40000];
	size_t len = 7;
	int ends[2];

	write_file("empty", "");
	assert_int_equal(rf_fd_read_file("empty", 10, &text, &len, NULL), 0);
	assert_int_equal(len, 0);
	assert_string_equal(text, "");

	memset(data, 'p', sizeof(data));
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(rf_fd_write_all(ends[1], data, sizeof(data), NULL), 0);
	close(ends[1]);
	assert_int_equal(rf_fd_read_all(ends[0], sizeof(data), &piped, &len, NULL), 0);
	assert_int_equal(len, sizeof(data));
	assert_memory_equal(piped, data, sizeof(data));
	close(ends[0]);
}

static void a_fifo_is_refused_without_waiting(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;
	int fd = -1;

	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(rf_fd_open_read("fifo", &fd, &err), -EINVAL);
	assert_int_equal(fd, -1);
	assert_string_equal(err.msg, "fifo is not a regular file");
}

static void directories_devices_and_absent_files_are_refused(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;
	int fd = -1;

	assert_int_equal(rf_fd_open_read(".", &fd, NULL), -EISDIR);
	assert_int_equal(rf_fd_open_read("/dev/null", &fd, NULL), -EINVAL);
	assert_int_equal(rf_fd_open_read_at(dirfd_, "absent", &fd, &err), -ENOENT);
	assert_string_equal(err.msg, "cannot open absent: No such file or directory");
	assert_int_equal(fd, -1);
}

static void opened_files_close_on_exec(void **state RF_UNUSED)
{
	RF_AUTOCLOSE int fd = -1;

	write_file("plain", "x");
	assert_int_equal(rf_fd_open_read("plain", &fd, NULL), 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void mkdirs_makes_parents_and_accepts_existing(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;
	struct stat st;

	assert_int_equal(rf_fd_mkdirs("a/b/c", 0700, NULL), 0);
	assert_int_equal(rf_fd_mkdirs("a/b/c/", 0700, NULL), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	write_file("a/file", "");
	assert_int_equal(rf_fd_mkdirs("a/file/d", 0700, &err), -ENOTDIR);
	assert_string_equal(err.msg, "cannot make directory a/file: Not a directory");
}

static void atomic_write_replaces_with_the_exact_mode(void **state RF_UNUSED)
{
	RF_AUTOFREE char *text = NULL;
	mode_t old = umask(0077);
	struct stat st;

	assert_int_equal(rf_fd_write_atomic(dirfd_, "state", 0644, "one", 3, NULL), 0);
	assert_int_equal(rf_fd_write_atomic(dirfd_, "state", 0644, "two!", 4, NULL), 0);
	umask(old);
	assert_int_equal(rf_fd_read_file("state", 10, &text, NULL, NULL), 0);
	assert_string_equal(text, "two!");
	assert_int_equal(stat("state", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void failed_atomic_write_leaves_nothing_behind(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;
	RF_AUTOCLOSEDIR DIR *listing = NULL;
	int entries = 0;

	assert_int_equal(rf_fd_mkdirs("w/taken", 0700, NULL), 0);
	listing = opendir("w");
	assert_non_null(listing);
	assert_int_equal(rf_fd_write_atomic(dirfd(listing), "taken", 0600, "x", 1, &err), -EISDIR);
	while (readdir(listing))
		entries++;
	assert_int_equal(entries, 3); /* . .. taken */
}

static void files_that_others_may_change_are_refused(void **state RF_UNUSED)
{
	RF_AUTOCLOSE int fd = -1;
	struct rf_err err = RF_ERR_INIT;

	write_file("policy", "{}");
	assert_int_equal(rf_fd_open_read("policy", &fd, NULL), 0);
	assert_int_equal(rf_fd_secure_check(fd, "policy", NULL), 0);
	assert_int_equal(fchmod(fd, 0620), 0);
	assert_int_equal(rf_fd_secure_check(fd, "policy", &err), -EPERM);
	assert_string_equal(
		err.msg,
		"policy can be written by others than its owner (mode 0620): take that away with "
		"chmod go-w");
	assert_int_equal(fchmod(fd, 0602), 0);
	assert_int_equal(rf_fd_secure_check(fd, "policy", NULL), -EPERM);
	assert_int_equal(fchmod(fd, 0600), 0);
	assert_int_equal(rf_fd_secure_dir_check(fd, "policy", NULL), -ENOTDIR);
	assert_int_equal(rf_fd_secure_dir_check(dirfd_, dir, NULL), 0);
	assert_int_equal(fchmod(dirfd_, 01777), 0);
	assert_int_equal(rf_fd_secure_dir_check(dirfd_, dir, NULL), -EPERM);
	assert_int_equal(fchmod(dirfd_, 0700), 0);
}

static void files_of_another_user_are_refused(void **state RF_UNUSED)
{
	RF_AUTOCLOSE int fd = -1;

	if (geteuid() != 0)
		return; /* only root can give a file away */
	write_file("theirs", "{}");
	assert_int_equal(rf_fd_open_read("theirs", &fd, NULL), 0);
	assert_int_equal(fchown(fd, 12345, 0), 0);
	assert_int_equal(rf_fd_secure_check(fd, "theirs", NULL), -EPERM);
}

/* In a child, because the test's own output needs its descriptors. */
static void closed_standard_descriptors_are_filled_but_useless(void **state RF_UNUSED)
{
	int status;
	pid_t pid = fork();
	char c = 'x';

	assert_true(pid >= 0);
	if (!pid) {
		close_range(0, 2, 0);
		if (rf_fd_fill_std(NULL) < 0)
			_exit(1);
		if (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0 || fcntl(2, F_GETFD) < 0)
			_exit(2);
		if (read(0, &c, 1) != -1 || write(1, &c, 1) != -1 || write(2, &c, 1) != -1)
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_up_to_the_limit_and_not_beyond),
		cmocka_unit_test(reads_an_empty_file_and_a_long_pipe),
		cmocka_unit_test(a_fifo_is_refused_without_waiting),
		cmocka_unit_test(directories_devices_and_absent_files_are_refused),
		cmocka_unit_test(opened_files_close_on_exec),
		cmocka_unit_test(mkdirs_makes_parents_and_accepts_existing),
		cmocka_unit_test(atomic_write_replaces_with_the_exact_mode),
		cmocka_unit_test(failed_atomic_write_leaves_nothing_behind),
		cmocka_unit_test(files_that_others_may_change_are_refused),
		cmocka_unit_test(files_of_another_user_are_refused),
		cmocka_unit_test(closed_standard_descriptors_are_filled_but_useless),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir) ? 1 : 0;
}
