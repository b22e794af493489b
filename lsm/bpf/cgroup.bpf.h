/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the cgroup programs have in common: their maps, whose cgroup it is, and the record.
 *
 * This object needs neither BPF LSM nor trampolines. Its maps have the types and names of the LSM
 * object's, so that on a host with both the loader makes them one and the same; the programs find
 * the sandbox by the cgroup they are attached to, whatever cgroups were made below it since.
 */
#ifndef RF_BPF_CGROUP_H
#define RF_BPF_CGROUP_H

#include "lsm/bpf/kernel.bpf.h"

#include "lsm/abi_cgroup.h"
#include "lsm/names.h"

#define RF_AF_INET     2
#define RF_AF_INET6    10
#define RF_SOCK_STREAM 1
#define RF_SOCK_DGRAM  2

struct rf_cg_bind_map {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64); /* the cgroup alone, so all programs of it share the value */
	__type(value, struct rf_cg_bind);
};

struct rf_cg_sandbox_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, RF_MAX_SANDBOXES);
	__type(key, __u32);
	__type(value, struct rf_sandbox);
};

struct rf_cg_image_inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct rf_page));
};

struct rf_cg_image_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RF_IMAGES);
	__type(key, __u32);
	__array(values, struct rf_cg_image_inner);
};

struct rf_cg_ring_inner {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct rf_cg_ring_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RF_MAX_SANDBOXES);
	__type(key, __u32);
	__array(values, struct rf_cg_ring_inner);
};

extern struct rf_cg_bind_map rf_cg_bind SEC(".maps");
extern struct rf_cg_sandbox_map rf_sandbox SEC(".maps");
extern struct rf_cg_image_map rf_image SEC(".maps");
extern struct rf_cg_ring_map rf_ring SEC(".maps");

#include "lsm/match.h"
#include "lsm/match_dev.h"

struct rf_cg_scope {
	const struct rf_cg_bind *bind;
	struct rf_sandbox *sb;
	const struct rf_image_head *head;
	struct rf_img img;
	__u32 slot;
	__u32 gen; /* of the policy behind head */
};

/* 0, or -1: nobody filled this cgroup in, or its sandbox is gone; refuse. */
static __always_inline int rf_cg_scope(struct rf_cg_scope *s)
{
	__u32 at;

	s->bind = bpf_get_local_storage(&rf_cg_bind, 0);
	s->slot = s->bind->slot;
	s->sb = bpf_map_lookup_elem(&rf_sandbox, &s->slot);
	if (!s->sb || !s->bind->sandbox || s->sb->id != s->bind->sandbox)
		return -1;
	s->gen = *(const volatile __u32 *)&s->sb->policy_gen;
	at = rf_image_at(s->slot, s->gen);
	s->img.map = bpf_map_lookup_elem(&rf_image, &at);
	if (!s->img.map)
		return -1;
	s->head = rf_img_head(&s->img);
	return s->head ? 0 : -1;
}

static __always_inline void rf_cg_fill_process(struct rf_record *rec)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 ids = bpf_get_current_pid_tgid(), owner = bpf_get_current_uid_gid();

	rec->time = bpf_ktime_get_boot_ns();
	rec->pid = ids >> 32;
	rec->tid = (__u32)ids;
	rec->uid = (__u32)owner;
	rec->gid = owner >> 32;
	rec->ppid = BPF_CORE_READ(task, real_parent, tgid);
	rec->start = BPF_CORE_READ(task, group_leader, start_boottime);
	bpf_get_current_comm(rec->comm, sizeof(rec->comm));
}

/* Wakes a reader that fell asleep between our look and our commit; never waits. */
static __always_inline void rf_cg_wake_late(void *ring, struct rf_sandbox *sb)
{
	void *nothing;

	if (!sb->reader_waiting || !__sync_lock_test_and_set(&sb->reader_waiting, 0))
		return;
	nothing = bpf_ringbuf_reserve(ring, 8, 0);
	if (nothing)
		bpf_ringbuf_discard(nothing, BPF_RB_FORCE_WAKEUP);
}

