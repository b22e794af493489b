/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects that deny rules name without a wildcard: denied under every name (POLICY.md 13).
 *
 * A hard link made earlier or outside, or a bind mount, is another name of the same inode. Such
 * objects are nailed at start (lsm/nails.c) and whenever the name is used, or given to another
 * object, inside. Neither an address nor an inode number is an identity: lsm/abi.h says what is.
 */
#include "lsm/bpf/nail.bpf.h"

static __always_inline int unknown(struct rf_work *w, __u32 rights)
{
	return rf_refuse(w, rights ? rights : RF_A_READ, RF_RULE_UNJUDGED, RF_CODE_LOOKUP);
}

/* The rights that rules, not the default, refuse in the state of the nail. */
static __always_inline __u32 refused_by_rule(const struct rf_verdict *verdict, __u32 accept,
					     __u32 session, __u32 rights)
{
	__u32 missing = rf_file_missing(accept, session, rights) & 0x7f, by_rule = 0;

	RF_UNROLL
	for (__u32 i = 0; i < RF_A_FILE_RIGHTS; i++) {
		__u32 differs = verdict->rule[session][i] ^ RF_RULE_NONE;

		by_rule |= ((differs + 0xffff) >> 16) << i;
		RF_OPAQUE(by_rule);
	}
	return missing & by_rule;
}

/* What the denied name would answer, as far as deny rules speak; 0, or -1: damaged. */
static __always_inline int answer_nail(struct rf_work *w, const struct rf_image_head *head,
				       const struct rf_img *img, __u32 state, __u32 rights)
{
	const struct rf_verdict *verdict;
	struct rf_answer answer = {};
	struct rf_dfa_pos pos;
	__u32 refused;

	if (rf_dfa_enter(img, &pos, state))
		return -1;
	verdict = rf_dfa_verdict(img, &head->files, &pos);
	if (!verdict)
		return -1;
	refused = refused_by_rule(verdict, rf_dfa_accept(&pos), w->session & 1, rights);
	refused |= rf_would_bits(verdict, w->session & 1) & rights;
	if (!refused)
		return 0;
	if (rf_dfa_answer(img, head, &head->files, &pos, w->session & 1, refused, &answer))
		return -1;
	answer.audit = 0;
	rf_take_answer(w, &answer);
	return 0;
}

int rf_nail_ask(struct rf_work *w, __u32 rights)
{
	struct rf_nail_object object = {};
	const struct rf_image_head *head;
	struct rf_nail nail = {};
	struct rf_sandbox *sb;
	struct dentry *dentry;
	struct inode *inode;
	struct rf_img img;
	struct rf_nailed *nailed;
	__u32 slot;
	void *map;

	if (!w)
		return -1;
	if (w->missing)
		return 0;
	dentry = (void *)w->at_dentry;
	inode = BPF_CORE_READ(dentry, d_inode);
	slot = w->slot;
	sb = rf_sandbox_of(slot);
	if (!inode || !sb)
		return inode ? unknown(w, rights) : 0;
	object.ino = BPF_CORE_READ(inode, i_ino);
	if (!rf_may_be_nailed(sb, object.ino))
		return 0;
	rf_object_of(&object, inode);
	nail.serial = rf_serial_of(sb->owner, &object);
	if (!nail.serial)
		return 0;
	map = bpf_map_lookup_elem(&rf_nail, &slot);
	head = rf_head_of(w->image, &img);
	if (!map || !head)
		return unknown(w, rights);
	nail.image = head->id;
	nailed = bpf_map_lookup_elem(map, &nail);
	if (nailed && answer_nail(w, head, &img, nailed->state, rights))
		return rf_refuse(w, rights, RF_RULE_UNJUDGED, RF_CODE_IMAGE);
	return 0;
}

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

	if (!bpf_map_update_elem(map, nail, nailed, BPF_ANY))
		return 0;
	bpf_for_each_map_elem(map, drop_if_gone, &sweep, 0);
	return bpf_map_update_elem(map, nail, nailed, BPF_ANY);
}

/*
 * Gives the object the serial number of a nail that is in the sandbox's own map already. In this
 * order: a sandbox whose map is full takes no room in the table that all share. Another may have
 * given the object one meanwhile: then the nail is made anew by that.
 */
static __always_inline long give_serial(bool users, void *map, struct rf_nail *nail,
					struct rf_nailed *nailed)
{
	__u64 serial;

	if (users)
		bpf_map_update_elem(&rf_user_object, &nailed->object, &nail->serial, BPF_NOEXIST);
	else
		bpf_map_update_elem(&rf_nail_object, &nailed->object, &nail->serial, BPF_NOEXIST);
	serial = rf_serial_of(users, &nailed->object);
	if (serial != nail->serial)
		bpf_map_delete_elem(map, nail);
	nail->serial = serial;
	nailed->pending = 0;
	return !serial || put(users, map, nail, nailed);
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
		return unknown(w, rights);
	users = sb->owner;
	rf_object_of(&nailed.object, inode);
	nailed.state = w->spot.state;
	nail.serial = rf_serial_of(users, &nailed.object);
	nail.image = head->id;
	is_new = nailed.pending = !nail.serial;
	/* Before the nail: who finds it there says so without a look at these. */
	mark(sb, nailed.object.ino);
	if (is_new)
		nail.serial = (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32() | 1;
	else if (bpf_map_lookup_elem(map, &nail))
		return 0;
	if (put(users, map, &nail, &nailed) || (is_new && give_serial(users, map, &nail, &nailed)))
		return unknown(w, rights);
	return 0;
}
