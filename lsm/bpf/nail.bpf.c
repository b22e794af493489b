/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects that deny rules name without a wildcard: denied under every name (POLICY.md 13).
 *
 * A hard link made earlier or outside, or a bind mount, is another name of the same inode. Such
 * objects are nailed at start (lsm/nails.c) and whenever the name is used, or given to another
 * object, inside. Neither an address nor an inode number is an identity: lsm/abi.h says what is.
 */
#include "lsm/bpf/path.bpf.h"

/*
 * Overlayfs hands on the numbers of its layers, which are often different file systems: which layer
 * it is tells two objects with one number apart. Its directories are numbered by a counter of its
 * own (ovl_map_ino), so a directory and a file share a number, too. struct ovl_inode, of a module,
 * has the dentry of the upper layer right behind its vfs_inode (6.1 and 6.12); overlayfs keeps no
 * generation.
 */
static __always_inline __u32 overlay_kind(struct inode *inode)
{
	bool dir = (BPF_CORE_READ(inode, i_mode) & RF_S_IFMT) == RF_S_IFDIR;
	__u64 upper = 0;

	if (bpf_probe_read_kernel(&upper, sizeof(upper),
				  (char *)inode + bpf_core_type_size(struct inode)))
		return 3;
	return (upper ? 1 : 2) | (dir ? 4 : 0);
}

/* The object behind an inode; both are addresses read by probe. */
static __always_inline void object_of(struct rf_nail_object *ret, struct inode *inode)
{
	ret->ino = BPF_CORE_READ(inode, i_ino);
	ret->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	ret->generation = BPF_CORE_READ(inode, i_generation);
	if (BPF_CORE_READ(inode, i_sb, s_magic) == RF_MAGIC_OVERLAY)
		ret->generation = overlay_kind(inode);
}

/*
 * The serial number of an object that some sandbox nailed, among those that root made or those that
 * the service made for users; 0: none did.
 */
static __always_inline __u64 serial_of(bool users, const struct rf_nail_object *object)
{
	__u64 *serial = users ? bpf_map_lookup_elem(&rf_user_object, object)
			      : bpf_map_lookup_elem(&rf_nail_object, object);

	return serial ? *serial : 0;
}

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
	__u32 slot, bit;
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
	bit = rf_nail_bit(object.ino);
	if (!(sb->nail_bits[bit >> 6 & (RF_NAIL_WORDS - 1)] >> (bit & 63) & 1))
		return 0;
	object_of(&object, inode);
	nail.serial = serial_of(sb->owner, &object);
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
	if (!nailed->pending && serial_of(sweep->users, &nailed->object) != nail->serial)
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
	serial = serial_of(users, &nailed->object);
	if (serial != nail->serial)
		bpf_map_delete_elem(map, nail);
	nail->serial = serial;
	nailed->pending = 0;
	return !serial || put(users, map, nail, nailed);
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
	__u32 slot, bit;
	void *map;

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
	object_of(&nailed.object, inode);
	nailed.state = w->spot.state;
	nail.serial = serial_of(users, &nailed.object);
	nail.image = head->id;
	is_new = nailed.pending = !nail.serial;
	if (is_new)
		nail.serial = (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32() | 1;
	else if (bpf_map_lookup_elem(map, &nail))
		return 0;
	if (put(users, map, &nail, &nailed) || (is_new && give_serial(users, map, &nail, &nailed)))
		return unknown(w, rights);
	bit = rf_nail_bit(nailed.object.ino);
	__sync_fetch_and_or(&sb->nail_bits[bit >> 6 & (RF_NAIL_WORDS - 1)], 1ull << (bit & 63));
	return 0;
}

/*
 * Overlayfs makes another object of one that is written to, or linked, the first time; what the old
 * one was denied by would not know the new one. So what rules deny anything of, under another name,
 * is not copied from inside.
 */
SEC("lsm/inode_copy_up")
int BPF_PROG(rf_copy_up, struct dentry *dentry, struct cred **creds, int ret)
{
	struct rf_work *w;
	int r;

	if (ret)
		return ret;
	r = rf_begin(&w, RF_SEC_FILES, RF_H_INODE_COPY_UP, RF_OP_OPEN);
	if (!w)
		return r;
	if (w->nails) {
		rf_path_at(w, dentry, NULL);
		rf_path_describe(w);
		rf_nail_ask(w, (1u << RF_A_FILE_RIGHTS) - 1);
	}
	return rf_end(w);
}

/* The object is gone for good, not only from memory: its number may be given to another. */
SEC("lsm/inode_free_security")
int BPF_PROG(rf_nail_free, struct inode *inode)
{
	struct rf_nail_object object = {};

	if (inode->i_nlink)
		return 0;
	object_of(&object, inode);
	if (serial_of(false, &object))
		bpf_map_delete_elem(&rf_nail_object, &object);
	if (serial_of(true, &object))
		bpf_map_delete_elem(&rf_user_object, &object);
	return 0;
}

/* Run by the launcher on a descriptor of its own: only the kernel knows what identifies an object.
 */
SEC("syscall")
int rf_identify(struct rf_identify *ask)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file **table, *file = NULL;
	struct inode *inode;
	__u32 max;

	ask->found = 0;
	max = BPF_CORE_READ(task, files, fdt, max_fds);
	table = BPF_CORE_READ(task, files, fdt, fd);
	if (ask->fd >= max || bpf_probe_read_kernel(&file, sizeof(file), table + ask->fd) || !file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	if (!inode)
		return 0;
	object_of(&ask->object, inode);
	ask->found = 1;
	return 0;
}
