/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The decisions: may this be done under this policy image, who says so, what is to be recorded.
 *
 * One text compiled by clang for the kernel side and by gcc for `why`, `replay`, tests and fuzzing,
 * so that they cannot disagree. Pure: reads the image, writes the answer. Functions that answer int
 * give 0, or a negative number when the image is damaged; the caller denies then (RF_CODE_IMAGE).
 *
 * deny > allow > default (POLICY.md 1). A deny rule in audit mode never decides and is told as
 * `would`; if the whole policy is in audit mode everything refused but self-protection is `would`.
 */
#ifndef RF_LSM_MATCH_H
#define RF_LSM_MATCH_H

#include "lsm/match_dfa.h"

struct rf_answer {
	__u32 missing;	   /* rights refused; 0: the access goes on */
	__u32 would;	   /* rights that pass only because of audit mode */
	__u32 audit;	   /* allowed rights whose use a rule or the policy wants recorded */
	__u16 rule;	   /* who decided `missing`, else `would`, else the access; RF_RULE_* */
	__u16 errno_value; /* of that rule; 0: the hook's own */
	__u8 kill;	   /* that rule kills; set with `missing` only */
	__u8 verdict;	   /* RF_V_* */
	__u8 pad[2];
};

/* What of `rights` the state refuses: the whole decision when it is 0 and WATCH is not set. */
static __always_inline __u32 rf_file_missing(__u32 accept, __u32 session, __u32 rights)
{
	return rights & ~RF_ACC_RIGHTS(accept, session);
}

/*
 * Number of the lowest bit set in the low 7; 0 for none. No branches here and in rf_would_bits: the
 * verifier would follow each way through both, which was nine tenths of what it had to look at.
 */
static __always_inline __u32 rf_lowest_right(__u32 rights)
{
	__u32 below = ((rights & (0 - rights)) - 1) & 0x3f, n = 0;

	RF_UNROLL
	for (__u32 i = 0; i < RF_A_FILE_RIGHTS - 1; i++)
		n += below >> i & 1;
	RF_OPAQUE(n);
	return n & (0 - (((rights & 0x7f) + 0x7f) >> 7));
}

/* The rights that some rule in audit mode would refuse. */
static __always_inline __u32 rf_would_bits(const struct rf_verdict *verdict, __u32 half)
{
	__u32 bits = 0;

	RF_UNROLL
	for (__u32 i = 0; i < RF_A_FILE_RIGHTS; i++) {
		__u32 differs = verdict->would[half][i] ^ RF_RULE_NONE;

		bits |= ((differs + 0xffff) >> 16) << i;
		RF_OPAQUE(bits);
	}
	return bits;
}

static __always_inline int rf_rule_info(const struct rf_img *img, const struct rf_image_head *head,
					struct rf_answer *answer)
{
	__u32 first;

	answer->errno_value = 0;
	answer->kill = 0;
	if (answer->rule >= head->n_rules || answer->rule >= RF_MAX_RULES)
		return 0;
	if (rf_img_cell(img, head->rules_off + answer->rule * 2u, &first))
		return -1;
	answer->errno_value = (__u16)first;
	answer->kill = answer->missing && (first >> 16 & 0xff);
	return 0;
}

/* Fills in the words of an answer whose rights and rule are known. */
static __always_inline int rf_answer_end(const struct rf_img *img, const struct rf_image_head *head,
					 struct rf_answer *answer)
{
	int r = rf_rule_info(img, head, answer);

	if (answer->missing)
		answer->verdict = answer->kill ? RF_V_KILLED : RF_V_DENIED;
	else
		answer->verdict = answer->would ? RF_V_WOULD_DENY : RF_V_ALLOWED;
	return r;
}

/* The verdict of a state; NULL if the image is damaged. */
static __always_inline const struct rf_verdict *rf_dfa_verdict(const struct rf_img *img,
							       const struct rf_dfa_head *dfa,
							       const struct rf_dfa_pos *pos)
{
	const struct rf_page *page;
	__u32 no, at;

	if (rf_img_cell(img, dfa->info_off + rf_dfa_info(pos) * 2u, &no))
		return (const struct rf_verdict *)0;
	at = dfa->verdict_off + no * 16u;
	page = rf_img_page(img, at >> RF_PAGE_SHIFT);
	if (!page)
		return (const struct rf_verdict *)0;
	at = (at & RF_PAGE_MASK & ~15u) << 2;
	RF_OPAQUE(at);
	at &= (RF_PAGE_MASK & ~15u) << 2;
	return (const struct rf_verdict *)((const char *)page + at);
}

