/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Types of the maps; maps.bpf.c defines each once, every other object names them here.
 *
 * All are pinned: they hold the fences, and outlive every ringfence process.
 */
#ifndef RF_BPF_MAPS_H
#define RF_BPF_MAPS_H

#include "lsm/bpf/kernel.bpf.h"
#include "lsm/bpf/read.bpf.h"

#include "lsm/abi.h"
#include "lsm/bpf/work.bpf.h"
#include "lsm/match_rest.h"

/* Which fence a task is in. Written through the pidfd before exec, copied in task_alloc. */
struct rf_task_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct rf_task);
};

/* One element a sandbox, by slot. */
struct rf_sandbox_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, RF_MAX_SANDBOXES);
	__type(key, __u32);
	__type(value, struct rf_sandbox);
};

/* The policy of a sandbox: as many pages as it needs, hence BPF_F_INNER_MAP. */
struct rf_image_inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32)); /* sizes: clang leaves types of inner maps undefined */
	__uint(value_size, sizeof(struct rf_page));
};

struct rf_image_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RF_IMAGES);
	__type(key, __u32);
	__array(values, struct rf_image_inner);
};

/* A ring a sandbox, so that none starves another. */
struct rf_ring_inner {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct rf_ring_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RF_MAX_SANDBOXES);
	__type(key, __u32);
	__array(values, struct rf_ring_inner);
};

/* Repeats of denials, counted; one value a sandbox. */
struct rf_fold_inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct rf_folds));
};

struct rf_fold_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RF_MAX_SANDBOXES);
	__type(key, __u32);
	__array(values, struct rf_fold_inner);
};

/* Objects that are held whatever their name, see lsm/abi.h. */
struct rf_nail_object_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RF_NAIL_OBJECTS);
	__type(key, struct rf_nail_object);
	__type(value, __u64);
};

struct rf_user_object_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, RF_USER_OBJECTS);
	__type(key, struct rf_nail_object);
	__type(value, __u64);
};

/* A sandbox's own: from what it holds to the state of the DFA that says how. */
struct rf_nail_inner {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 64);
	__uint(key_size, sizeof(struct rf_nail));
	__uint(value_size, sizeof(struct rf_nailed));
};

struct rf_nail_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RF_MAX_SANDBOXES);
	__type(key, __u32);
	__array(values, struct rf_nail_inner);
};

/* POSIX queues: a dentry that is becoming one -> who makes it. Full: the oldest is refused. */
struct rf_mq_begun_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
};

/* A queue's inode -> who made it. */
struct rf_mq_maker_map {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
};

/* A pseudoterminal's inode -> who made it; see terminal.bpf.h. */
struct rf_terminal_map {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct rf_terminal);
};

/* Work space; see work.bpf.h. */
struct rf_work_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RF_WORK_SPACES);
	__type(key, __u32);
	__type(value, struct rf_work);
};

/* User space's own: names of sandboxes, what is loaded. Programs only keep them alive. */
struct rf_about_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RF_MAX_SANDBOXES);
	__type(key, __u32);
	__type(value, struct rf_about);
};

struct rf_meta_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rf_meta);
};

/* How paths are judged. */
struct rf_tree_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rf_tree);
};

/* ---- what is kept about directories; quick.bpf.h ---- */

#define RF_WAYS 2 /* policies or mounts that one directory is reached by at a time */

/* A directory in a mount, as one policy image sees it. */
struct rf_way {
	__u32 turn; /* odd: being written */
	__u32 mount_seq;
	__u64 image; /* rf_image_head.id */
	__u64 generation;
	__u64 dentry;
	__u64 mnt;
	__u64 ns;
	__u32 state;	     /* behind the slash that follows the directory's path */
	__u32 accept;	     /* of the directory itself */
	struct rf_rest rest; /* of its names; flags: RF_WAY_* too */
};

#define RF_WAY_LINKS 0x2 /* a file with other names is refused: rf_image_head.links_deny */

struct rf_dir {
	struct rf_way way[RF_WAYS];
};

/* Goes with the inode. Each load makes its own: see rf_map_is_kept(). */
struct rf_dir_map {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct rf_dir);
};

extern struct rf_task_map rf_task SEC(".maps");
extern struct rf_sandbox_map rf_sandbox SEC(".maps");
extern struct rf_image_map rf_image SEC(".maps");
extern struct rf_ring_map rf_ring SEC(".maps");
extern struct rf_fold_map rf_fold SEC(".maps");
extern struct rf_work_map rf_work SEC(".maps");
extern struct rf_nail_object_map rf_nail_object SEC(".maps");
extern struct rf_user_object_map rf_user_object SEC(".maps");
extern struct rf_nail_map rf_nail SEC(".maps");
extern struct rf_mq_begun_map rf_mq_begun SEC(".maps");
extern struct rf_mq_maker_map rf_mq_maker SEC(".maps");
extern struct rf_terminal_map rf_terminal SEC(".maps");
extern struct rf_tree_map rf_tree SEC(".maps");
extern struct rf_dir_map rf_dir SEC(".maps");
extern struct rf_meta_map rf_meta SEC(".maps");

#endif
