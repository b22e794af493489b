/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is kept about directories: asked, compared with the walk, written.
 */
#include "lsm/bpf/quick.bpf.h"
#include "lsm/bpf/self.bpf.h"
#include "lsm/match_word.h"

extern const void mount_lock __ksym __weak;

#define RF_PIECE (3 * RF_WORD) /* bytes of a name that are stepped at a time */

#define READ_AGAIN(x) (*(volatile __typeof__(x) *)&(x))

static __always_inline __u32 mounts_now(void)
{
	return rf_lock_seq(&mount_lock);
}

__u32 rf_mount_seq(void)
{
	return mounts_now();
}

/* Is the object held whatever its name? In doubt, yes. */
static __always_inline bool may_be_nailed(const struct rf_sandbox *sb, __u64 ino)
{
	__u32 bit;

	if (!rf_nails_of(sb) || !ino)
		return false;
	bit = rf_nail_bit(ino);
	return sb->nail_bits[bit >> 6 & (RF_NAIL_WORDS - 1)] >> (bit & 63) & 1;
}

/* 1 and q->state, *accept if this way is the directory asked about, as things are now. */
static __always_inline int is_way(struct rf_way *way, struct rf_quick *q, __u64 ns, __u32 *accept)
{
	__u32 turn = READ_AGAIN(way->turn);

	if (way->dentry != q->dir || way->mnt != q->mnt || way->ns != ns ||
	    way->image != q->image || way->generation != q->generation ||
	    way->mount_seq != q->mount_seq || (turn & 1))
		return 0;
	q->state = READ_AGAIN(way->state);
	*accept = READ_AGAIN(way->accept);
	return READ_AGAIN(way->turn) == turn;
}

/* A walk over a name, by pieces. Between pieces a state is kept, not a page: as in descend. */
struct stepping {
	struct rf_img img;
	__u64 name;
	__u32 state;
	__u32 accept;
	int r; /* 0 at its end, 1 on the way, -1 */
};

/* Eight bytes of the name, read without a call; 0 where there is nothing. */
static __always_inline __u64 word_at(__u64 name)
{
	return RF_CAST(struct timespec64, name)->tv_sec;
}

/*
 * By words. One that cannot be read would be the end of the name: of the first that is asked, and
 * no other can be missing where that one is, since the kernel maps its memory by pages.
 */
static __always_inline int step_words(struct stepping *s, struct rf_dfa_pos *pos, __u64 i)
{
	__u64 word = word_at(s->name);
	int r;

	if (!i && !(word & 0xff))
		return -1;
	r = rf_dfa_word(&s->img, pos, word);
	if (r > 0)
		r = rf_dfa_word(&s->img, pos, word_at(s->name + RF_WORD));
	if (r > 0)
		r = rf_dfa_word(&s->img, pos, word_at(s->name + 2 * RF_WORD));
	return r;
}

/* Beyond the name's NUL nothing is looked at, so pieces need no end of their own. */
static __noinline long step_piece(__u64 i, struct stepping *s)
{
	__u8 text[RF_PIECE];
	struct rf_dfa_pos pos;

	s->r = -1;
	if (rf_dfa_enter(&s->img, &pos, s->state))
		return 1;
	if (rf_casts)
		s->r = step_words(s, &pos, i);
	else if (!bpf_probe_read_kernel(text, sizeof(text), (void *)s->name))
		s->r = rf_dfa_text(&s->img, &pos, text, RF_PIECE);
	if (s->r < 0)
		return 1;
	s->state = rf_dfa_state(&pos);
	s->accept = rf_dfa_accept(&pos);
	s->name += RF_PIECE;
	return !s->r;
}

static long step_next(__u64 i, struct stepping *s)
{
	return step_piece(i + 1, s);
}

/* Steps over the name; 0, or -1: it cannot be read, or the image is damaged. */
static __always_inline int step_name(struct stepping *s, struct rf_quick *q, __u32 *accept)
{
	s->name = q->name;
	s->state = q->state;
	step_piece(0, s);
	if (s->r > 0)
		bpf_loop((RF_NAME_BUF + RF_PIECE - 1) / RF_PIECE - 1, step_next, s, 0);
	q->state = s->state;
	*accept = s->accept;
	return s->r;
}

static __always_inline __u64 ino_of(struct dentry *dentry)
{
	struct inode *inode = RF_READ(dentry, d_inode);

	return inode ? RF_READ(inode, i_ino) : 0;
}

