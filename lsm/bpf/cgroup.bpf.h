/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the cgroup programs have in common: their maps, and whose cgroup it is.
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

struct rf_cg_fold_inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct rf_folds));
};

struct rf_cg_fold_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RF_MAX_SANDBOXES);
	__type(key, __u32);
	__array(values, struct rf_cg_fold_inner);
};

extern struct rf_cg_bind_map rf_cg_bind SEC(".maps");
extern struct rf_cg_sandbox_map rf_sandbox SEC(".maps");
extern struct rf_cg_image_map rf_image SEC(".maps");
extern struct rf_cg_ring_map rf_ring SEC(".maps");
extern struct rf_cg_fold_map rf_fold SEC(".maps");

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

#endif
