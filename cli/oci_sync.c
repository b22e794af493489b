/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies of a cluster onto a node. See oci_sync.h.
 *
 * The list of what came from the cluster, /etc/ringfence/.cluster, is written before the first file
 * and again after the last: whatever is killed in between, the next call knows every file it may
 * replace or remove, and no other.
 */
#include "cli/oci_sync.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/oci_lock.h"
#include "cli/oci_places.h"
#include "cli/variables.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/policy/limits.h"
#include "sandbox/policy/policy.h"

#define POLICIES_MAX 256
#define SUFFIX	     ".json"
#define LIST	     ".cluster"
#define STAGE	     ".cluster-new"
#define LIST_MAX     ((size_t)POLICIES_MAX * 4 * (NAME_MAX + 1))

struct file {
	char *name; /* NAME.json */
	char *text; /* NULL: it was the cluster's before */
	size_t len;
};

struct set {
	struct file items[POLICIES_MAX * 2];
	size_t n;
};

static void set_done(struct set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		free(set->items[i].name);
		free(set->items[i].text);
	}
	set->n = 0;
}

static const struct file *find(const struct set *set, const char *name)
{
	for (size_t i = 0; i < set->n; i++)
		if (rf_str_eq(set->items[i].name, name))
			return &set->items[i];
	return NULL;
}

