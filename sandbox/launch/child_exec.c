/* SPDX-License-Identifier: Apache-2.0 */
/* The last act of the child: find the program and become it. See child.h. */
#include "sandbox/launch/child.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND      127

/* Where a command without PATH is looked for: what login gives root and users alike. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool is_missing(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

static int fail(const char *command, int error, struct rf_err *err)
{
	if (is_missing(error) && strchr(command, '/') && access(command, F_OK) == 0) {
		rf_err_set(err, -error, "cannot execute %s: its interpreter is missing", command);
		return STATUS_NOT_EXECUTABLE;
	}
	rf_err_sys(err, -error, "cannot execute %s", command);
	return is_missing(error) ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

/*
 * One element of PATH. An empty one would mean the working directory, which the confined project
 * owns; it is passed over. Returns the error of the attempt.
 */
static int try_element(const char *dir, size_t dir_len, char *const *argv, const struct rf_env *env)
{
	char path[PATH_MAX];
	int error;

	if (dir_len == 0)
		return ENOENT;
	if (snprintf(path, sizeof(path), "%.*s/%s", (int)dir_len, dir, argv[0]) >=
	    (int)sizeof(path))
		return ENAMETOOLONG;
	execve(path, argv, env->list);
	error = errno;
	/* A folder that may not be searched holds nothing for the command, as shells see it. */
	if (error == EACCES && access(path, F_OK) < 0 && (errno == EACCES || errno == ENOENT))
		return ENOENT;
	return error;
}

static int search(const char *search_path, char *const *argv, const struct rf_env *env,
		  struct rf_err *err)
{
	int worst = ENOENT;

	for (const char *dir = search_path;; dir++) {
		size_t len = strcspn(dir, ":");
		int error = len < PATH_MAX ? try_element(dir, len, argv, env) : ENAMETOOLONG;

		/* A file that is there but may not be executed hides none that comes later. */
		if (error != EACCES && error != EPERM && !is_missing(error) &&
		    error != ENAMETOOLONG && error != ELOOP)
			return fail(argv[0], error, err);
		if (error == EACCES || error == EPERM)
			worst = error;
		dir += len;
		if (!*dir)
			break;
	}
	if (worst == ENOENT)
		rf_err_set(err, -ENOENT, "command %s is not found in PATH", argv[0]);
	return worst == ENOENT ? STATUS_NOT_FOUND : fail(argv[0], worst, err);
}

int rf_child_exec(char *const *argv, const struct rf_env *env, struct rf_err *err)
{
	const char *search_path = rf_env_get(env, "PATH");

	if (!argv[0][0]) {
		rf_err_set(err, -ENOENT, "the command's name is empty");
		return STATUS_NOT_FOUND;
	}
	if (!strchr(argv[0], '/'))
		return search(search_path ? search_path : DEFAULT_PATH, argv, env, err);
	execve(argv[0], argv, env->list);
	return fail(argv[0], errno, err);
}
