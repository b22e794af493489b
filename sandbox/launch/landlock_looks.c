/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at objects, and looking again. See landlock_looks.h. */
#include "sandbox/launch/landlock_looks.h"

#include <fcntl.h>
#include <glob.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/base/sum.h"
#include "sandbox/launch/landlock_grant.h"
#include "sandbox/launch/mounts.h"
#include "sandbox/policy/pattern.h"
#include "sandbox/policy/stamp.h"

/* More objects than this are opened again when they are granted. */
#define OPEN_MAX_LOOKS 512

struct rf_ll_looks *rf_ll_looks_new(void)
{
	struct rf_ll_looks *looks = calloc(1, sizeof(*looks));

	if (looks)
		looks->since = rf_stamp_now();
	return looks;
}

struct rf_ll_looks *rf_ll_looks_free(struct rf_ll_looks *looks)
{
	if (!looks)
		return NULL;
	for (size_t i = 0; i < looks->looks.len; i++) {
		if (looks->looks.data[i].fd >= 0)
			(void)close(looks->looks.data[i].fd);
		if (!looks->borrowed)
			free((char *)(uintptr_t)looks->looks.data[i].path);
	}
	for (size_t i = 0; i < looks->globs.len && !looks->borrowed; i++)
		free((char *)(uintptr_t)looks->globs.data[i].pattern);
	for (size_t i = 0; i < looks->named.len && !looks->borrowed; i++)
		free((char *)(uintptr_t)looks->named.data[i].path);
	rf_ll_look_vec_done(&looks->looks);
	rf_ll_glob_vec_done(&looks->globs);
	rf_ll_named_vec_done(&looks->named);
	free(looks);
	return NULL;
}

