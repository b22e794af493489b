/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over the files of its corpus, as TAP, in builds without libFuzzer: an input
 * that once broke a parser is tried in every run of the tests.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/base/fd.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (16 << 20)

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay(const char *dir, const char *name)
{
	RF_AUTOFREE char *path = NULL, *data = NULL;
	struct rf_err err = RF_ERR_INIT;
	size_t len = 0;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return -ENOMEM;
	if (rf_fd_read_file(path, INPUT_MAX, &data, &len, &err) < 0) {
		printf("# %s\n", rf_err_text(&err));
		return err.code;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)data, len);
	return 0;
}

int main(int argc, char **argv)
{
	struct dirent **names = NULL;
	int count = argc == 2 ? scandir(argv[1], &names, is_input, alphasort) : -1;
	int failed = 0;

	if (count <= 0) {
		printf("Bail out! no corpus\n");
		return 1;
	}
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		int r = replay(argv[1], names[i]->d_name);

		printf("%sok %d - %s\n", r < 0 ? "not " : "", i + 1, names[i]->d_name);
		fflush(stdout); /* a crash must not take the results before it */
		failed |= r < 0;
		free(names[i]);
	}
	free(names);
	return failed;
}
