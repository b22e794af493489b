/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nailing objects to the state of their denied name, from user space; see lsm/abi.h.
 *
 * What identifies an object only the kernel knows (device and inode numbers that stat tells are
 * others on btrfs and overlayfs), so a program of ours is asked. As with pages and rings, a slot
 * keeps its map for its next sandbox.
 */
#include <bpf/bpf.h>
#include <string.h>
#include <sys/random.h>

#include "lsm/rules_parts.h"

static int empty(int fd, struct rf_err *err)
{
	struct rf_nail key;

	while (bpf_map_get_next_key(fd, NULL, &key) == 0)
		if (bpf_map_delete_elem(fd, &key) < 0 && errno != ENOENT)
			return rf_err_sys(err, -errno, "cannot forget the nailed objects");
	return 0;
}

/* As in lsm/bpf/nail.bpf.c. */
static void add_state(struct rf_nailed *to, uint32_t state)
{
	for (size_t i = 0; i < RF_NAIL_STATES; i++) {
		if (!to->state[i])
			to->state[i] = state;
		if (to->state[i] == state)
			return;
	}
	to->full = 1;
}

/* What one map holds of an object into another, beside what that holds of it already. */
static int merge(int to, const struct rf_nail *key, const struct rf_nailed *nailed)
{
	struct rf_nailed now;

	if (bpf_map_update_elem(to, key, nailed, BPF_NOEXIST) == 0)
		return 0;
	if (errno != EEXIST || bpf_map_lookup_elem(to, key, &now) < 0)
		return -errno;
	for (size_t i = 0; i < RF_NAIL_STATES && nailed->state[i]; i++)
		add_state(&now, nailed->state[i]);
	now.full |= nailed->full;
	return bpf_map_update_elem(to, key, &now, BPF_ANY) < 0 ? -errno : 0;
}

/* Those of one image; what else the map holds is of policies that do not count any more. */
static int copy(int from, int to, uint64_t image, size_t *n, struct rf_err *err)
{
	struct rf_nail key, *last = NULL;
	struct rf_nailed nailed;

	*n = 0;
	while (bpf_map_get_next_key(from, last, &key) == 0) {
		if (key.image == image && bpf_map_lookup_elem(from, &key, &nailed) == 0) {
			++*n;
			int r = to >= 0 ? merge(to, &key, &nailed) : 0;

			if (r < 0)
				return rf_err_sys(err, r, "cannot keep the nailed objects");
		}
		last = &key;
	}
	return 0;
}

/* The id of the policy that counts. */
static int current_image(struct rf_lsm *lsm, uint32_t slot, uint64_t *ret, struct rf_err *err)
{
	const struct rf_sandbox *sb = rf_fence_at(lsm, slot);
	RF_AUTOCLOSE int fd = rf_inner_fd(lsm->image_fd, rf_image_at(slot, sb->policy_gen));
	RF_AUTOFREE struct rf_page *page = malloc(sizeof(*page));
	const uint32_t zero = 0;

	if (fd < 0 || !page || bpf_map_lookup_elem(fd, &zero, page) < 0)
		return rf_err_set(err, -EIO, "cannot read the sandbox's policy");
	*ret = ((const struct rf_image_head *)(const void *)page)->id;
	return 0;
}

static int make_map(uint32_t room, struct rf_err *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "rf_nail_inner", sizeof(struct rf_nail),
				sizeof(struct rf_nailed), room, &opts);

	return fd < 0 ? rf_err_sys(err, -errno, "cannot make a map of %u nailed objects", room)
		      : fd;
}

/*
 * A new map for what the policy that counts holds and n more. The kernel side goes on nailing in
 * the old one until the new one is published, which waits for calls that look at the old one: what
 * it nailed last is copied after that.
 */
static int renew(struct rf_lsm *lsm, uint32_t slot, int old, size_t n, struct rf_err *err)
{
	RF_AUTOCLOSE int fd = -1;
	uint64_t image = 0;
	size_t kept = 0;
	int r = current_image(lsm, slot, &image, err);

	if (r == 0 && old >= 0)
		r = copy(old, -1, image, &kept, err);
	if (r < 0)
		return r;
	fd = make_map(rf_nail_room(n + 2 * kept), err);
	if (fd < 0)
		return fd;
	r = old >= 0 ? copy(old, fd, image, &kept, err) : 0;
	if (r == 0 && bpf_map_update_elem(lsm->nail_fd, &slot, &fd, BPF_ANY) < 0)
		r = rf_err_sys(err, -errno, "cannot publish the nailed objects");
	if (r == 0) {
		rf_fence_at(lsm, slot)->nail_room = rf_nail_room(n + 2 * kept);
		r = old >= 0 ? copy(old, fd, image, &kept, err) : 0;
	}
	return r;
}

