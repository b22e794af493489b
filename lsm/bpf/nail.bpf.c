/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects that deny rules name without a wildcard: denied under every name (POLICY.md 13).
 *
 * A hard link made earlier or outside, or a bind mount, is another name of the same inode. Such
 * objects are nailed at start (lsm/nails.c) and whenever the name is used, or given to another
 * object, inside. Neither an address nor an inode number is an identity: lsm/abi.h says what is.
 */
#include "lsm/bpf/nail.bpf.h"

struct rf_sweep {
	bool users;
};

/* No object gets a serial number back that it had: what is gone now is gone for good. */
static long drop_if_gone(void *map, struct rf_nail *nail, struct rf_nailed *nailed,
			 struct rf_sweep *sweep)
{
	if (!nailed->pending && rf_serial_of(sweep->users, &nailed->object) != nail->serial)
		bpf_map_delete_elem(map, nail);
	return 0;
}

/*
 * Where the map is full, objects that are gone make room: a file that is replaced again and again
 * leaves one each time.
 */
static __always_inline long put(bool users, void *map, const struct rf_nail *nail,
				const struct rf_nailed *nailed)
{
	struct rf_sweep sweep = {.users = users};

	if (!bpf_map_update_elem(map, nail, nailed, BPF_NOEXIST))
		return 0;
	bpf_for_each_map_elem(map, drop_if_gone, &sweep, 0);
	return bpf_map_update_elem(map, nail, nailed, BPF_NOEXIST);
}

/* One more denied name of an object that is nailed already. What finds no room denies it whole. */
static __always_inline void add_state(struct rf_nailed *to, __u32 state)
{
	for (__u32 i = 0; i < RF_NAIL_STATES; i++) {
		__u32 was = __sync_val_compare_and_swap(&to->state[i], 0, state);

		if (!was || was == state)
			return;
	}
	to->full = 1;
}

/* Into the sandbox's own map, beside what is there of the object; 0, or there is no room. */
static __always_inline long add(bool users, void *map, const struct rf_nail *nail,
				const struct rf_nailed *nailed)
{
	struct rf_nailed *there = bpf_map_lookup_elem(map, nail);

	if (!there) {
		if (!put(users, map, nail, nailed))
			return 0;
		/* Another was quicker, or there is no room. */
		there = bpf_map_lookup_elem(map, nail);
	}
	if (!there)
		return -1;
	add_state(there, nailed->state[0]);
	return 0;
}

/*
 * Gives the object the serial number of a nail that is in the sandbox's own map already. In this
 * order: a sandbox whose map is full takes no room in the table that all share. Another may have
 * given the object one meanwhile: then the nail is made anew by that.
 */
static __always_inline long give_serial(bool users, void *map, struct rf_nail *nail,
					struct rf_nailed *nailed)
{
	struct rf_nailed *own;
	__u64 serial;

	if (users)
		bpf_map_update_elem(&rf_user_object, &nailed->object, &nail->serial, BPF_NOEXIST);
	else
		bpf_map_update_elem(&rf_nail_object, &nailed->object, &nail->serial, BPF_NOEXIST);
	serial = rf_serial_of(users, &nailed->object);
	if (serial == nail->serial) {
		own = bpf_map_lookup_elem(map, nail);
		if (own)
			own->pending = 0;
		return !own;
	}
	bpf_map_delete_elem(map, nail);
	nail->serial = serial;
	nailed->pending = 0;
	return !serial || add(users, map, nail, nailed);
}

static __always_inline void mark_one(struct rf_sandbox *sb, __u32 bit)
{
	__sync_fetch_and_or(&sb->nail_bits[bit >> 6 & (RF_NAIL_WORDS - 1)], 1ull << (bit & 63));
}

static __always_inline void mark(struct rf_sandbox *sb, __u64 ino)
{
	mark_one(sb, rf_nail_bit(ino));
	mark_one(sb, rf_nail_second(ino));
	__sync_fetch_and_or(&sb->nails, 1);
}

int rf_nail_set(struct rf_work *w, __u64 address, __u32 rights)
{
	const struct rf_image_head *head;
	struct rf_nailed nailed = {};
	struct rf_nail nail = {};
	struct rf_sandbox *sb;
	struct dentry *dentry = (void *)address;
	struct inode *inode;
	struct rf_img img;
	bool users, is_new;
	void *map;
	__u32 slot;

	if (!w)
		return -1;
	inode = BPF_CORE_READ(dentry, d_inode);
	if (!inode || (BPF_CORE_READ(inode, i_mode) & RF_S_IFMT) == RF_S_IFDIR)
		return 0;
	slot = w->slot;
	sb = rf_sandbox_of(slot);
	map = bpf_map_lookup_elem(&rf_nail, &slot);
	head = rf_head_of(w->image, &img);
	if (!sb || !map || !head)
		return rf_nail_unknown(w, rights);
	users = sb->owner;
	rf_object_of(&nailed.object, inode);
	nailed.state[0] = w->spot.state + 1;
	nail.serial = rf_serial_of(users, &nailed.object);
	nail.image = head->id;
	is_new = nailed.pending = !nail.serial;
	/* Before the nail: who finds it there says so without a look at these. */
	mark(sb, nailed.object.ino);
	if (is_new)
		nail.serial = (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32() | 1;
	if (add(users, map, &nail, &nailed) || (is_new && give_serial(users, map, &nail, &nailed)))
		return rf_nail_unknown(w, rights);
	return 0;
}