static int open_as(const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC | flags,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(__NR_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int rf_ll_open(const char *path)
{
	return open_as(path, 0);
}

static void keep_fd(struct rf_ll_looks *looks, struct rf_ll_look *look, int *fd)
{
	look->fd = -1;
	if (!look->access || *fd < 0 || looks->n_open == OPEN_MAX_LOOKS)
		return;
	look->fd = *fd;
	*fd = -1;
	looks->n_open++;
}

int rf_ll_looks_add(struct rf_ll_looks *looks, const struct rf_ll_look *look, int *fd)
{
	struct rf_ll_look copy = *look;

	copy.fd = -1;
	copy.path = strdup(look->path);
	if (!copy.path || rf_ll_look_vec_push(&looks->looks, copy) < 0) {
		free((char *)(uintptr_t)copy.path);
		return -ENOMEM;
	}
	keep_fd(looks, &looks->looks.data[looks->looks.len - 1], fd);
	return 0;
}

static uint64_t sum_names(char *const *found, size_t n)
{
	uint64_t sum = n;

	for (size_t i = 0; i < n; i++)
		sum += rf_sum64(found[i], strlen(found[i])); /* in whatever order they came */
	return sum;
}

int rf_ll_looks_add_glob(struct rf_ll_looks *looks, const char *pattern, char *const *found,
			 size_t n)
{
	struct rf_ll_glob glob = {.pattern = strdup(pattern), .sum = sum_names(found, n)};

	if (glob.pattern && rf_ll_glob_vec_push(&looks->globs, glob) == 0)
		return 0;
	free((char *)(uintptr_t)glob.pattern);
	return -ENOMEM;
}

/* Not behind a link: what a link leads to has a pattern of its own. *ret_seen is as of a look. */
static bool has_several_names(const char *path, int *ret_seen)
{
	RF_AUTOCLOSE int fd = rf_ll_open(path);
	struct stat st;

	*ret_seen = fd;
	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	*ret_seen = S_ISLNK(st.st_mode) ? RF_LL_SEEN_LINK : RF_LL_SEEN_OTHER;
	return S_ISREG(st.st_mode) && st.st_nlink > 1;
}

int rf_ll_looks_named(struct rf_ll_looks *looks, const char *path, bool *ret)
{
	struct rf_ll_named named = {.path = NULL};

	named.several = has_several_names(path, &named.seen);
	*ret = named.several;
	if (!looks)
		return 0;
	named.path = strdup(path);
	if (named.path && rf_ll_named_vec_push(&looks->named, named) == 0)
		return 0;
	free((char *)(uintptr_t)named.path);
	return -ENOMEM;
}

/* Whether what was seen at `at` tells that no link stands on the way to dir. */
static bool tells(const char *at, int seen, const char *dir)
{
	switch (seen) {
	case RF_LL_SEEN_DIR:
	case RF_LL_SEEN_OTHER:
	case -ENOENT:
	case -ENOTDIR:
		return rf_path_is_above(dir, at);
	case RF_LL_SEEN_LINK:
		return rf_path_is_above(dir, at) && strcmp(dir, at) != 0;
	default:
		return false;
	}
}

bool rf_ll_looks_cover(const struct rf_ll_looks *looks, const char *dir)
{
	for (size_t i = 0; i < looks->looks.len; i++)
		if (tells(looks->looks.data[i].path, looks->looks.data[i].seen, dir))
			return true;
	for (size_t i = 0; i < looks->named.len; i++)
		if (tells(looks->named.data[i].path, looks->named.data[i].seen, dir))
			return true;
	return false;
}

/* ---- as bytes ---- */

/* An entry is this, the text and its NUL. */
struct packed {
	uint64_t value; /* access, a sum, or a stamp */
	uint32_t len;	/* of the text */
	uint32_t n;	/* entries that follow and need no look if the stamp holds */
	int16_t seen;
	uint8_t kind;
	uint8_t flag;
	uint32_t zero;
};

enum {
	KIND_LOOK = 1,
	KIND_GLOB,
	KIND_NAMED,
	KIND_DIR,
	KIND_MOUNTS
};

static void pack(struct rf_str *out, struct packed entry, const char *text)
{
	entry.len = (uint32_t)strlen(text);
	(void)rf_str_add_n(out, &entry, sizeof(entry));
	(void)rf_str_add_n(out, text, entry.len + 1);
}

/* What stands there is all that matters, and that its directory's names tell. */
static bool is_told_by_dir(const struct packed *entry)
{
	return !entry->value && (entry->seen == -ENOENT || entry->seen == RF_LL_SEEN_LINK ||
				 (entry->kind == KIND_LOOK && entry->seen == RF_LL_SEEN_DIR));
}

/* One directory's entries, behind its stamp. */
struct group {
	char *dir;
	uint64_t stamp;
	uint32_t n;
	struct rf_str entries;
};

RF_VEC_DEFINE(groups, struct group);

struct packer {
	struct rf_str *out;
	struct groups groups;
	int64_t since;
	int error;
};

static struct group *find_group(struct packer *p, const char *path)
{
	RF_AUTOFREE char *dir = NULL;
	struct group *group;
	uint64_t stamp;

	if (!rf_stamp_take(path, p->since, &dir, &stamp))
		return NULL;
	for (size_t i = 0; i < p->groups.len; i++)
		if (p->groups.data[i].stamp == stamp && rf_str_eq(p->groups.data[i].dir, dir))
			return &p->groups.data[i];
	group = groups_add(&p->groups);
	if (!group) {
		p->error = -ENOMEM;
		return NULL;
	}
	group->dir = RF_TAKE_PTR(dir);
	group->stamp = stamp;
	rf_str_init(&group->entries, p->out->limit);
	return group;
}

static void pack_entry(struct packer *p, const struct packed *entry, const char *path)
{
	struct group *group = is_told_by_dir(entry) ? find_group(p, path) : NULL;

	pack(group ? &group->entries : p->out, *entry, path);
	if (group)
		group->n++;
}

static void pack_groups(struct packer *p)
{
	for (size_t i = 0; i < p->groups.len; i++) {
		struct group *group = &p->groups.data[i];

		pack(p->out,
		     (struct packed){.kind = KIND_DIR, .value = group->stamp, .n = group->n},
		     group->dir);
		if (rf_str_error(&group->entries))
			p->error = -EFBIG;
		(void)rf_str_add_n(p->out, rf_str_text(&group->entries), group->entries.len);
		rf_str_done(&group->entries);
		free(group->dir);
	}
	groups_done(&p->groups);
}

int rf_ll_looks_pack(const struct rf_ll_looks *looks, struct rf_str *out)
{
	struct packer p = {.out = out, .since = looks->since};

	for (size_t i = 0; i < looks->looks.len; i++) {
		const struct rf_ll_look *look = &looks->looks.data[i];

		pack_entry(&p,
			   &(struct packed){.kind = KIND_LOOK,
					    .value = look->access,
					    .seen = (int16_t)look->seen,
					    .flag = look->dir},
			   look->path);
	}
	for (size_t i = 0; i < looks->named.len; i++)
		pack_entry(&p,
			   &(struct packed){.kind = KIND_NAMED,
					    .seen = (int16_t)looks->named.data[i].seen,
					    .flag = looks->named.data[i].several},
			   looks->named.data[i].path);
	for (size_t i = 0; i < looks->globs.len; i++)
		pack(out, (struct packed){.kind = KIND_GLOB, .value = looks->globs.data[i].sum},
		     looks->globs.data[i].pattern);
	if (looks->has_mounts)
		pack(out, (struct packed){.kind = KIND_MOUNTS, .value = looks->mounts}, "");
	pack_groups(&p);
	return p.error ? p.error : rf_str_error(out);
}

static int seen_now(int fd)
{
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISLNK(st.st_mode)   ? RF_LL_SEEN_LINK
	       : S_ISDIR(st.st_mode) ? RF_LL_SEEN_DIR
				     : RF_LL_SEEN_OTHER;
}

static int look_again(struct rf_ll_looks *looks, const struct packed *entry, const char *path)
{
	struct rf_ll_look look = {
		.path = path, .access = entry->value, .seen = entry->seen, .dir = entry->flag};
	RF_AUTOCLOSE int fd = -1;

	if (look.seen == RF_LL_SEEN_DIR) {
		fd = open_as(path, O_DIRECTORY); /* nothing else is opened */
		if (fd < 0)
			return -ESTALE;
	} else if (look.seen != RF_LL_SEEN_SELF) {
		fd = rf_ll_open(path);
		if (seen_now(fd) != look.seen)
			return -ESTALE;
	}
	if (!look.access)
		return 0;
	if (rf_ll_look_vec_push(&looks->looks, look) < 0)
		return -ENOMEM;
	keep_fd(looks, &looks->looks.data[looks->looks.len - 1], &fd);
	return 0;
}

RF_DEFINE_CLEANUP(glob_t, glob_freep, globfree)

static int glob_again(const struct packed *entry, const char *pattern)
{
	glob_t found = {.gl_pathc = 0};
	RF_CLEANUP(glob_freep) RF_UNUSED glob_t *owner = &found;

	if (glob(pattern, RF_LL_GLOB_FLAGS, NULL, &found) == GLOB_NOSPACE)
		return -ENOMEM;
	return sum_names(found.gl_pathv, found.gl_pathc) == entry->value ? 0 : -ESTALE;
}

static int named_again(const struct packed *entry, const char *path)
{
	int seen;
	bool several = has_several_names(path, &seen);

	return several == (entry->flag != 0) && seen == entry->seen ? 0 : -ESTALE;
}

static int mounts_again(const struct packed *entry)
{
	struct rf_mounts mounts = {.text = NULL};
	uint64_t sum = rf_mounts_read(&mounts, NULL) < 0 ? 0 : rf_mounts_sum(&mounts);

	rf_mounts_done(&mounts);
	return sum == entry->value ? 0 : -ESTALE;
}

static int entry_again(struct rf_ll_looks *looks, const struct packed *entry, const char *text)
{
	switch (entry->kind) {
	case KIND_LOOK:
		return look_again(looks, entry, text);
	case KIND_GLOB:
		return glob_again(entry, text);
	case KIND_NAMED:
		return named_again(entry, text);
	case KIND_MOUNTS:
		return mounts_again(entry);
	default:
		return -EBADMSG;
	}
}

int rf_ll_looks_again(struct rf_ll_looks **ret, const void *bytes, size_t len)
{
	RF_CLEANUP(rf_ll_looks_freep) struct rf_ll_looks *looks = rf_ll_looks_new();
	const char *at = bytes;
	int r = looks ? 0 : -ENOMEM;
	uint32_t known = 0; /* so many entries are as they were */

	if (looks)
		looks->borrowed = true;
	while (r == 0 && len) {
		struct packed entry;

		if (len < sizeof(entry))
			return -EBADMSG;
		memcpy(&entry, at, sizeof(entry));
		at += sizeof(entry);
		len -= sizeof(entry);
		if (entry.len >= len || at[entry.len])
			return -EBADMSG;
		if (entry.kind == KIND_DIR)
			known = rf_stamp_holds(at, entry.value) ? entry.n : 0;
		else if (known)
			known--;
		else
			r = entry_again(looks, &entry, at);
		at += entry.len + 1;
		len -= entry.len + 1;
	}
	if (r == 0)
		*ret = RF_TAKE_PTR(looks);
	return r;
}
