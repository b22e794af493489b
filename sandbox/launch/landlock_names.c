/* SPDX-License-Identifier: Apache-2.0 */
/* Following what is granted to all its names. See landlock_names.h. */
#include "sandbox/launch/landlock_names.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/base/str.h"
#include "sandbox/launch/landlock_grant.h"
#include "sandbox/launch/mounts.h"
#include "sandbox/policy/pattern.h"

/* Takes path over; NULL: there was no memory for it. */
static int add(struct rf_ll_names *names, const struct rf_ll_look *look, char *path,
	       uint32_t numbers, bool mounted)
{
	const struct rf_ll_name name = {.granted = look->path,
					.path = path,
					.numbers = numbers,
					.rights = rf_ll_rights(look->access),
					.dir = look->dir,
					.mounted = mounted};

	if (path && rf_ll_name_vec_push(&names->vec, name) == 0)
		return 0;
	free(path);
	return -ENOMEM;
}

static int add_numbered(struct rf_ll_names *names, const struct rf_ll_look *look)
{
	static const struct {
		const char *self, *numbered;
		uint32_t numbers;
	} table[] = {
		{"/proc/self", "/proc/1", 1U << 1},
		{"/proc/thread-self", "/proc/1/task/1", 1U << 1 | 1U << 3},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < RF_ARRAY_LEN(table); i++) {
		char *path = NULL;

		if (!rf_path_is_above(table[i].self, look->path))
			continue;
		if (asprintf(&path, "%s%s", table[i].numbered, look->path + strlen(table[i].self)) <
		    0)
			path = NULL;
		r = add(names, look, path, table[i].numbers, false);
	}
	return r;
}

/* 0: unknown; such an object has been opened just now. */
static uint64_t mount_of(const struct rf_ll_look *look)
{
	RF_AUTOCLOSE int opened = -1;
	struct statx st;
	int fd = look->fd;

	if (look->seen == RF_LL_SEEN_SELF)
		fd = opened = rf_ll_open("/proc");
	else if (fd < 0)
		fd = opened = rf_ll_open(look->path);
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID))
		return 0;
	return st.stx_mnt_id;
}

static uint32_t move_bits(uint32_t bits, int by)
{
	if (by <= -32 || by >= 32)
		return 0;
	return by < 0 ? bits >> -by : bits << by;
}

/* The name at index as the other mounts show it. */
static int add_mounted(struct rf_ll_names *names, size_t index, const struct rf_ll_look *look,
		       const struct rf_mounts *mounts, uint64_t id)
{
	size_t at = 0;

	for (;;) {
		char *path = NULL;
		int longer = 0;
		int r = rf_mounts_name(mounts, id, names->vec.data[index].path, &at, &path,
				       &longer);

		if (r <= 0)
			return r;
		r = add(names, look, path, move_bits(names->vec.data[index].numbers, longer), true);
		if (r < 0)
			return r;
	}
}

static int add_look(struct rf_ll_names *names, const struct rf_ll_look *look,
		    const struct rf_mounts *mounts)
{
	size_t from = names->vec.len, to;
	uint64_t id;
	int r = add(names, look, strdup(look->path), 0, false);

	if (r == 0 && look->seen == RF_LL_SEEN_SELF)
		r = add_numbered(names, look);
	id = r == 0 && mounts->vec.len ? mount_of(look) : 0;
	to = names->vec.len;
	for (size_t i = from; r == 0 && id && i < to; i++)
		r = add_mounted(names, i, look, mounts, id);
	return r;
}

int rf_ll_names(struct rf_ll_names *ret, struct rf_ll_looks *looks, struct rf_err *err)
{
	struct rf_mounts mounts = {.text = NULL};
	int r = 0;

	*ret = (struct rf_ll_names){.incomplete = rf_mounts_read(&mounts, NULL) < 0};
	looks->mounts = ret->incomplete ? 0 : rf_mounts_sum(&mounts);
	looks->has_mounts = true;
	for (size_t i = 0; r == 0 && i < looks->looks.len; i++)
		if (looks->looks.data[i].access)
			r = add_look(ret, &looks->looks.data[i], &mounts);
	rf_mounts_done(&mounts);
	if (r < 0) {
		rf_ll_names_done(ret);
		return rf_err_sys(err, r, "cannot judge the policy");
	}
	return 0;
}

void rf_ll_names_done(struct rf_ll_names *names)
{
	for (size_t i = 0; i < names->vec.len; i++)
		free(names->vec.data[i].path);
	rf_ll_name_vec_done(&names->vec);
}

const struct rf_ll_name *rf_ll_names_reached(const struct rf_ll_names *names,
					     const struct rf_pattern *pattern, uint32_t rights)
{
	for (size_t i = 0; i < names->vec.len; i++) {
		const struct rf_ll_name *name = &names->vec.data[i];

		if ((name->rights & rights) &&
		    rf_ll_overlaps_process(pattern, name->path, name->dir, name->numbers))
			return name;
	}
	return NULL;
}
