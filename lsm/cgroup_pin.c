/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads the cgroup programs and pins them, once per boot. See lsm/cgroup_pin.h.
 */
#include "lsm/cgroup_pin.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "lsm/abi_cgroup.h"
#include "lsm/bpffs.h"
#include "lsm/libbpf_log.h"
#include "lsm/loader.h"
#include "lsm/pins.h"
#include "rf_bpf_cg_hash.h"
#include "sandbox/base/log.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wshadow"
#include "rf_cg.skel.h"
#pragma GCC diagnostic pop

/* Sandboxes at one time on a host without BPF LSM; a launch maps the array whole. */
#define OWN_SANDBOXES 1024

RF_DEFINE_CLEANUP(struct rf_cg_bpf, skel_freep, rf_cg_bpf__destroy)

static const unsigned char own_hash[32] = RF_CG_HASH;

/* The LSM side's maps may be replaced: the id of one tells which ones ours were loaded with. */
static int lsm_map_id(uint32_t *ret, struct rf_err *err)
{
	struct bpf_map_info info = {.id = 0};
	uint32_t size = sizeof(info);
	RF_AUTOCLOSE int fd = bpf_obj_get(RF_PIN_SANDBOXES);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return rf_err_sys(err, -errno, "cannot open %s", RF_PIN_SANDBOXES);
	*ret = info.id;
	return 0;
}

int rf_cg_pin_path(bool shared, char ret[PATH_MAX], struct rf_err *err)
{
	uint32_t id = 0;
	int r = shared ? lsm_map_id(&id, err) : 0;

	if (r == 0)
		(void)snprintf(ret, PATH_MAX,
			       RF_LSM_BPFFS "/" RF_CG_PIN_PREFIX "%02x%02x%02x%02x%02x%02x-%u",
			       own_hash[0], own_hash[1], own_hash[2], own_hash[3], own_hash[4],
			       own_hash[5], id);
	return r;
}

static int use_lsm_map(struct bpf_map *map, const char *path, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = bpf_obj_get(path);
	int r = fd < 0 ? -errno : bpf_map__reuse_fd(map, fd);

	return r < 0 ? rf_err_sys(err, r, "cannot use %s", path) : 0;
}

static int choose_maps(struct rf_cg_bpf *skel, bool shared, struct rf_err *err)
{
	int r;

	if (!shared) {
		(void)bpf_map__set_max_entries(skel->maps.rf_sandbox, OWN_SANDBOXES);
		(void)bpf_map__set_max_entries(skel->maps.rf_image, OWN_SANDBOXES);
		(void)bpf_map__set_max_entries(skel->maps.rf_ring, OWN_SANDBOXES);
		(void)bpf_map__set_max_entries(skel->maps.rf_fold, OWN_SANDBOXES);
		return 0;
	}
	r = use_lsm_map(skel->maps.rf_sandbox, RF_PIN_SANDBOXES, err);
	if (r == 0)
		r = use_lsm_map(skel->maps.rf_image, RF_LSM_PIN_DIR "/rf_image", err);
	if (r == 0)
		r = use_lsm_map(skel->maps.rf_ring, RF_PIN_RINGS, err);
	if (r == 0)
		r = use_lsm_map(skel->maps.rf_fold, RF_LSM_PIN_DIR "/rf_fold", err);
	return r;
}

static int pin(const char *dir, const char *name, int fd, struct rf_err *err)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= PATH_MAX)
		return rf_err_set(err, -ENAMETOOLONG, "%s is too long", dir);
	if (bpf_obj_pin(fd, path) < 0)
		return rf_err_sys(err, -errno, "cannot pin %s", path);
	return 0;
}

static int pin_all(const struct rf_cg_bpf *skel, const char *dir, struct rf_err *err)
{
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_program (program, skel->obj) {
		int r = pin(dir, bpf_program__name(program), bpf_program__fd(program), err);

		if (r < 0)
			return r;
	}
	bpf_object__for_each_map (map, skel->obj) {
		int r = 0;

		if (!bpf_map__is_internal(map))
			r = pin(dir, bpf_map__name(map), bpf_map__fd(map), err);
		if (r < 0)
			return r;
	}
	return 0;
}

void rf_cg_pin_remove(const char *path)
{
	RF_AUTOCLOSEDIR DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	(void)rmdir(path);
}

/* Pins under a name of our own and renames: others see all of it or nothing. */
static int pin_whole(const struct rf_cg_bpf *skel, const char *path, struct rf_err *err)
{
	char temporary[64];
	int r;

	(void)snprintf(temporary, sizeof(temporary), RF_LSM_BPFFS "/ringfence-new-%d", getpid());
	if (mkdir(temporary, 0700) < 0)
		return rf_err_sys(err, -errno, "cannot make %s", temporary);
	r = pin_all(skel, temporary, err);
	if (r == 0 && rename(temporary, path) < 0 && access(path, F_OK) < 0)
		r = rf_err_sys(err, -errno, "cannot rename %s to %s", temporary, path);
	if (access(temporary, F_OK) == 0)
		rf_cg_pin_remove(temporary);
	return r;
}

int rf_cg_pin_load(bool shared, struct rf_err *err)
{
	RF_CLEANUP(skel_freep) struct rf_cg_bpf *skel = NULL;
	char path[PATH_MAX];
	int r = rf_bpffs_ready(err);

	if (r == 0)
		r = rf_cg_pin_path(shared, path, err);
	if (r < 0)
		return r;
	rf_libbpf_log();
	skel = rf_cg_bpf__open();
	if (!skel)
		r = rf_err_sys(err, -errno, "cannot open the cgroup programs");
	else
		r = choose_maps(skel, shared, err);
	if (r == 0) {
		r = rf_cg_bpf__load(skel);
		if (r < 0)
			rf_err_sys(err, r, "this kernel does not load the cgroup programs");
	}
	return r < 0 ? r : pin_whole(skel, path, err);
}
