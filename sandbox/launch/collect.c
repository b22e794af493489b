/* SPDX-License-Identifier: Apache-2.0 */
/* Reading records back: finding a sandbox, and clearing away what dead supervisors left. */
#include "sandbox/launch/record.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/launch/backend.h"
#include "sandbox/launch/cgroup.h"
#include "sandbox/launch/record_dir.h"

#define RECORD_MAX (4u << 20)

/* A launch cleans up for others, but not without end. */
#define COLLECT_MAX 64

/* One user's sandboxes are listed, but not without end. */
#define EACH_MAX 4096

#define TURN_TRIES 100 /* a second */

/* A file without content whose maker died before writing it. */
#define EMPTY_AGE_S 60

RF_DEFINE_CLEANUP(json_t, json_freep, json_decref)

static int copy_string(char *ret, size_t size, const json_t *root, const char *key)
{
	const char *text = json_string_value(json_object_get(root, key));
	size_t len = text ? strlen(text) : size;

	if (len >= size)
		return -EINVAL;
	memcpy(ret, text, len + 1);
	return 0;
}

static int parse(struct rf_found *ret, const char *text, size_t len)
{
	RF_CLEANUP(json_freep) json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *container;
	char id[32] = "0x";

	if (!root || copy_string(id + 2, sizeof(id) - 2, root, "id") < 0 || strlen(id) != 18 ||
	    copy_string(ret->name, sizeof(ret->name), root, "name") < 0 ||
	    copy_string(ret->policy, sizeof(ret->policy), root, "policy") < 0 ||
	    copy_string(ret->sha256, sizeof(ret->sha256), root, "sha256") < 0 ||
	    copy_string(ret->cgroup_path, sizeof(ret->cgroup_path), root, "cgroup") < 0)
		return -EINVAL;
	container = json_object_get(json_object_get(root, "recipe"), "container");
	(void)copy_string(ret->container, sizeof(ret->container), container, "id");
	(void)copy_string(ret->runtime, sizeof(ret->runtime), container, "runtime");
	(void)copy_string(ret->pod, sizeof(ret->pod), container, "pod");
	ret->supervisor = (pid_t)json_integer_value(json_object_get(root, "supervisor"));
	ret->command = (pid_t)json_integer_value(json_object_get(root, "command"));
	return rf_parse_u64_any(id, UINT64_MAX, &ret->id) == 0 && ret->id ? 0 : -EINVAL;
}

/*
 * 0 and ret filled; -EAGAIN for one that is not written yet. *ret_fd stays open for its lock, which
 * is shared: nobody who looks may be taken for the supervisor, who alone has it for himself.
 */
