/* SPDX-License-Identifier: Apache-2.0 */
/* Where ringfence's own files are. See install.h. */
#include "sandbox/base/install.h"

#include <limits.h>
#include <string.h>

#include "config.h"

/* Folders of executables below PREFIX: installed, and in a build tree. */
static const char *const folders[] = {"/bin", "/libexec/ringfence", "/cli", "/tests/unit"};

size_t rf_install_prefix_len(const char *exe)
{
	const char *slash = strrchr(exe, '/');
	size_t dir_len = slash ? (size_t)(slash - exe) : 0;

	for (size_t i = 0; i < RF_ARRAY_LEN(folders); i++) {
		size_t len = strlen(folders[i]);

		if (dir_len > len && memcmp(exe + dir_len - len, folders[i], len) == 0)
			return dir_len - len;
	}
	return 0;
}

/* The running executable's path; asked once, since it stays. 0 or a negative errno. */
static int read_exe(char exe[PATH_MAX])
{
	static char kept[PATH_MAX];
	ssize_t len;

	if (!kept[0]) {
		len = readlink("/proc/self/exe", exe, PATH_MAX);
		if (len < 0)
			return -errno;
		if (len >= PATH_MAX)
			return -ENAMETOOLONG;
		exe[len] = '\0';
		memcpy(kept, exe, (size_t)len + 1);
	}
	memcpy(exe, kept, strlen(kept) + 1);
	return 0;
}

/* PREFIX/below if the executable tells its PREFIX and that exists, else the built-in place. */
static int find(char **ret, const char *below, const char *built_in, struct rf_err *err)
{
	RF_AUTOFREE char *path = NULL;
	char exe[PATH_MAX];
	size_t len = read_exe(exe) < 0 ? 0 : rf_install_prefix_len(exe);

	if (len && asprintf(&path, "%.*s/%s", (int)len, exe, below) < 0) {
		path = NULL; /* undefined after a failure */
		return rf_err_sys(err, -ENOMEM, "cannot locate %s", below);
	}
	if (!path || access(path, X_OK) < 0) {
		free(path);
		path = strdup(built_in);
	}
	if (!path)
		return rf_err_sys(err, -ENOMEM, "cannot locate %s", below);
	*ret = RF_TAKE_PTR(path);
	return 0;
}

int rf_install_datadir(char **ret, struct rf_err *err)
{
	return find(ret, "share/ringfence", RF_DATADIR, err);
}

int rf_install_libexecdir(char **ret, struct rf_err *err)
{
	return find(ret, "libexec/ringfence", RF_LIBEXECDIR, err);
}

int rf_install_executable(char **ret, struct rf_err *err)
{
	RF_AUTOFREE char *built = NULL;
	char exe[PATH_MAX];
	size_t len = read_exe(exe) < 0 ? 0 : rf_install_prefix_len(exe);

	/* In a build tree the executables are side by side. */
	if (len && asprintf(&built, "%.*s/cli/ringfence", (int)len, exe) < 0) {
		built = NULL;
		return rf_err_sys(err, -ENOMEM, "cannot locate ringfence");
	}
	if (built && access(built, X_OK) == 0) {
		*ret = RF_TAKE_PTR(built);
		return 0;
	}
	return find(ret, "bin/ringfence", RF_BINDIR "/ringfence", err);
}
