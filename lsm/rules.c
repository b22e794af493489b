/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sandboxes in the pinned maps; see rules.h.
 *
 * Slots are claimed across processes without a lock: rf_sandbox.self_tgid is 0, or names the living
 * owner, or a dead one; one compare-and-swap from a value that was free takes it. A slot with tasks
 * is never free.
 */
#include "lsm/rules.h"

#include <bpf/bpf.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "lsm/loader.h"
#include "lsm/rf_bpf_hash.h"
#include "lsm/rules_parts.h"

#define RING_MAX (64u * 1024 * 1024)

static int open_pin(const char *name, int *ret, struct rf_err *err)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), RF_LSM_PIN_DIR "/%s", name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot open %s", path);
	*ret = fd;
	return 0;
}

static int map_meta(struct rf_lsm *lsm, struct rf_err *err)
{
	void *at = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED,
			lsm->meta_fd, 0);

	if (at == MAP_FAILED)
		return rf_err_sys(err, -errno, "cannot map the description of the kernel side");
	lsm->meta = at;
	return 0;
}

static const uint8_t own_hash[32] = RF_BPF_HASH;

/* All but the table of sandboxes. */
static int open_parts(struct rf_lsm **ret, struct rf_err *err)
{
	RF_CLEANUP(rf_lsm_closep) struct rf_lsm *lsm = calloc(1, sizeof(*lsm));
	int r;

	if (!lsm)
		return rf_err_set(err, -ENOMEM, "out of memory");
	lsm->task_fd = lsm->sandbox_fd = lsm->image_fd = -1;
	lsm->ring_fd = lsm->fold_fd = lsm->about_fd = lsm->meta_fd = -1;
	lsm->nail_fd = lsm->nail_object_fd = lsm->user_object_fd = lsm->identify_fd = lsm->swap_fd =
		-1;
	if ((r = open_pin("rf_meta", &lsm->meta_fd, err)) < 0 ||
	    (r = open_pin("rf_sandbox", &lsm->sandbox_fd, err)) < 0 ||
	    (r = open_pin("rf_task", &lsm->task_fd, err)) < 0 ||
	    (r = open_pin("rf_image", &lsm->image_fd, err)) < 0 ||
	    (r = open_pin("rf_ring", &lsm->ring_fd, err)) < 0 ||
	    (r = open_pin("rf_fold", &lsm->fold_fd, err)) < 0 ||
	    (r = open_pin("rf_about", &lsm->about_fd, err)) < 0 ||
	    (r = open_pin("rf_nail", &lsm->nail_fd, err)) < 0 ||
	    (r = open_pin("rf_nail_object", &lsm->nail_object_fd, err)) < 0 ||
	    (r = open_pin("rf_user_object", &lsm->user_object_fd, err)) < 0 ||
	    (r = open_pin("prog_rf_identify", &lsm->identify_fd, err)) < 0 ||
	    (r = open_pin("prog_rf_swap", &lsm->swap_fd, err)) < 0 || (r = map_meta(lsm, err)) < 0)
		return r;
	if (lsm->meta->version != RF_ABI_VERSION || memcmp(lsm->meta->hash, own_hash, 32))
		return rf_err_set(err, -ESTALE,
				  "the kernel side loaded in %s is another version's; `ringfence "
				  "load --replace` replaces it",
				  RF_LSM_PIN_DIR);
	*ret = RF_TAKE_PTR(lsm);
	return 0;
}

int rf_lsm_check(struct rf_err *err)
{
	RF_CLEANUP(rf_lsm_closep) struct rf_lsm *lsm = NULL;

	return open_parts(&lsm, err);
}

int rf_lsm_open(struct rf_lsm **ret, struct rf_err *err)
{
	RF_CLEANUP(rf_lsm_closep) struct rf_lsm *lsm = NULL;
	int r = open_parts(&lsm, err);

	if (r == 0)
		r = rf_table_reserve(lsm, err);
	if (r < 0)
		return r;
	*ret = RF_TAKE_PTR(lsm);
	return 0;
}

struct rf_lsm *rf_lsm_close(struct rf_lsm *lsm)
{
	if (!lsm)
		return NULL;
	rf_table_release(lsm);
	if (lsm->meta)
		munmap(lsm->meta, (size_t)sysconf(_SC_PAGESIZE));
	rf_cleanup_close(&lsm->task_fd);
	rf_cleanup_close(&lsm->sandbox_fd);
	rf_cleanup_close(&lsm->image_fd);
	rf_cleanup_close(&lsm->ring_fd);
	rf_cleanup_close(&lsm->fold_fd);
	rf_cleanup_close(&lsm->about_fd);
	rf_cleanup_close(&lsm->meta_fd);
	rf_cleanup_close(&lsm->nail_fd);
	rf_cleanup_close(&lsm->nail_object_fd);
	rf_cleanup_close(&lsm->user_object_fd);
	rf_cleanup_close(&lsm->identify_fd);
	rf_cleanup_close(&lsm->swap_fd);
	free(lsm);
	return NULL;
}