int rf_quick_ask(struct rf_quick *q, struct rf_dir *dir)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rf_image_head *head;
	__u32 zero = 0, slot, accept = 0;
	struct rf_quick_self self;
	struct stepping s = {};
	struct rf_sandbox *sb;
	struct rf_tree *tree;
	__u64 ns;

	if (!q || !dir || !rf_quick_self(&self, task))
		return 0;
	if (q->object)
		q->ino = ino_of((void *)q->object);
	slot = self.slot;
	tree = bpf_map_lookup_elem(&rf_tree, &zero);
	sb = rf_sandbox_of(slot);
	if (!tree || !sb || sb->id != self.sandbox || tree->mode == RF_TREE_WALK ||
	    may_be_nailed(sb, q->ino))
		return 0;
	head = rf_head_of(rf_image_now(sb, slot), &s.img);
	if (!head || (head->links_deny && (q->links || q->object)))
		return 0;
	q->image = head->id;
	q->checked = tree->mode == RF_TREE_CHECK;
	q->generation = READ_AGAIN(tree->generation);
	q->mount_seq = mounts_now();
	if ((q->generation | q->mount_seq) & 1)
		return 0;
	ns = (__u64)task->nsproxy->mnt_ns;
	if (!is_way(&dir->way[0], q, ns, &accept) && !is_way(&dir->way[1], q, ns, &accept))
		return 0;
	if (!(accept & RF_ACC_UNIVERSAL) && step_name(&s, q, &accept))
		return 0;
	return !rf_file_missing(accept, self.session, q->rights) &&
	       !(accept & (RF_ACC_WATCH | RF_ACC_NAIL));
}

int rf_quick_compare(struct rf_work *w, struct rf_quick *q)
{
	const struct rf_image_head *head;
	struct rf_tree *tree;
	struct rf_img img;
	__u32 zero = 0;

	if (!w || !q)
		return 0;
	if (!w->missing && !w->would && !w->audit && w->spot.state == q->state)
		return 0;
	head = rf_head_of(w->image, &img);
	tree = bpf_map_lookup_elem(&rf_tree, &zero);
	/* The world moved on between the two: no difference that counts. */
	if (!head || !tree || head->id != q->image || mounts_now() != q->mount_seq ||
	    READ_AGAIN(tree->generation) != q->generation || w->hop[0].seq != q->seq ||
	    w->up_dentry != q->dir)
		return 0;
	__sync_fetch_and_add(&tree->mismatches, 1);
	return rf_refuse(w, q->rights ? q->rights : RF_A_READ, RF_RULE_UNJUDGED, RF_CODE_RACED);
}

/* The way that is the directory's already, else one that is of no use, else any. */
static __always_inline __u32 choose_way(const struct rf_work *w, const struct rf_dir *dir)
{
	const struct rf_way *first = &dir->way[0], *second = &dir->way[1];

	if (first->dentry == w->up_dentry && first->mnt == w->at_mnt && first->image == w->up_image)
		return 0;
	if (second->dentry == w->up_dentry && second->mnt == w->at_mnt &&
	    second->image == w->up_image)
		return 1;
	if (first->generation != w->tree_generation || first->mount_seq != w->mount_seq)
		return 0;
	return bpf_get_prandom_u32() & 1;
}

/* The state that names are stepped from: behind the slash, unless no name matters. */
static __always_inline int slash_state(const struct rf_work *w, __u32 *ret)
{
	const struct rf_image_head *head;
	struct rf_dfa_pos pos;
	struct rf_img img;

	*ret = w->up_state;
	if (w->up_accept & RF_ACC_UNIVERSAL)
		return 0;
	head = rf_head_of(w->image, &img);
	if (!head || head->id != w->up_image || rf_dfa_enter(&img, &pos, w->up_state) ||
	    rf_dfa_byte(&img, &pos, '/'))
		return -1;
	*ret = rf_dfa_state(&pos);
	return 0;
}

int rf_quick_keep(struct rf_work *w, struct rf_dir *dir)
{
	__u32 turn, state = 0;
	struct rf_way *way;

	if (!w || !dir || slash_state(w, &state))
		return -1;
	way = &dir->way[choose_way(w, dir) & (RF_WAYS - 1)];
	turn = READ_AGAIN(way->turn);
	if ((turn & 1) || __sync_val_compare_and_swap(&way->turn, turn, turn + 1) != turn)
		return 0;
	way->mount_seq = w->mount_seq;
	way->image = w->up_image;
	way->generation = w->tree_generation;
	way->dentry = w->up_dentry;
	way->mnt = w->at_mnt;
	way->ns = w->up_ns;
	way->state = state;
	way->accept = w->up_accept;
	__sync_fetch_and_add(&way->turn, 1);
	return 0;
}
