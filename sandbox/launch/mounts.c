/* SPDX-License-Identifier: Apache-2.0 */
/* Reading mountinfo and following an object from one mount to the others. See mounts.h. */
#include "sandbox/launch/mounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/base/fd.h"
#include "sandbox/base/str.h"
#include "sandbox/base/sum.h"

/* Some 100,000 mounts, the kernel's own limit. */
#define MOUNTINFO_MAX ((size_t)32 << 20)

/* \040 and the like, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *c = text; *c; to++) {
		if (c[0] == '\\' && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' && c[2] <= '7' &&
		    c[3] >= '0' && c[3] <= '7') {
			*to = (char)((c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0'));
			c += 4;
		} else {
			*to = *c++;
		}
	}
	*to = '\0';
}

/* "ID PARENT MAJOR:MINOR ROOT AT …"; false for what is no part of a tree. */
static bool parse_line(struct rf_mount *ret, char *line)
{
	char *id = strsep(&line, " "), *device, *root, *at, *colon;
	uint64_t major, minor;

	(void)strsep(&line, " ");
	device = strsep(&line, " ");
	root = strsep(&line, " ");
	at = strsep(&line, " ");
	colon = device ? strchr(device, ':') : NULL;
	if (!at || !colon || root[0] != '/' || at[0] != '/')
		return false;
	*colon = '\0';
	if (rf_parse_u64(id, UINT64_MAX, &ret->id) < 0 ||
	    rf_parse_u64(device, UINT32_MAX, &major) < 0 ||
	    rf_parse_u64(colon + 1, UINT32_MAX, &minor) < 0)
		return false;
	unescape(root);
	unescape(at);
	ret->device = major << 32 | minor;
	ret->root = root[1] ? root : "";
	ret->at = at[1] ? at : "";
	return true;
}

static int by_device(const void *a, const void *b)
{
	const struct rf_mount *left = a, *right = b;

	return (left->device > right->device) - (left->device < right->device);
}

static void leave_single_ones_out(struct rf_mount_vec *vec)
{
	size_t kept = 0;

	if (vec->len)
		qsort(vec->data, vec->len, sizeof(*vec->data), by_device);
	for (size_t i = 0, next; i < vec->len; i = next) {
		for (next = i + 1; next < vec->len && vec->data[next].device == vec->data[i].device;
		     next++)
			;
		for (size_t j = i; next - i > 1 && j < next; j++)
			vec->data[kept++] = vec->data[j];
	}
	vec->len = kept;
}

int rf_mounts_parse(struct rf_mounts *ret, char *text, struct rf_err *err)
{
	char *at = text;

	*ret = (struct rf_mounts){.text = text};
	for (char *line = strsep(&at, "\n"); line; line = strsep(&at, "\n")) {
		struct rf_mount mount;

		if (parse_line(&mount, line) && rf_mount_vec_push(&ret->vec, mount) < 0) {
			rf_mounts_done(ret);
			return rf_err_sys(err, -ENOMEM, "cannot read the mounts");
		}
	}
	leave_single_ones_out(&ret->vec);
	return 0;
}

int rf_mounts_read(struct rf_mounts *ret, struct rf_err *err)
{
	char *text = NULL;
	int r = rf_fd_read_file("/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, err);

	return r < 0 ? r : rf_mounts_parse(ret, text, err);
}

void rf_mounts_done(struct rf_mounts *mounts)
{
	rf_mount_vec_done(&mounts->vec);
	free(mounts->text);
	*mounts = (struct rf_mounts){.text = NULL};
}

uint64_t rf_mounts_sum(const struct rf_mounts *mounts)
{
	uint64_t sum = mounts->vec.len;

	for (size_t i = 0; i < mounts->vec.len; i++) {
		const struct rf_mount *mount = &mounts->vec.data[i];
		const uint64_t parts[] = {mount->device, rf_sum64(mount->root, strlen(mount->root)),
					  rf_sum64(mount->at, strlen(mount->at))};

		sum += rf_sum64(parts, sizeof(parts)); /* in whatever order they came */
	}
	return sum ? sum : 1;
}

/* What of path is below dir, "" or beginning with '/'; NULL: it is not there. */
static const char *below(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	if (strncmp(path, dir, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}

static int count_components(const char *path)
{
	int n = 0;

	for (; *path; path++)
		n += *path == '/' && path[1] && path[1] != '/';
	return n;
}

/* The name within the file system; *ret NULL: it is not in that mount, or that is the only one. */
static int name_inside(const struct rf_mounts *mounts, uint64_t id, const char *path, char **ret,
		       uint64_t *ret_device)
{
	*ret = NULL;
	for (size_t i = 0; i < mounts->vec.len; i++) {
		const struct rf_mount *mount = &mounts->vec.data[i];
		const char *rest;

		if (mount->id != id)
			continue;
		rest = below(mount->at, path[1] ? path : "");
		*ret_device = mount->device;
		return rest && asprintf(ret, "%s%s", mount->root, rest) < 0 ? -ENOMEM : 0;
	}
	return 0;
}

int rf_mounts_name(const struct rf_mounts *mounts, uint64_t id, const char *path, size_t *i,
		   char **ret, int *longer)
{
	RF_AUTOFREE char *inside = NULL;
	uint64_t device = 0;
	int r = name_inside(mounts, id, path, &inside, &device);

	if (r < 0)
		return r;
	for (; inside && *i < mounts->vec.len; ++*i) {
		const struct rf_mount *mount = &mounts->vec.data[*i];
		const char *rest = mount->device == device ? below(mount->root, inside) : NULL;
		RF_AUTOFREE char *name = NULL;

		if (!rest)
			continue;
		if (asprintf(&name, "%s%s", mount->at, *rest || mount->at[0] ? rest : "/") < 0)
			return -ENOMEM;
		if (rf_str_eq(name, path))
			continue;
		++*i;
		*longer = count_components(name) - count_components(path);
		*ret = RF_TAKE_PTR(name);
		return 1;
	}
	return 0;
}