/*
 * The whole answer at a state of head->files or head->unix_names (`dfa`). Not needed, and costs two
 * look-ups, when rf_file_missing gave 0 and the accept word has no RF_ACC_WATCH.
 */
static __always_inline int rf_dfa_answer(const struct rf_img *img, const struct rf_image_head *head,
					 const struct rf_dfa_head *dfa,
					 const struct rf_dfa_pos *pos, __u32 session, __u32 rights,
					 struct rf_answer *answer)
{
	const struct rf_verdict *verdict = rf_dfa_verdict(img, dfa, pos);
	__u32 missing = rf_file_missing(rf_dfa_accept(pos), session, rights), would = 0, bit;
	__u32 half = session ? 1 : 0;

	if (!verdict)
		return -1;
	if (head->audit_mode) {
		would = missing & ~(__u32)verdict->self;
		missing &= verdict->self;
	}
	answer->would = would | (rights & ~missing & rf_would_bits(verdict, half));
	answer->missing = missing;
	answer->audit = rights & ~missing & ~answer->would & verdict->audit[half];
	bit = rf_lowest_right(missing ? missing : answer->would ? answer->would : rights);
	if (bit >= RF_A_FILE_RIGHTS)
		bit = 0;
	RF_OPAQUE(bit);
	if (bit >= RF_A_FILE_RIGHTS)
		return -1;
	if (missing || !answer->would || would & 1u << bit)
		answer->rule = verdict->rule[half][bit];
	else
		answer->rule = verdict->would[half][bit];
	return rf_answer_end(img, head, answer);
}

/* ---- aliases (POLICY.md 13) ---- */

/*
 * What a name with accept word `new` would add to an object that was known by one with accept word
 * `old`: rights in either session. exec may be added where reading is allowed.
 */
static __always_inline __u32 rf_alias_added(__u32 old, __u32 new)
{
	__u32 add0 = RF_ACC_RIGHTS(new, 0) & ~RF_ACC_RIGHTS(old, 0);
	__u32 add1 = RF_ACC_RIGHTS(new, 1) & ~RF_ACC_RIGHTS(old, 1);

	if (RF_ACC_RIGHTS(old, 0) & RF_A_READ)
		add0 &= ~(__u32)RF_A_EXEC;
	if (RF_ACC_RIGHTS(old, 1) & RF_A_READ)
		add1 &= ~(__u32)RF_A_EXEC;
	return add0 | add1;
}

/*
 * May a directory at `old` become one at `new` with all that is below? 1 yes, 0 no, negative:
 * damaged. Exact where the image has the relation; else only equal states and verdicts that hold
 * for everything below both.
 */
static __always_inline int rf_alias_tree(const struct rf_img *img, const struct rf_dfa_head *dfa,
					 const struct rf_dfa_pos *old, const struct rf_dfa_pos *new)
{
	__u32 old_accept = rf_dfa_accept(old), new_accept = rf_dfa_accept(new), p, q, cell;

	if (rf_dfa_state(old) == rf_dfa_state(new))
		return 1;
	if (rf_alias_added(old_accept, new_accept))
		return 0;
	if (old_accept & new_accept & RF_ACC_UNIVERSAL)
		return 1;
	if (!dfa->relation_off)
		return 0;
	if (rf_img_cell(img, dfa->info_off + rf_dfa_info(new) * 2u + 1u, &p) ||
	    rf_img_cell(img, dfa->info_off + rf_dfa_info(old) * 2u + 1u, &q))
		return -1;
	q += p * dfa->n_related;
	if (rf_img_cell(img, dfa->relation_off + (q >> 5), &cell))
		return -1;
	return cell >> (q & 31) & 1;
}

/*
 * Self-protection of aliases, which audit mode does not lift: 1 if a file or directory at `old`
 * must not be linked or renamed because ringfence's own things are there or below.
 */
static __always_inline int rf_alias_self(__u32 old_accept, __u32 is_dir)
{
	return !!(old_accept & (is_dir ? RF_ACC_SELF_BELOW | RF_ACC_SELF : RF_ACC_SELF));
}

/* ---- kernel keys ---- */

/* 1 if key RF_K_* refuses; `inside`: the other party is of the same sandbox. */
static __always_inline __u32 rf_kernel_refuses(const struct rf_image_head *head, __u32 key,
					       __u32 inside)
{
	__u32 value;

	if (key >= RF_K_COUNT)
		return 1;
	value = head->kernel[key];
	return value == RF_K_DENY || (value != RF_K_ALLOW && !inside);
}

#endif
