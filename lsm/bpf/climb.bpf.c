/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way up: from a dentry and its mount to the root of the caller's mount namespace.
 *
 * bpf_d_path is no subject for a decision: it is relative to the caller's root, ignores the
 * namespace, and says "/" for what is disconnected. This walk is absolute, crosses mounts, demands
 * that the mount belongs to the caller's namespace, and is repeated when something moved meanwhile.
 *
 * What moved is asked of the kernel's two global sequence counters first. Renames anywhere bump one
 * of them all the time, so if it moved, each dentry's own counter decides: all were read before the
 * climb ended and are compared after the last name was copied, so if none moved, the whole chain
 * was true at the moment the climb ended. Otherwise one sandbox that renames in a loop could make
 * the others' accesses fail.
 */
#include "lsm/bpf/path.bpf.h"

extern const void rename_lock __ksym __weak;

static __always_inline __u32 rename_seq(void)
{
	return rf_lock_seq(&rename_lock, rf_casts);
}

struct climb {
	struct rf_work *w;
};

static __always_inline __u64 mnt_of(__u64 mount)
{
	return mount + bpf_core_field_offset(struct mount, mnt);
}

/* Stands at the root of w->mnt. */
static __always_inline void enter_mount(struct rf_work *w)
{
	struct vfsmount *mnt = (void *)w->mnt;
	struct super_block *sb = RF_READ(mnt, mnt_sb);

	w->mnt_root = (__u64)RF_READ(mnt, mnt_root);
	w->in_proc = RF_READ(sb, s_magic) == RF_MAGIC_PROC;
}

/*
 * At the root of a mount: go on at its mount point, or end at the top. Asked there again, and not
 * only of the object's own mount before: one that was unmounted in between is a top, too.
 */
static __always_inline long climb_mount(struct rf_work *w)
{
	struct mount *m = (void *)rf_mount_of(w->mnt), *parent;

	parent = RF_READ(m, mnt_parent);
	if (!parent || parent == m) {
		w->walk_done = 1;
		if ((__u64)RF_READ(m, mnt_ns) != w->up_ns)
			w->walk_code = RF_CODE_DETACHED;
		return 1;
	}
	w->dentry = (__u64)RF_READ(m, mnt_mountpoint);
	w->mnt = mnt_of((__u64)parent);
	enter_mount(w);
	return 0;
}

/* The members of a dentry that a walk needs lie close together: one read instead of five. */
#define RF_BLOCK		   64
#define RF_AT(member)		   bpf_core_field_offset(struct dentry, member)
#define RF_IN(block, type, member) (*(type *)((block) + RF_AT(member)))

static __always_inline bool fits_block(void)
{
	return RF_AT(d_flags) <= RF_BLOCK - 8 && RF_AT(d_seq.seqcount.sequence) <= RF_BLOCK - 8 &&
	       RF_AT(d_parent) <= RF_BLOCK - 8 && RF_AT(d_name.len) <= RF_BLOCK - 8 &&
	       RF_AT(d_name.name) <= RF_BLOCK - 8 &&
	       RF_AT(d_seq.seqcount.sequence) < RF_AT(d_parent) &&
	       RF_AT(d_seq.seqcount.sequence) < RF_AT(d_name);
}

/* Fills the hop but for its dentry, and *parent; the sequence number is read first. */
static __always_inline void read_dentry(struct rf_hop *hop, struct dentry *dentry, __u64 *parent)
{
	__u32 flags, len;

	if (rf_casts) {
		struct dentry *d = RF_CAST(struct dentry, dentry);

		hop->seq = *(volatile unsigned int *)&d->d_seq.seqcount.sequence;
		RF_BARRIER();
		flags = d->d_flags;
		*parent = (__u64)d->d_parent;
		hop->name = (__u64)d->d_name.name;
		len = d->d_name.len;
	} else if (fits_block()) {
		__u8 block[RF_BLOCK] __attribute__((aligned(8)));

		if (bpf_probe_read_kernel(block, sizeof(block), dentry))
			__builtin_memset(block, 0, sizeof(block));
		hop->seq = RF_IN(block, __u32, d_seq.seqcount.sequence);
		flags = RF_IN(block, __u32, d_flags);
		*parent = RF_IN(block, __u64, d_parent);
		hop->name = RF_IN(block, __u64, d_name.name);
		len = RF_IN(block, __u32, d_name.len);
	} else {
		hop->seq = RF_READ(dentry, d_seq.seqcount.sequence);
		flags = RF_READ(dentry, d_flags);
		*parent = (__u64)RF_READ(dentry, d_parent);
		hop->name = (__u64)RF_READ(dentry, d_name.name);
		len = RF_READ(dentry, d_name.len);
	}
	hop->len = len < RF_NAME_ROOM ? len : 0;
	hop->flags = flags & RF_DCACHE_COMPARE ? RF_HOP_COMPARE : 0;
}

static long climb_step(__u64 i, struct climb *c)
{
	struct rf_work *w = c->w;
	struct rf_hop *hop;
	__u64 parent = 0;
	__u32 n;

	if (w->dentry == w->mnt_root)
		return climb_mount(w);
	n = w->n_hops;
	hop = &w->hop[n & (RF_HOPS_MAX - 1)];
	read_dentry(hop, (void *)w->dentry, &parent);
	if (!parent || parent == w->dentry) {
		w->walk_code = RF_CODE_DISCONNECTED;
		return 1;
	}
	if (n >= RF_HOPS_MAX) {
		w->walk_code = RF_CODE_TOO_DEEP;
		return 1;
	}
	if (w->in_proc)
		hop->flags |= RF_HOP_PROC;
	hop->dentry = w->dentry;
	/* The parent that belongs to hop[0].seq: what is kept is of this one, not of a later. */
	if (!n)
		w->up_dentry = parent;
	w->n_hops = n + 1;
	w->dentry = parent;
	return 0;
}

__noinline int rf_path_climb(struct rf_work *w)
{
	struct climb c = {.w = w};

	if (!w)
		return -1;
	w->tree_generation = rf_generation_now();
	w->rename_seq = rename_seq();
	w->mount_seq = rf_mount_seq();
	w->n_hops = 0;
	w->walk_code = 0;
	w->walk_done = 0;
	enter_mount(w);
	bpf_loop(RF_HOPS_MAX * 2, climb_step, &c, 0);
	if (!w->walk_done && !w->walk_code)
		w->walk_code = RF_CODE_TOO_DEEP;
	return 0;
}

static long compare_step(__u64 i, struct climb *c)
{
	struct rf_work *w = c->w;
	struct rf_hop *hop = &w->hop[(__u32)i & (RF_HOPS_MAX - 1)];
	struct dentry *dentry = (void *)hop->dentry;
	__u32 seq = hop->seq;

	if (!(seq & 1) && RF_READ(dentry, d_seq.seqcount.sequence) == seq)
		return 0;
	w->walk_moved = 1;
	return 1;
}

/* Is what was climbed and read still, or was it at the end of the climb, one true path? */
__noinline int rf_path_settled(struct rf_work *w)
{
	struct climb c = {.w = w};
	__u32 n;

	if (!w || (w->mount_seq & 1) || rf_mount_seq() != w->mount_seq)
		return 0;
	if (!(w->rename_seq & 1) && rename_seq() == w->rename_seq)
		return 1;
	w->walk_moved = 0;
	n = w->n_hops;
	if (n > RF_HOPS_MAX)
		n = RF_HOPS_MAX;
	bpf_loop(n, compare_step, &c, 0);
	return !w->walk_moved;
}
