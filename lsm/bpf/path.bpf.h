/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a dentry and a mount to a verdict: classify, walk up, step the DFA down.
 */
#ifndef RF_BPF_PATH_H
#define RF_BPF_PATH_H

#include "lsm/bpf/scope.bpf.h"

/*
 * Names the object of the following calls. Addresses are passed inside the work space: global
 * functions take no kernel pointers on 6.1, and what is read by probe cannot oops.
 */
static __always_inline void rf_path_at(struct rf_work *w, const void *dentry, const void *mnt)
{
	w->at_dentry = (__u64)dentry;
	w->at_mnt = (__u64)mnt;
}

/*
 * Judges the object: fills w->spot and appends its path to the record's text. 0, or -1 when the
 * work space is missing. What cannot be judged has w->spot.code set and no rights.
 */
int rf_path_judge(struct rf_work *w);

/* Walks from w->dentry, w->mnt to the namespace's root; w->hop[] holds the components. */
int rf_path_climb(struct rf_work *w);

/* Steps the policy's DFA over w->hop[], top down. */
int rf_path_descend(struct rf_work *w);

/* 1, which is odd, where it cannot be told. */
static __always_inline __u64 rf_generation_now(void)
{
	__u32 zero = 0;
	struct rf_tree *tree = bpf_map_lookup_elem(&rf_tree, &zero);

	return tree ? *(volatile __u64 *)&tree->generation : 1;
}

static __always_inline __u64 rf_mount_of(__u64 mnt)
{
	return mnt - bpf_core_field_offset(struct mount, mnt);
}

/* The sequence of the kernel's mount_lock; odd while mounts change, or where it cannot be read. */
__u32 rf_mount_seq(void);

/* 1 if nothing of it moved since, or before the climb had ended. */
int rf_path_settled(struct rf_work *w);

/* Makes the object the record's; what is to be told of it is read when a record is made. */
static __always_inline void rf_path_describe(struct rf_work *w)
{
	w->rec.obj = RF_OBJ_FILE;
	w->about = w->at_dentry;
}

/*
 * Asks for rights on the object judged last: fills missing, rule, would and log of the answer. May
 * be called for several objects of one call: the first refusal stays.
 */
int rf_path_ask(struct rf_work *w, __u32 rights);

/*
 * POLICY.md 13: may the object at w->old get the name at w->spot as well? Refuses with EXDEV what
 * would add rights.
 */
int rf_alias_ask(struct rf_work *w, __u32 is_dir);

/*
 * NFS, and most servers of FUSE, rename what is open when it is removed or replaced: it lives on
 * beside its name, as .nfsN or .fuse_hiddenN. A hook's own pointer, which is never NULL.
 */
static __always_inline bool rf_hides_removed(const struct dentry *dentry)
{
	unsigned long magic = dentry->d_sb->s_magic;

	return magic == RF_MAGIC_NFS || magic == RF_MAGIC_FUSE;
}

/*
 * Of such a file system, and no directory: may the object judged last get that name? Refuses with
 * EACCES what it would add rights to.
 */
int rf_hidden_ask(struct rf_work *w);

/*
 * Asks about the dentry at w->at_dentry in every mount of the caller's namespace that reaches it;
 * as a file, or as the name of a unix socket.
 */
int rf_dentry_ask(struct rf_work *w, __u32 right, __u32 is_unix);

/* 1: each name that the dentry at w->at_dentry has in those mounts is one that a deny rule fixes.
 */
int rf_dentry_fixed(struct rf_work *w);

/* Steps the DFA over `len` bytes of the text, from and to w->spot. 0, or -1 for a damaged image. */
int rf_text_step(struct rf_work *w, __u32 at, __u32 len);

/*
 * POLICY.md 13: what a deny rule names without a wildcard is denied under every name. Asks for the
 * rights on the object at w->at_dentry by its nail, if it has one; only where w->nails is not 0.
 */
int rf_nail_ask(struct rf_work *w, __u32 rights);

/*
 * Nails the object of the dentry (an address) to the name judged last, whose accept word has
 * RF_ACC_NAIL. Refuses the rights where that cannot be done.
 */
int rf_nail_set(struct rf_work *w, __u64 dentry, __u32 rights);

/* Self-protection that goes by what the object is, not by its name: bpffs, cgroup files. */
int rf_guard_ask(struct rf_work *w, __u32 rights);

/* The whole question about one object, which becomes the record's. */
static __always_inline void rf_path_check(struct rf_work *w, const void *dentry, const void *mnt,
					  __u32 rights)
{
	rf_path_at(w, dentry, mnt);
	rf_path_describe(w);
	rf_path_judge(w);
	rf_path_ask(w, rights);
}

/* The second object of a call, e.g. the new name of a rename. The first one's judgement is kept. */
static __always_inline void rf_path_check_new(struct rf_work *w, const void *dentry,
					      const void *mnt, __u32 rights)
{
	w->old = w->spot;
	w->old_dentry = w->at_dentry;
	rf_path_at(w, dentry, mnt);
	rf_path_judge(w);
	rf_path_ask(w, rights);
}

/*
 * Type bits of an object that may not exist (yet); 0 then. Never by direct load: on 6.12 the
 * verifier deletes the test of a hook's pointer that it believes in, and the load then faults.
 */
static __always_inline __u32 rf_dentry_type(const void *addr)
{
	struct dentry *dentry = (void *)addr;
	struct inode *inode = RF_READ(dentry, d_inode);

	return inode ? RF_READ(inode, i_mode) & RF_S_IFMT : 0;
}

/*
 * Asks for naming `owner`, a number as the caller knows it, as who gets a descriptor's signals;
 * known: 0 where the number lies in memory that may change. See signal.bpf.c.
 */
int rf_owner_ask(struct rf_work *w, int owner, int known);

/*
 * Refuses, as an alias, what would give files of this namespace other names and cannot be compared
 * beforehand. Passes where no files section is.
 */
int rf_topology_ask(struct rf_work *w);

/* Asks for RF_A_DEV_* rights on a device; a refusal makes the record one of the devices section. */
int rf_device_ask(struct rf_work *w, __u32 mode, __u32 rdev, __u32 rights);

/* Writing: is the inode at w->at_object one of /proc/PID of somebody outside? */
int rf_proc_ask(struct rf_work *w);

/* Do rules speak of files? Where that cannot be known they do. */
static __always_inline bool rf_has_files(struct rf_work *w)
{
	const struct rf_image_head *head;
	struct rf_img img;

	head = rf_head_of(w->image, &img);
	return !head || head->sections & (1U << RF_SEC_FILES);
}

/*
 * "links": "deny": a regular file with other names is refused under each. An overlay's inode does
 * not always know of links: its layer's, which is asked about next, does.
 */
static __always_inline void rf_links_check(struct rf_work *w, struct inode *inode, __u32 rights)
{
	const struct rf_image_head *head;
	struct rf_img img;

	if (w->missing || w->spot.kind == RF_KIND_NONE || BPF_CORE_READ(inode, i_nlink) < 2 ||
	    (BPF_CORE_READ(inode, i_mode) & RF_S_IFMT) != RF_S_IFREG)
		return;
	head = rf_head_of(w->image, &img);
	if (!head || !head->links_deny)
		return;
	rf_refuse(w, rights, RF_RULE_UNJUDGED, RF_CODE_ALIAS);
	w->errno_value = RF_E_ACCES;
}

#endif
