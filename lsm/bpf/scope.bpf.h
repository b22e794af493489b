/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose fence is the caller in? And the work space to judge it with.
 *
 * A hook begins with rf_begin: 0 and no work space means "not fenced, pass"; a negative answer
 * means that the fence is there but cannot be judged, and is returned as it is.
 */
#ifndef RF_BPF_SCOPE_H
#define RF_BPF_SCOPE_H

#include "lsm/bpf/bare.bpf.h"
#include "lsm/bpf/maps.bpf.h"
#include "lsm/bpf/pool.bpf.h"

#include "lsm/match.h"
#include "lsm/names.h"

#ifndef RF_TASK_COUNTED
#define RF_TASK_COUNTED 0x1 /* rf_task.flags: counted in rf_sandbox.tasks */
#endif

/*
 * Linux 6.1's bpf_task_storage_get answers NULL when the CPU's busy counter is held, which looks
 * like "not fenced". These read the element by hand instead (6.2 split the helper and ended it).
 * 1: found, *ret filled; 0: none; -1: unknown, to be treated as fenced.
 */
int rf_storage_walk(struct rf_task *ret, __u64 task);
/* As above, for writing one member: adds the kernel address of the value. */
__u64 rf_storage_addr(__u64 task);

/*
 * The address behind a hook's pointer, for global functions: on both kernels they take no kernel
 * pointers, and only what a helper wrote counts as a plain number.
 */
static __always_inline __u64 rf_address_of(const void *pointer)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &pointer);
	return address;
}

static __always_inline struct rf_sandbox *rf_sandbox_of(__u32 slot)
{
	return bpf_map_lookup_elem(&rf_sandbox, &slot);
}

/* The caller's fence: 1 and *ret, 0 none, -1 unknown. */
static __always_inline int rf_self(struct rf_task *ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rf_task *mine;

	if (!task->bpf_storage)
		return 0;
	mine = bpf_task_storage_get(&rf_task, task, NULL, 0);
	if (!mine)
		return rf_storage_walk(ret, bpf_get_current_task());
	*ret = *mine;
	return 1;
}

/* Prepares the work space for the caller; the question is still to be filled in. */
static __always_inline void rf_work_start(struct rf_work *w, const struct rf_task *self,
					  const struct rf_sandbox *sb, __u32 layer, __u32 hook,
					  __u32 op)
{
	/* Once: whatever replaces the policy meanwhile, this call is judged by one policy. */
	w->policy_gen = *(const volatile __u32 *)&sb->policy_gen;
	w->image = rf_image_at(self->slot, w->policy_gen);
	w->sandbox = self->sandbox;
	w->slot = self->slot;
	w->session = self->session & 1;
	w->exec_id = self->exec_id;
	w->text_base = 0;
	w->text_len = 0;
	w->text_cut = 0;
	w->path_len = 0;
	w->new_len = 0;
	w->access = 0;
	w->missing = 0;
	w->would = 0;
	w->audit = 0;
	w->code = 0;
	w->rule = RF_RULE_NONE;
	w->errno_value = 0;
	w->kill = 0;
	w->unjudged = 0;
	w->rec.type = RF_REC_ACCESS;
	w->rec.layer = layer;
	w->rec.hook = hook;
	w->rec.operation = op;
	w->rec.obj = RF_OBJ_NONE;
	w->rec.key = 0;
	__builtin_memset(&w->rec.o, 0, sizeof(w->rec.o));
}

/* 1: *ret is the caller's work space; 0: not fenced; -1: no verdict; -2: none was free. */
static __always_inline int rf_start(struct rf_work **ret, struct rf_task *self, __u32 layer,
				    __u32 hook, __u32 op)
{
	struct rf_sandbox *sb;
	struct rf_work *w;
	int r = rf_self(self);

	*ret = NULL;
	if (r <= 0)
		return r;
	sb = rf_sandbox_of(self->slot);
	if (!sb || sb->id != self->sandbox)
		return -1;
	w = rf_work_get(self->slot);
	if (!w)
		return -2;
	rf_work_start(w, self, sb, layer, hook, op);
	w->nails = sb->nails;
	*ret = w;
	return 1;
}

