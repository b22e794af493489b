/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting the pinned cgroup programs to use: slots, rings, and what is attached where.
 */
#include "lsm/cgroup.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "lsm/cgroup_pin.h"
#include "lsm/loader.h"
#include "lsm/pins.h"
#include "lsm/rules_parts.h"
#include "sandbox/base/str.h"

struct rf_cg {
	char dir[PATH_MAX];
	int bind_fd, sandbox_fd, image_fd, ring_fd, fold_fd;
	struct rf_sandbox *sandboxes; /* the whole array, mapped */
	uint32_t n_sandboxes;
	uint32_t uses;
	bool shared;
};

/* What rf_cg_available found, for the back-ends of one launch. */
static struct rf_cg *found;

static const struct {
	const char *name;
	uint32_t part;
	enum bpf_attach_type type;
} programs[] = {
	{"rf_cg_dev", RF_CG_DEVICES, BPF_CGROUP_DEVICE},
	{"rf_cg_connect4", RF_CG_CONNECT, BPF_CGROUP_INET4_CONNECT},
	{"rf_cg_connect6", RF_CG_CONNECT, BPF_CGROUP_INET6_CONNECT},
	{"rf_cg_sendmsg4", RF_CG_CONNECT, BPF_CGROUP_UDP4_SENDMSG},
	{"rf_cg_sendmsg6", RF_CG_CONNECT, BPF_CGROUP_UDP6_SENDMSG},
	{"rf_cg_bind4", RF_CG_BIND, BPF_CGROUP_INET4_BIND},
	{"rf_cg_bind6", RF_CG_BIND, BPF_CGROUP_INET6_BIND},
	{"rf_cg_pbind4", RF_CG_BIND, BPF_CGROUP_INET4_POST_BIND},
	{"rf_cg_pbind6", RF_CG_BIND, BPF_CGROUP_INET6_POST_BIND},
	{"rf_cg_sock", RF_CG_SOCKETS, BPF_CGROUP_INET_SOCK_CREATE},
};

struct rf_cg *rf_cg_free(struct rf_cg *cg)
{
	if (!cg || --cg->uses)
		return NULL;
	if (cg->sandboxes)
		(void)munmap(cg->sandboxes, cg->n_sandboxes * sizeof(*cg->sandboxes));
	rf_cleanup_close(&cg->bind_fd);
	rf_cleanup_close(&cg->sandbox_fd);
	rf_cleanup_close(&cg->image_fd);
	rf_cleanup_close(&cg->ring_fd);
	rf_cleanup_close(&cg->fold_fd);
	free(cg);
	return NULL;
}

RF_DEFINE_CLEANUP(struct rf_cg, cg_freep, rf_cg_free)

static int get_pin(const struct rf_cg *cg, const char *name, int *ret, struct rf_err *err)
{
	char path[PATH_MAX + 32];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", cg->dir, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open %s", path);
	*ret = fd;
	return 0;
}

static int examine_sandboxes(struct rf_cg *cg, struct rf_err *err)
{
	struct bpf_map_info info = {.id = 0};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(cg->sandbox_fd, &info, &size) < 0)
		return rf_err_sys(err, -errno, "cannot examine rf_sandbox");
	if (info.value_size != sizeof(struct rf_sandbox))
		return rf_err_set(err, -EPROTO, "rf_sandbox is of another version");
	cg->n_sandboxes = info.max_entries;
	return 0;
}

/* Once it is needed: beside the LSM side, which has it mapped, it mostly is not. */
static int map_sandboxes(struct rf_cg *cg, struct rf_err *err)
{
	void *memory;

	if (cg->sandboxes)
		return 0;
	memory = mmap(NULL, cg->n_sandboxes * sizeof(struct rf_sandbox), PROT_READ | PROT_WRITE,
		      MAP_SHARED, cg->sandbox_fd, 0);
	if (memory == MAP_FAILED)
		return rf_err_sys(err, -errno, "cannot map rf_sandbox");
	cg->sandboxes = memory;
	return 0;
}

static int open_maps(struct rf_cg *cg, struct rf_err *err)
{
	int r = get_pin(cg, "rf_cg_bind", &cg->bind_fd, err);

	if (r == 0)
		r = get_pin(cg, "rf_sandbox", &cg->sandbox_fd, err);
	if (r == 0)
		r = get_pin(cg, "rf_image", &cg->image_fd, err);
	if (r == 0)
		r = get_pin(cg, "rf_ring", &cg->ring_fd, err);
	if (r == 0)
		r = get_pin(cg, "rf_fold", &cg->fold_fd, err);
	return r < 0 ? r : examine_sandboxes(cg, err);
}

