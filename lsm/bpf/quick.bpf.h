/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The short way to "allowed, nothing to record": the state that the policy's DFA had after the
 * directory's path is kept in the directory's inode, and stepped over the last name.
 *
 * It answers nothing else. Whatever is in doubt goes the long way (rf_begin, rf_path_check), which
 * is the authority. docs/decisions/0040-directory-states.md has the argument why what is kept is
 * never stale; each member of struct rf_way is a part of it.
 */
#ifndef RF_BPF_QUICK_H
#define RF_BPF_QUICK_H

#include "lsm/bpf/path.bpf.h"

/* The current task's question, and what was found; addresses as numbers. */
struct rf_quick {
	__u64 dir; /* dentry of the directory */
	__u32 rights;
	__u32 seq;     /* the name's d_seq before all else was read */
	__u32 links;   /* a regular file has others */
	__u32 checked; /* the long way has to confirm what was found */
	union {
		struct {
			__u64 mnt;
			__u64 name;
			__u64 object; /* dentry whose inode is asked about; 0: ino tells it */
			__u64 ino;    /* 0: there is no object yet */
		};
		struct { /* found, where checked */
			__u64 generation;
			__u64 image;
			__u32 mount_seq;
			__u32 state;
		};
	};
};

/* Of a caller that may be fenced. 1: allowed, nothing is to be recorded; 0: ask the long way. */
__noinline int rf_quick_ask(struct rf_quick *q, struct rf_dir *dir);

/* RF_TREE_CHECK: the long way has answered too. Counts and denies if it says anything else. */
__noinline int rf_quick_compare(struct rf_work *w, struct rf_quick *q);

/* Keeps what the judgement in w found out about the directory. */
__noinline int rf_quick_keep(struct rf_work *w, struct rf_dir *dir);

/*
 * The name of `dentry` in the mount, both a hook's own pointers that are never NULL. Its parent is
 * read after d_seq, and d_seq is compared in the end (rf_quick_same): what moved meanwhile goes the
 * long way. NULL: nothing is kept, or it is not for the short way.
 */
static __always_inline struct rf_dir *rf_quick_dir(struct rf_quick *q, struct dentry *dentry,
						   struct vfsmount *mnt, __u32 rights)
{
	struct dentry *parent;

	q->seq = dentry->d_seq.seqcount.sequence;
	RF_BARRIER();
	parent = dentry->d_parent;
	/*
	 * The root of a file system would be taken for a name in itself. That of a mount needs no
	 * question: no walk in the mount comes by its parent, so nothing is kept for the two.
	 */
	if ((__u64)parent == (__u64)dentry || (dentry->d_flags & RF_DCACHE_COMPARE) || (q->seq & 1))
		return NULL;
	q->dir = (__u64)parent;
	q->mnt = (__u64)mnt;
	q->name = (__u64)dentry->d_name.name;
	q->rights = rights;
	return bpf_inode_storage_get(&rf_dir, parent->d_inode, NULL, 0);
}

static __always_inline int rf_quick_same(const struct rf_quick *q, struct dentry *dentry)
{
	return *(volatile unsigned int *)&dentry->d_seq.seqcount.sequence == q->seq;
}

static __always_inline int rf_quick_name(struct rf_quick *q, struct dentry *dentry,
					 struct vfsmount *mnt, __u32 rights)
{
	struct rf_dir *dir = rf_quick_dir(q, dentry, mnt, rights);

	return dir && rf_quick_ask(q, dir) == 1 && rf_quick_same(q, dentry);
}

/*
 * The object of a descriptor. Devices, what has lost its last name, and writing to other processes'
 * files of /proc have more to be asked.
 */
static __always_inline int rf_quick_inode(struct rf_quick *q, struct inode *inode, __u32 rights)
{
	__u32 type = inode->i_mode >> RF_S_IFSHIFT, links = inode->i_nlink;

	q->ino = inode->i_ino;
	if (!links || !(1U << type &
			(1U << (RF_S_IFREG >> RF_S_IFSHIFT) | 1U << (RF_S_IFDIR >> RF_S_IFSHIFT))))
		return 0;
	q->links = links > 1 && type == RF_S_IFREG >> RF_S_IFSHIFT;
	return !(rights & (RF_A_WRITE | RF_A_APPEND)) || inode->i_sb->s_magic != RF_MAGIC_PROC;
}

/*
 * The start of a hook about a file: 1 answers it (allowed), 0 goes on with rf_begin. q->checked
 * tells that rf_quick_end has to be called with the work space.
 */
static __always_inline int rf_quick_file(struct rf_quick *q, struct file *file, __u32 rights)
{
	struct task_struct *task = bpf_get_current_task_btf();

	q->checked = 0;
	if (!task->bpf_storage)
		return 1;
	if (!rf_quick_inode(q, file->f_inode, rights) ||
	    !rf_quick_name(q, file->f_path.dentry, file->f_path.mnt, rights)) {
		q->checked = 0;
		return 0;
	}
	return !q->checked;
}

/* The same about a name, with or without an object yet. */
static __always_inline int rf_quick_path(struct rf_quick *q, struct dentry *dentry,
					 struct vfsmount *mnt, __u32 rights)
{
	struct task_struct *task = bpf_get_current_task_btf();

	q->checked = 0;
	if (!task->bpf_storage)
		return 1;
	q->object = (__u64)dentry;
	if (!rf_quick_name(q, dentry, mnt, rights)) {
		q->checked = 0;
		return 0;
	}
	return !q->checked;
}

/* Before rf_end: compares where that is asked for, and keeps what was learned. */
static __always_inline void rf_quick_end(struct rf_quick *q, struct rf_work *w,
					 struct dentry *dentry)
{
	volatile unsigned int *seq = &dentry->d_seq.seqcount.sequence;
	struct dentry *parent;
	struct inode *inode;
	struct rf_dir *dir;

	if (q->checked)
		rf_quick_compare(w, q);
	if (!w->up_known)
		return;
	parent = dentry->d_parent;
	if ((__u64)parent != w->up_dentry)
		return;
	inode = parent->d_inode;
	dir = bpf_inode_storage_get(&rf_dir, inode, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!dir)
		return;
	/*
	 * Where the name is still what was judged, the directory is held by what it contains. Else
	 * it may have been on its way out, and is not to get what nobody would free: the very inode
	 * that was given it, since the dentry may have lost it by now.
	 */
	if (*seq == w->hop[0].seq)
		rf_quick_keep(w, dir);
	if (*seq != w->hop[0].seq)
		bpf_inode_storage_delete(&rf_dir, inode);
}

#endif