/* ---- slots ---- */

static bool is_dead(uint64_t owner)
{
	pid_t pid = (pid_t)(uint32_t)owner;

	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

/* May this slot be claimed from the state it was seen in? */
static bool is_claimable(const struct rf_sandbox *sb, uint64_t owner)
{
	if (__atomic_load_n(&sb->tasks, __ATOMIC_ACQUIRE))
		return false;
	if (owner == 0)
		return sb->state != RF_SB_LIVE;
	return is_dead(owner);
}

/* Somebody may still be replacing the policy of a sandbox that ended meanwhile. */
static bool is_replaced_now(const struct rf_sandbox *sb)
{
	uint64_t replacer = __atomic_load_n(&sb->replacer, __ATOMIC_SEQ_CST);

	return replacer != 0 && !is_dead(replacer);
}

static bool claim(struct rf_sandbox *sb, uint64_t mine)
{
	__u64 owner = __atomic_load_n(&sb->self_tgid, __ATOMIC_ACQUIRE);

	if (!is_claimable(sb, owner))
		return false;
	if (!__atomic_compare_exchange_n(&sb->self_tgid, &owner, mine, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_ACQUIRE))
		return false;
	if (!is_replaced_now(sb))
		return true;
	/* Seen after the claim, which the replacer looks for after it said so: see replace.c. */
	__atomic_store_n(&sb->state, RF_SB_DYING, __ATOMIC_RELEASE);
	__atomic_store_n(&sb->self_tgid, 0, __ATOMIC_RELEASE);
	return false;
}

static uint64_t make_claim(uint64_t id)
{
	return (id << 32) | (uint32_t)getpid();
}

static void raise_limit(struct rf_lsm *lsm, uint32_t slot)
{
	uint32_t old = __atomic_load_n(&lsm->meta->high_slot, __ATOMIC_RELAXED);

	while (old <= slot &&
	       !__atomic_compare_exchange_n(&lsm->meta->high_slot, &old, slot + 1, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* A slot that holds the very pages, else one whose maps are large enough, else any. */
static int take_slot(struct rf_lsm *lsm, const struct rf_fence_spec *spec, size_t ring_bytes,
		     uint32_t *ret, struct rf_err *err)
{
	uint32_t limit = rf_fence_limit(lsm);
	uint64_t mine = make_claim(spec->id);

	for (uint32_t slot = 0; spec->image_key && slot < limit; slot++) {
		struct rf_sandbox *sb = rf_fence_at(lsm, slot);

		if (sb->image_key == spec->image_key && sb->ring_bytes >= ring_bytes &&
		    claim(sb, mine)) {
			*ret = slot;
			return 0;
		}
	}
	if (!spec->pages)
		return rf_err_set(err, -ENODATA, "no free slot holds this policy");
	for (uint32_t slot = 0; slot < limit; slot++) {
		struct rf_sandbox *sb = rf_fence_at(lsm, slot);

		if (sb->image_pages < spec->n_pages || sb->ring_bytes < ring_bytes)
			continue;
		if (claim(sb, mine)) {
			*ret = slot;
			return 0;
		}
	}
	for (uint32_t slot = 0; slot < RF_MAX_SANDBOXES; slot++) {
		struct rf_sandbox *sb = rf_fence_at(lsm, slot);

		if (!sb)
			return rf_err_set(err, -ENOMEM, "cannot map the table of sandboxes");
		if (claim(sb, mine)) {
			raise_limit(lsm, slot);
			*ret = slot;
			return 0;
		}
	}
	return rf_err_set(err, -ENOSPC, "all %d sandboxes are in use", RF_MAX_SANDBOXES);
}

/* ---- what a slot holds ---- */

int rf_inner_fd(int outer, uint32_t slot)
{
	uint32_t id = 0;

	if (bpf_map_lookup_elem(outer, &slot, &id) < 0)
		return -errno;
	return bpf_map_get_fd_by_id(id);
}

/* What the last sandbox of the slot left in the ring is skipped. */
static int empty_ring(int fd, struct rf_err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned long *consumer, *producer;

	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumer == MAP_FAILED)
		return rf_err_sys(err, -errno, "cannot map the ring");
	producer = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (producer == MAP_FAILED) {
		munmap(consumer, page);
		return rf_err_sys(err, -errno, "cannot map the ring");
	}
	__atomic_store_n(consumer, __atomic_load_n(producer, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	munmap(producer, page);
	munmap(consumer, page);
	return 0;
}

static int fill_ring(struct rf_lsm *lsm, uint32_t slot, size_t bytes, struct rf_err *err)
{
	struct rf_sandbox *sb = rf_fence_at(lsm, slot);
	RF_AUTOCLOSE int fd = -1;

	if (sb->ring_bytes >= bytes)
		fd = rf_inner_fd(lsm->ring_fd, slot);
	if (fd >= 0)
		return empty_ring(fd, err);
	fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "rf_ring_inner", 0, 0, (uint32_t)bytes, NULL);
	if (fd < 0)
		return rf_err_sys(err, -errno, "cannot make a ring of %zu bytes", bytes);
	if (bpf_map_update_elem(lsm->ring_fd, &slot, &fd, BPF_ANY) < 0)
		return rf_err_sys(err, -errno, "cannot publish the ring");
	sb->ring_bytes = (uint32_t)bytes;
	return 0;
}

static uint64_t boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int fill_about(struct rf_lsm *lsm, uint32_t slot, const struct rf_fence_spec *spec,
		      struct rf_err *err)
{
	struct rf_about about = {.id = spec->id, .started = boot_ns()};

	/* A container's has none: the hook that makes it ends before the payload begins. */
	about.supervisor = spec->container ? 0 : spec->supervisor;
	snprintf(about.container, sizeof(about.container), "%s",
		 spec->container ? spec->container : "");
	snprintf(about.runtime, sizeof(about.runtime), "%s", spec->runtime ? spec->runtime : "");
	snprintf(about.pod, sizeof(about.pod), "%s", spec->pod ? spec->pod : "");
	snprintf(about.name, sizeof(about.name), "%s", spec->name ? spec->name : "");
	snprintf(about.policy, sizeof(about.policy), "%s", spec->policy ? spec->policy : "");
	snprintf(about.sha256, sizeof(about.sha256), "%s", spec->sha256 ? spec->sha256 : "");
	if (bpf_map_update_elem(lsm->about_fd, &slot, &about, BPF_ANY) < 0)
		return rf_err_sys(err, -errno, "cannot note the sandbox's name");
	return 0;
}

static void go_live(struct rf_sandbox *sb, const struct rf_fence_spec *spec)
{
	sb->cgroup = spec->cgroup;
	sb->tasks = 0;
	sb->seq = sb->lost = sb->submitted = 0;
	sb->denied = sb->errors = sb->seccomp_misses = 0;
	sb->folded = sb->lost_other = 0;
	sb->fold_dirty = sb->reader_waiting = 0;
	sb->owner = spec->owner;
	sb->rest_until = 0;
	sb->flags = (spec->stacks ? RF_SBF_STACKS : 0) | (spec->container ? RF_SBF_CONTAINER : 0);
	sb->policy_gen = (sb->policy_gen | 1) + 1;
	memset(sb->nail_bits, 0, sizeof(sb->nail_bits));
	sb->nails = 0;
	memset(sb->terminal, 0, sizeof(sb->terminal));
	__atomic_store_n(&sb->id, spec->id, __ATOMIC_RELEASE);
	__atomic_store_n(&sb->state, RF_SB_LIVE, __ATOMIC_RELEASE);
	__atomic_store_n(&sb->self_tgid, (spec->id << 32) | spec->supervisor, __ATOMIC_RELEASE);
}

static int check_spec(const struct rf_fence_spec *spec, size_t ring, struct rf_err *err)
{
	if (!spec->id || (!spec->pages && !spec->image_key) || !spec->pages != !spec->n_pages)
		return rf_err_set(err, -EINVAL, "a sandbox needs an id and a policy image");
	if (spec->n_pages > RF_IMAGE_MAX_PAGES)
		return rf_err_set(err, -EFBIG, "the policy needs %zu pages, the limit is %d",
				  spec->n_pages, RF_IMAGE_MAX_PAGES);
	if (ring < 4096 || ring > RING_MAX || (ring & (ring - 1)))
		return rf_err_set(err, -EINVAL, "a ring of %zu bytes is not possible", ring);
	return 0;
}

int rf_fence_new(struct rf_lsm *lsm, const struct rf_fence_spec *spec, uint32_t *ret_slot,
		 struct rf_err *err)
{
	size_t ring = spec->ring_bytes ? spec->ring_bytes : RF_RING_BYTES;
	struct rf_sandbox *sb;
	uint32_t slot = 0;
	int r;

	r = check_spec(spec, ring, err);
	if (r < 0)
		return r;
	r = take_slot(lsm, spec, ring, &slot, err);
	if (r < 0)
		return r;
	sb = rf_fence_at(lsm, slot);
	__atomic_store_n(&sb->state, RF_SB_FREE, __ATOMIC_RELEASE);
	rf_image_forget(lsm, slot);
	if ((r = rf_image_fill(lsm, slot, spec, err)) < 0 ||
	    (r = fill_ring(lsm, slot, ring, err)) < 0 ||
	    (r = rf_folds_fill(lsm->fold_fd, slot, err)) < 0 ||
	    (r = fill_about(lsm, slot, spec, err)) < 0) {
		__atomic_store_n(&sb->self_tgid, 0, __ATOMIC_RELEASE);
		return r;
	}
	go_live(sb, spec);
	*ret_slot = slot;
	return 0;
}

int rf_fence_task(struct rf_lsm *lsm, uint32_t slot, int pidfd, uint32_t session,
		  struct rf_err *err)
{
	struct rf_sandbox *sb = rf_fence_at(lsm, slot);
	struct rf_task task = {.slot = slot,
			       .session = session,
			       .flags = RF_TASK_COUNTED | RF_TASK_STARTING | RF_TASK_BECOMING};
	int r;

	if (!sb || sb->state != RF_SB_LIVE)
		return rf_err_set(err, -ENOENT, "the sandbox has ended");
	task.sandbox = sb->id;
	/* Who joins later has the terminal of a session of its own. */
	if (session == RF_SESS_INIT) {
		r = rf_fence_terminals(lsm, slot, pidfd, err);
		if (r < 0)
			return r;
	}
	/* Counted first: the slot must never be free while a task holds it. */
	__atomic_add_fetch(&sb->tasks, 1, __ATOMIC_SEQ_CST);
	if (bpf_map_update_elem(lsm->task_fd, &pidfd, &task, BPF_NOEXIST) == 0)
		return 0;
	r = -errno;
	__atomic_sub_fetch(&sb->tasks, 1, __ATOMIC_SEQ_CST);
	return rf_err_sys(err, r, "cannot put the process into its sandbox");
}

void rf_fence_keep(struct rf_lsm *lsm, uint32_t slot)
{
	struct rf_sandbox *sb = rf_fence_at(lsm, slot);

	if (sb)
		__atomic_store_n(&sb->self_tgid, sb->id << 32, __ATOMIC_RELEASE);
}

void rf_fence_end(struct rf_lsm *lsm, uint32_t slot)
{
	struct rf_sandbox *sb = rf_fence_at(lsm, slot);

	if (!sb)
		return;
	__atomic_store_n(&sb->state, RF_SB_DYING, __ATOMIC_RELEASE);
	__atomic_store_n(&sb->self_tgid, 0, __ATOMIC_RELEASE);
}

/* ---- looking ---- */

int rf_fence_about(struct rf_lsm *lsm, uint32_t slot, struct rf_about *ret)
{
	const struct rf_sandbox *sb = rf_fence_at(lsm, slot);

	if (!sb || !sb->id || sb->state == RF_SB_FREE)
		return -ENOENT;
	return bpf_map_lookup_elem(lsm->about_fd, &slot, ret) < 0 ? -errno : 0;
}

int rf_fence_find(struct rf_lsm *lsm, uint64_t id, uint32_t *ret_slot)
{
	uint32_t limit = rf_fence_limit(lsm);

	for (uint32_t slot = 0; slot < limit; slot++) {
		const struct rf_sandbox *sb = rf_fence_at(lsm, slot);

		if (sb->id == id && sb->state == RF_SB_LIVE) {
			*ret_slot = slot;
			return 0;
		}
	}
	return -ENOENT;
}

int rf_fence_ring(struct rf_lsm *lsm, uint32_t slot, struct rf_err *err)
{
	int fd = rf_inner_fd(lsm->ring_fd, slot);

	return fd < 0 ? rf_err_sys(err, fd, "cannot open the ring of slot %u", slot) : fd;
}

int rf_fence_folds(struct rf_lsm *lsm, uint32_t slot, struct rf_err *err)
{
	int fd = rf_inner_fd(lsm->fold_fd, slot);

	return fd < 0 ? rf_err_sys(err, fd, "cannot open the repeats of slot %u", slot) : fd;
}

size_t rf_fence_ring_size(struct rf_lsm *lsm, uint32_t slot)
{
	const struct rf_sandbox *sb = rf_fence_at(lsm, slot);

	return sb ? sb->ring_bytes : 0;
}
