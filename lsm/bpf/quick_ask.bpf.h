/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The short way itself, for who has it in line: the hooks that are run most, and rf_quick_ask for
 * all others. Only where the kernel's memory is read by casts; see casts.bpf.c.
 */
#ifndef RF_BPF_QUICK_ASK_H
#define RF_BPF_QUICK_ASK_H

#include "lsm/bpf/nail.bpf.h"
#include "lsm/bpf/quick.bpf.h"
#include "lsm/bpf/self.bpf.h"

extern const void mount_lock __ksym __weak;

#define READ_AGAIN(x) (*(volatile __typeof__(x) *)&(x))

static __always_inline __u32 mounts_now(void)
{
	return rf_lock_seq(&mount_lock);
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

/* Eight bytes of the name, read without a call; 0 where there is nothing. */
static __always_inline __u64 word_at(__u64 name)
{
	return RF_CAST(struct timespec64, name)->tv_sec;
}

/* A name's accept word, and above it its state. */
static __always_inline __s64 judged(__u32 state, __u32 accept)
{
	return (__s64)((__u64)state << 32 | accept);
}

/*
 * Steps over the name from its word `done`, behind the bytes that `before` tells of as rf_dfa_word
 * wants it (only with casts), where the DFA is in `state`. As judged, or -1: it cannot be read, or
 * the image is damaged.
 */
__noinline __s64 rf_quick_step(__u64 name, __u32 done, __u64 before, __u32 state, __u32 image);

#define RF_REST_WORDS 3 /* of a name that are looked at without the image */

/*
 * Most names are one of the rest (struct rf_rest), which is seen by words, without a look at the
 * image; the others are stepped from the byte on that shows it. `word` is the name's first.
 */
static __always_inline __s64 judge_name(const struct rf_way *way, __u64 name, __u64 word,
					__u32 image, bool near)
{
	const struct rf_rest *rest = &way->rest;
	__u64 text[RF_REST_WORDS], before = 0;
	__u32 state = way->state, done = 0;

	if (!(rest->flags & RF_REST_KNOWN))
		return rf_quick_step(name, 0, 0, state, image);
	if (!near && !rf_casts) {
		if (bpf_probe_read_kernel(text, sizeof(text), (void *)name))
			return -1;
		word = text[0];
	}
	if (!(word & 0xff))
		return -1;
	if (rf_rest_begins(rest, word)) {
		RF_UNROLL
		for (__u32 k = 0; k < RF_REST_WORDS; k++) {
			int r;

			if (k)
				word = near || rf_casts ? word_at(name + k * RF_WORD) : text[k];
			r = rf_rest_word(rest, k, word, &before);
			if (r < 0) {
				__u64 next = 0;

				if (near || rf_casts)
					next = word_at(name + (k + 1) * RF_WORD);
				else if (k + 1 < RF_REST_WORDS)
					next = text[k + 1];
				r = rf_rest_after(rest, word, next, &before);
			}
			if (!r)
				return judged(rest->state, rest->accept);
			if (r < 0) {
				if (near || rf_casts)
					state = rest->state;
				else
					before = 0; /* from the word's begin */
				break;
			}
			done = k + 1;
			state = rest->state;
		}
	}
	RF_FORGET(done);
	return rf_quick_step(name, done, before, state, image);
}

/*
 * 1: allowed, nothing is to be recorded; 0: ask the long way. `near`: 0 also
 * where the long way has to confirm, which goes by *q otherwise. What calls a function stands
 * before what does not: between calls only four values have registers.
 */
static __always_inline int quick_ask(struct rf_quick *q, const struct rf_dir *dir,
				     struct task_struct *task, bool near)
{
	__u32 zero = 0, turn, mount_seq, mode, at;
	__u64 ns, image, generation, word;
	const struct rf_image_head *head;
	const struct rf_sandbox *sb;
	struct rf_quick_self self;
	const struct rf_tree *tree;
	const struct rf_way *way;
	struct rf_img img;
	__s64 found;

	word = near || rf_casts ? word_at(q->name) : 0;
	mount_seq = mounts_now();
	if (!rf_quick_self(&self, task))
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
	if ((near ? mode != RF_TREE_KEEP : mode == RF_TREE_WALK) ||
	    ((way->rest.flags & RF_WAY_LINKS) && (q->links || q->object)))
		return 0;
	if (way->accept & RF_ACC_UNIVERSAL)
		found = judged(way->state, way->accept);
	else
		found = judge_name(way, q->name, word, at, near);
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

/*
 * rf_quick_file but for a call, where the kernel has casts; 0 where anything is left to do: also
 * rf_quick_file where rf_quick_again says so.
 */
static __always_inline int rf_quick_file_near(struct file *file, __u32 rights)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rf_quick q = {};
	struct rf_dir *dir;

	if (!task->bpf_storage)
		return 1;
	if (!rf_casts || !rf_quick_inode(&q, file->f_inode, rights))
		return 0;
	dir = rf_quick_dir(&q, file->f_path.dentry, file->f_path.mnt, rights);
	return dir && quick_ask(&q, dir, task, true) && rf_quick_same(&q, file->f_path.dentry);
}

/* Has rf_quick_file still to be asked? Else it would answer as rf_quick_file_near did. */
static __always_inline bool rf_quick_again(void)
{
	__u32 zero = 0;
	const struct rf_tree *tree = bpf_map_lookup_elem(&rf_tree, &zero);

	return !rf_casts || (tree && tree->mode == RF_TREE_CHECK);
}

#endif