/*
 * The start of a hook. *ret is NULL when the caller is not fenced (answer 0) or when it cannot be
 * judged (answer -EACCES; where the sandbox is known, its stream tells of it).
 */
static __always_inline int rf_begin(struct rf_work **ret, __u32 layer, __u32 hook, __u32 op)
{
	struct rf_task self = {};
	int r = rf_start(ret, &self, layer, hook, op);

	if (r >= 0)
		return 0;
	if (r == -2)
		rf_tell_unjudged(&self, layer, hook, op, RF_CODE_SCRATCH, RF_E_ACCES);
	return -RF_E_ACCES;
}

/*
 * As rf_begin, for who decides nothing and only tells. Without work space the record is lost, and
 * counted as such; its number is the answer, else 0. `other`: it would be no denial.
 */
static __always_inline __u64 rf_begin_telling(struct rf_work **ret, __u32 layer, __u32 hook,
					      __u32 op, __u32 other)
{
	struct rf_task self = {};
	struct rf_sandbox *sb;

	if (rf_start(ret, &self, layer, hook, op) != -2)
		return 0;
	sb = rf_sandbox_of(self.slot);
	if (!sb)
		return 0;
	__sync_fetch_and_add(other ? &sb->lost_other : &sb->denied, 1);
	__sync_fetch_and_add(&sb->lost, 1);
	return __sync_fetch_and_add(&sb->seq, 1) + 1;
}

/* Keeps a verdict inside what the kernel takes; 6.12's verifier wants it proven. */
static __always_inline int rf_verdict(int r)
{
	if (r >= 0)
		return 0;
	if (r < -4095)
		return -RF_E_ACCES;
	return r;
}

/*
 * Refuses without a rule of the policy: rule is RF_RULE_SELF and the like. Audit mode lets it pass,
 * but for self-protection. The first refusal of a call stays its reason.
 */
int rf_refuse(struct rf_work *w, __u32 rights, __u32 rule, __u32 code);

/* The policy that counts now, for who asks only once. */
static __always_inline __u32 rf_image_now(const struct rf_sandbox *sb, __u32 slot)
{
	return rf_image_at(slot, *(const volatile __u32 *)&sb->policy_gen);
}

/* The head of the policy at w->image, or NULL; for what no DFA decides. */
static __always_inline const struct rf_image_head *rf_head_of(__u32 image, struct rf_img *ret)
{
	ret->map = bpf_map_lookup_elem(&rf_image, &image);
	return ret->map ? rf_img_head(ret) : NULL;
}

/*
 * Asks for kernel key RF_K_*; `inside`: the other party is of the same sandbox. A refusal makes the
 * record one of the kernel section. Passes where the section is absent.
 */
int rf_kernel_ask(struct rf_work *w, __u32 key, __u32 inside);

/*
 * After rf_kernel_ask: who has what was asked for could take the fence down, which protects itself
 * in audit mode, too.
 */
static __always_inline void rf_power_held(struct rf_work *w)
{
	if (!w->would)
		return;
	w->missing = w->would;
	w->would = 0;
	w->errno_value = 0;
	w->kill = 0;
}

/* Takes over an answer of match.h. */
static __always_inline void rf_take_answer(struct rf_work *w, const struct rf_answer *a)
{
	w->would |= a->would;
	w->audit |= a->audit;
	if (w->missing)
		return;
	w->missing = a->missing;
	w->rule = a->rule;
	w->errno_value = a->errno_value;
	w->kill = a->kill;
}

/*
 * Counts the denial in w->rec (complete but for its number) with those that are the same: 1, and
 * nothing is to be sent; or 0, and the record tells of rec.count denials.
 */
int rf_fold_count(struct rf_work *w);

/* Puts the caller's user stack behind the record, whose text is complete. */
int rf_stack_add(struct rf_work *w);

/* The record found no room: its number stands for one denial, the others are counted again. */
int rf_fold_return(__u32 slot, __u32 fold, __u32 count);

/* Fills the record's file object from the dentry at w->about. */
int rf_path_tell(struct rf_work *w);

/* Judges what the record says, records it, gives the work space back, returns the verdict. */
int rf_conclude(struct rf_work *w);

static __always_inline int rf_end(struct rf_work *w)
{
	int r = rf_conclude(w);

	rf_work_put(w);
	return rf_verdict(r);
}

#endif
