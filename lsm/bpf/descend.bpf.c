/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way down: the names of a climb, root first, become text and drive the policy's DFA.
 *
 * The text is what the record will carry. A path longer than its room is still stepped to its end;
 * only the text is cut.
 */
#include "lsm/bpf/path.bpf.h"

#define RF_CHUNK 8 /* bytes stepped per turn: enough to pay for the turn, few enough to verify */

struct descend {
	struct rf_work *w;
	struct rf_img img;
	__u32 at; /* the name in the text, with its slash */
	__u32 end;
};

/*
 * Steps the DFA over up to RF_CHUNK bytes of the name; the loop's next turn takes the rest. Between
 * turns a state is kept, not a page: so verifiers see the same values in each turn.
 */
static long step_chunk(__u64 turn, struct descend *d)
{
	struct rf_work *w = d->w;
	struct rf_dfa_pos pos;
	__u32 at = d->at + (__u32)turn * RF_CHUNK, end = d->end;

	if (rf_dfa_enter(&d->img, &pos, w->spot.state)) {
		w->spot.code = RF_CODE_IMAGE;
		return 1;
	}
	for (__u32 i = 0; i < RF_CHUNK; i++) {
		__u64 in = at + i;

		RF_PIN(in);
		if (in >= end || in >= sizeof(w->text))
			break;
		if (rf_dfa_byte(&d->img, &pos, w->text[in])) {
			w->spot.code = RF_CODE_IMAGE;
			return 1;
		}
	}
	w->spot.state = rf_dfa_state(&pos);
	w->spot.accept = rf_dfa_accept(&pos);
	return 0;
}

__noinline int rf_text_step(struct rf_work *w, __u32 at, __u32 len)
{
	struct descend d = {.w = w, .at = at, .end = at + len};
	const struct rf_image_head *head;

	if (!w || len > RF_TEXT_MAX)
		return -1;
	head = rf_head_of(w->image, &d.img);
	if (!head)
		return -1;
	w->spot.code = 0;
	bpf_loop(len / RF_CHUNK + 1, step_chunk, &d, 0);
	return w->spot.code ? -1 : 0;
}

/* Is this directory's comparison of names its own? Then the cached spelling proves nothing. */
static __always_inline bool folds_case(struct dentry *dentry)
{
	struct dentry *parent;
	unsigned long magic;

	magic = RF_READ(dentry, d_sb, s_magic);
	parent = RF_READ(dentry, d_parent);
	if (magic == RF_MAGIC_EXT4 || magic == RF_MAGIC_F2FS)
		return RF_READ(parent, d_inode, i_flags) & RF_S_CASEFOLD;
	return true;
}

/* /proc/PID of the caller is "self" to rules, whatever its number. */
static __always_inline bool is_own_proc(struct rf_work *w, struct dentry *dentry)
{
	struct dentry *parent = RF_READ(dentry, d_parent);
	struct super_block *sb = RF_READ(dentry, d_sb);
	struct proc_inode *proc;
	__u64 inode;

	w->up_unsure = 1;
	if (RF_READ(sb, s_root) != parent)
		return false;
	inode = (__u64)RF_READ(dentry, d_inode);
	if (!inode)
		return false;
	proc = (void *)(inode - bpf_core_field_offset(struct proc_inode, vfs_inode));
	return w->self_pid && (__u64)RF_READ(proc, pid) == w->self_pid;
}

/* Where the next name goes; the room behind the text when that is full. */
static __always_inline __u32 text_place(struct rf_work *w)
{
	__u32 at = w->text_base + w->text_len;

	if (at < RF_TEXT_MAX - RF_NAME_ROOM - 1)
		return at;
	w->text_cut = 1;
	return RF_TEXT_MAX - 1;
}

/* Copies the component's name to text[at + 1], with a NUL. Its length, or 0. */
static __always_inline __u32 copy_name(struct rf_work *w, const struct rf_hop *hop, __u32 at)
{
	__u32 len = hop->len;

	if (len == 0 || len >= RF_NAME_ROOM)
		return 0;
	w->text[at] = '/';
	if ((hop->flags & RF_HOP_PROC) && is_own_proc(w, (void *)hop->dentry)) {
		__builtin_memcpy(&w->text[at + 1], "self", 5);
		return 4;
	}
	RF_PIN(len);
	len &= RF_NAME_ROOM - 1;
	if (bpf_probe_read_kernel(&w->text[at + 1], len, (void *)hop->name))
		return 0;
	w->text[at + 1 + len] = 0;
	return len;
}

/* Steps the DFA over the slash and the name at text[at]. */
static __always_inline void step_component(struct descend *d, __u32 at, __u32 len)
{
	d->at = at;
	d->end = at + len + 1;
	bpf_loop(len / RF_CHUNK + 1, step_chunk, d, 0);
}

static long descend_step(__u64 i, struct descend *d)
{
	struct rf_work *w = d->w;
	struct rf_hop *hop;
	__u32 at, len;

	if ((__u32)i + 1 == w->n_hops) {
		w->up_state = w->spot.state;
		w->up_accept = w->spot.accept;
	}
	hop = &w->hop[(w->n_hops - 1 - (__u32)i) & (RF_HOPS_MAX - 1)];
	at = text_place(w) & (RF_TEXT_MAX - 1);
	len = copy_name(w, hop, at);
	if (!len) {
		w->spot.code = RF_CODE_LOOKUP;
		return 1;
	}
	if (!w->unjudged && !(w->spot.accept & RF_ACC_UNIVERSAL)) {
		if ((hop->flags & (RF_HOP_COMPARE | RF_HOP_PROC)) == RF_HOP_COMPARE &&
		    folds_case((void *)hop->dentry))
			w->spot.code = RF_CODE_CASEFOLD;
		step_component(d, at, len);
	}
	if (!w->text_cut)
		w->text_len += len + 1;
	return w->spot.code == RF_CODE_IMAGE;
}

__noinline int rf_path_descend(struct rf_work *w)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rf_image_head *head;
	struct descend d = {.w = w};
	struct rf_dfa_pos pos;
	__u32 n;

	if (!w)
		return -1;
	w->spot.accept = 0;
	w->spot.code = RF_CODE_IMAGE;
	head = rf_head_of(w->image, &d.img);
	if (!head || rf_dfa_enter(&d.img, &pos, head->files.start))
		return 0;
	w->up_image = head->id;
	w->up_unsure = w->unjudged;
	w->spot.code = 0;
	w->spot.state = head->files.start;
	w->spot.accept = rf_dfa_accept(&pos);
	w->self_pid = (__u64)RF_READ(task, group_leader, thread_pid);
	n = w->n_hops;
	if (n > RF_HOPS_MAX)
		n = RF_HOPS_MAX;
	bpf_loop(n, descend_step, &d, 0);
	if (n == 0) {
		w->text[text_place(w) & (RF_TEXT_MAX - 1)] = '/';
		w->text_len = 1;
	}
	return 0;
}
