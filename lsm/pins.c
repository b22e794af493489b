/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of pins; see pins.h.
 */
#include "lsm/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "lsm/abi.h"
#include "lsm/loader.h"
#include "lsm/rules.h"

/* One pass over the directory; `links` only, or everything. */
static int remove_entries(const char *dir, int links, struct rf_err *err)
{
	RF_AUTOCLOSEDIR DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : rf_err_sys(err, -errno, "cannot open %s", dir);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (links && strncmp(entry->d_name, "link_", 5))
			continue;
		if (unlinkat(dirfd(d), entry->d_name, 0) < 0 && errno != ENOENT)
			return rf_err_sys(err, -errno, "cannot remove %s/%s", dir, entry->d_name);
	}
	return 0;
}

int rf_pins_remove(const char *dir, struct rf_err *err)
{
	int r = remove_entries(dir, 1, err);

	if (r == 0)
		r = remove_entries(dir, 0, err);
	if (r < 0)
		return r;
	if (rmdir(dir) < 0 && errno != ENOENT)
		return rf_err_sys(err, -errno, "cannot remove %s", dir);
	return 0;
}

int rf_pins_count_live(uint32_t *ret)
{
	struct bpf_map_info info = {};
	RF_AUTOCLOSE int fd = -1;
	uint32_t len = sizeof(info), n = 0;
	struct rf_sandbox sb;

	fd = bpf_obj_get(RF_LSM_PIN_DIR "/rf_sandbox");
	if (fd < 0)
		return errno == ENOENT ? (*ret = 0, 0) : -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return -errno;
	if (info.value_size != sizeof(sb))
		return -ESTALE;
	for (uint32_t slot = 0; slot < info.max_entries; slot++) {
		if (bpf_map_lookup_elem(fd, &slot, &sb) < 0)
			return -errno;
		n += rf_fence_in_use(&sb);
	}
	*ret = n;
	return 0;
}