static int read_record(struct rf_found *ret, int dir_fd, const char *file, int *ret_fd)
{
	RF_AUTOCLOSE int fd = openat(dir_fd, file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	RF_AUTOFREE char *text = NULL;
	struct stat st;
	size_t len;
	int r;

	memset(ret, 0, sizeof(*ret));
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	ret->uid = st.st_uid;
	ret->supervised = flock(fd, LOCK_SH | LOCK_NB) < 0;
	r = rf_fd_read_all(fd, RECORD_MAX, &text, &len, NULL);
	if (r == 0 && len == 0)
		r = time(NULL) - st.st_mtime > EMPTY_AGE_S ? -EINVAL : -EAGAIN;
	if (r == 0)
		r = parse(ret, text, len);
	if (r == 0 || r == -EINVAL)
		*ret_fd = RF_TAKE_FD(fd);
	return r;
}

/* A record can only name a cgroup that ringfence makes: what it names is removed. */
static bool is_ours(const char *path)
{
	return strstr(path, "/ringfence/") || strstr(path, "/ringfence-");
}

static bool has_processes(const struct rf_found *found)
{
	RF_AUTOCLOSE int fd = -1;

	if (!found->cgroup_path[0])
		return false;
	fd = open(found->cgroup_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno != ENOENT;
	return rf_cgroup_populated(fd) != 0;
}

static void reclaim(const struct rf_found *found)
{
	for (const struct rf_candidate *c = rf_candidates; c->backends[0]; c++)
		for (size_t i = 0; i < RF_CHOICE_MAX && c->backends[i]; i++)
			if (c->backends[i]->reclaim)
				c->backends[i]->reclaim(found->id);
}

static void collect_one(int dir_fd, const char *file)
{
	RF_AUTOCLOSE int lock = -1;
	struct rf_found found;
	int r = read_record(&found, dir_fd, file, &lock);

	if (found.supervised || (r < 0 && r != -EINVAL))
		return;
	if (r == 0 && has_processes(&found))
		return;
	if (r == 0)
		reclaim(&found);
	if (r == 0 && found.cgroup_path[0] && is_ours(found.cgroup_path) &&
	    rf_cgroup_remove(found.cgroup_path) < 0)
		return;
	(void)unlinkat(dir_fd, file, 0);
	rf_record_history_remove(dir_fd, file);
}

/* own: a record whose directory is open already; NULL: none. */
static DIR *open_dir(const struct rf_record *own)
{
	RF_AUTOCLOSE int fd = -1;
	DIR *dir;

	if (own && own->dir_fd >= 0)
		fd = openat(own->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else if (rf_record_dir_open(&fd, false, NULL) < 0)
		return NULL;
	dir = fdopendir(fd);
	if (dir)
		(void)RF_TAKE_FD(fd);
	return dir;
}

/*
 * One at a time: who comes meanwhile waits, since the other may be past what it came for. A file
 * that only we can open, since whoever can open the directory could lock that. False: somebody is
 * at it for long.
 */
static bool take_turn(int dir_fd, int *ret)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	RF_AUTOCLOSE int fd =
		openat(dir_fd, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int tries = TURN_TRIES;

	if (fd < 0) /* no room: what is taken away makes some */
		return true;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (--tries <= 0)
			return false;
		(void)nanosleep(&pause, NULL);
	}
	*ret = RF_TAKE_FD(fd);
	return true;
}

void rf_record_collect(const struct rf_record *own)
{
	RF_AUTOCLOSEDIR DIR *dir = open_dir(own);
	RF_AUTOCLOSE int turn = -1;
	int seen = 0;

	if (!dir || !take_turn(dirfd(dir), &turn))
		return;
	for (struct dirent *entry = readdir(dir); entry && seen < COLLECT_MAX; entry = readdir(dir))
		if (rf_str_has_suffix(entry->d_name, ".json") &&
		    !(own && rf_str_eq(entry->d_name, own->file))) {
			collect_one(dirfd(dir), entry->d_name);
			seen++;
		}
}

enum called {
	CALLED_OTHERWISE,
	CALLED_FOR_SHORT,
	CALLED_SO
};

static enum called is_called(const struct rf_found *found, const char *name)
{
	char id[32];

	(void)snprintf(id, sizeof(id), "%016" PRIx64, found->id);
	if (rf_str_eq(id, name) || rf_str_eq(found->name, name) ||
	    (found->container[0] && rf_str_eq(found->container, name)))
		return CALLED_SO;
	return rf_str_begins_long(found->container, name, RF_CONTAINER_ID_LEAST) ? CALLED_FOR_SHORT
										 : CALLED_OTHERWISE;
}

/* Made if need be: a user who has started nothing yet lacks nothing. */
int rf_record_kept(struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;

	return geteuid() == 0 ? 0 : rf_record_dir_open(&fd, true, err);
}

int rf_record_find(struct rf_found *ret, const char *name, struct rf_err *err)
{
	RF_AUTOCLOSEDIR DIR *dir = open_dir(NULL);
	enum called best = CALLED_OTHERWISE;
	struct rf_err why = RF_ERR_INIT;
	int n = 0;

	for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
		RF_AUTOCLOSE int lock = -1;
		struct rf_found found;
		enum called called;

		if (!rf_str_has_suffix(entry->d_name, ".json") ||
		    read_record(&found, dirfd(dir), entry->d_name, &lock) < 0 ||
		    (!found.supervised && !has_processes(&found)))
			continue;
		called = is_called(&found, name);
		if (called == CALLED_OTHERWISE || called < best)
			continue;
		n = called > best ? 1 : n + 1;
		best = called;
		*ret = found;
	}
	if (n == 0 && rf_record_kept(&why) < 0)
		return rf_err_set(
			err, -ENOENT,
			"no running sandbox of this user is known by name: %s, where they "
			"would be recorded (XDG_RUNTIME_DIR may name another one)",
			rf_err_text(&why));
	if (n == 0)
		return rf_err_set(err, -ENOENT, "no running sandbox is called %s", name);
	if (n > 1)
		return rf_err_set(err, -ENOTUNIQ, "%d running sandboxes are called %s; give the id",
				  n, name);
	return 0;
}

/* A user's record names whatever the user likes: only a directory of cgroups is looked into. */
static bool is_cgroup_path(const char *path)
{
	return rf_str_has_prefix(path, "/sys/fs/cgroup/") && !strstr(path, "/../");
}

/* dir_fd is consumed. */
static void each_in(int dir_fd, uid_t uid, rf_found_fn fn, void *data)
{
	RF_AUTOCLOSEDIR DIR *dir = fdopendir(dir_fd);
	int n = 0;

	if (!dir) {
		(void)close(dir_fd);
		return;
	}
	for (struct dirent *entry = readdir(dir); entry && n < EACH_MAX; entry = readdir(dir)) {
		RF_AUTOCLOSE int lock = -1;
		struct rf_found found;

		if (!rf_str_has_suffix(entry->d_name, ".json"))
			continue;
		n++;
		if (read_record(&found, dirfd(dir), entry->d_name, &lock) < 0 || found.uid != uid)
			continue;
		if (!found.supervised && uid != geteuid() && !is_cgroup_path(found.cgroup_path))
			continue;
		if (found.supervised || has_processes(&found))
			fn(data, &found);
	}
}

void rf_record_each(rf_found_fn fn, void *data)
{
	RF_AUTOCLOSEDIR DIR *users = geteuid() == 0 ? opendir("/run/user") : NULL;
	int fd = -1;

	if (rf_record_dir_open(&fd, false, NULL) == 0)
		each_in(fd, geteuid(), fn, data);
	for (struct dirent *entry = users ? readdir(users) : NULL; entry; entry = readdir(users)) {
		uint64_t uid;

		if (rf_parse_u64(entry->d_name, UINT32_MAX - 1, &uid) < 0 || uid == 0)
			continue;
		fd = rf_record_dir_of_user(dirfd(users), entry->d_name, (uid_t)uid);
		if (fd >= 0)
			each_in(fd, (uid_t)uid, fn, data);
	}
}

int rf_record_recipe(const struct rf_found *found, char **ret, struct rf_err *err)
{
	RF_CLEANUP(json_freep) json_t *root = NULL;
	RF_AUTOFREE char *text = NULL;
	RF_AUTOCLOSE int dir = -1;
	RF_AUTOCLOSE int fd = -1;
	char file[32];
	size_t len = 0;
	int r = rf_record_dir_open(&dir, false, err);

	(void)snprintf(file, sizeof(file), "%016" PRIx64 ".json", found->id);
	if (r == 0)
		r = rf_fd_open_read_at(dir, file, &fd, err);
	if (r == 0)
		r = rf_fd_read_all(fd, RECORD_MAX, &text, &len, err);
	if (r < 0)
		return rf_err_wrap(err, r, "record of sandbox %s", found->name);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	*ret = json_dumps(json_object_get(root, "recipe"), JSON_COMPACT);
	if (!*ret)
		return rf_err_set(err, -ENODATA, "sandbox %s does not tell how it was started",
				  found->name);
	return 0;
}