static int open_at(struct rf_cg **ret, bool shared, bool load, struct rf_err *err)
{
	RF_CLEANUP(cg_freep) struct rf_cg *cg = calloc(1, sizeof(*cg));
	int r;

	if (!cg)
		return rf_err_sys(err, -ENOMEM, "cannot open the cgroup programs");
	cg->bind_fd = cg->sandbox_fd = cg->image_fd = cg->ring_fd = cg->fold_fd = -1;
	cg->shared = shared;
	cg->uses = 1;
	r = rf_cg_pin_path(shared, cg->dir, err);
	if (r == 0 && access(cg->dir, F_OK) < 0)
		r = load ? rf_cg_pin_load(shared, err) : -ENOENT;
	if (r == 0)
		r = open_maps(cg, err);
	if (r < 0)
		return r;
	*ret = RF_TAKE_PTR(cg);
	return 0;
}

int rf_cg_open(struct rf_cg **ret, bool shared, struct rf_err *err)
{
	if (!found || found->shared != shared)
		return open_at(ret, shared, true, err);
	found->uses++;
	*ret = found;
	return 0;
}

int rf_cg_open_pinned(struct rf_cg **ret)
{
	return open_at(ret, false, false, NULL);
}

int rf_cg_available(struct rf_err *err)
{
	static int known = 1;
	static struct rf_err why;

	if (known == 1) {
		if (geteuid() != 0)
			known = rf_err_set(&why, -EOPNOTSUPP,
					   "cgroup programs need root (CAP_BPF and CAP_NET_ADMIN)");
		else
			known = open_at(&found, access(RF_PIN_SANDBOXES, F_OK) == 0, true, &why) < 0
					? -EOPNOTSUPP
					: 0;
	}
	if (known < 0 && err)
		*err = why;
	return known;
}

/* ---- slots ---- */

static int take_slot(struct rf_cg *cg, uint32_t *ret, struct rf_err *err)
{
	for (uint32_t slot = 0; slot < cg->n_sandboxes; slot++) {
		uint32_t free_state = RF_SB_FREE;

		if (__atomic_compare_exchange_n(&cg->sandboxes[slot].state, &free_state, RF_SB_LIVE,
						false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
			*ret = slot;
			return 0;
		}
	}
	return rf_err_set(err, -ENOSPC, "%u sandboxes are running, there is no room for more",
			  cg->n_sandboxes);
}

/* The slot keeps its maps for the next sandbox: changing a map of maps waits for all CPUs. */
static void free_slot(struct rf_cg *cg, uint32_t slot)
{
	struct rf_sandbox *sandbox = &cg->sandboxes[slot];

	__atomic_store_n(&sandbox->id, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&sandbox->state, RF_SB_FREE, __ATOMIC_RELEASE);
}

/* A descriptor of the slot's map if it has one of this type that is large enough; or -1. */
static int kept_map(int outer, uint32_t slot, uint32_t type, size_t entries)
{
	struct bpf_map_info info = {.id = 0};
	RF_AUTOCLOSE int fd = -1;
	uint32_t id, size = sizeof(info);

	if (bpf_map_lookup_elem(outer, &slot, &id) < 0)
		return -1;
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0 || info.type != type ||
	    info.max_entries < entries)
		return -1;
	return RF_TAKE_FD(fd);
}

static int give_pages(struct rf_cg *cg, uint32_t slot, const struct rf_page *pages, size_t n_pages,
		      struct rf_err *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP);
	RF_AUTOCLOSE int fd = kept_map(cg->image_fd, slot, BPF_MAP_TYPE_ARRAY, n_pages);
	bool kept = fd >= 0;

	if (!kept)
		fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "rf_image_in", sizeof(uint32_t),
				    sizeof(*pages), (uint32_t)n_pages, &opts);
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot make a map for the policy");
	for (uint32_t i = 0; i < n_pages; i++)
		if (bpf_map_update_elem(fd, &i, &pages[i], BPF_ANY) < 0)
			return rf_err_sys(err, -errno, "cannot write the policy's map");
	if (!kept && bpf_map_update_elem(cg->image_fd, &slot, &fd, BPF_ANY) < 0)
		return rf_err_sys(err, -errno, "cannot hand the policy to the kernel");
	return 0;
}

