/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What nailed objects are denied, whatever name they are reached by; nail.bpf.c nails them.
 */
#include "lsm/bpf/nail.bpf.h"

/* The rights that rules, not the default, refuse in the state of the nail. */
static __always_inline __u32 refused_by_rule(const struct rf_verdict *verdict, __u32 accept,
					     __u32 session, __u32 rights)
{
	__u32 missing = rf_file_missing(accept, session, rights) & 0x7f, by_rule = 0;

	RF_UNROLL
	for (__u32 i = 0; i < RF_A_FILE_RIGHTS; i++) {
		__u32 differs = verdict->rule[session][i] ^ RF_RULE_NONE;

		by_rule |= ((differs + 0xffff) >> 16) << i;
		RF_OPAQUE(by_rule);
	}
	return missing & by_rule;
}

/* What a denied name would answer, as far as deny rules speak; 0, or -1: damaged. */
int rf_nail_answer(struct rf_work *w, __u32 state, __u32 rights)
{
	const struct rf_image_head *head;
	const struct rf_verdict *verdict;
	struct rf_answer answer = {};
	struct rf_dfa_pos pos;
	struct rf_img img;
	__u32 refused, would, rule;

	if (!w)
		return -1;
	head = rf_head_of(w->image, &img);
	if (!head || rf_dfa_enter(&img, &pos, state))
		return -1;
	verdict = rf_dfa_verdict(&img, &head->files, &pos);
	if (!verdict)
		return -1;
	refused = refused_by_rule(verdict, rf_dfa_accept(&pos), w->session & 1, rights);
	refused |= rf_would_bits(verdict, w->session & 1) & rights;
	if (!refused)
		return 0;
	if (rf_dfa_answer(&img, head, &head->files, &pos, w->session & 1, refused, &answer))
		return -1;
	answer.audit = 0;
	would = w->would;
	rule = w->rule;
	rf_take_answer(w, &answer);
	/* The name's own rule, or that of the first, is what a record tells. */
	if (would && !w->missing)
		w->rule = rule;
	return 0;
}

/* Deny rules may name an object by several of its names: each one holds. */
static __always_inline int answer_each(struct rf_work *w, const struct rf_nailed *nailed,
				       __u32 rights)
{
	if (nailed->full)
		return rf_nail_unknown(w, rights);
	for (__u32 i = 0; i < RF_NAIL_STATES; i++) {
		__u32 state = *(const volatile __u32 *)&nailed->state[i];

		if (!state || w->missing)
			return 0;
		if (rf_nail_answer(w, state - 1, rights))
			return rf_refuse(w, rights, RF_RULE_UNJUDGED, RF_CODE_IMAGE);
	}
	return 0;
}

int rf_nail_ask(struct rf_work *w, __u32 rights)
{
	struct rf_nail_object object = {};
	const struct rf_image_head *head;
	struct rf_nail nail = {};
	struct rf_sandbox *sb;
	struct dentry *dentry;
	struct inode *inode;
	struct rf_img img;
	struct rf_nailed *nailed;
	__u32 slot;
	void *map;

	if (!w)
		return -1;
	if (w->missing)
		return 0;
	dentry = (void *)w->at_dentry;
	inode = BPF_CORE_READ(dentry, d_inode);
	slot = w->slot;
	sb = rf_sandbox_of(slot);
	if (!inode || !sb)
		return inode ? rf_nail_unknown(w, rights) : 0;
	object.ino = BPF_CORE_READ(inode, i_ino);
	if (!rf_may_be_nailed(sb, object.ino))
		return 0;
	rf_object_of(&object, inode);
	nail.serial = rf_serial_of(sb->owner, &object);
	if (!nail.serial)
		return 0;
	map = bpf_map_lookup_elem(&rf_nail, &slot);
	head = rf_head_of(w->image, &img);
	if (!map || !head)
		return rf_nail_unknown(w, rights);
	nail.image = head->id;
	nailed = bpf_map_lookup_elem(map, &nail);
	return nailed ? answer_each(w, nailed, rights) : 0;
}
