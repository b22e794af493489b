/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is kept about directories: asked (quick_ask.bpf.h), compared with the walk, written.
 */
#include "lsm/bpf/quick_ask.bpf.h"
#include "lsm/bpf/rest.bpf.h"

#define RF_PIECE (3 * RF_WORD) /* bytes of a name that are stepped at a time */

__noinline __u32 rf_mount_seq(void)
{
	return mounts_now(rf_casts);
}

/* A walk over a name, by pieces. Between pieces a state is kept, not a page: as in descend. */
struct stepping {
	struct rf_img img;
	__u64 name;
	__u64 before; /* as in rf_dfa_word, of the first word */
	__u32 state;
	__u32 accept;
	int r; /* 0 at its end, 1 on the way, -1 */
};

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
	r = rf_dfa_word(&s->img, pos, word, s->before);
	if (r > 0)
		r = rf_dfa_word(&s->img, pos, word_at(s->name + RF_WORD), 0);
	if (r > 0)
		r = rf_dfa_word(&s->img, pos, word_at(s->name + 2 * RF_WORD), 0);
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
	s->before = 0;
	return !s->r;
}

static long step_next(__u64 i, struct stepping *s)
{
	return step_piece(i + 1, s);
}

__noinline __s64 rf_quick_step(__u64 name, __u32 done, __u64 before, __u32 state, __u32 image)
{
	struct stepping s = {.name = name + done * RF_WORD, .before = before, .state = state};

	if (!rf_head_of(image, &s.img))
		return -1;
	step_piece(done, &s);
	if (s.r > 0)
		bpf_loop((RF_NAME_BUF + RF_PIECE - 1) / RF_PIECE - 1, step_next, &s, 0);
	return s.r ? -1 : judged(s.state, s.accept);
}

static __always_inline __u64 ino_of(struct dentry *dentry)
{
	struct inode *inode = RF_READ(dentry, d_inode);

	return inode ? RF_READ(inode, i_ino) : 0;
}

__noinline int rf_quick_ask(struct rf_quick *q, struct rf_dir *dir)
{
	if (!q || !dir)
		return 0;
	if (q->object)
		q->ino = ino_of((void *)q->object);
	return quick_ask(q, dir, bpf_get_current_task_btf(), NULL, RF_FAR);
}

__noinline int rf_quick_compare(struct rf_work *w, struct rf_quick *q)
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
	if (!head || !tree || head->id != q->image || mounts_now(rf_casts) != q->mount_seq ||
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

__noinline int rf_quick_keep(struct rf_work *w, struct rf_dir *dir)
{
	const struct rf_image_head *head;
	struct rest_search search = {};
	__u32 turn, state = 0, links;
	struct rf_way *way;

	if (!w || !dir || slash_state(w, &state))
		return -1;
	head = rf_head_of(w->image, &search.img);
	if (!head || head->id != w->up_image)
		return -1;
	links = head->links_deny ? RF_WAY_LINKS : 0;
	search.rest.state = state;
	if (!(w->up_accept & RF_ACC_UNIVERSAL) && find_rest(&search))
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
	way->rest = search.rest;
	way->rest.flags |= links;
	__sync_fetch_and_add(&way->turn, 1);
	return 0;
}