/* Names that policies can have; so no dot in front, no slash. */
static int check_name(const char *name, struct rf_err *err)
{
	size_t len = strlen(name) - strlen(SUFFIX);

	if (len == 0 || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-") != len)
		return rf_err_set(err, -EINVAL, "%.160s is no name of a policy", name);
	return 0;
}

static struct file *add(struct set *set, const char *name)
{
	struct file *file = &set->items[set->n];

	if (set->n == RF_ARRAY_LEN(set->items))
		return NULL;
	*file = (struct file){.name = strdup(name)};
	set->n += file->name != NULL;
	return file->name ? file : NULL;
}

/* ---- reading ---- */

static int read_one(struct set *set, int dir, const char *name, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;
	struct file *file;
	int r = check_name(name, err);

	if (r < 0)
		return r;
	file = set->n < POLICIES_MAX ? add(set, name) : NULL;
	if (!file)
		return rf_err_set(err, -E2BIG, "more than %d policies", POLICIES_MAX);
	if ((r = rf_fd_open_read_at(dir, name, &fd, err)) < 0)
		return r;
	r = rf_fd_read_all(fd, RF_LIMIT_FILE_BYTES, &file->text, &file->len, err);
	return r < 0 ? rf_err_wrap(err, r, "%s", name) : 0;
}

/* A mounted ConfigMap has all its files in ..data, a link that is moved as a whole. */
static int read_from(struct set *set, const char *from, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	RF_AUTOCLOSEDIR DIR *dir = NULL;
	int data, r = 0;

	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open %s", from);
	data = openat(fd, "..data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (data < 0 && errno != ENOENT)
		return rf_err_sys(err, -errno, "cannot open %s/..data", from);
	dir = fdopendir(data < 0 ? fd : data);
	if (!dir) {
		if (data >= 0)
			(void)close(data);
		return rf_err_sys(err, -ENOMEM, "read %s", from);
	}
	if (data < 0)
		(void)RF_TAKE_FD(fd);
	for (struct dirent *entry = readdir(dir); entry && r == 0; entry = readdir(dir))
		if (entry->d_name[0] != '.' && rf_str_has_suffix(entry->d_name, SUFFIX))
			r = read_one(set, dirfd(dir), entry->d_name, err);
	return r;
}

/* What earlier calls wrote. */
static int read_list(struct set *set, int etc, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = openat(etc, LIST, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	RF_AUTOFREE char *text = NULL;
	char *at;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : rf_err_sys(err, -errno, "cannot open " LIST);
	r = rf_fd_read_all(fd, LIST_MAX, &text, NULL, err);
	at = text;
	for (const char *line = r == 0 ? strsep(&at, "\n") : NULL; line && r == 0;
	     line = strsep(&at, "\n")) {
		if (!*line)
			continue;
		if (!rf_str_has_suffix(line, SUFFIX))
			r = rf_err_set(err, -EBADMSG, LIST " is not understood");
		else
			r = check_name(line, err);
		if (r == 0 && !find(set, line) && !add(set, line))
			r = rf_err_set(err, -E2BIG, LIST " is too long");
	}
	return r;
}

/* ---- judging ---- */

static int load_one(const char *config_dir, const char *name, struct rf_err *err)
{
	RF_CLEANUP(rf_variables_done) struct rf_variables variables = {0};
	RF_CLEANUP(rf_problems_done) struct rf_problems problems = {0};
	struct rf_load_options options = {.root = NULL};
	char *const env[] = {NULL};
	char bare[NAME_MAX + 1];
	const char *argument = bare;
	struct rf_policy *policy = NULL;
	int r = rf_variables_collect(&variables, 0, env, "/", NULL, 0, err);

	if (r < 0)
		return r;
	(void)snprintf(bare, sizeof(bare), "%.*s", (int)(strlen(name) - strlen(SUFFIX)), name);
	rf_variables_apply(&variables, &options);
	options.user_config_dir = config_dir;
	options.search_user = true;
	r = rf_policy_load(&policy, &argument, 1, &options, &problems, err);
	(void)rf_policy_free(policy);
	return r;
}

/* In a folder of their own, which names are looked up in first: they may extend each other. */
static int judge(const struct set *set, int etc, const char *etc_path, struct rf_err *err)
{
	RF_AUTOCLOSE int dir = -1;
	char config_dir[PATH_MAX];
	int r = 0;

	if ((mkdirat(etc, STAGE, 0755) < 0 && errno != EEXIST) ||
	    (mkdirat(etc, STAGE "/ringfence", 0755) < 0 && errno != EEXIST))
		return rf_err_sys(err, -errno, "cannot make a folder in %s", etc_path);
	dir = openat(etc, STAGE "/ringfence", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return rf_err_sys(err, -errno, "cannot open a folder in %s", etc_path);
	(void)snprintf(config_dir, sizeof(config_dir), "%.4000s/" STAGE, etc_path);
	for (size_t i = 0; i < set->n && r == 0; i++)
		r = rf_fd_write_atomic(dir, set->items[i].name, 0644, set->items[i].text,
				       set->items[i].len, err);
	for (size_t i = 0; i < set->n && r == 0; i++)
		r = load_one(config_dir, set->items[i].name, err);
	return r;
}

static void unstage(int etc)
{
	RF_AUTOCLOSEDIR DIR *dir = NULL;
	int fd = openat(etc, STAGE "/ringfence", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	dir = fd < 0 ? NULL : fdopendir(fd);
	for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir))
		if (!rf_str_eq(entry->d_name, ".") && !rf_str_eq(entry->d_name, ".."))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	(void)unlinkat(etc, STAGE "/ringfence", AT_REMOVEDIR);
	(void)unlinkat(etc, STAGE, AT_REMOVEDIR);
}

/* What an administrator put there is not the cluster's to replace. */
static int check_foreign(const struct set *new, const struct set *old, int etc, struct rf_err *err)
{
	for (size_t i = 0; i < new->n; i++)
		if (!find(old, new->items[i].name) &&
		    faccessat(etc, new->items[i].name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return rf_err_set(err, -EEXIST,
					  "%s is there and not of the cluster; rename one of the "
					  "two",
					  new->items[i].name);
	return 0;
}

/* ---- writing ---- */

static int write_list(const struct set *a, const struct set *b, int etc, struct rf_err *err)
{
	RF_AUTOSTR struct rf_str text = RF_STR_INIT(LIST_MAX);

	for (size_t i = 0; i < a->n; i++)
		(void)rf_str_addf(&text, "%s\n", a->items[i].name);
	for (size_t i = 0; b && i < b->n; i++)
		if (!find(a, b->items[i].name))
			(void)rf_str_addf(&text, "%s\n", b->items[i].name);
	if (rf_str_error(&text) < 0)
		return rf_err_set(err, rf_str_error(&text), "the list of policies is too long");
	return rf_fd_write_atomic(etc, LIST, 0644, rf_str_text(&text), strlen(rf_str_text(&text)),
				  err);
}

static bool is_written(int etc, const struct file *file)
{
	RF_AUTOCLOSE int fd = openat(etc, file->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	RF_AUTOFREE char *text = NULL;
	struct stat st;
	size_t len = 0;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & 07777) == 0644 && st.st_uid == geteuid() &&
	       rf_fd_read_all(fd, RF_LIMIT_FILE_BYTES, &text, &len, NULL) == 0 &&
	       len == file->len && memcmp(text, file->text, len) == 0;
}

static int put(const struct set *new, const struct set *old, int etc, size_t *ret,
	       struct rf_err *err)
{
	int r = 0;

	for (size_t i = 0; i < new->n &&r == 0; i++) {
		const struct file *file = &new->items[i];

		if (is_written(etc, file))
			continue;
		r = rf_fd_write_atomic(etc, file->name, 0644, file->text, file->len, err);
		*ret += r == 0;
	}
	for (size_t i = 0; i < old->n && r == 0; i++) {
		const char *name = old->items[i].name;

		if (find(new, name))
			continue;
		if (unlinkat(etc, name, 0) == 0)
			++*ret;
		else if (errno != ENOENT)
			r = rf_err_sys(err, -errno, "cannot remove %s", name);
	}
	return r;
}

static bool is_same_list(const struct set *new, const struct set *old)
{
	for (size_t i = 0; i < new->n; i++)
		if (!find(old, new->items[i].name))
			return false;
	return new->n == old->n;
}

static int open_etc(const char *root, char path[PATH_MAX], struct rf_err *err)
{
	int fd, r;

	if (snprintf(path, PATH_MAX, "%s" RF_OCI_SPEC_DIR, root) >= PATH_MAX)
		return rf_err_set(err, -ENAMETOOLONG, "%s is too long", root);
	r = rf_fd_mkdirs(path, 0755, err);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open %s", path);
	r = rf_fd_secure_dir_check(fd, path, err);
	if (r == 0)
		return fd;
	(void)close(fd);
	return r;
}

/* The lock last: whoever was killed before is found by it (rf_oci_sync_remove). */
static int forget(int etc, struct rf_err *err)
{
	if (unlinkat(etc, LIST, 0) < 0 && errno != ENOENT)
		return rf_err_sys(err, -errno, "cannot remove " LIST);
	return rf_oci_lock_remove(etc, err);
}

/* from NULL: none, and nothing of ours is left. */
static int change(const char *from, const char *root, size_t *ret, struct rf_err *err)
{
	RF_CLEANUP(set_done) struct set new = {.n = 0}, old = {.n = 0};
	char path[PATH_MAX];
	RF_AUTOCLOSE int etc = open_etc(root, path, err), lock = -1;
	int r = etc;

	*ret = 0;
	if (r < 0 || (r = rf_oci_lock(etc, path, &lock, err)) < 0 ||
	    (from && (r = read_from(&new, from, err)) < 0) || (r = read_list(&old, etc, err)) < 0)
		return r;
	r = check_foreign(&new, &old, etc, err);
	if (r == 0)
		r = judge(&new, etc, path, err);
	unstage(etc);
	if (r == 0 && !is_same_list(&new, &old))
		r = write_list(&new, &old, etc, err);
	if (r == 0)
		r = put(&new, &old, etc, ret, err);
	if (r == 0 && !is_same_list(&new, &old))
		r = write_list(&new, NULL, etc, err);
	return r == 0 && !from ? forget(etc, err) : r;
}

int rf_oci_sync(const char *from, const char *root, size_t *ret, struct rf_err *err)
{
	return change(from, root, ret, err);
}

int rf_oci_sync_remove(const char *root, struct rf_err *err)
{
	static const char *const ours[] = {LIST, RF_OCI_LOCK_FILE};
	char path[PATH_MAX];
	bool any = false;
	size_t n;

	for (size_t i = 0; i < RF_ARRAY_LEN(ours); i++) {
		if (snprintf(path, sizeof(path), "%s" RF_OCI_SPEC_DIR "/%s", root, ours[i]) >=
		    PATH_MAX)
			return rf_err_set(err, -ENAMETOOLONG, "%s is too long", root);
		any |= access(path, F_OK) == 0 || errno != ENOENT;
	}
	return any ? change(NULL, root, &n, err) : 0;
}
