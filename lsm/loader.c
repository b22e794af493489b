/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading and unloading the kernel side; see loader.h.
 *
 * Order: lock, remove what an interrupted load left, open, drop programs whose hook this kernel
 * lacks, load, attach, pin below a temporary name, try the hooks for real, rename. Until the rename
 * nothing counts as loaded.
 */
#include "lsm/loader.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lsm/abi.h"
#include "lsm/bpffs.h"
#include "lsm/homes.h"
#include "lsm/kernel_btf.h"
#include "lsm/libbpf_log.h"
#include "lsm/meta.h"
#include "lsm/pins.h"
#include "lsm/programs.h"
#include "lsm/rf_bpf_hash.h"
#include "lsm/rules.h"
#include "lsm/sight.h"
#include "lsm/tree.h"
#include "sandbox/base/fd.h"
#include "sandbox/base/log.h"

/* Generated code drops const. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#include "lsm/rf_bpf.skel.h"
#pragma GCC diagnostic pop

#define FIRST_ERA 1 /* of struct rf_meta */

RF_DEFINE_CLEANUP(struct rf_bpf, skel_freep, rf_bpf__destroy)
RF_DEFINE_CLEANUP(struct btf, btf_freep, btf__free)

static const uint8_t own_hash[32] = RF_BPF_HASH;

static int take_lock(int *ret, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;

	if (mkdir(RF_LSM_RUN_DIR, 0755) < 0 && errno != EEXIST)
		return rf_err_sys(err, -errno, "cannot make %s", RF_LSM_RUN_DIR);
	fd = open(RF_LSM_RUN_DIR "/load.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open %s/load.lock", RF_LSM_RUN_DIR);
	if (flock(fd, LOCK_EX) < 0)
		return rf_err_sys(err, -errno, "cannot lock %s/load.lock", RF_LSM_RUN_DIR);
	*ret = RF_TAKE_FD(fd);
	return 0;
}

const char *rf_lsm_build(void)
{
	return RF_BPF_HASH_TEXT;
}

int rf_lsm_state(enum rf_lsm_state *ret, struct rf_err *err)
{
	struct rf_err why = RF_ERR_INIT;
	int r = rf_lsm_check(&why);

	if (r == 0)
		*ret = RF_LSM_CURRENT;
	else if (access(RF_LSM_PIN_DIR, F_OK) < 0 && errno == ENOENT)
		*ret = RF_LSM_ABSENT;
	else if (r == -ESTALE || r == -ENOENT)
		*ret = RF_LSM_OTHER;
	else
		return rf_err_set(err, r, "%s", rf_err_text(&why));
	return 0;
}

/* ---- load ---- */

static int choose_programs(struct rf_bpf *skel, struct rf_err *err)
{
	RF_CLEANUP(btf_freep) struct btf *btf = btf__load_vmlinux_btf();
	struct bpf_program *prog;

	if (!btf)
		return rf_err_sys(err, -errno, "cannot read the kernel's BTF");
	skel->rodata->rf_setattr_at = rf_btf_setattr_place(btf);
	skel->rodata->rf_casts = rf_btf_has_casts(btf);
	bpf_object__for_each_program (prog, skel->obj) {
		const char *section = bpf_program__section_name(prog);

		if (!strchr(section, '/') || rf_btf_has_target(btf, section))
			continue;
		if (!rf_program_is_optional(bpf_program__name(prog)))
			return rf_err_set(err, -EOPNOTSUPP, "this kernel has no hook %s", section);
		rf_log_debug("no hook %s in this kernel", section);
		bpf_program__set_autoload(prog, false);
	}
	return 0;
}

int rf_lsm_each_hook(void (*fn)(void *data, const char *section, bool present, bool optional),
		     void *data, struct rf_err *err)
{
	RF_CLEANUP(btf_freep) struct btf *btf = btf__load_vmlinux_btf();
	RF_CLEANUP(skel_freep) struct rf_bpf *skel = NULL;
	struct bpf_program *prog;

	if (!btf)
		return rf_err_sys(err, -errno, "cannot read the kernel's BTF");
	rf_libbpf_log();
	skel = rf_bpf__open();
	if (!skel)
		return rf_err_sys(err, -errno, "cannot open the BPF object");
	bpf_object__for_each_program (prog, skel->obj) {
		const char *section = bpf_program__section_name(prog);

		if (strchr(section, '/'))
			fn(data, section, rf_btf_has_target(btf, section),
			   rf_program_is_optional(bpf_program__name(prog)));
	}
	return 0;
}

