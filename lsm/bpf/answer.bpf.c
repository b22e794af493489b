/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a DFA state to an answer: which of the asked rights are refused, and by which rule.
 */
#include "lsm/bpf/path.bpf.h"

__noinline int rf_refuse(struct rf_work *w, __u32 rights, __u32 rule, __u32 code)
{
	const struct rf_image_head *head;
	struct rf_img img;

	if (!w)
		return -1;
	w->access |= rights;
	if (w->missing)
		return 0;
	head = rf_head_of(w->image, &img);
	if (head && head->audit_mode && rule != RF_RULE_SELF) {
		w->would |= rights;
	} else {
		w->missing = rights;
		w->errno_value = 0;
		w->kill = 0;
	}
	w->rule = rule;
	w->code = code;
	return 0;
}

/* Not in line: the stack that it takes is not taken while an object is nailed. */
static __noinline int answer_path(struct rf_work *w, __u32 rights)
{
	struct rf_answer answer = {};
	const struct rf_image_head *head;
	struct rf_dfa_pos pos;
	struct rf_img img;

	head = rf_head_of(w->image, &img);
	if (!head || rf_dfa_enter(&img, &pos, w->spot.state))
		return -1;
	if (rf_dfa_answer(&img, head, &head->files, &pos, w->session & 1, rights, &answer))
		return -1;
	rf_take_answer(w, &answer);
	return 0;
}

__noinline int rf_path_ask(struct rf_work *w, __u32 rights)
{
	__u32 accept;

	if (!w)
		return -1;
	w->access |= rights;
	if (w->spot.kind != RF_KIND_PATH)
		return 0;
	if (rf_guard_ask(w, rights))
		return 0;
	if (w->spot.code)
		return rf_refuse(w, rights, RF_RULE_UNJUDGED, w->spot.code);
	accept = w->spot.accept;
	if ((rf_file_missing(accept, w->session & 1, rights) || (accept & RF_ACC_WATCH)) &&
	    answer_path(w, rights))
		return rf_refuse(w, rights, RF_RULE_UNJUDGED, RF_CODE_IMAGE);
	/* Other names that rules deny it by may refuse more than this one. */
	if (accept & RF_ACC_NAIL)
		rf_nail_set(w, w->at_dentry, rights);
	return w->nails ? rf_nail_ask(w, rights) : 0;
}

__noinline int rf_path_tell(struct rf_work *w)
{
	struct dentry *dentry;
	struct inode *inode;
	__u32 dev;

	if (!w)
		return -1;
	dentry = (void *)w->about;
	inode = RF_READ(dentry, d_inode);
	dev = RF_READ(dentry, d_sb, s_dev);
	w->rec.o.file.major = dev >> 20;
	w->rec.o.file.minor = dev & 0xfffff;
	if (!inode)
		return 0;
	w->rec.o.file.ino = RF_READ(inode, i_ino);
	w->rec.o.file.mode = RF_READ(inode, i_mode) & RF_S_IFMT;
	return 0;
}
