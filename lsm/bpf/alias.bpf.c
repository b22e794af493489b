/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A second name must not add rights: links, renames, and removals that are renames.
 */
#include "lsm/bpf/path.bpf.h"

/* 1 fine, 0 it adds rights, negative: damaged image. */
static __always_inline int compare(struct rf_work *w, __u32 is_dir)
{
	const struct rf_image_head *head;
	struct rf_dfa_pos old, new;
	struct rf_img img;

	if (!is_dir)
		return !rf_alias_added(w->old.accept, w->spot.accept);
	head = rf_head_of(w->image, &img);
	if (!head || rf_dfa_enter(&img, &old, w->old.state) ||
	    rf_dfa_enter(&img, &new, w->spot.state))
		return -1;
	return rf_alias_tree(&img, &head->files, &old, &new);
}

/*
 * Who denies in the old name's state what the new one would add: that is the reason. Where only
 * names below differ, which one is found too late to be told from here.
 */
static __always_inline __u32 reason_of(struct rf_work *w, __u32 state, __u32 added)
{
	const struct rf_image_head *head;
	const struct rf_verdict *verdict;
	struct rf_dfa_pos pos;
	struct rf_img img;
	__u32 bit, rule;

	head = rf_head_of(w->image, &img);
	if (!added || !head || rf_dfa_enter(&img, &pos, state))
		return RF_RULE_UNJUDGED;
	verdict = rf_dfa_verdict(&img, &head->files, &pos);
	bit = rf_lowest_right(added);
	RF_OPAQUE(bit);
	if (!verdict || bit >= RF_A_FILE_RIGHTS)
		return RF_RULE_UNJUDGED;
	rule = verdict->rule[w->session & 1][bit];
	return rule < RF_MAX_RULES ? rule : RF_RULE_UNJUDGED;
}

int rf_alias_ask(struct rf_work *w, __u32 is_dir)
{
	int r;

	if (!w)
		return -1;
	if (w->missing || w->old.kind != RF_KIND_PATH || w->spot.kind != RF_KIND_PATH)
		return 0;
	if (rf_alias_self(w->old.accept, is_dir))
		return rf_refuse(w, RF_A_REMOVE, RF_RULE_SELF, 0);
	r = compare(w, is_dir);
	if (r < 0)
		return rf_refuse(w, RF_A_CREATE, RF_RULE_UNJUDGED, RF_CODE_IMAGE);
	if (!r)
		return rf_refuse(
			w, RF_A_CREATE,
			reason_of(w, w->old.state, rf_alias_added(w->old.accept, w->spot.accept)),
			RF_CODE_ALIAS);
	return w->spot.accept & RF_ACC_NAIL ? rf_nail_set(w, w->old_dentry, RF_A_CREATE) : 0;
}

/* As long as the names that are given, whose digits no rule is expected to tell apart. */
#define HIDDEN_BY_NFS  "/.nfs000000000000000000000000"
#define HIDDEN_BY_FUSE "/.fuse_hidden0000000000000000"
#define HIDDEN_LEN     (sizeof(HIDDEN_BY_NFS) - 1)
_Static_assert(sizeof(HIDDEN_BY_FUSE) - 1 == HIDDEN_LEN, "both are as long");

int rf_hidden_ask(struct rf_work *w)
{
	struct dentry *dentry;
	struct rf_spot now;
	__u32 at, added;
	int r;

	if (!w)
		return -1;
	if (w->missing || w->spot.kind != RF_KIND_PATH || w->spot.code ||
	    (w->up_accept & RF_ACC_UNIVERSAL))
		return 0;
	now = w->spot;
	dentry = (void *)w->at_dentry;
	/* Behind the record's text, which ends by its length. */
	at = (w->text_base + w->text_len) & (RF_TEXT_MAX - 1);
	if (RF_READ(dentry, d_sb, s_magic) == RF_MAGIC_NFS)
		__builtin_memcpy(&w->text[at], HIDDEN_BY_NFS, HIDDEN_LEN);
	else
		__builtin_memcpy(&w->text[at], HIDDEN_BY_FUSE, HIDDEN_LEN);
	w->spot.state = w->up_state;
	r = rf_text_step(w, at, HIDDEN_LEN);
	added = rf_alias_added(now.accept, w->spot.accept);
	w->spot = now;
	if (r)
		return rf_refuse(w, RF_A_REMOVE, RF_RULE_UNJUDGED, RF_CODE_IMAGE);
	if (!added)
		return 0;
	rf_refuse(w, RF_A_REMOVE, reason_of(w, now.state, added), RF_CODE_ALIAS);
	w->errno_value = RF_E_ACCES;
	return 0;
}