int rf_fence_nail_room(struct rf_lsm *lsm, uint32_t slot, size_t n, bool keep, struct rf_err *err)
{
	struct rf_sandbox *sb = rf_fence_at(lsm, slot);
	RF_AUTOCLOSE int old = rf_inner_fd(lsm->nail_fd, slot);
	RF_AUTOCLOSE int fd = -1;

	if (!sb || n > RF_FIXED_NAMES_MAX)
		return rf_err_set(err, -E2BIG,
				  "deny rules name %zu objects without a wildcard, the limit is %u",
				  n, RF_FIXED_NAMES_MAX);
	if (keep)
		return renew(lsm, slot, old, n, err);
	if (old >= 0 && sb->nail_room >= rf_nail_room(n))
		return empty(old, err);
	fd = make_map(rf_nail_room(n), err);
	if (fd < 0)
		return fd;
	if (bpf_map_update_elem(lsm->nail_fd, &slot, &fd, BPF_ANY) < 0)
		return rf_err_sys(err, -errno, "cannot publish the nailed objects");
	sb->nail_room = rf_nail_room(n);
	return 0;
}

static int identify(struct rf_lsm *lsm, int fd, struct rf_nail_object *ret, struct rf_err *err)
{
	struct rf_identify ask = {.fd = (uint32_t)fd};
	/* Programs of this kind answer in what they were given. */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &ask, .ctx_size_in = sizeof(ask));

	if (bpf_prog_test_run_opts(lsm->identify_fd, &opts) < 0)
		return rf_err_sys(err, -errno, "cannot ask the kernel what identifies an object");
	if (!ask.found)
		return rf_err_set(err, -EBADF,
				  "the kernel does not tell what identifies an object");
	*ret = ask.object;
	return 0;
}

static int serial_of(int table, const struct rf_nail_object *object, __u64 *ret, struct rf_err *err)
{
	__u64 serial;

	if (bpf_map_lookup_elem(table, object, ret) == 0)
		return 0;
	if (getrandom(&serial, sizeof(serial), 0) != sizeof(serial))
		return rf_err_sys(err, -errno, "cannot get a random number");
	serial |= 1;
	if (bpf_map_update_elem(table, object, &serial, BPF_NOEXIST) < 0 && errno == E2BIG)
		return rf_err_set(err, -ENOSPC, "too many objects are named by deny rules already");
	if (bpf_map_lookup_elem(table, object, ret) < 0)
		return rf_err_sys(err, -errno, "cannot nail an object");
	return 0;
}

static void mark_one(struct rf_sandbox *sb, uint32_t bit)
{
	__atomic_fetch_or(&sb->nail_bits[bit / 64 % RF_NAIL_WORDS], UINT64_C(1) << bit % 64,
			  __ATOMIC_RELEASE);
}

static void mark(struct rf_sandbox *sb, uint64_t ino)
{
	mark_one(sb, rf_nail_bit(ino));
	mark_one(sb, rf_nail_second(ino));
	__atomic_store_n(&sb->nails, 1, __ATOMIC_RELEASE);
}

int rf_fence_nail(struct rf_lsm *lsm, uint32_t slot, int fd, uint64_t image, uint32_t state,
		  struct rf_err *err)
{
	struct rf_sandbox *sb = rf_fence_at(lsm, slot);
	RF_AUTOCLOSE int map = rf_inner_fd(lsm->nail_fd, slot);
	struct rf_nail nail = {.image = image};
	struct rf_nailed nailed = {.pending = 0}, now;
	int r;

	if (!sb || map < 0)
		return rf_err_set(err, -ENOENT, "the sandbox has no map of nailed objects");
	r = identify(lsm, fd, &nailed.object, err);
	if (r == 0)
		r = serial_of(sb->owner ? lsm->user_object_fd : lsm->nail_object_fd, &nailed.object,
			      &nail.serial, err);
	if (r < 0)
		return r;
	mark(sb, nailed.object.ino);
	/* Before the policy counts: nobody else adds to it. */
	if (bpf_map_lookup_elem(map, &nail, &now) == 0)
		nailed = now;
	add_state(&nailed, state + 1);
	return bpf_map_update_elem(map, &nail, &nailed, BPF_ANY) < 0
		       ? rf_err_sys(err, -errno, "cannot nail an object")
		       : 0;
}
