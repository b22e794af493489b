/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The short way itself, for who has it in line: the hooks that are run most, and rf_quick_ask for
 * all others. Only where the kernel's memory is read by casts; see casts.bpf.c.
 */
#ifndef RF_BPF_QUICK_ASK_H
#define RF_BPF_QUICK_ASK_H

#include "lsm/bpf/nail.bpf.h"
#include "lsm/bpf/quick_name.bpf.h"
#include "lsm/bpf/self.bpf.h"

extern const void mount_lock __ksym __weak;

#define READ_AGAIN(x) (*(volatile __typeof__(x) *)&(x))

static __always_inline __u32 mounts_now(bool casts)
{
	return rf_lock_seq(&mount_lock, casts);
}

/*
 * Is this way the directory asked about, as things are now, if its turn is even? The image first:
 * it is what two ways mostly differ in.
 */
static __always_inline bool fits(const struct rf_way *way, const struct rf_quick *q, __u64 ns,
				 __u64 image, __u64 generation, __u32 mount_seq)
{
	return way->image == image && way->dentry == q->dir && way->mnt == q->mnt &&
	       way->ns == ns && way->generation == generation && way->mount_seq == mount_seq;
}

/*
 * 1: allowed, nothing is to be recorded; 0: ask the long way. Of near ones 0 also
 * where the long way has to confirm, which goes by *q otherwise. `dentry` has the name, or is NULL
 * if far. What calls a function stands before what does not: between calls only four values have
 * registers.
 */
static __always_inline int quick_ask(struct rf_quick *q, const struct rf_dir *dir,
				     struct task_struct *task, const struct dentry *dentry,
				     enum rf_reading how)
{
	const bool casts = how == RF_NEAR || (how == RF_FAR && rf_casts);
	__u32 zero = 0, turn, mount_seq, mode, at;
	__u64 ns, image, generation, word;
	const struct rf_image_head *head;
	const struct rf_sandbox *sb;
	struct rf_quick_self self;
	const struct rf_tree *tree;
	const struct rf_way *way;
	struct rf_img img;
	__s64 found;

	word = how == RF_WITHIN || casts ? near_word(dentry, q->name, 0, how) : 0;
	mount_seq = mounts_now(casts);
	if (!rf_quick_self(&self, task, casts))
		return 0;
	tree = bpf_map_lookup_elem(&rf_tree, &zero);
	sb = rf_sandbox_of(self.slot);
	if (!tree || !sb || sb->id != self.sandbox)
		return 0;
	/* Once: who is asked about and what a name is stepped in is one policy. */
	at = rf_image_now(sb, self.slot);
	/* What a policy nails is there before it is in its place; so after that was looked at. */
	if (READ_AGAIN(sb->nails) && q->ino && rf_may_be_nailed(sb, q->ino))
		return 0;
	head = rf_head_of(at, &img);
	if (!head)
		return 0;
	image = head->id;
	generation = READ_AGAIN(tree->generation);
	ns = (__u64)task->nsproxy->mnt_ns;
	way = &dir->way[0];
	turn = READ_AGAIN(way->turn);
	if (!fits(way, q, ns, image, generation, mount_seq)) {
		way = &dir->way[1];
		turn = READ_AGAIN(way->turn);
		if (!fits(way, q, ns, image, generation, mount_seq))
			return 0;
	}
	if (((__u32)generation | mount_seq | turn) & 1)
		return 0;
	mode = tree->mode;
	if ((how != RF_FAR ? mode != RF_TREE_KEEP : mode == RF_TREE_WALK) ||
	    ((way->rest.flags & RF_WAY_LINKS) && (q->links || q->object)))
		return 0;
	found = way->accept & RF_ACC_UNIVERSAL ? judged(way->state, way->accept)
					       : judge_name(way, dentry, q->name, word, at, how);
	if (found < 0 || READ_AGAIN(way->turn) != turn)
		return 0;
	if (mode == RF_TREE_CHECK) {
		q->checked = 1;
		q->image = image;
		q->generation = generation;
		q->mount_seq = mount_seq;
		q->state = (__u64)found >> 32;
	}
	return !rf_file_missing((__u32)found, self.session, q->rights) &&
	       !(found & (RF_ACC_WATCH | RF_ACC_NAIL));
}

/* 0 where anything is left to do. */
static __always_inline int quick_file_near(struct file *file, struct task_struct *task,
					   __u32 rights, enum rf_reading how)
{
	struct dentry *dentry = file->f_path.dentry;
	struct rf_quick q = {};
	struct rf_dir *dir;

	if (!rf_quick_inode(&q, file->f_inode, rights))
		return 0;
	dir = rf_quick_dir(&q, dentry, file->f_path.mnt, rights);
	/* Where the name is was read behind d_seq, as all that tells of it. */
	if (!dir || (how == RF_WITHIN && q.name != (__u64)dentry->d_iname))
		return 0;
	return quick_ask(&q, dir, task, dentry, how) && rf_quick_same(&q, dentry);
}

/* Not in line: together with the long way it takes more of a stack than there is. */
static __noinline int quick_file_within(struct file *file, __u32 rights)
{
	return quick_file_near(file, bpf_get_current_task_btf(), rights, RF_WITHIN);
}

/*
 * rf_quick_file where the name is read by instructions; 0 where anything is left to do: also
 * rf_quick_file where rf_quick_again says so.
 */
static __always_inline int rf_quick_file_near(struct file *file, __u32 rights)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!task->bpf_storage)
		return 1;
	if (!rf_casts)
		return quick_file_within(file, rights);
	return quick_file_near(file, task, rights, RF_NEAR);
}

/* Has rf_quick_file still to be asked? Else it would answer as rf_quick_file_near did. */
static __always_inline bool rf_quick_again(struct file *file)
{
	__u32 zero = 0;
	const struct rf_tree *tree = bpf_map_lookup_elem(&rf_tree, &zero);

	if (!rf_casts &&
	    (__u64)file->f_path.dentry->d_name.name != (__u64)file->f_path.dentry->d_iname)
		return true; /* a long name */
	return tree && tree->mode == RF_TREE_CHECK;
}

#endif