/* The new programs use the maps that are pinned, so that running sandboxes stay what they are. */
static int reuse_maps(struct rf_bpf *skel, struct rf_err *err)
{
	struct bpf_map *map;
	char path[192];

	bpf_object__for_each_map (map, skel->obj) {
		RF_AUTOCLOSE int fd = -1;

		if (bpf_map__is_internal(map) || !rf_map_is_kept(bpf_map__name(map)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", RF_LSM_PIN_DIR, bpf_map__name(map));
		fd = bpf_obj_get(path);
		if (fd < 0 && errno == ENOENT)
			continue; /* the old build had no such map */
		if (fd < 0)
			return rf_err_sys(err, -errno, "cannot open %s", path);
		if (bpf_map__reuse_fd(map, fd) < 0)
			return rf_err_sys(err, -errno, "cannot take over %s", path);
	}
	return 0;
}

static int open_and_load(struct rf_bpf **ret, uint32_t era, bool reuse, struct rf_err *err)
{
	RF_CLEANUP(skel_freep) struct rf_bpf *skel = NULL;
	int r;

	rf_libbpf_log();
	skel = rf_bpf__open();
	if (!skel)
		return rf_err_sys(err, -errno, "cannot open the BPF object");
	skel->rodata->rf_era = era;
	r = choose_programs(skel, err);
	if (r == 0 && reuse)
		r = reuse_maps(skel, err);
	if (r < 0)
		return r;
	r = rf_bpf__load(skel);
	if (r < 0)
		return rf_err_sys(err, r, "the kernel does not take the BPF programs");
	*ret = RF_TAKE_PTR(skel);
	return 0;
}

static int pin_maps(struct rf_bpf *skel, const char *dir, struct rf_err *err)
{
	struct bpf_map *map;
	char path[192];

	bpf_object__for_each_map (map, skel->obj) {
		if (bpf_map__is_internal(map))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, bpf_map__name(map));
		if (bpf_obj_pin(bpf_map__fd(map), path) < 0)
			return rf_err_sys(err, -errno, "cannot pin %s", path);
	}
	return 0;
}

static int attach_and_pin(struct bpf_program *prog, const char *dir, struct rf_err *err)
{
	const char *name = bpf_program__name(prog);
	struct bpf_link *link;
	char path[192];
	int r;

	if (bpf_program__type(prog) == BPF_PROG_TYPE_SYSCALL) {
		snprintf(path, sizeof(path), "%s/prog_%s", dir, name);
		r = bpf_obj_pin(bpf_program__fd(prog), path) < 0 ? -errno : 0;
		return r < 0 ? rf_err_sys(err, r, "cannot pin %s", path) : 0;
	}
	link = bpf_program__attach(prog);
	if (!link)
		return rf_err_sys(err, -errno, "cannot attach %s (%s)", name,
				  bpf_program__section_name(prog));
	snprintf(path, sizeof(path), "%s/link_%s", dir, name);
	r = bpf_obj_pin(bpf_link__fd(link), path) < 0 ? -errno : 0;
	bpf_link__destroy(link);
	return r < 0 ? rf_err_sys(err, r, "cannot pin %s", path) : 0;
}

/* In a table of its own, before anybody sees it. */
static int describe(struct rf_bpf *skel, uint32_t n_programs, struct rf_err *err)
{
	struct rf_meta meta = {.version = RF_ABI_VERSION,
			       .n_programs = n_programs,
			       .loaded = rf_meta_now(),
			       .era = FIRST_ERA};
	uint32_t zero = 0;
	int r = rf_homes_find(bpf_program__fd(skel->progs.rf_identify), meta.home, err);

	if (r < 0)
		return r;
	memcpy(meta.hash, own_hash, sizeof(meta.hash));
	if (bpf_map_update_elem(bpf_map__fd(skel->maps.rf_meta), &zero, &meta, BPF_ANY) < 0)
		return rf_err_sys(err, -errno, "cannot describe the kernel side");
	return 0;
}

/* Loads, attaches and pins everything below dir, which is not there yet. meta: whose maps are
 * taken over; NULL: none. */
static int load_into(const char *dir, struct rf_meta *meta, struct rf_err *err)
{
	RF_CLEANUP(skel_freep) struct rf_bpf *skel = NULL;
	struct rf_home homes[RF_HOMES];
	struct bpf_program *prog;
	uint32_t n = 0;
	int r;

	r = rf_sight_symbols(err);
	if (r >= 0)
		r = open_and_load(&skel, meta ? meta->era + 1 : FIRST_ERA, meta, err);
	if (r >= 0)
		r = rf_sight_try(bpf_program__fd(skel->progs.rf_look), err);
	if (r < 0)
		return r;
	if (mkdir(dir, 0700) < 0)
		return rf_err_sys(err, -errno, "cannot make %s", dir);
	r = pin_maps(skel, dir, err);
	if (r < 0)
		return r;
	bpf_object__for_each_program (prog, skel->obj) {
		if (!bpf_program__autoload(prog))
			continue;
		r = attach_and_pin(prog, dir, err);
		if (r < 0)
			return r;
		n++;
	}
	if (!meta)
		return describe(skel, n, err);
	r = rf_homes_find(bpf_program__fd(skel->progs.rf_identify), homes, err);
	if (r < 0)
		return r;
	memcpy(meta->home, homes, sizeof(homes));
	return rf_meta_announce(meta, own_hash, n);
}

/* Puts the new directory in place; the old programs go last. */
static int move_into_place(bool present, struct rf_err *err)
{
	if (present && rename(RF_LSM_PIN_DIR, RF_LSM_PIN_OLD) < 0)
		return rf_err_sys(err, -errno, "cannot move %s away", RF_LSM_PIN_DIR);
	if (rename(RF_LSM_PIN_NEW, RF_LSM_PIN_DIR) < 0) {
		int r = -errno;

		if (present)
			(void)rename(RF_LSM_PIN_OLD, RF_LSM_PIN_DIR);
		return rf_err_sys(err, r, "cannot move %s into place", RF_LSM_PIN_NEW);
	}
	return 0;
}

/*
 * What a load that was killed left. If it died between two renames, the old one is in force; after
 * them, the new one.
 */
static int clean_leftovers(struct rf_err *err)
{
	RF_CLEANUP(rf_meta_unmap) struct rf_meta *meta = NULL;
	int r;

	if (access(RF_LSM_PIN_DIR, F_OK) == 0 && access(RF_LSM_PIN_OLD, F_OK) == 0) {
		meta = rf_meta_map();
		if (meta && meta->version == RF_ABI_VERSION)
			rf_meta_take_over(meta);
	}

	if (access(RF_LSM_PIN_DIR, F_OK) < 0 && access(RF_LSM_PIN_OLD, F_OK) == 0 &&
	    rename(RF_LSM_PIN_OLD, RF_LSM_PIN_DIR) < 0)
		return rf_err_sys(err, -errno, "cannot restore %s", RF_LSM_PIN_DIR);
	r = rf_pins_remove(RF_LSM_PIN_NEW, err);
	return r < 0 ? r : rf_pins_remove(RF_LSM_PIN_OLD, err);
}

/* Directory states are kept only where moves of directories are seen, and were seen just now. */
static void choose_tree_mode(void)
{
	struct rf_err why = RF_ERR_INIT;
	int r = rf_tree_try(&why);

	if (r < 0)
		rf_log_debug("every path is walked: %s", rf_err_text(&why));
	if (rf_tree_set(r < 0 ? RF_TREE_WALK : RF_TREE_KEEP, &why) < 0)
		rf_log_debug("%s", rf_err_text(&why));
}

static int load_locked(bool present, struct rf_meta *meta, struct rf_err *err)
{
	int r = load_into(RF_LSM_PIN_NEW, meta, err);

	if (r == 0)
		r = move_into_place(present, err);
	if (r < 0) {
		(void)rf_pins_remove(RF_LSM_PIN_NEW, NULL);
		return r;
	}
	choose_tree_mode();
	if (meta)
		rf_meta_take_over(meta);
	return present ? rf_pins_remove(RF_LSM_PIN_OLD, err) : 0;
}

/* Another version's kernel side, not to be replaced: in nobody's way if it fences nobody. */
static int check_unused(struct rf_err *err)
{
	uint32_t live = 0;
	int r = rf_pins_count_live(&live);

	if (r == 0 && live == 0)
		return 0;
	return rf_err_set(err, -EBUSY,
			  "another version's kernel side fences %u running sandboxes; `ringfence "
			  "load --replace` puts this version's in its place",
			  live);
}

static int replace_locked(struct rf_err *err)
{
	RF_CLEANUP(rf_meta_unmap) struct rf_meta *meta = rf_meta_map();
	int r = rf_meta_check(meta, err);

	if (r < 0)
		return r;
	return load_locked(true, meta && meta->version == RF_ABI_VERSION ? meta : NULL, err);
}

int rf_lsm_load(bool replace, struct rf_err *err)
{
	RF_AUTOCLOSE int lock = -1;
	enum rf_lsm_state state = 0;
	int r = rf_lsm_supported(err);

	if (r == 0)
		r = take_lock(&lock, err);
	if (r == 0)
		r = clean_leftovers(err);
	if (r == 0)
		r = rf_lsm_state(&state, err);
	if (r < 0 || (state == RF_LSM_CURRENT && !replace))
		return r;
	if (state == RF_LSM_ABSENT)
		return load_locked(false, NULL, err);
	if (replace)
		return replace_locked(err);
	r = check_unused(err);
	return r < 0 ? r : load_locked(true, NULL, err);
}

/* A program that is run by name is pinned itself. */
static int verify_program(const char *name, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;
	char path[192];

	snprintf(path, sizeof(path), "%s/prog_%s", RF_LSM_PIN_DIR, name);
	fd = bpf_obj_get(path);
	return fd < 0 ? rf_err_set(err, -EUCLEAN, "the program %s is not pinned", name) : 0;
}

static int verify_link(const char *name, struct rf_err *err)
{
	struct bpf_link_info info = {};
	uint32_t len = sizeof(info);
	RF_AUTOCLOSE int fd = -1;
	char path[192];

	snprintf(path, sizeof(path), "%s/link_%s", RF_LSM_PIN_DIR, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return rf_err_set(err, -EUCLEAN, "the program %s is not pinned", name);
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0 || info.prog_id == 0)
		return rf_err_set(err, -EUCLEAN, "the program %s is not attached", name);
	return 0;
}

int rf_lsm_verify(struct rf_err *err)
{
	RF_CLEANUP(skel_freep) struct rf_bpf *skel = NULL;
	struct bpf_program *prog;
	int r;

	rf_libbpf_log();
	skel = rf_bpf__open();
	if (!skel)
		return rf_err_sys(err, -errno, "cannot open the BPF object");
	r = choose_programs(skel, err);
	if (r < 0)
		return r;
	bpf_object__for_each_program (prog, skel->obj) {
		const char *name = bpf_program__name(prog);

		if (bpf_program__type(prog) == BPF_PROG_TYPE_SYSCALL)
			r = verify_program(name, err);
		else
			r = bpf_program__autoload(prog) ? verify_link(name, err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int rf_lsm_unload(bool force, struct rf_err *err)
{
	RF_AUTOCLOSE int lock = -1;
	uint32_t live = 0;
	int r;

	r = take_lock(&lock, err);
	if (r < 0)
		return r;
	r = clean_leftovers(err);
	if (r < 0 || access(RF_LSM_PIN_DIR, F_OK) < 0)
		return r;
	r = rf_pins_count_live(&live);
	if (r < 0 && !force)
		return rf_err_sys(err, r, "cannot tell whether sandboxes are running");
	if (live && !force)
		return rf_err_set(err, -EBUSY,
				  "%u sandboxes are running; stop them, or take their fence away "
				  "with --force",
				  live);
	/* Out of sight first: a launch that comes now finds nothing, not half of it. */
	if (rename(RF_LSM_PIN_DIR, RF_LSM_PIN_OLD) < 0)
		return rf_err_sys(err, -errno, "cannot move %s away", RF_LSM_PIN_DIR);
	return rf_pins_remove(RF_LSM_PIN_OLD, err);
}
