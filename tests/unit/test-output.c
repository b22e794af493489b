/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs that a user names: what is there and is no file is written through or left alone. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/output.h"

static char dir[] = "/tmp/rf-test-output-XXXXXX";

static int make_dir(void **state RF_UNUSED)
{
	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int remove_dir(void **state RF_UNUSED)
{
	RF_AUTOFREE char *command = NULL;

	if (chdir("/") < 0 || asprintf(&command, "rm -rf '%s'", dir) < 0)
		return -1;
	return system(command);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode;
}

static void files_are_replaced_whole_with_the_mode(void **state RF_UNUSED)
{
	RF_AUTOFREE char *text = NULL, *path = NULL;

	assert_int_equal(rf_output_write("file", 0600, "one", 3, NULL), 0);
	assert_int_equal(rf_output_write("./file", 0644, "two!", 4, NULL), 0);
	assert_true(asprintf(&path, "%s/file", dir) > 0);
	assert_int_equal(rf_fd_read_file(path, 10, &text, NULL, NULL), 0);
	assert_string_equal(text, "two!");
	assert_int_equal(mode_of("file"), S_IFREG | 0644);
}

static void a_fifo_is_written_through(void **state RF_UNUSED)
{
	RF_AUTOCLOSE int fd = -1;
	char got[8] = "";

	assert_int_equal(mkfifo("fifo", 0600), 0);
	fd = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(rf_output_write("fifo", 0644, "page", 4, NULL), 0);
	assert_int_equal(read(fd, got, sizeof(got)), 4);
	assert_string_equal(got, "page");
	assert_int_equal(mode_of("fifo"), S_IFIFO | 0600);
}

/* Nodes of our own: never those of the machine, which a mistake here would replace. */
static void a_device_is_written_through_and_its_error_told(void **state RF_UNUSED)
{
	struct rf_err err = RF_ERR_INIT;

	if (mknod("full", S_IFCHR | 0600, makedev(1, 7)) < 0 ||
	    mknod("null", S_IFCHR | 0600, makedev(1, 3)) < 0 || access("null", W_OK) < 0)
		skip();
	assert_int_equal(rf_output_write("null", 0644, "page", 4, NULL), 0);
	assert_int_equal(rf_output_write("full", 0644, "page", 4, &err), -ENOSPC);
	assert_string_equal(rf_err_text(&err), "write full: cannot write: No space left on device");
	assert_int_equal(mode_of("null"), S_IFCHR | 0600);
	assert_int_equal(mode_of("full"), S_IFCHR | 0600);
}

static void all_else_is_refused_and_stays(void **state RF_UNUSED)
{
	RF_AUTOCLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	static const struct {
		const char *path, *sentence;
	} refused[] = {
		{"dir", "cannot write dir: it is a directory"},
		{"dir/", "cannot write dir/: it is no name of a file"},
		{"", "cannot write \"\": it is no name of a file"},
		{"link", "cannot write link: it is a symbolic link; name the file it leads to, or "
			 "- for standard output"},
		{"nowhere", "cannot write nowhere: it is a symbolic link; name the file it leads "
			    "to, or - for standard output"},
		{"socket", "cannot write socket: it is a socket, not a file"},
		{"none/x", "cannot write none/x: cannot open none: No such file or directory"},
	};

	assert_int_equal(mkdir("dir", 0700), 0);
	assert_int_equal(rf_output_write("target", 0600, "kept", 4, NULL), 0);
	assert_int_equal(symlink("target", "link"), 0);
	assert_int_equal(symlink("absent", "nowhere"), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	for (size_t i = 0; i < RF_ARRAY_LEN(refused); i++) {
		struct rf_err err = RF_ERR_INIT;

		assert_true(rf_output_write(refused[i].path, 0644, "x", 1, &err) < 0);
		assert_string_equal(rf_err_text(&err), refused[i].sentence);
	}
	assert_true(S_ISLNK(mode_of("link")));
	assert_true(S_ISLNK(mode_of("nowhere")));
	assert_true(S_ISSOCK(mode_of("socket")));
	assert_int_equal(access("absent", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_replaced_whole_with_the_mode),
		cmocka_unit_test(a_fifo_is_written_through),
		cmocka_unit_test(a_device_is_written_through_and_its_error_told),
		cmocka_unit_test(all_else_is_refused_and_stays),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir) ? 1 : 0;
}