/* What is to be recorded; rec is copied from, so its head need not be filled. */
struct rf_cg_note {
	__u8 layer, hook, operation, obj;
	__u32 access;
	__u16 code;
	__u16 errno_default;
	union {
		struct rf_obj_inet inet;
		struct rf_obj_device device;
	} o;
};

static __always_inline void rf_cg_fill(struct rf_record *rec, const struct rf_cg_scope *s,
				       const struct rf_answer *a, const struct rf_cg_note *note)
{
	rec->version = RF_ABI_VERSION;
	rec->type = RF_REC_ACCESS;
	rec->layer = note->layer;
	rec->hook = note->hook;
	rec->operation = note->operation;
	rec->obj = note->obj;
	rec->sandbox = s->bind->sandbox;
	rec->policy_gen = s->gen;
	rec->access = note->access;
	rec->missing = a->missing ? a->missing : a->would;
	rec->verdict = a->verdict;
	rec->rule = a->rule;
	rec->code = note->code;
	rec->count = 1;
	if (a->missing)
		rec->errno_value = a->errno_value ? a->errno_value : note->errno_default;
	if (note->obj == RF_OBJ_INET)
		rec->o.inet = note->o.inet;
	else
		rec->o.device = note->o.device;
}

/*
 * Records what deserves it. The number is taken before there is room for the record, so that a
 * number without one is a counted loss. Nothing here can change the verdict.
 */
static __always_inline void rf_cg_record(const struct rf_cg_scope *s, const struct rf_answer *a,
					 const struct rf_cg_note *note)
{
	__u64 seq, flags = BPF_RB_NO_WAKEUP;
	struct rf_sandbox *sb = s->sb;
	struct rf_record *rec = NULL;
	__u32 slot = s->slot;
	void *ring;

	if (!a->missing && !a->would && !a->audit)
		return;
	if (a->missing)
		__sync_fetch_and_add(&sb->denied, 1);
	seq = __sync_fetch_and_add(&sb->seq, 1) + 1;
	ring = bpf_map_lookup_elem(&rf_ring, &slot);
	if (ring)
		rec = bpf_ringbuf_reserve(ring, sizeof(*rec), 0);
	if (!rec) {
		__sync_fetch_and_add(&sb->lost, 1);
		return;
	}
	__builtin_memset(rec, 0, sizeof(*rec));
	rec->size = sizeof(*rec);
	rec->seq = seq;
	rf_cg_fill(rec, s, a, note);
	rf_cg_fill_process(rec);
	if (sb->reader_waiting && __sync_lock_test_and_set(&sb->reader_waiting, 0))
		flags = BPF_RB_FORCE_WAKEUP;
	bpf_ringbuf_submit(rec, flags);
	__sync_fetch_and_add(&sb->submitted, 1);
	rf_cg_wake_late(ring, sb);
}

/* The answer where the image itself is damaged. */
static __always_inline void rf_cg_unjudged(struct rf_answer *a, struct rf_cg_note *note,
					   __u32 rights)
{
	__builtin_memset(a, 0, sizeof(*a));
	a->missing = rights;
	a->rule = RF_RULE_UNJUDGED;
	a->verdict = RF_V_DENIED;
	note->code = RF_CODE_IMAGE;
}

/* What a cgroup program returns: 1 goes on; 0 refuses, with the rule's errno or the hook's. */
static __always_inline int rf_cg_verdict(const struct rf_answer *a, const struct rf_cg_note *note)
{
	if (!a->missing)
		return 1;
	bpf_set_retval(-(int)(a->errno_value && a->errno_value <= RF_ERRNO_MAX
				      ? a->errno_value
				      : note->errno_default));
	return 0;
}

#endif