/* What the slot's last sandbox left unread would take the room of the new one's records. */
static int empty_ring(int fd, struct rf_err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned long *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	const unsigned long *producer;

	if (consumer == MAP_FAILED)
		return rf_err_sys(err, -errno, "cannot map the ring for events");
	producer = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (producer == MAP_FAILED) {
		int r = rf_err_sys(err, -errno, "cannot map the ring for events");

		(void)munmap(consumer, page);
		return r;
	}
	__atomic_store_n(consumer, __atomic_load_n(producer, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	(void)munmap((void *)(uintptr_t)producer, page);
	(void)munmap(consumer, page);
	return 0;
}

static int give_ring(struct rf_cg *cg, uint32_t slot, size_t bytes, int *ret, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = kept_map(cg->ring_fd, slot, BPF_MAP_TYPE_RINGBUF, bytes);
	bool kept = fd >= 0;

	if (!kept)
		fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "rf_ring_in", 0, 0, (uint32_t)bytes,
				    NULL);
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot make a ring for events");
	if (kept && empty_ring(fd, err) < 0)
		return err ? err->code : -EIO;
	if (!kept && bpf_map_update_elem(cg->ring_fd, &slot, &fd, BPF_ANY) < 0)
		return rf_err_sys(err, -errno, "cannot hand the ring to the kernel");
	*ret = RF_TAKE_FD(fd);
	return 0;
}

static int give_folds(struct rf_cg *cg, uint32_t slot, int *ret, struct rf_err *err)
{
	int r = rf_folds_fill(cg->fold_fd, slot, err);

	if (r < 0)
		return r;
	*ret = rf_inner_fd(cg->fold_fd, slot);
	return *ret < 0 ? rf_err_sys(err, *ret, "cannot open the table of repeats") : 0;
}

int rf_cg_claim(struct rf_cg *cg, uint64_t sandbox, uint64_t cgroup, const struct rf_page *pages,
		size_t n_pages, size_t ring_bytes, struct rf_cg_slot *ret, struct rf_err *err)
{
	RF_AUTOCLOSE int ring = -1;
	RF_AUTOCLOSE int folds = -1;
	struct rf_sandbox *mine;
	uint32_t slot;
	int r = map_sandboxes(cg, err);

	if (r == 0)
		r = take_slot(cg, &slot, err);
	if (r < 0)
		return r;
	mine = &cg->sandboxes[slot];
	memset((char *)mine + offsetof(struct rf_sandbox, policy_gen), 0,
	       sizeof(*mine) - offsetof(struct rf_sandbox, policy_gen));
	mine->cgroup = cgroup;
	r = give_pages(cg, slot, pages, n_pages, err);
	if (r == 0)
		r = give_ring(cg, slot, ring_bytes, &ring, err);
	if (r == 0)
		r = give_folds(cg, slot, &folds, err);
	if (r < 0) {
		free_slot(cg, slot);
		return r;
	}
	__atomic_store_n(&mine->id, sandbox, __ATOMIC_RELEASE);
	*ret = (struct rf_cg_slot){.slot = slot,
				   .ring_fd = RF_TAKE_FD(ring),
				   .folds_fd = RF_TAKE_FD(folds),
				   .counters = mine};
	return 0;
}

bool rf_cg_has(const struct rf_cg *cg, uint32_t slot, uint64_t sandbox)
{
	struct rf_sandbox there;

	return bpf_map_lookup_elem(cg->sandbox_fd, &slot, &there) == 0 && there.id == sandbox;
}

int rf_cg_find(struct rf_cg *cg, uint64_t sandbox, uint32_t *ret_slot)
{
	int r = map_sandboxes(cg, NULL);

	if (r < 0)
		return r;
	for (uint32_t slot = 0; slot < cg->n_sandboxes; slot++)
		if (__atomic_load_n(&cg->sandboxes[slot].id, __ATOMIC_ACQUIRE) == sandbox) {
			*ret_slot = slot;
			return 0;
		}
	return -ENOENT;
}

void rf_cg_release(struct rf_cg *cg, uint64_t sandbox)
{
	uint32_t slot;

	if (!cg->shared && sandbox && rf_cg_find(cg, sandbox, &slot) == 0)
		free_slot(cg, slot);
}

/* ---- attaching ---- */

static int attach_one(const struct rf_cg *cg, size_t i, int cgroup_fd, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;
	int r = get_pin(cg, programs[i].name, &fd, err);

	if (r < 0)
		return r;
	if (bpf_prog_attach(fd, cgroup_fd, programs[i].type, BPF_F_ALLOW_MULTI) < 0)
		return rf_err_sys(err, -errno, "cannot attach %s to the sandbox's cgroup",
				  programs[i].name);
	return 0;
}

void rf_cg_detach(struct rf_cg *cg, int cgroup_fd, uint32_t parts)
{
	for (size_t i = 0; i < RF_ARRAY_LEN(programs); i++) {
		RF_AUTOCLOSE int fd = -1;

		if ((programs[i].part & parts) && get_pin(cg, programs[i].name, &fd, NULL) == 0)
			(void)bpf_prog_detach2(fd, cgroup_fd, programs[i].type);
	}
}

int rf_cg_attach(struct rf_cg *cg, int cgroup_fd, uint64_t cgroup, uint32_t parts,
		 const struct rf_cg_bind *bind, struct rf_err *err)
{
	int r = 0;

	for (size_t i = 0; i < RF_ARRAY_LEN(programs) && r == 0; i++)
		if (programs[i].part & parts)
			r = attach_one(cg, i, cgroup_fd, err);
	if (r == 0 && bpf_map_update_elem(cg->bind_fd, &cgroup, bind, BPF_EXIST) < 0)
		r = rf_err_sys(err, -errno, "cannot fill in the cgroup's storage");
	if (r < 0)
		rf_cg_detach(cg, cgroup_fd, parts);
	return r;
}

int rf_cg_link_devices(struct rf_cg *cg, int cgroup_fd, uint64_t cgroup,
		       const struct rf_cg_bind *bind, const char *pin, struct rf_err *err)
{
	RF_AUTOCLOSE int prog = -1;
	RF_AUTOCLOSE int link = -1;
	char temporary[PATH_MAX];
	int r = get_pin(cg, "rf_cg_dev", &prog, err);

	if (r < 0)
		return r;
	(void)snprintf(temporary, sizeof(temporary), "%s-new", pin);
	(void)unlink(temporary); /* of a hook that died */
	link = bpf_link_create(prog, cgroup_fd, BPF_CGROUP_DEVICE, NULL);
	if (link < 0)
		return rf_err_sys(err, -errno, "cannot link rf_cg_dev to the container's cgroup");
	if (bpf_map_update_elem(cg->bind_fd, &cgroup, bind, BPF_EXIST) < 0)
		return rf_err_sys(err, -errno, "cannot fill in the cgroup's storage");
	if (bpf_obj_pin(link, temporary) < 0)
		return rf_err_sys(err, -errno, "cannot pin %s", temporary);
	if (rename(temporary, pin) < 0) {
		r = rf_err_sys(err, -errno, "cannot rename %s", temporary);
		(void)unlink(temporary);
	}
	return r;
}

int rf_cg_link_cgroup(const char *pin, uint64_t *ret)
{
	struct bpf_link_info info = {.id = 0};
	RF_AUTOCLOSE int fd = bpf_obj_get(pin);
	uint32_t size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	*ret = info.cgroup.cgroup_id;
	return 0;
}

static int count_live(uint32_t *ret, struct rf_err *err)
{
	RF_CLEANUP(cg_freep) struct rf_cg *cg = NULL;
	int r;

	*ret = 0;
	if (rf_cg_open_pinned(&cg) < 0)
		return 0;
	r = map_sandboxes(cg, err);
	for (uint32_t slot = 0; r == 0 && slot < cg->n_sandboxes; slot++)
		*ret += __atomic_load_n(&cg->sandboxes[slot].id, __ATOMIC_ACQUIRE) != 0;
	return r;
}

int rf_cg_unload(bool force, struct rf_err *err)
{
	uint32_t n = 0;
	int r = force ? 0 : count_live(&n, err);
	RF_AUTOCLOSEDIR DIR *root = opendir(RF_LSM_BPFFS);
	const struct dirent *entry;
	char path[PATH_MAX];

	if (r < 0)
		return r;
	if (n)
		return rf_err_set(err, -EBUSY, "%u sandboxes still use the cgroup programs", n);
	if (!root)
		return errno == ENOENT ? 0
				       : rf_err_sys(err, -errno, "cannot read %s", RF_LSM_BPFFS);
	while ((entry = readdir(root))) {
		if (!rf_str_has_prefix(entry->d_name, RF_CG_PIN_PREFIX))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", RF_LSM_BPFFS, entry->d_name);
		rf_cg_pin_remove(path);
		if (access(path, F_OK) == 0)
			return rf_err_set(err, -EBUSY, "cannot remove %s", path);
	}
	return 0;
}
